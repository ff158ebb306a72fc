"""How to damage a project and its distributions, one rule of the gate at a time."""

import json
import shutil
from collections.abc import Callable
from typing import Any

from tests.gate.crafted.case import version
from tests.support.editing import change_of, replace
from tests.support.paths import PUBLISHER_JSON
from tests.support.projects import Project

Damage = Callable[[Project], object]


def damage(described: Any) -> Damage:  # noqa: ANN401 - a part of a table
    """Return the damage that a table describes with the names of these functions."""
    return change_of(described, globals())


def write(**files: str) -> Damage:
    """Write files of the project."""

    def damaged(project: Project) -> None:
        for file, text in files.items():
            project.write(file, text)

    return damaged


def edit(file: str, old: str, new: str) -> Damage:
    """Replace a text in a file of the project."""
    return lambda project: replace(project.path / file, old, new)


def shell(script: str) -> Damage:
    """Run commands in the project."""
    return lambda project: project.run("bash", "-euc", script)


def publisher(**values: str) -> Damage:
    """Change answers to the publisher form."""
    return lambda project: project.write(PUBLISHER_JSON, json.dumps(json.loads(project.read(PUBLISHER_JSON)) | values))


def built_as(spelled: str, folder: str = "") -> Damage:
    """Have good distributions of another version; `.dist-info` may spell it differently."""

    def build(project: Project) -> None:
        shutil.rmtree(project.path / "dist")
        (project.path / "dist").mkdir()
        version(project.path / "dist", spelled, folder=folder)

    return build


def add_commit(project: Project) -> None:
    """Make another commit, which the tag is not on."""
    project.run("git", "commit", "--quiet", "--allow-empty", "--message", "Next")
