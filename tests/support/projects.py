"""Rendered projects."""

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.commands import run, tracked
from tests.support.paths import LICENSE
from tests.support.steps import BUILDING, run_step

VERSION = "1.2.3"
TAG = f"v{VERSION}"
WHEEL = f"my_package-{VERSION}-py3-none-any.whl"  # of the default project
SDIST = f"my_package-{VERSION}.tar.gz"

Render = Callable[..., "Project"]


@dataclass(frozen=True)
class Project:
    """A rendered project: its folder, and the answers that it was rendered with."""

    path: Path
    answers: dict[str, Any]

    def run(self, *command: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:  # noqa: ANN401
        """Run a command in the project's folder; the options are those of `run`."""
        return run(*command, cwd=self.path, **options)

    def read(self, file: str) -> str:
        """Return the text of one of the project's files."""
        return (self.path / file).read_text(encoding="utf-8")

    def write(self, file: str, text: str) -> None:
        """Write one of the project's files."""
        (self.path / file).write_text(text, encoding="utf-8")

    def init(self, tag: str = TAG) -> "Project":
        """Make the project a git repository with one commit and one tag; return it."""
        self.run("git", "init", "--quiet", "--initial-branch=main")
        self.commit("Begin")
        self.run("git", "tag", tag)
        return self

    def commit(self, message: str = "Work") -> None:
        """Commit everything in the project."""
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--allow-empty", "--message", message)

    def copy(self, destination: Path) -> "Project":
        """Copy the project, for a test that changes it."""
        shutil.copytree(self.path, destination, symlinks=True)
        return Project(destination, self.answers)

    def tracked_files(self) -> list[Path]:
        """Return the files that git tracks, or would track."""
        return [self.path / name for name in tracked(self.path)]


def build(project: Project, tools: Path, *, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Build a project with the step of the action, under the hashes of the build backends."""
    return run_step("build", BUILDING, project.path, tools, check=check)


def assert_clean_whitespace(project: Project) -> None:
    """Fail the test if a line ends in a space, or a text file has two blank lines or a wrong end."""
    for path in project.tracked_files():
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"[^\S\n]$", text, re.MULTILINE), f"{path.name} has a line that ends in a space"
        if path.suffix != ".py" and path.name != LICENSE:
            prose = re.sub(r"^```python\n.*?^```$", "code", text, flags=re.MULTILINE | re.DOTALL)  # ruff formats it
            assert "\n\n\n" not in prose, f"{path.name} has two blank lines"
            assert not text or re.search(r"[^\n]\n\Z", text), f"{path.name} does not end in one line break"
