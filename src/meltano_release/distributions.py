"""The distributions that a build made: what they are, and what PyPI would refuse about them.

Every rule names its source: *warehouse* is PyPI's own code (`forklift/legacy.py` and `forklift/metadata.py`, as of
August 2026).
"""

from __future__ import annotations

import re
import tarfile
import zipfile
import zlib
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import TYPE_CHECKING

from email_validator import EmailNotValidError, validate_email
from packaging.metadata import ExceptionGroup as ErrorGroup
from packaging.metadata import Metadata, parse_email
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from trove_classifiers import classifiers, deprecated_classifiers

from meltano_release.description import find_markup_problems

if TYPE_CHECKING:
    from pathlib import Path

    from packaging.version import Version

METADATA_VERSIONS = ("1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5")  # warehouse
MAX_SUMMARY, MAX_LABEL = 512, 32  # characters; warehouse
PLATFORMS = re.compile(  # warehouse: _is_valid_platform_tag and what it uses
    r"any|win32|win_(amd64|arm64|ia64)|linux_armv[67]l"
    r"|manylinux(1|2010)_(x86_64|i686)|manylinux2014_(x86_64|i686|aarch64|armv7l|ppc64|ppc64le|s390x)"
    r"|(many|musl)linux_\d+_\d+_(x86_64|i686|aarch64|armv7l|ppc64le|s390x|riscv64)|manylinux_\d+_\d+_ppc64"
    r"|macosx_(10_\d+|(1[1-5]|26)_0)_(ppc|ppc64|i386|x86_64|arm64|intel|fat|fat3|fat64|universal|universal2)"
    r"|ios_\d+_\d+_(arm64|x86_64)_(iphoneos|iphonesimulator)"
    r"|android_\d+_(armeabi_v7a|arm64_v8a|x86|x86_64)|pyemscripten_\d+_\d+_wasm32"
)
AGAIN = "build it again with `uv build`."


@dataclass
class Distribution:
    """A built file: its name and version, its metadata, and the names of the files in it."""

    path: Path
    name: str
    version: Version
    metadata: Metadata
    files: set[str]
    licenses: str  # the folder in the archive that the license files are in
    platforms: set[str] = field(default_factory=set)  # of a wheel

    @property
    def is_wheel(self) -> bool:
        """Whether it is a wheel; else it is a source distribution."""
        return self.path.suffix == ".whl"


def read_distributions(folder: Path) -> list[Distribution]:
    """Return the source distribution of a folder, then its wheels.

    Raises `ValueError` if the folder does not hold exactly one source distribution and at least one wheel, or holds
    anything else, and if a file cannot be read; the message is a sentence, or several.
    """
    paths = sorted(path for path in folder.glob("*") if not path.name.startswith("."))
    sdists = [path for path in paths if path.name.endswith(".tar.gz")]
    wheels = [path for path in paths if path.suffix == ".whl"]
    if len(sdists) != 1 or not wheels or len(paths) != 1 + len(wheels):
        found = ", ".join(path.name for path in paths) or "nothing"
        message = (
            f"{folder} must hold one .tar.gz, one or more wheels, and nothing else, but holds {found}: "
            "empty it and run `uv build`."
        )
        raise ValueError(message)
    return [read_sdist(sdists[0]), *map(read_wheel, wheels)]


def read_wheel(path: Path) -> Distribution:
    """Read a wheel; raise `ValueError` with a sentence if its name or its content is not that of one."""
    try:
        name, version, _, tags = parse_wheel_filename(path.name)
        with zipfile.ZipFile(path) as wheel:
            files = set(wheel.namelist())
            inside = [file for file in files if re.fullmatch(r"[^/]+\.dist-info/METADATA", file)]
            content = wheel.read(inside[0]) if len(inside) == 1 else b""
    except InvalidWheelFilename as error:
        message = f"{error}: {AGAIN}"
        raise ValueError(message) from error
    except (OSError, zipfile.BadZipFile, zlib.error) as error:
        message = f"{path.name} is not a whole wheel ({error}): {AGAIN}"
        raise ValueError(message) from error
    folder = inside[0].partition("/")[0] if inside else ""
    missing = [part for part in ("METADATA", "RECORD", "WHEEL") if f"{folder}/{part}" not in files]
    if missing:
        message = f"{path.name} has no {missing[0]} in a .dist-info folder: {AGAIN}"
        raise ValueError(message)
    platforms = {tag.platform for tag in tags}
    return Distribution(path, name, version, parse(path, content), files, f"{folder}/licenses", platforms)


