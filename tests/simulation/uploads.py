"""What PyPI refuses at an upload: after warehouse's `forklift/legacy.py` and `forklift/metadata.py`, in its words."""

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Iterator
from email.utils import parseaddr
from typing import NamedTuple

from email_validator import EmailNotValidError, validate_email
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version
from readme_renderer import markdown, rst
from trove_classifiers import classifiers, deprecated_classifiers
from werkzeug import Request
from werkzeug.datastructures import MultiDict

LONGEST_SUMMARY = 512


class RefusedError(Exception):
    """PyPI refuses a request: a status, and the sentence that the user sees."""

    def __init__(self, message: str, status: int = 400) -> None:
        """Keep the sentence and the status."""
        super().__init__(message)
        self.status = status


class Upload(NamedTuple):
    """What an upload sends: the fields of the form, and the file."""

    form: MultiDict[str, str]
    filename: str
    content: bytes

    @classmethod
    def from_request(cls, request: Request) -> "Upload":
        """Read the body of a request."""
        file = request.files["content"]
        return cls(request.form, file.filename or "", file.read())

    def field(self, name: str) -> str:
        """Return the first value of a field, or an empty text."""
        return self.form.get(name, "")

    @property
    def project(self) -> str:
        """Return the normalized name of the project."""
        return canonicalize_name(self.field("name"))


def refusals_of_form(upload: Upload) -> Iterator[str]:
    """Yield why PyPI refuses the fields of an upload."""
    version = Version(upload.field("version"))
    if version.local:
        yield f"The use of local versions in '{version}' is not allowed."
    if len(upload.field("summary")) > LONGEST_SUMMARY:
        yield f"'summary' field must be {LONGEST_SUMMARY} characters or less."
    for name in upload.form.getlist("classifiers"):
        if name not in classifiers:
            yield f"{name!r} is not a valid classifier."
        if name in deprecated_classifiers:
            instead = deprecated_classifiers[name]
            use = f", use one of {instead} instead." if instead else ""
            yield f"The classifier {name!r} has been deprecated{use}"
    for requirement in upload.form.getlist("requires_dist"):
        if Requirement(requirement).url:
            yield f"Can't have direct dependency: {requirement}"
    if upload.field("license") and upload.field("license_expression"):
        yield "License is deprecated when License-Expression is present."
    yield from refusals_of_addresses(upload)


def refusals_of_addresses(upload: Upload) -> Iterator[str]:
    """Yield why PyPI refuses the e-mail addresses of an upload."""
    for name in ("author_email", "maintainer_email"):
        if address := parseaddr(upload.field(name))[1]:
            try:
                validate_email(address, check_deliverability=False)
            except EmailNotValidError as error:
                yield f"{address!r} is not a valid email address: {error}"


def refusals_of_description(upload: Upload) -> Iterator[str]:
    """Yield that the README does not render."""
    text, kind = upload.field("description"), upload.field("description_content_type")
    renderers = {"text/markdown": markdown, "text/x-rst": rst}
    renderer = renderers.get(kind.partition(";")[0].strip() or "text/x-rst")
    if text.strip() and renderer and renderer.render(text, stream=io.StringIO()) is None:
        where = f"for '{kind}'" if kind else "in the default format of reStructuredText"
        yield f"The description failed to render {where}."


def refusals_of_digest(upload: Upload) -> Iterator[str]:
    """Yield that the file is not the one that the form describes."""
    if hashlib.sha256(upload.content).hexdigest() != upload.field("sha256_digest"):
        yield "The digest supplied does not match a digest calculated from the uploaded file."


def refusals_of_file(upload: Upload) -> Iterator[str]:
    """Yield that the file's name is not the normalized one, or that it lacks a license file that it names."""
    name = upload.project.replace("-", "_")
    version = str(Version(upload.field("version")))
    if upload.filename.endswith(".whl"):
        if parse_wheel_filename(upload.filename)[1] != Version(version) or upload.filename.split("-")[0] != name:
            yield f"Filename {upload.filename!r} should contain the normalized project name {name!r}."
        with zipfile.ZipFile(io.BytesIO(upload.content)) as wheel:
            inside, folder = wheel.namelist(), f"{name}-{version}.dist-info/licenses"
    else:
        if upload.filename != f"{name}-{version}.tar.gz":
            yield f"Filename {upload.filename!r} is invalid, should be '{name}-{version}.tar.gz'."
        with tarfile.open(fileobj=io.BytesIO(upload.content)) as sdist:
            inside, folder = sdist.getnames(), f"{name}-{version}"
    for file in [*upload.form.getlist("license_files"), *upload.form.getlist("license_file")]:
        if f"{folder}/{file}" not in inside:
            yield f"License-File {file} does not exist in distribution file {upload.filename} at {folder}/{file}"


def refuse(refusals: Iterator[str], status: int = 400) -> None:
    """Raise `RefusedError` with the first refusal, if there is one."""
    for sentence in refusals:
        raise RefusedError(sentence, status)
