"""Versions of the template to update from and to, and the update itself."""

import os
import shutil
import subprocess
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from unittest.mock import patch

import yaml
from click.testing import CliRunner

from meltano_release.cli import main
from tests.support.commands import ENVIRONMENT, run
from tests.support.copier import run_copier
from tests.support.editing import replace
from tests.support.paths import ANSWERS_FILE, RELEASE_WORKFLOW, RELEASING
from tests.support.projects import Project

LINE_CHANGE = ("timeout-minutes: 10", "timeout-minutes: 20")  # of the release workflow, from one version to the next
MOVED = [ANSWERS_FILE, RELEASING, RELEASE_WORKFLOW]  # what every update changes: they name the version
DATE = "2026-01-01T00:00:00Z"  # of every version, so that its commit is always the same


@dataclass(frozen=True)
class Versions:
    """A git repository that holds the template; a tag makes a version of it."""

    path: Path

    @classmethod
    def create(cls, template: Path, path: Path, tag: str = "v1.0.0") -> Self:
        """Make the repository from the files of a template; its first version is the tag."""
        shutil.copytree(template, path, ignore=shutil.ignore_patterns(".git"))
        return cls.begin(path, tag)

    @classmethod
    def begin(cls, path: Path, tag: str = "v1.0.0") -> Self:
        """Make a folder with a template in it the repository."""
        run("git", "init", "--quiet", "--initial-branch=main", cwd=path)
        return cls(path).tag(tag)

    def tag(self, tag: str) -> Self:
        """Commit what changed and tag it."""
        run("git", "add", "--all", cwd=self.path)
        dates = {"GIT_AUTHOR_DATE": DATE, "GIT_COMMITTER_DATE": DATE}
        run("git", "commit", "--quiet", "--allow-empty", "--message", tag, cwd=self.path, env=dates)
        run("git", "tag", tag, cwd=self.path)
        return self

    def moved(self, text: str, old: str, new: str) -> str:
        """Return a rendered text with what names the version in it moved from one tag to another."""
        commits = [run("git", "rev-parse", f"{tag}^{{commit}}", cwd=self.path).stdout.strip() for tag in (old, new)]
        text = text.replace(f"@{commits[0]} # {old}\n", f"@{commits[1]} # {new}\n")
        text = text.replace(f"@{old} meltano-release", f"@{new} meltano-release")
        return text.replace(f"\n_commit: {old}\n", f"\n_commit: {new}\n")

    def replace(self, file: str, old: str, new: str) -> Self:
        """Replace a text wherever a file of the template holds it."""
        replace(self.path / file, old, new)
        return self

    def project(self, destination: Path, *options: str) -> Project:
        """Make a project of the newest version with Copier's command, and commit it."""
        run_copier("copy", "--quiet", "--defaults", *options, self.path, destination, cwd=destination.parent)
        return Project(destination, recorded_answers(destination)).init()


def recorded_answers(project: Path) -> dict[str, str]:
    """Return the answers that a project's answers file holds."""
    answers: dict[str, str] = yaml.safe_load((project / ANSWERS_FILE).read_text(encoding="utf-8"))
    return answers


def update(project: Project, *options: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Update a project with Copier's command as an update bot does: without questions, without trust."""
    return run_copier("update", "--skip-answered", "--defaults", *options, cwd=project.path, check=check)


def changed_files(project: Project) -> list[str]:
    """Return the files that differ from the last commit, new ones included."""
    status = project.run("git", "status", "--porcelain", "--untracked-files=all", "-z").stdout
    return sorted(line[3:] for line in status.split("\0") if line)


def text_changes(project: Project) -> list[str]:
    """Return the files whose text differs from the last commit, whatever their line endings are in the folder."""
    return project.run("git", "-c", "core.safecrlf=false", "diff", "--name-only").stdout.split()


def conflicts(project: Project) -> list[str]:
    """Return the files that git has in conflict."""
    listed = project.run("git", "ls-files", "--unmerged", "-z").stdout
    return sorted({line.partition("\t")[2] for line in listed.split("\0") if line})


def clone_from_origin(project: Project, folder: Path) -> Project:
    """Push a project to a new repository below a folder, and return a clone of that."""
    folder.mkdir(exist_ok=True)
    run("git", "clone", "--quiet", "--bare", project.path, folder / "origin.git", cwd=project.path)
    run("git", "clone", "--quiet", folder / "origin.git", folder / project.path.name, cwd=folder)
    return Project(folder / project.path.name, project.answers)


def update_repository(clone: Project, **options: Any) -> str:  # noqa: ANN401 - those of the command
    """Run `meltano-release update` in a clone, in this process; return what it prints, a refusal after `Error: `."""
    arguments = [
        f"--{name.replace('_', '-')}={value}" if value is not True else f"--{name}"
        for name, values in options.items()
        for value in (values if isinstance(values, list) else [values])
    ]
    cache = {"COPIER_CACHE_DIR": os.environ["COPIER_CACHE_DIR"]}
    with patch.dict(os.environ, ENVIRONMENT | cache, clear=True), chdir(clone.path):
        done = CliRunner().invoke(main, ["update", *arguments], catch_exceptions=False)
    assert (done.exit_code == 1) is done.output.startswith("Error: "), done.output
    return done.output.strip()
