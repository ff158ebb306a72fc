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
from typing import Any

if __name__ == "__main__":  # as a process, it has no packages
    sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.simulation.rest import RefusedError, actor_of, look_up, publish, respond

LEVELS = ("none", "read", "write")


def require(state: dict[str, Any], level: str) -> None:
    """Fail unless the token may read, or write, the contents of the repository."""
    token = os.environ.get("GH_TOKEN", "")
    if "CI" not in os.environ:  # the maintainer, who is signed in
        return
    if token not in state["tokens"]:
        sys.exit("gh: To use GitHub CLI in a GitHub Actions workflow, set the GH_TOKEN environment variable.")
    if LEVELS.index(state["tokens"][token].get("contents", "none")) < LEVELS.index(level):
        sys.exit("gh: Resource not accessible by integration (HTTP 403)")


def api(state: dict[str, Any], arguments: list[str], stdin: str) -> str:
    """Do `gh api PATH [--method METHOD --input -] [--jq .FIELD]`."""
    path, *options = arguments if arguments[0] != "--method" else [arguments[2], *arguments[:2], *arguments[3:]]
    given = dict(zip(options[::2], options[1::2], strict=True))
    method, jq, source = given.pop("--method", "GET"), given.pop("--jq", ""), given.pop("--input", "")
    if given or source not in {"", "-"} or not re.fullmatch(r"(\.\w+)?", jq):
        sys.exit(f"unknown arguments: {' '.join(arguments)}")
    require(state, "read" if method == "GET" else "write")
    if "output" in state:
        return str(state["output"])
    answer = respond(state, method, path, json.loads(stdin) if source else None)
    value = answer[jq.removeprefix(".")] if jq else answer
    return value if isinstance(value, str) else json.dumps(value)


def upload(state: dict[str, Any], tag: str, arguments: list[str]) -> None:
    """Do `gh release upload TAG FILES… [--clobber]`."""
    if os.environ.get("GH_REPO") != state["slug"]:
        sys.exit(f"gh: no repository {os.environ.get('GH_REPO')}")
    require(state, "write")
    release = look_up(state["releases"], tag)
    if release["immutable"]:
        raise RefusedError(422, "Cannot upload assets to an immutable release.")
    for file in (Path(name) for name in arguments if name != "--clobber"):
        if file.name in release["assets"] and "--clobber" not in arguments:
            sys.exit(f"asset under the same name already exists: {file.name}")
        release["assets"][file.name] = hashlib.sha256(file.read_bytes()).hexdigest()


def create_release(state: dict[str, Any], tag: str, options: list[str]) -> str:
    """Do `gh release create TAG [--verify-tag] [--draft] --generate-notes`."""
    if "--verify-tag" in options:
        api(state, [f"repos/{state['slug']}/commits/tags/{tag}"], "")
    body = {"tag_name": tag, "draft": "--draft" in options, "generate_release_notes": True}
    return api(state, [f"repos/{state['slug']}/releases", "--method", "POST", "--input", "-"], json.dumps(body))


def create_repository(state: dict[str, Any]) -> str:
    """Create the repository, and push the branch that is checked out."""
    state["exists"] = True
    url = f"https://github.com/{state['slug']}"
    for command in (["remote", "add", "origin", f"{url}.git"], ["push", state["git"], "HEAD"]):
        subprocess.run(["git", *command], check=True, capture_output=True)
    return url


def execute(state: dict[str, Any], arguments: list[str], stdin: str) -> str:
    """Do what the arguments say, and return what `gh` prints."""
    match arguments:
        case ["api", *options] if options:
            return api(state, options, stdin)
        case ["release", "create", tag, *options] if set(options) <= {"--verify-tag", "--generate-notes", "--draft"}:
            return create_release(state, tag, options)
        case ["release", "edit", tag, "--draft=false"]:
            require(state, "write")
            publish(state, tag)
        case ["release", "upload", tag, *files] if not {name for name in files if name[0] == "-"} - {"--clobber"}:
            upload(state, tag, files)
        case ["auth", "setup-git"]:
            helper = ("credential.https://github.com.helper", "!gh auth git-credential")
            subprocess.run(["git", "config", "--global", "--add", *helper], check=True)
        case ["auth", "git-credential", "get"]:
            return f"username=x-access-token\npassword={os.environ['GH_TOKEN']}"
        case ["auth", "git-credential", "store" | "erase"]:
            pass
        case ["repo", "create", slug, "--public", "--source", ".", "--push"] if slug == state["slug"]:
            return create_repository(state)
        case _:
            sys.exit(f"unknown arguments: {' '.join(arguments)}")
    return ""


def run(state: dict[str, Any], arguments: list[str], stdin: str = "") -> str:
    """Do what the arguments say, and return what `gh` prints; raise `SystemExit` with its message if it fails."""
    state["calls"].append(arguments)
    if "failure" in state:
        sys.exit(state["failure"])
    in_a_job = "CI" in os.environ
    state["actor"] = actor_of(state, os.environ.get("GH_TOKEN", "")) if in_a_job else {"login": "ada"}
    try:
        return execute(state, arguments, stdin)
    except RefusedError as refusal:
        status, message = refusal.args
        sys.exit(f"gh: {message} (HTTP {status})")


if __name__ == "__main__":
    file = Path(os.environ["LOOPBACK_GITHUB"])
    loaded = json.loads(file.read_text(encoding="utf-8"))
    try:
        print(run(loaded, sys.argv[1:], sys.stdin.read() if "--input" in sys.argv else ""))
    finally:
        file.write_text(json.dumps(loaded), encoding="utf-8")
