"""The trusted publisher of this repository: the form that PyPI asks for, and what PyPI knows of the project.

Shared by `gate.py`, `doctor.py` and `report.py`. Standard library only.
Owned by the template: `copier update` refreshes this file.
"""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

FOLDER = Path(".github/release")
FILE = FOLDER / "publisher.json"
WORKFLOWS = Path(".github/workflows")
FIELDS = {  # of PyPI's form, by the name of the answer
    "package_name": "PyPI Project Name",
    "owner": "Owner",
    "repository": "Repository name",
    "workflow_filename": "Workflow name",
    "environment": "Environment name",
}
TIMEOUT = 20  # seconds, for an answer of PyPI
NOT_FOUND = 404
# Canonical public versions, PEP 440 appendix B; the local part is a group of its own.
CANONICAL_VERSION = re.compile(
    r"\A([1-9][0-9]*!)?(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))*"
    r"((a|b|rc)(0|[1-9][0-9]*))?(\.post(0|[1-9][0-9]*))?(\.dev(0|[1-9][0-9]*))?"
    r"(?P<local>\+[a-z0-9]+(\.[a-z0-9]+)*)?\Z"
)


def read_publisher() -> dict[str, str]:
    """Return the five answers; raise `OSError`, `ValueError` or `KeyError` if the file does not hold them."""
    publisher = json.loads(FILE.read_text(encoding="utf-8"))
    return {name: publisher[name] for name in FIELDS}


def normalized(name: str) -> str:
    """Return a project's name as PyPI compares it (PEP 503): `Tap.X` and `tap_x` are both `tap-x`."""
    return re.sub(r"[-_.]+", "-", name).lower()


def is_release_tag(tag: str) -> bool:
    """Return whether a tag is `v` and a canonical version without a local part."""
    version = CANONICAL_VERSION.match(tag.removeprefix("v"))
    return tag.startswith("v") and version is not None and not version["local"]


def environments(workflow: Path) -> set[str]:
    """Return the names of the environments that a workflow file uses; `(none)` if it uses none or does not exist."""
    text = workflow.read_text(encoding="utf-8") if workflow.is_file() else ""
    names = re.findall(r"^ +environment:(?:\n +name:)? *([^#\n]+?)$", text, re.MULTILINE)
    return {name.strip("\"'") for name in names} or {"(none)"}


def form_url(publisher: dict[str, str]) -> str:
    """Return the URL of the page that fills in the form of a project that is on PyPI."""
    names = ("owner", "repository", "workflow_filename", "environment")
    values = urlencode({"provider": "github"} | {name: publisher[name] for name in names})
    return f"https://pypi.org/manage/project/{publisher['package_name']}/settings/publishing/?{values}"


class NotCheckedError(Exception):
    """Something could not be looked at; the text says what and why."""


def find_files(package_name: str) -> dict[str, str] | None:
    """Return a project's files and their SHA-256 digests, None if there is no such project.

    PyPI's JSON index (PEP 691) also knows a project that has no files yet. Raises `NotCheckedError` if PyPI
    cannot be reached or answers with an error.
    """
    url = f"https://pypi.org/simple/{package_name}/"
    request = urllib.request.Request(url, headers={"Accept": "application/vnd.pypi.simple.v1+json"})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:  # noqa: S310 - https, see above
            files = json.load(response)["files"]
    except urllib.error.HTTPError as error:
        if error.code == NOT_FOUND:
            return None
        message = f"PyPI answers {error.code}"
        raise NotCheckedError(message) from error
    except (OSError, ValueError) as error:
        message = f"PyPI cannot be reached ({error})"
        raise NotCheckedError(message) from error
    return {file["filename"]: file["hashes"].get("sha256", "") for file in files}
