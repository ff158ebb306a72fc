"""How to damage a project and its distributions, one rule of the gate at a time."""

import json
import shutil
from collections.abc import Callable

from tests.support.editing import replace
from tests.support.paths import PUBLISHER_JSON
from tests.support.projects import Project

Damage = Callable[[Project], object]


def write(file: str, text: str) -> Damage:
    """Write a file of the project."""
    return lambda project: project.write(file, text)


def edit(file: str, old: str, new: str) -> Damage:
    """Replace a text in a file of the project."""
    return lambda project: replace(project.path / file, old, new)


def git(*command: str) -> Damage:
    """Run git in the project."""
    return lambda project: project.run("git", *command)


def publisher(**values: str) -> Damage:
    """Change answers to the publisher form."""
    return lambda project: project.write(PUBLISHER_JSON, json.dumps(json.loads(project.read(PUBLISHER_JSON)) | values))


def add_commit(project: Project) -> None:
    """Make another commit, which the tag is not on."""
    project.run("git", "commit", "--quiet", "--allow-empty", "--message", "Next")


def make_shallow(project: Project) -> None:
    """Have a shallow clone of the project."""
    add_commit(project)
    project.run("git", "clone", "--quiet", "--depth=1", f"file://{project.path}", "clone")
    shutil.rmtree(project.path / ".git")
    (project.path / "clone/.git").rename(project.path / ".git")
    shutil.rmtree(project.path / "clone")
