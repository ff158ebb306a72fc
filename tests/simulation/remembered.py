"""Commands whose result depends on files alone: they run once for the same input, also if tests run in parallel.

Both engines use it, so the second one repeats the installations and builds of the first.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.simulation.tools import execute, link
from tests.support.once import Once

INSTALL, BUILD = "-m pip install ", "-m build"
REMEMBERED = (INSTALL, BUILD, "-m twine check")  # in the script of a step


@dataclass(frozen=True)
class Memory:
    """What is remembered, and the variables with which pip reaches its index."""

    once: Once
    online: Mapping[str, str]

    def knows(self, script: str) -> bool:
        """Tell whether the result of a step's script is remembered."""
        return any(part in script for part in REMEMBERED)

    def run(self, script: str, command: list[str], place: "Place", variables: Mapping[str, str]) -> tuple[int, str]:
        """Run an installation, a build or a check, or repeat its result: exit code, output, the files that it made.

        Args:
            script: The script of the step.
            command: What runs it.
            place: Where it runs, and the Python that an installation goes into.
            variables: The environment; an installation or a build reaches the package index besides.
        """
        installs, builds = INSTALL in script, BUILD in script
        dist = place.workspace / "dist"
        if installs or builds:
            variables = self.with_index(variables)
        inputs = [script.strip(), str(place.python.readlink()) if place.python.is_symlink() else ""]
        inputs += inputs_of_pip(place.workspace, variables) if installs or builds else []
        inputs += inputs_of_build(place.workspace, variables) if builds else []
        inputs += [hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(dist.glob("*"))]

        def make(folder: Path) -> None:
            path = variables["PATH"]
            if installs:
                shutil.copytree(str(place.python.readlink()), folder / "made", symlinks=True)
                path = f"{folder}/made/bin{os.pathsep}{path}"  # which the installed commands name in their first line
            code, output = execute(command, place.workspace, {**variables, "PATH": path})
            output = "(installed)\n" if installs and not code else output
            (folder / "result.json").write_text(json.dumps([code, output]), encoding="utf-8")
            if builds and dist.exists():
                shutil.copytree(dist, folder / "made")

        memory = self.once(repr(inputs), make)
        code, output = json.loads((memory / "result.json").read_text(encoding="utf-8"))
        if installs:
            link(place.python, memory / "made")
        elif builds and (memory / "made").exists():
            shutil.copytree(memory / "made", dist, dirs_exist_ok=True)
        return code, output

    def with_index(self, variables: Mapping[str, str]) -> dict[str, str]:
        """Return variables with which pip reaches its index, as it does on this machine."""
        kept = {key: value for key, value in variables.items() if "PROXY" not in key}
        certificates = {name: self.online.get(name, "") for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")}
        return {**self.online, **kept, **certificates, "PIP_CACHE_DIR": str(self.once.root / "pip")}


@dataclass(frozen=True)
class Place:
    """Where a step runs: its workspace, and the link to the Python that was set up for the job."""

    workspace: Path
    python: Path


def online_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Return those variables of an environment that lead pip to its index."""
    return {key: value for key, value in environment.items() if key.startswith(("PIP_", "SSL_", "REQUESTS_"))}


def inputs_of_pip(workspace: Path, variables: Mapping[str, str]) -> list[str]:
    """Return the files of constraints, and the variables that lead pip to them."""
    files = sorted((workspace / ".github").rglob("*.txt"))
    constraints = [f"{path.relative_to(workspace)}\n{path.read_text(encoding='utf-8')}" for path in files]
    settings = sorted(f"{key}={value}" for key, value in variables.items() if key.startswith("PIP_"))
    return [*constraints, *(line.replace(str(workspace), "") for line in settings)]


def inputs_of_build(workspace: Path, variables: Mapping[str, str]) -> list[str]:
    """Return the files of a clone without `.github`, and its history as far as a version comes from it."""

    def git(*arguments: str) -> str:
        return execute(["git", *arguments], workspace, variables)[1]

    files = [line for line in git("ls-tree", "HEAD").splitlines() if not line.endswith("\t.github")]
    here = git("tag", "--points-at", "HEAD")
    shallow = git("rev-parse", "--is-shallow-repository")
    return [*files, shallow, git("status", "--porcelain"), here or git("rev-parse", "HEAD") + git("show-ref", "--tags")]
