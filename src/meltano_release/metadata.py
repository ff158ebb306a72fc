"""The core metadata of a distribution, and what PyPI would refuse about it.

*warehouse* is PyPI's own code at commit 6b621571: `forklift/metadata.py`, where nothing else is said. What is valid at
all, `packaging` knows, in the version that PyPI and the pinned publishing action have.
https://packaging.python.org/specifications/core-metadata/
"""

from __future__ import annotations

import re
from email.utils import parseaddr

from email_validator import EmailNotValidError, validate_email
from packaging.metadata import ExceptionGroup as ErrorGroup
from packaging.metadata import Metadata, parse_email
from packaging.requirements import InvalidRequirement, Requirement
from rfc3986 import exceptions, uri_reference, validators
from trove_classifiers import classifiers, deprecated_classifiers

from meltano_release.description import find_markup_problems

METADATA_VERSIONS = ("1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5")  # SUPPORTED_METADATA_VERSIONS
MAX_SUMMARY, MAX_LABEL = 512, 32  # characters


def parse_metadata(file: str, content: bytes) -> Metadata:
    """Parse core metadata.

    Args:
        file: The name of the distribution.
        content: The content of METADATA or PKG-INFO.

    Raises:
        ValueError: A field is not valid; the message is a sentence that names each. The rules are those of
            `Metadata.from_raw`, and of twine 7.0.0 (`package.py`), which refuses unknown fields.
    """
    raw, unknown = parse_email(content)
    version = raw.get("metadata_version", "")
    if re.fullmatch(r"\d+\.\d+", version) and version not in METADATA_VERSIONS:
        message = (
            f"{file} has Metadata-Version {version}, and PyPI knows {METADATA_VERSIONS[-1]} at most: "
            "use an older build backend."
        )
        raise ValueError(message)
    problems = [f"{name} is unknown or malformed" for name in unknown]
    if tuple(map(int, re.findall(r"\d+", version))) < (2, 4):
        raw.pop("license_files", None)  # older setuptools writes it too early; twine leaves it out of an upload
    try:
        metadata = Metadata.from_raw(raw)
    except ErrorGroup as group:
        details = [str(error.__cause__ or "").partition("\n")[0] for error in group.exceptions]
        problems += [
            f"{error}{detail and f' ({detail})'}" for error, detail in zip(group.exceptions, details, strict=True)
        ]
    if problems:
        listed = " ".join("; ".join(sorted(problems)).split()).rstrip(".")
        message = f"PyPI refuses the metadata of {file}: {listed}. Correct pyproject.toml."
        raise ValueError(message)
    return metadata


def find_metadata_problems(metadata: Metadata) -> list[str]:
    """Return what PyPI would refuse about valid metadata, a sentence each."""
    return [
        *check_texts(metadata),
        *check_license(metadata),
        *check_requirements(metadata),
        *check_emails(metadata),
        *check_urls(metadata),
        *check_classifiers(metadata),
        *check_dynamic(metadata),
    ]


def check_texts(metadata: Metadata) -> list[str]:
    """Check the summary, and that PyPI can render the description (warehouse, `forklift/legacy.py`)."""
    summary = metadata.summary or ""
    problems = []
    if len(summary) > MAX_SUMMARY:
        problems.append(
            f"The summary has {len(summary)} characters and PyPI accepts {MAX_SUMMARY}: "
            "shorten `description` in pyproject.toml."
        )
    return problems + find_markup_problems(metadata.description or "", metadata.description_content_type)


def check_license(metadata: Metadata) -> list[str]:
    """Check that there is one license (PEP 639)."""
    if metadata.license and metadata.license_expression:
        return [
            (
                "The metadata has both License and License-Expression, which PyPI refuses: "
                "keep one SPDX expression as `license` in pyproject.toml."
            )
        ]
    return []


def check_requirements(metadata: Metadata) -> list[str]:
    """Check that no dependency is a direct URL reference, nor what the package provides or makes obsolete."""
    problems = [
        f"The package depends on a direct URL reference ({requirement}), which PyPI refuses: "
        "depend on a released version."
        for requirement in metadata.requires_dist or []
        if requirement.url
    ]
    for name, texts in {"Provides-Dist": metadata.provides_dist, "Obsoletes-Dist": metadata.obsoletes_dist}.items():
        for text in texts or []:
            try:
                found = Requirement(text).url
            except InvalidRequirement:
                problems.append(f"PyPI refuses {name}: {text!r}, which is not a requirement (PEP 508): correct it.")
            else:
                if found:
                    problems.append(f"PyPI refuses {name}: {text!r}, which is a direct URL reference: remove the URL.")
    return problems


def check_emails(metadata: Metadata) -> list[str]:
    """Check the first address of the authors and of the maintainers, as PyPI does (without a DNS lookup)."""
    addresses = [parseaddr(text)[1] for text in (metadata.author_email, metadata.maintainer_email) if text]
    return [
        f"{address!r} is not an email address that PyPI accepts: correct `authors` or `maintainers` in pyproject.toml."
        for address in filter(None, addresses)
        if not is_email(address)
    ]


def is_email(address: str) -> bool:
    """Return whether an address has a form that can receive mail."""
    try:
        validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        return False
    return True


def check_urls(metadata: Metadata) -> list[str]:
    """Check the project's URLs and their labels."""
    urls = dict(metadata.project_urls or {})
    problems = [
        f"The label {label!r} in `urls` has {len(label)} characters and PyPI accepts 1 to {MAX_LABEL}: change it."
        for label in urls
        if not 0 < len(label) <= MAX_LABEL
    ]
    fields = {"Home-Page": metadata.home_page, "Download-URL": metadata.download_url}
    urls |= {label: url for label, url in fields.items() if url}  # an empty field is not sent
    return problems + [
        f"The URL {url!r} of {label} {why}, which PyPI refuses: correct `urls`."
        for label, url in urls.items()
        if (why := explain_url(url))
    ]


def explain_url(url: str) -> str:
    """Return why PyPI refuses a URL, empty if it does not (warehouse, `is_valid_uri` in `utils/http.py`)."""
    if not re.match(r"https?:", url, re.IGNORECASE):
        return "begins with neither https:// nor http://"
    validator = validators.Validator().allow_schemes("http", "https").require_presence_of("scheme")
    validator.check_validity_of("scheme", "host", "port", "path", "query")
    try:
        validator.validate(uri_reference(url).normalize())
    except (exceptions.RFC3986Exception, ValueError):
        return "has an invalid host, port, path, or query"
    return ""


def check_classifiers(metadata: Metadata) -> list[str]:
    """Check the classifiers against PyPI's own list; `Private ::` is on no list and so refused."""
    refused = [name for name in metadata.classifiers or [] if name not in classifiers or name in deprecated_classifiers]
    return [
        f"PyPI does not accept the classifier {name!r} (unknown, deprecated, or private): "
        "replace it in pyproject.toml with one of https://pypi.org/classifiers/."
        for name in sorted(refused)
    ]


def check_dynamic(metadata: Metadata) -> list[str]:
    """Check that no field is dynamic that says what is dynamic (PEP 643; DYNAMIC_FIELDS)."""
    if "dynamic" in (metadata.dynamic or []):
        return ["The metadata has `Dynamic: Dynamic`, which PyPI refuses: use a newer build backend."]
    return []
