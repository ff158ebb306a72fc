"""A `gh` that checks its arguments and keeps them: the parts that the workflows and the doctor use.

Its state is the JSON file in `$LOOPBACK_GITHUB`. The token in `$GH_TOKEN` must be one that GitHub gave to a job, and
may do what the job's permissions say. An argument that it does not know is an error.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn


def fail(message: str, code: int = 1) -> NoReturn:
    """Print a message as `gh` does, and exit."""
    print(message, file=sys.stderr)
    sys.exit(code)


def require(state: dict[str, Any], level: str) -> None:
    """Fail unless the token may read, or write, the contents of the repository."""
    token = os.environ.get("GH_TOKEN", "")
    if "CI" not in os.environ:  # the maintainer, who is signed in
        return
    if token not in state["tokens"]:
        fail("gh: To use GitHub CLI in a GitHub Actions workflow, set the GH_TOKEN environment variable.", 4)
    granted = state["tokens"][token].get("contents", "none")
    levels = ["none", "read", "write"]
    if levels.index(granted) < levels.index(level):
        fail("gh: Resource not accessible by integration (HTTP 403)")


def api(state: dict[str, Any], path: str, jq: str) -> None:
    """Answer `gh api PATH --jq .FIELD`: a release by its tag, or a prepared answer."""
    slug = state["slug"]
    if match := re.fullmatch(rf"repos/{re.escape(slug)}/releases/tags/([^/]+)", path):
        require(state, "read")
        release = state["releases"].get(match[1])
        answer = None if release is None else {"tag_name": match[1], "immutable": release["immutable"]}
    elif match := re.fullmatch(rf"repos/{re.escape(slug)}/commits/tags/(.+)", path):
        require(state, "read")
        command = ["git", "-C", state["git"], "rev-parse", "--verify", f"refs/tags/{match[1]}^{{commit}}"]
        found = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
        if not found:
            fail(f"gh: No commit found for SHA: tags/{match[1]} (HTTP 422)")
        answer = {"sha": found}
    else:
        answer = state["answers"].get(path)
    if answer is None:
        fail("gh: Not Found (HTTP 404)")
    if jq:
        value = answer[jq.removeprefix(".")]
        print(value if isinstance(value, str) else json.dumps(value))
    else:
        print(json.dumps(answer))


def upload(state: dict[str, Any], tag: str, files: list[str], *, clobber: bool) -> None:
    """Do `gh release upload TAG FILES… [--clobber]`."""
    if os.environ.get("GH_REPO") != state["slug"]:
        fail(f"gh: no repository {os.environ.get('GH_REPO')}")
    require(state, "write")
    release = state["releases"].get(tag)
    if release is None:
        fail("release not found")
    if release["immutable"]:
        fail("gh: Cannot upload assets to an immutable release. (HTTP 422)")
    for file in map(Path, files):
        if file.name in release["assets"] and not clobber:
            fail(f"asset under the same name already exists: {file.name}")
        release["assets"][file.name] = hashlib.sha256(file.read_bytes()).hexdigest()


def put_environment(state: dict[str, Any], path: str, body: dict[str, Any]) -> None:
    """Replace what an environment is, as GitHub's API does: what the body leaves out is gone.

    https://docs.github.com/rest/deployments/environments#create-or-update-an-environment
    """
    rules = []
    if body.get("reviewers"):
        reviewers = [{"type": one["type"], "reviewer": {"id": one["id"]}} for one in body["reviewers"]]
        own = body.get("prevent_self_review", False)
        rules.append({"type": "required_reviewers", "prevent_self_review": own, "reviewers": reviewers})
    if body.get("wait_timer"):
        rules.append({"type": "wait_timer", "wait_timer": body["wait_timer"]})
    policy = body.get("deployment_branch_policy")
    state["answers"][path] |= {"protection_rules": rules, "deployment_branch_policy": policy}


def main(arguments: list[str]) -> None:
    """Do what the arguments say, or fail as `gh` does."""
    file = Path(os.environ["LOOPBACK_GITHUB"])
    state = json.loads(file.read_text(encoding="utf-8"))
    state["calls"].append(arguments)
    if "failure" in state:
        fail(state["failure"])
    match arguments:
        case ["api", "--method", "PUT", path, "--input", "-"] if path in state["answers"]:
            put_environment(state, path, json.load(sys.stdin))
        case ["api", "--method", "POST", path, "-f", name, "-f", kind]:
            policies = state["answers"][f"{path}?per_page=100"]["branch_policies"]
            policies.append({"name": name.removeprefix("name="), "type": kind.removeprefix("type=")})
        case ["api", _] if "output" in state:
            print(state["output"])
        case ["api", path, "--jq", jq] if re.fullmatch(r"\.\w+", jq):
            api(state, path, jq)
        case ["api", path]:
            api(state, path, "")
        case ["release", "upload", tag, *files] if not any(
            name.startswith("-") for name in files if name != "--clobber"
        ):
            names = [name for name in files if name != "--clobber"]
            upload(state, tag, names, clobber="--clobber" in files)
        case _:
            fail(f"unknown arguments: {' '.join(arguments)}")
    file.write_text(json.dumps(state), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
