"""Check out the repository as actions/checkout v7.0.1 does (`src/git-source-provider.ts`, `src/ref-helper.ts`).

One commit without tags, or with `fetch-depth: 0` all branches and tags. A branch is checked out as such, a tag as a
detached commit, and a tag that has moved since the event is an error, unless `ref` names the commit: then it is checked
out, wherever the tag is. Reading needs `contents: read`, as it does in a private repository. The files of Git LFS come
from where git-lfs keeps them in a bare repository. A persisted token lies in a file in RUNNER_TEMP that `.git/config`
includes (`src/git-auth-helper.ts`), and stays there to the job's end: a composite action has no post step.
"""

import base64
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from tests.simulation.local_action import append, fail, inputs, settings


def git(*arguments: str, check: bool = True) -> str:
    """Run git in the workspace and return what it prints."""
    command = ["git", "-c", "advice.detachedHead=false", "-c", "protocol.file.allow=always", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode and check:
        fail(f"The process '/usr/bin/git' failed with exit code {done.returncode}")
    return done.stdout.strip()


def refspecs(ref: str, commit: str, depth: int) -> list[str]:
    """Return what to fetch: `getRefSpecForAllHistory` and `getRefSpec`."""
    if not depth:
        found = ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"]
        return found if not ref.startswith("refs/pull/") else [*found, f"+{commit}:refs/remotes/{ref[5:]}"]
    if not ref:
        return [commit]
    return [f"+{ref}:{ref}" if ref.startswith("refs/tags/") else f"+{commit}:{remote(ref)}"]


def remote(ref: str) -> str:
    """Return where a branch or a pull request lies after the fetch."""
    return f"refs/remotes/origin/{ref[11:]}" if ref.startswith("refs/heads/") else f"refs/remotes/{ref[5:]}"


def fetch_large_files(repository: Path) -> None:
    """Replace the pointers of Git LFS in the workspace by the files."""
    for name in git("grep", "-lz", "^version https://git-lfs", check=False).split("\0")[:-1]:
        oid = re.findall(r"oid sha256:(\w+)", Path(name).read_text(encoding="utf-8"))[0]
        found = repository / "lfs/objects" / oid[:2] / oid[2:4] / oid
        if not found.exists():
            fail(f"{name} ({oid}): [404] Object does not exist on the server")
        shutil.copy(found, name)


def persist(token: str) -> None:
    """Keep the token for later git commands, outside of the workspace."""
    basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    print(f"::add-mask::{basic}", flush=True)
    file = Path(os.environ["RUNNER_TEMP"]) / "git-credentials.config"
    git("config", "--file", str(file), "http.https://github.com/.extraheader", f"AUTHORIZATION: basic {basic}")
    git("config", f"includeIf.gitdir:{Path.cwd() / '.git'}.path", str(file))


def main() -> None:
    """Check out."""
    run, given = settings(), inputs()
    tokens = json.loads(Path(run["state"]).read_text(encoding="utf-8"))["tokens"]
    if tokens.get(given["token"], {}).get("contents", "none") == "none":
        fail("remote: Repository not found. (actions/checkout needs the permission contents: read)")
    ref, commit, depth = run["ref"], run["commit"], int(given["fetch-depth"])
    if given["ref"]:
        if given["ref"] != commit:
            fail(f"the ref {given['ref']} is not imitated")
        ref = ""
    git("init", "--quiet")
    git("remote", "add", "origin", f"https://github.com/{run['slug']}")
    fetch = ("fetch", "--quiet", "--no-tags", *([f"--depth={depth}"] if depth else []), f"file://{run['git']}")
    git(*fetch, *refspecs(ref, commit, depth))
    here = commit if not ref else ref if ref.startswith("refs/tags/") else remote(ref)
    at = git("rev-parse", "--quiet", "--verify", f"{here}^{{commit}}", check=False)
    if at != commit and here == ref:
        fail(
            f"The ref '{ref}' does not point to the expected commit '{commit}'. "
            "The ref may have been updated after the workflow was triggered."
        )
    if at != commit:  # the branch has moved on
        git(*fetch, f"+{commit}:{here}")
    git("checkout", "--quiet", "--force", *(["-B", ref[11:], here] if ref.startswith("refs/heads/") else [here]))
    if given["submodules"] == "recursive":
        git("submodule", "update", "--init", "--force", "--recursive")
    if given["lfs"] == "true":
        fetch_large_files(Path(run["git"]))
    if given["persist-credentials"] == "true":
        persist(given["token"])
    append("GITHUB_OUTPUT", f"commit={commit}")


main()
