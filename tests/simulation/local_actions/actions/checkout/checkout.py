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

from tests.simulation.local_action import INPUTS, RUN, fail, output


def git(*arguments: str, check: bool = True) -> str:
    """Run git in the workspace and return what it prints."""
    command = ["git", "-c", "advice.detachedHead=false", "-c", "protocol.file.allow=always", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode and check:
        fail(f"The process '/usr/bin/git' failed with exit code {done.returncode}")
    return done.stdout.strip()


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
    tokens = json.loads(Path(RUN["state"]).read_text(encoding="utf-8"))["tokens"]
    if tokens.get(INPUTS["token"], {}).get("contents", "none") == "none":
        fail("remote: Repository not found. (actions/checkout needs the permission contents: read)")
    ref, commit, depth = RUN["ref"], RUN["commit"], int(INPUTS["fetch-depth"])
    if INPUTS["ref"]:
        if INPUTS["ref"] != commit:
            fail(f"the ref {INPUTS['ref']} is not imitated")
        ref = ""
    git("init", "--quiet")
    git("remote", "add", "origin", f"https://github.com/{RUN['slug']}")
    fetch = ("fetch", "--quiet", "--no-tags", *([f"--depth={depth}"] if depth else []), f"file://{RUN['git']}")
    tag, branch, pull = (ref.startswith(f"refs/{kind}/") for kind in ("tags", "heads", "pull"))
    here = ref.replace("refs/heads/", "refs/remotes/origin/").replace("refs/pull/", "refs/remotes/pull/") or commit
    wanted = [f"+{ref if tag else commit}:{here}" if ref else commit]  # `getRefSpec`
    if not depth:  # `getRefSpecForAllHistory`
        wanted = ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*", *(wanted if pull else [])]
    git(*fetch, *wanted)
    at = git("rev-parse", "--quiet", "--verify", f"{here}^{{commit}}", check=False)
    if at != commit and tag:
        fail(
            f"The ref '{ref}' does not point to the expected commit '{commit}'. "
            "The ref may have been updated after the workflow was triggered."
        )
    if at != commit:  # the branch has moved on
        git(*fetch, f"+{commit}:{here}")
    git("checkout", "--quiet", "--force", *(["-B", ref[11:], here] if branch else [here]))
    if INPUTS["submodules"] == "recursive":
        git("submodule", "update", "--init", "--force", "--recursive")
    if INPUTS["lfs"] == "true":
        fetch_large_files(Path(RUN["git"]))
    if INPUTS["persist-credentials"] == "true":
        persist(INPUTS["token"])
    output(f"commit={commit}")


main()