def read_sdist(path: Path) -> Distribution:
    """Read a source distribution; raise `ValueError` with a sentence if its name or its content is not that of one."""
    try:
        name, version = parse_sdist_filename(path.name)
        with tarfile.open(path) as sdist:
            members = sdist.getmembers()  # reads the archive to its end
            files = {member.name for member in members}
            inside = [file for file in files if re.fullmatch(r"[^/]+/PKG-INFO", file)]
            extracted = sdist.extractfile(inside[0]) if len(inside) == 1 else None
            content = extracted.read() if extracted else b""
    except InvalidSdistFilename as error:
        message = f"{error}: {AGAIN}"
        raise ValueError(message) from error
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        message = f"{path.name} is not a whole .tar.gz ({error}): {AGAIN}"
        raise ValueError(message) from error
    if not inside or len({file.partition("/")[0] for file in files}) != 1:
        message = f"{path.name} has no PKG-INFO in one folder at its top: {AGAIN}"
        raise ValueError(message)
    return Distribution(path, name, version, parse(path, content), files, inside[0].partition("/")[0])


def parse(path: Path, content: bytes) -> Metadata:
    """Parse core metadata; raise `ValueError` with a sentence that names each field that is not valid."""
    raw, unknown = parse_email(content)
    version = raw.get("metadata_version", "")
    if re.fullmatch(r"\d+\.\d+", version) and version not in METADATA_VERSIONS:
        message = (
            f"{path.name} has Metadata-Version {version}, and PyPI knows {METADATA_VERSIONS[-1]} at most: "
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
        message = f"PyPI refuses the metadata of {path.name}: {'; '.join(sorted(problems))}. Correct pyproject.toml."
        raise ValueError(message)
    return metadata


def find_problems(distribution: Distribution) -> list[str]:
    """Return what PyPI would refuse about a distribution, a sentence each."""
    return [
        *check_names(distribution),
        *check_texts(distribution),
        *check_licenses(distribution),
        *check_requirements(distribution),
        *check_emails(distribution),
        *check_urls(distribution),
        *check_classifiers(distribution),
    ]


def check_names(distribution: Distribution) -> list[str]:
    """Compare the file's name with its metadata (PEP 427 and 625; warehouse) and check the platforms of a wheel."""
    file, metadata = distribution.path.name, distribution.metadata
    name = canonicalize_name(metadata.name).replace("-", "_")
    problems = []
    if canonicalize_name(metadata.name) != distribution.name:
        problems.append(f"{file} says Name: {metadata.name} inside: {AGAIN}")
    elif file.split("-")[0] != name or (not distribution.is_wheel and file != f"{name}-{metadata.version}.tar.gz"):
        expected = f"{name}-{metadata.version}" + ("-….whl" if distribution.is_wheel else ".tar.gz")
        problems.append(f"PyPI requires a normalized name, {expected} and not {file}: use a newer build backend.")
    if metadata.version != distribution.version:
        problems.append(f"{file} says Version: {metadata.version} inside: {AGAIN}")
    problems.extend(
        f"PyPI refuses wheels for {platform} ({file}): build for manylinux or musllinux, for example with cibuildwheel."
        if platform.startswith("linux_")
        else f"PyPI refuses wheels for {platform} ({file}): build for a platform that it knows."
        for platform in sorted(distribution.platforms)
        if not PLATFORMS.fullmatch(platform)
    )
    return problems


def check_texts(distribution: Distribution) -> list[str]:
    """Check the summary, and that PyPI can render the description (warehouse)."""
    metadata = distribution.metadata
    summary, description = metadata.summary or "", metadata.description or ""
    problems = []
    if len(summary) > MAX_SUMMARY:
        problems.append(
            f"The summary has {len(summary)} characters and PyPI accepts {MAX_SUMMARY}: "
            "shorten `description` in pyproject.toml."
        )
    if description and not description.strip():
        problems.append("The description is blank, which PyPI refuses: write a README, or name none.")
    return problems + find_markup_problems(description, metadata.description_content_type)


def check_licenses(distribution: Distribution) -> list[str]:
    """Check the license fields and that each license file is in the archive (PEP 639; warehouse)."""
    file, metadata = distribution.path.name, distribution.metadata
    problems = [
        f"{file} names the license file {license_file} and does not have it: add the file, or correct `license-files`."
        for license_file in metadata.license_files or []
        if f"{distribution.licenses}/{license_file}" not in distribution.files
    ]
    if metadata.license and metadata.license_expression:
        problems.append(
            "The metadata has both License and License-Expression, which PyPI refuses: "
            "keep one SPDX expression as `license` in pyproject.toml."
        )
    return problems


def check_requirements(distribution: Distribution) -> list[str]:
    """Check that no dependency is a direct URL reference (warehouse)."""
    return [
        f"The package depends on a direct URL reference ({requirement}), which PyPI refuses: "
        "depend on a released version."
        for requirement in distribution.metadata.requires_dist or []
        if requirement.url
    ]


def check_emails(distribution: Distribution) -> list[str]:
    """Check the first address of the authors and of the maintainers, as PyPI does (warehouse; no DNS lookup)."""
    metadata = distribution.metadata
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


def check_urls(distribution: Distribution) -> list[str]:
    """Check the project's URLs and their labels (warehouse)."""
    metadata = distribution.metadata
    urls = dict(metadata.project_urls or {})
    problems = [
        f"The label {label!r} in `urls` has {len(label)} characters and PyPI accepts 1 to {MAX_LABEL}: change it."
        for label in urls
        if not 0 < len(label) <= MAX_LABEL
    ]
    urls |= {"Home-Page": metadata.home_page or "", "Download-URL": metadata.download_url or ""}
    problems.extend(
        f"The URL {url!r} of {label} begins with neither https:// nor http://, which PyPI refuses: correct `urls`."
        for label, url in urls.items()
        if (url or label in (metadata.project_urls or {})) and not re.match(r"https?:", url, re.IGNORECASE)
    )
    return problems


def check_classifiers(distribution: Distribution) -> list[str]:
    """Check the classifiers against PyPI's own list; `Private ::` is on no list and so refused (warehouse)."""
    refused = [name for name in distribution.metadata.classifiers or [] if name not in classifiers]
    refused += [name for name in distribution.metadata.classifiers or [] if name in deprecated_classifiers]
    return [
        f"PyPI does not accept the classifier {name!r} (unknown, deprecated, or private): "
        "replace it in pyproject.toml with one of https://pypi.org/classifiers/."
        for name in sorted(refused)
    ]


def check_agreement(distributions: list[Distribution]) -> list[str]:
    """Compare the metadata of all distributions with that of the first: they are one release."""
    first, problems = distributions[0], []
    for other in distributions[1:]:
        if other.version != first.version:
            problems.append(
                f"{first.path.name} and {other.path.name} have different versions: "
                f"empty {first.path.parent} and run `uv build`."
            )
            continue
        dynamic = set(first.metadata.dynamic or [])  # fields that a wheel may have otherwise (PEP 643)
        fields = {"summary", "requires-python", "requires-dist"} - dynamic
        differing = [name for name in sorted(fields) if value(first, name) != value(other, name)]
        if differing:
            problems.append(
                f"{first.path.name} and {other.path.name} differ in {', '.join(differing)}: "
                "build the wheel from the .tar.gz, as `uv build` does."
            )
    return problems


def value(distribution: Distribution, name: str) -> list[str]:
    """Return the values of a field as texts, sorted."""
    found = getattr(distribution.metadata, name.replace("-", "_")) or []
    return sorted(map(str, found)) if isinstance(found, list) else [str(found)]
