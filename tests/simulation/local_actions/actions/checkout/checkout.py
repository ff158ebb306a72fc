"""Check out the repository as actions/checkout v7.0.1 does (`src/git-source-provider.ts`, `src/ref-helper.ts`).

One commit without tags, or with `fetch-depth: 0` all branches and tags. A branch is checked out as such, a tag as a
detached commit, and a tag that has moved since the event is an error, unless `ref` names the commit: then it is checked
out, wherever the tag is. A persisted token lies in a file in RUNNER_TEMP
that `.git/config` includes (since v6, `src/git-auth-helper.ts`). Reading needs `contents: read`, as it does in a
private repository. A composite action has no post step, so what is persisted stays there to the job's end.
"""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path


def git(*arguments: str, check: bool = True) -> str:
    """Run git in the workspace and return what it prints."""
    command = ["git", "-c", "advice.detachedHead=false", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode and check:
        sys.exit(f"::error::The process '/usr/bin/git' failed with exit code {done.returncode}")
    return done.stdout.strip()


def refspecs(ref: str, commit: str, depth: int, *, tags: bool) -> list[str]:
    """Return what to fetch: `getRefSpecForAllHistory` and `getRefSpec`."""
    every_tag = "+refs/tags/*:refs/tags/*"
    if not depth:
        found = ["+refs/heads/*:refs/remotes/origin/*", every_tag]
        return found if not ref.startswith("refs/pull/") else [*found, f"+{commit}:refs/remotes/{ref[5:]}"]
    found = [every_tag] if tags else []
    if not ref:
        return [*found, commit]
    if ref.startswith("refs/tags/"):
        return found or [f"+{ref}:{ref}"]
    return [*found, f"+{commit}:{remote(ref)}"]


def remote(ref: str) -> str:
    """Return where a branch or a pull request lies after the fetch."""
    return f"refs/remotes/origin/{ref[11:]}" if ref.startswith("refs/heads/") else f"refs/remotes/{ref[5:]}"


def at(ref: str, commit: str) -> bool:
    """Tell whether a ref is at a commit: `testRef`."""
    return git("rev-parse", "--quiet", "--verify", f"{ref}^{{commit}}", check=False) == commit


def persist(token: str) -> None:
    """Keep the token for later git commands, outside of the workspace."""
    basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    print(f"::add-mask::{basic}", flush=True)
    file = Path(os.environ["RUNNER_TEMP"]) / "git-credentials.config"
    git("config", "--file", str(file), "http.https://github.com/.extraheader", f"AUTHORIZATION: basic {basic}")
    git("config", f"includeIf.gitdir:{Path.cwd() / '.git'}.path", str(file))


def main() -> None:
    """Check out."""
    settings = json.loads((Path(os.environ["ACT_ENGINE"]) / "settings.json").read_text(encoding="utf-8"))
    given = json.loads(os.environ["INPUTS"])
    tokens = json.loads(Path(settings["state"]).read_text(encoding="utf-8"))["tokens"]
    if tokens.get(given["token"], {}).get("contents", "none") == "none":
        sys.exit("::error::remote: Repository not found. (actions/checkout needs the permission contents: read)")
    ref, commit, depth = settings["ref"], settings["commit"], int(given["fetch-depth"])
    if given["ref"]:
        if given["ref"] != commit:
            sys.exit(f"::error::the ref {given['ref']} is not imitated")
        ref = ""
    if Path(".git").exists():
        sys.exit("::error::a second checkout into one folder is not imitated")
    git("init", "--quiet")
    git("remote", "add", "origin", f"https://github.com/{settings['slug']}")
    specs = refspecs(ref, commit, depth, tags=given["fetch-tags"] == "true")
    depths = [f"--depth={depth}"] if depth else []
    git("fetch", "--quiet", "--no-tags", *depths, f"file://{settings['git']}", *specs)
    here = commit if not ref else ref if ref.startswith("refs/tags/") else remote(ref)
    if not at(here, commit) and here != ref:  # the branch has moved on
        git(
            "fetch",
            "--quiet",
            "--no-tags",
            *depths,
            f"file://{settings['git']}",
            f"+{commit}:{here}" if ref else commit,
        )
    if not at(here, commit):
        sys.exit(
            f"::error::The ref '{ref}' does not point to the expected commit '{commit}'. "
            "The ref may have been updated after the workflow was triggered."
        )
    branch = ["-B", ref[11:], here] if ref.startswith("refs/heads/") else [here]
    git("checkout", "--quiet", "--force", *branch)
    if given["submodules"] != "false":
        recursive = ["--recursive"] if given["submodules"] == "recursive" else []
        git("-c", "protocol.file.allow=always", "submodule", "update", "--init", "--force", *recursive)
    if given["persist-credentials"] == "true":
        persist(given["token"])
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as outputs:
        outputs.write(f"ref={ref}\ncommit={commit}\n")


main()
