"""Commands whose result depends on files alone: they run once for the same input, also if tests run in parallel."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from tests.simulation.tools import execute, link
from tests.support.commands import run

if TYPE_CHECKING:
    from tests.simulation.runner import Runner

INSTALL, BUILD = "-m pip install ", "-m build"
REMEMBERED = (INSTALL, BUILD, "-m twine check")  # in the script of a step


def run_remembered(runner: "Runner", script: str, command: list[str], variables: dict[str, str]) -> tuple[int, str]:
    """Run an installation, a build or a check, or repeat its result: exit code, output, the files that it made."""
    installs, builds = INSTALL in script, BUILD in script
    dist = runner.workspace / "dist"
    inputs = [script, str(runner.python.readlink()) if runner.python.is_symlink() else ""]
    inputs += inputs_of_pip(runner.workspace, variables) if installs or builds else []
    inputs += inputs_of_build(runner.workspace) if builds else []
    inputs += [hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(dist.glob("*"))]

    def make(folder: Path) -> None:
        if installs:
            shutil.copytree(str(runner.python.readlink()), folder / "made", symlinks=True)
            link(runner.python, folder / "made")
        code, output = execute(command, runner.workspace, variables)
        output = "(installed)\n" if installs and not code else output
        (folder / "result.json").write_text(json.dumps([code, output]), encoding="utf-8")
        if builds and dist.exists():
            shutil.copytree(dist, folder / "made")

    memory = runner.github.once(repr(inputs), make)
    code, output = json.loads((memory / "result.json").read_text(encoding="utf-8"))
    if installs:
        link(runner.python, memory / "made")
    elif builds and (memory / "made").exists():
        shutil.copytree(memory / "made", dist, dirs_exist_ok=True)
    return code, output


def inputs_of_pip(workspace: Path, variables: dict[str, str]) -> list[str]:
    """Return the files of constraints, and the variables that lead pip to them."""
    files = sorted((workspace / ".github").rglob("*.txt"))
    constraints = [f"{path.relative_to(workspace)}\n{path.read_text(encoding='utf-8')}" for path in files]
    settings = sorted(f"{key}={value}" for key, value in variables.items() if key.startswith("PIP_"))
    return [*constraints, *(line.replace(str(workspace), "") for line in settings)]


def inputs_of_build(workspace: Path) -> list[str]:
    """Return the files of a clone without `.github`, and its history as far as a version comes from it."""

    def git(*arguments: str) -> str:
        return run("git", *arguments, cwd=workspace, check=False).stdout

    files = [line for line in git("ls-tree", "HEAD").splitlines() if not line.endswith("\t.github")]
    here = git("tag", "--points-at", "HEAD")
    shallow = git("rev-parse", "--is-shallow-repository")
    return [*files, shallow, git("status", "--porcelain"), here or git("rev-parse", "HEAD") + git("show-ref", "--tags")]
