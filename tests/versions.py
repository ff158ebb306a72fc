"""Versions of the template to update from and to: a git repository with tags, made of the working tree's files."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import yaml
from conftest import Project, run


@dataclass(frozen=True)
class Versions:
    """A git repository that holds the template; a tag makes a version of it."""

    path: Path

    @classmethod
    def begin(cls, template: Path, path: Path, tag: str = "v1.0.0") -> Self:
        """Make the repository of a template in a plain folder; its first version is the tag."""
        shutil.copytree(template, path, ignore=shutil.ignore_patterns(".git"))
        run("git", "init", "--quiet", "--initial-branch=main", cwd=path)
        return cls(path).tag(tag)

    def tag(self, tag: str) -> Self:
        """Commit what changed and tag it."""
        run("git", "add", "--all", cwd=self.path)
        run("git", "commit", "--quiet", "--allow-empty", "--message", tag, cwd=self.path)
        run("git", "tag", tag, cwd=self.path)
        return self

    def replace(self, file: str, old: str, new: str) -> Self:
        """Change a text that a file of the template holds, wherever it holds it."""
        replace(self.path / file, old, new)
        return self

    def project(self, destination: Path, *options: str) -> Project:
        """Make a project of the newest version with the copier command, and commit it."""
        run("copier", "copy", "--quiet", "--defaults", *options, self.path, destination, cwd=destination.parent)
        return Project(destination, recorded(destination)).begin()


def replace(file: Path, old: str, new: str) -> None:
    """Change a text that a file holds, wherever it holds it; a file without it is an error. Line endings stay."""
    content = file.read_bytes()
    assert old.encode() in content, (file, old)
    file.write_bytes(content.replace(old.encode(), new.encode()))


def recorded(project: Path) -> dict[str, str]:
    """Return the answers that a project's answers file holds."""
    answers: dict[str, str] = yaml.safe_load((project / ".copier-answers.yml").read_text(encoding="utf-8"))
    return answers


def commit(project: Project, message: str = "Work") -> None:
    """Commit everything in a project."""
    project.run("git", "add", "--all")
    project.run("git", "commit", "--quiet", "--allow-empty", "--message", message)


def update(project: Project, *options: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Update a project with the copier command, as an update bot does it: without a question, without trust."""
    return project.run("copier", "update", "--skip-answered", "--defaults", *options, check=check)


def changed(project: Project) -> list[str]:
    """Return the files that differ from the last commit, new ones included."""
    status = project.run("git", "status", "--porcelain", "--untracked-files=all", "-z").stdout
    return sorted(line[3:] for line in status.split("\0") if line)


def conflicts(project: Project) -> list[str]:
    """Return the files that git knows to be in conflict."""
    listed = project.run("git", "ls-files", "--unmerged", "-z").stdout
    return sorted({line.partition("\t")[2] for line in listed.split("\0") if line})
