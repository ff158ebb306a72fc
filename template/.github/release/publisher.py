"""The trusted publisher of this repository: the form that PyPI asks for, and what PyPI knows of the project.

Shared by `gate.py`, `doctor.py`, `report.py` and `constraints.py`. Standard library only.
Owned by the template: `copier update` refreshes this file.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from http.client import HTTPException
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
PENDING_URL = "https://pypi.org/manage/account/publishing/"
TIMEOUT = 20  # seconds, for an answer of PyPI
NOT_FOUND = 404


def read_publisher() -> dict[str, str]:
    """Return the five answers of the form; raise `ValueError` with a sentence if the file does not hold them."""
    try:
        publisher = json.loads(FILE.read_text(encoding="utf-8"))
        return {name: str(publisher[name]) for name in FIELDS}
    except (OSError, ValueError, KeyError, TypeError) as error:
        what = "is missing" if isinstance(error, OSError) else f"does not hold the five answers ({error})"
        message = (
            f"{FILE} {what}: run this at the top of the repository; if the file is lost or broken, "
            f"restore it from git (`git log -- {FILE}` shows its commits)."
        )
        raise ValueError(message) from error


def form_table(publisher: dict[str, str], claims: dict[str, str]) -> str:
    """Return PyPI's form as a Markdown table: a field, what it must be, and what a token claimed, as far as known."""
    rows = ["| field of the form | must be | this run claimed |", "| --- | --- | --- |"]
    for name, label in FIELDS.items():
        claim = claims.get(name, "")
        differs = " ← differs" if claim and claim != publisher[name] else ""
        rows.append(f"| {label} | {code(publisher[name])} | {code(claim) + differs if claim else ''} |")
    return "\n".join(rows)


def code(text: str) -> str:
    """Return a text as a code span that can stand in a cell of a Markdown table."""
    return f"`{text}`".replace("|", "\\|")


def form_url(publisher: dict[str, str]) -> str:
    """Return the URL of the page that fills in the form of a project that is on PyPI."""
    names = ("owner", "repository", "workflow_filename", "environment")
    values = urlencode({"provider": "github"} | {name: publisher[name] for name in names})
    return f"https://pypi.org/manage/project/{publisher['package_name']}/settings/publishing/?{values}"


def annotate(level: str, title: str, sentence: str) -> None:
    """Print an annotation of a workflow's run (`error` or `warning`) that no value in the sentence can break out of."""
    escaped = sentence.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    print(f"::{level} title={title}::{escaped}")


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
            return {file["filename"]: file["hashes"].get("sha256", "") for file in json.load(response)["files"]}
    except urllib.error.HTTPError as error:
        if error.code == NOT_FOUND:
            return None
        message = f"PyPI answers with status {error.code}"
        raise NotCheckedError(message) from error
    except (OSError, HTTPException) as error:
        message = f"PyPI cannot be reached ({error})"
        raise NotCheckedError(message) from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        message = f"PyPI's answer for {package_name} is no index"
        raise NotCheckedError(message) from error
