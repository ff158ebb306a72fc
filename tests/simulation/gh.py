"""A `gh` that checks its arguments and keeps them: the parts that the workflows, the doctor and `setup` use.

Its state is the JSON file in `$LOOPBACK_GITHUB`. The token in `$GH_TOKEN` must be one that GitHub gave to a job, and
may do what the job's permissions say. An argument that it does not know is an error.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

if __name__ == "__main__":  # as a process, it has no packages
    sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.simulation.rest import RefusedError, actor_of, publish, respond

LEVELS = ("none", "read", "write")


class FailedError(Exception):
    """`gh` fails: its exit code, and what it prints to standard error."""

    def __init__(self, message: str, code: int = 1) -> None:
        """Keep both."""
        super().__init__(message)
        self.code = code


def fail(message: str, code: int = 1) -> NoReturn:
    """Fail as `gh` does."""
    raise FailedError(message, code)


def require(state: dict[str, Any], level: str) -> None:
    """Fail unless the token may read, or write, the contents of the repository."""
    token = os.environ.get("GH_TOKEN", "")
    if "CI" not in os.environ:  # the maintainer, who is signed in
        return
    if token not in state["tokens"]:
        fail("gh: To use GitHub CLI in a GitHub Actions workflow, set the GH_TOKEN environment variable.", 4)
    if LEVELS.index(state["tokens"][token].get("contents", "none")) < LEVELS.index(level):
        fail("gh: Resource not accessible by integration (HTTP 403)")


def api(state: dict[str, Any], arguments: list[str], stdin: str) -> str:
    """Do `gh api PATH [--method METHOD --input -] [--jq .FIELD]`."""
    path, *options = arguments if arguments[0] != "--method" else [arguments[2], *arguments[:2], *arguments[3:]]
    given = dict(zip(options[::2], options[1::2], strict=True))
    method, jq, source = given.pop("--method", "GET"), given.pop("--jq", ""), given.pop("--input", "")
    if given or source not in {"", "-"} or not re.fullmatch(r"(\.\w+)?", jq):
        fail(f"unknown arguments: {' '.join(arguments)}")
    require(state, "read" if method == "GET" else "write")
    if "output" in state:
        return str(state["output"])
    try:
        answer = respond(state, method, path, json.loads(stdin) if source else None)
    except RefusedError as refusal:
        fail(f"gh: {refusal} (HTTP {refusal.status})")
    value = answer[jq.removeprefix(".")] if jq else answer
    return value if isinstance(value, str) else json.dumps(value)


def upload(state: dict[str, Any], tag: str, arguments: list[str]) -> None:
    """Do `gh release upload TAG FILES… [--clobber]`."""
    if os.environ.get("GH_REPO") != state["slug"]:
        fail(f"gh: no repository {os.environ.get('GH_REPO')}")
    require(state, "write")
    release = state["releases"].get(tag)
    if release is None:
        fail("release not found")
    if release["immutable"]:
        fail("gh: Cannot upload assets to an immutable release. (HTTP 422)")
    for file in (Path(name) for name in arguments if name != "--clobber"):
        if file.name in release["assets"] and "--clobber" not in arguments:
            fail(f"asset under the same name already exists: {file.name}")
        release["assets"][file.name] = hashlib.sha256(file.read_bytes()).hexdigest()


def release(state: dict[str, Any], arguments: list[str]) -> str:
    """Do `gh release create`, `edit` or `upload`."""
    slug = state["slug"]
    match arguments:
        case ["create", tag, *options] if set(options) <= {"--verify-tag", "--generate-notes", "--draft"}:
            if "--verify-tag" in options:
                api(state, [f"repos/{slug}/commits/tags/{tag}"], "")
            body = {"tag_name": tag, "draft": "--draft" in options, "generate_release_notes": True}
            return api(state, [f"repos/{slug}/releases", "--method", "POST", "--input", "-"], json.dumps(body))
        case ["edit", tag, "--draft=false"]:
            require(state, "write")
            publish(state, tag)
        case ["upload", tag, *files] if not {name for name in files if name[0] == "-"} - {"--clobber"}:
            upload(state, tag, files)
        case _:
            fail(f"unknown arguments: release {' '.join(arguments)}")
    return ""


def create_repository(state: dict[str, Any]) -> None:
    """Create the repository, and push the branch that is checked out."""
    state["exists"] = True
    url = f"https://github.com/{state['slug']}.git"
    for command in (["remote", "add", "origin", url], ["push", state["git"], "HEAD"]):
        subprocess.run(["git", *command], check=True, capture_output=True)


def auth(arguments: list[str]) -> str:
    """Do `gh auth setup-git`, and what git then asks of it."""
    if arguments == ["setup-git"]:
        key = "credential.https://github.com.helper"
        subprocess.run(["git", "config", "--global", "--add", key, "!gh auth git-credential"], check=True)
    elif arguments == ["git-credential", "get"]:
        return f"username=x-access-token\npassword={os.environ['GH_TOKEN']}"
    elif arguments not in (["git-credential", "store"], ["git-credential", "erase"]):
        fail(f"unknown arguments: auth {' '.join(arguments)}")
    return ""


def run(state: dict[str, Any], arguments: list[str], stdin: str = "") -> str:
    """Do what the arguments say, and return what `gh` prints; raise `FailedError` as it fails."""
    state["calls"].append(arguments)
    if "failure" in state:
        fail(state["failure"])
    in_a_job = "CI" in os.environ
    state["actor"] = actor_of(state, os.environ.get("GH_TOKEN", "")) if in_a_job else {"login": "ada"}
    match arguments:
        case ["api", *options] if options:
            return api(state, options, stdin)
        case ["release", *options]:
            return release(state, options)
        case ["auth", *options]:
            return auth(options)
        case ["repo", "create", slug, "--public", "--source", ".", "--push"] if slug == state["slug"]:
            create_repository(state)
            return f"https://github.com/{slug}"
    fail(f"unknown arguments: {' '.join(arguments)}")


def main(arguments: list[str]) -> None:
    """Run as a process, with the state in its file."""
    file = Path(os.environ["LOOPBACK_GITHUB"])
    state = json.loads(file.read_text(encoding="utf-8"))
    try:
        print(run(state, arguments, sys.stdin.read() if "--input" in arguments else ""))
    except FailedError as failure:
        print(failure, file=sys.stderr)
        sys.exit(failure.code)
    finally:
        file.write_text(json.dumps(state), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
