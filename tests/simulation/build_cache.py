"""Builds run once for the same input, also if tests run in parallel; they alone reach the package index."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.simulation.tools import execute
from tests.support.folder_cache import FolderCache

BUILD = "run uv build"  # in the script of a step


@dataclass(frozen=True)
class BuildCache:
    """The builds that were made, and the variables with which uv reaches its index."""

    folders: FolderCache
    online: Mapping[str, str]

    def run(self, script: str, command: list[str], workspace: Path, variables: Mapping[str, str]) -> tuple[int, str]:
        """Build, or repeat the result of the same build: the exit code, the output, and the files in `dist`.

        Args:
            script: The script of the step.
            command: What runs it.
            workspace: Where it runs.
            variables: Its environment.
        """
        variables = self.with_index(variables)
        action = Path(variables["GITHUB_ACTION_PATH"])
        locks = [action / "backends.txt", action.parent / "launch.py", workspace / ".github/build-constraints.txt"]
        key = [script, *map(digest, locks), *inputs_of_build(workspace, variables)]

        def make(folder: Path) -> None:
            result = execute(command, workspace, variables)
            (folder / "result.json").write_text(json.dumps(result), encoding="utf-8")
            if (workspace / "dist").exists():
                shutil.copytree(workspace / "dist", folder / "dist")

        made = self.folders(repr(key), make)
        code, output = json.loads((made / "result.json").read_text(encoding="utf-8"))
        if (made / "dist").exists():
            shutil.copytree(made / "dist", workspace / "dist", dirs_exist_ok=True)
        return code, output

    def with_index(self, variables: Mapping[str, str]) -> dict[str, str]:
        """Return variables with which uv reaches its index, as it does on this machine."""
        kept = {key: value for key, value in variables.items() if "PROXY" not in key}
        certificates = {name: self.online.get(name, "") for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")}
        return {**self.online, **kept, **certificates}


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, empty if there is none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def online_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Return those variables of an environment that lead pip and uv to their index."""
    names = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy", "XDG_CACHE_HOME")
    prefixes = ("PIP_", "SSL_", "REQUESTS_")
    return {key: value for key, value in environment.items() if key.startswith(prefixes) or key in names}


def inputs_of_build(workspace: Path, variables: Mapping[str, str]) -> list[str]:
    """Return the files of a clone without `.github`, and the part of its history that a version comes from."""

    def git(*arguments: str) -> str:
        return execute(["git", *arguments], workspace, variables)[1]

    files = [line for line in git("ls-tree", "HEAD").splitlines() if not line.endswith("\t.github")]
    here = git("tag", "--points-at", "HEAD")
    shallow = git("rev-parse", "--is-shallow-repository")
    return [*files, shallow, git("status", "--porcelain"), here or git("rev-parse", "HEAD") + git("show-ref", "--tags")]
