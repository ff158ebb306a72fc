"""Builds run once for the same input, also if tests run in parallel; they alone reach the package index.

`step.sh` runs this script for a step that builds; the arguments are those of bash.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.folder_cache import FolderCache


def inputs_of_build(script: str, workspace: Path) -> list[str]:
    """Return what decides the result: the step, the locks, the attempt, the files, and the history of the version."""

    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=workspace, capture_output=True, text=True, check=False)
        return done.stdout

    action = Path(os.environ["GITHUB_ACTION_PATH"])
    locks = [action / "backends.txt", action.parent / "launch.py", workspace / ".github/build-constraints.txt"]
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "" for path in locks]
    files = [line for line in git("ls-tree", "HEAD").splitlines() if not line.endswith("\t.github")]
    tags = git("tag", "--points-at", "HEAD") or git("rev-parse", "HEAD") + git("show-ref", "--tags")
    fetched = [git("rev-parse", "--is-shallow-repository"), git("submodule", "status"), git("diff", "HEAD")]
    return [script, os.environ["GITHUB_RUN_ATTEMPT"], *digests, *files, *fetched, tags]


def main() -> int:
    """Build, or repeat the output and the files in `dist` of the same build; return its exit code."""
    settings = json.loads((Path(os.environ["ACT_ENGINE"]) / "settings.json").read_text(encoding="utf-8"))
    workspace = Path.cwd()
    variables = {key: value for key, value in os.environ.items() if "PROXY" not in key} | settings["online"]

    def make(folder: Path) -> None:
        with (folder / "output").open("w", encoding="utf-8") as output:
            command = ["/bin/bash", *sys.argv[1:]]
            done = subprocess.run(command, env=variables, stdout=output, stderr=output, check=False)
        (folder / "code").write_text(str(done.returncode), encoding="utf-8")
        if (workspace / "dist").exists():
            shutil.copytree(workspace / "dist", folder / "dist")

    key = inputs_of_build(Path(sys.argv[-1]).read_text(encoding="utf-8"), workspace)
    made = FolderCache(Path(settings["folders"]))(repr(key), make)
    if (made / "dist").exists():
        shutil.copytree(made / "dist", workspace / "dist", dirs_exist_ok=True)
    print((made / "output").read_text(encoding="utf-8"), end="")
    return int((made / "code").read_text(encoding="utf-8"))


if __name__ == "__main__":
    sys.exit(main())
