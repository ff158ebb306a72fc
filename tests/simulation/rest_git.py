"""The parts of GitHub's API that release-please asks for beside those of `rest.py`: files, pull requests, labels."""

import base64
import subprocess
from typing import Any

from tests.simulation.rest import MADE, Routes, State

Json = Any


def git(state: State, *arguments: str) -> str:
    """Return what git prints in the repository."""
    command = ["git", "-C", state["git"], *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def list_pull_requests(state: State, **_: Json) -> Json:
    """Answer with the one that was merged."""
    one = state["merged"]
    known = {key: one[key] for key in ("number", "title", "body", "merge_commit_sha")}
    known |= {"labels": [{"name": one["label"]}], "merged_at": MADE}
    return [known | {"base": {"ref": state["default_branch"]}, "head": {"ref": one["branch"]}}]


def get_tree(state: State, ref: str, **_: Json) -> Json:
    """Answer with the files of a branch."""
    listed = [line.split(maxsplit=3) for line in git(state, "ls-tree", "-r", "-t", ref).splitlines()]
    tree = [{"mode": mode, "type": kind, "sha": blob, "path": path} for mode, kind, blob, path in listed]
    return {"sha": git(state, "rev-parse", f"{ref}^{{tree}}").strip(), "tree": tree, "truncated": False}


def get_blob(state: State, blob: str, **_: Json) -> Json:
    """Answer with a file."""
    content = base64.b64encode(git(state, "cat-file", "blob", blob).encode()).decode()
    return {"sha": blob, "content": content, "encoding": "base64"}


def accept(_: State, *__: str, **___: Json) -> Json:
    """Accept a comment or a label, of which nothing depends."""
    return []


ROUTES: Routes = {
    "repos/SLUG/pulls": {"GET": list_pull_requests},
    "repos/SLUG/git/trees/(.+)": {"GET": get_tree},
    "repos/SLUG/git/blobs/(.+)": {"GET": get_blob},
    r"repos/SLUG/issues/(\d+)/.+": {"POST": accept, "DELETE": accept},
}
