"""The trusted publisher of a repository: the form that PyPI asks for, and the commit of the template in use.

All paths are relative to the top of the repository, where every command runs.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import urlencode

from meltano_release.markdown import code

FILE = Path(".github/publisher.json")
WORKFLOWS = Path(".github/workflows")
FIELDS = {  # of PyPI's form, by the name of the answer
    "package_name": "PyPI Project Name",
    "owner": "Owner",
    "repository": "Repository name",
    "workflow_filename": "Workflow name",
    "environment": "Environment name",
}
ADOPT = "https://meltanolabs.github.io/meltano-package-template/latest/tutorial/adopt.html"
PENDING_URL = "https://pypi.org/manage/account/publishing/"
TEMPLATE = "MeltanoLabs/meltano-package-template"  # where the workflow names no other repository
ACTION = re.compile(r"uses: *[\"']?([\w.-]+/[\w.-]+)/actions/[\w-]+@([\w.-]+)")


def read_publisher(text: str = "") -> dict[str, str]:
    """Return the five answers of the form; raise `ValueError` with a sentence if the file does not hold them.

    Without the text of the file, it is read from the folder.
    """
    try:
        publisher = json.loads(text or FILE.read_text(encoding="utf-8"))
        return {name: str(publisher[name]) for name in FIELDS}
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        message = (
            f"{FILE} is missing: run this at the top of a repository that has the release setup ({ADOPT}); if the file"
            if isinstance(error, OSError)
            else f"{FILE} does not hold the five answers ({error}): if it"
        )
        message += f" is lost or broken, restore it from git (`git log -- {FILE}` shows its commits)."
        raise ValueError(message) from error


def workflow_path(publisher: dict[str, str]) -> str:
    """Return the path of the release workflow."""
    return (WORKFLOWS / publisher["workflow_filename"]).as_posix()


def form_table(publisher: dict[str, str], claims: dict[str, str]) -> str:
    """Return PyPI's form as a Markdown table: a field, what it must be, and what a token claimed, if known."""
    rows = ["| field of the form | must be | this run claimed |", "| --- | --- | --- |"]
    for name, label in FIELDS.items():
        claim = claims.get(name, "")
        differs = " ← differs" if claim and claim != publisher[name] else ""
        rows.append(f"| {label} | {code(publisher[name])} | {code(claim) + differs if claim else ''} |")
    return "\n".join(rows)


def form_url(publisher: dict[str, str]) -> str:
    """Return the URL of the page that fills in the form of a project that is on PyPI."""
    names = ("owner", "repository", "workflow_filename", "environment")
    values = urlencode({"provider": "github"} | {name: publisher[name] for name in names})
    return f"https://pypi.org/manage/project/{publisher['package_name']}/settings/publishing/?{values}"


def command_line(publisher: dict[str, str]) -> str:
    """Return how a maintainer runs this program: from the commit of the template that the release workflow names."""
    workflow = WORKFLOWS / publisher["workflow_filename"]
    match = ACTION.search(workflow.read_text("utf-8", errors="replace") if workflow.is_file() else "")
    source = f"{match[1]}@{match[2]}" if match else TEMPLATE
    return f"uvx --from git+https://github.com/{source} meltano-release"
