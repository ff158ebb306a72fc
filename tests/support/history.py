"""Years of the template's history, and projects that live through it: history.yml has both."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.support.editing import replace
from tests.support.paths import UPDATED
from tests.support.projects import Project
from tests.support.versions import Versions

CONTENT: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("history.yml").read_text(encoding="utf-8"))
CHANGES: dict[str, list[dict[str, Any]]] = CONTENT["versions"]
FIRST, *TAGS = CHANGES
CHOICE_REMOVED, FILE_RENAMED = CONTENT["choice removed"], CONTENT["file renamed"]
RENAMED: list[str] = CONTENT["renamed"]


def substitute(versions: Versions, pattern: str, new: str, files: tuple[str, ...] = ()) -> None:
    """Replace what a pattern finds in files of the template, in all of them if none is named; it finds something."""
    found = 0
    paths = [versions.path / file for file in files] or sorted((versions.path / "template").rglob("*"))
    for path in filter(Path.is_file, paths):
        text, count = re.subn(pattern, new, path.read_text(encoding="utf-8"), flags=re.DOTALL)
        if count:
            path.write_text(text, encoding="utf-8")
            found += count
    assert found, pattern


def write_history(template: Path, folder: Path) -> Versions:
    """Write v1.0.0 and all later versions of the template."""
    versions = Versions.create(template, folder, "v0.9.0")
    old, new = (versions.path / UPDATED / name for name in RENAMED)
    old.write_text("Notes.\n", encoding="utf-8")
    for tag, changes in CHANGES.items():
        for change in changes:
            substitute(versions, **change)
        if tag == FILE_RENAMED:
            old.rename(new)
        versions.tag(tag)
    return versions


@dataclass(frozen=True)
class LongLivedProject:
    """A project that lives through the history: what its people do at the start, and the conflicts that they meet."""

    answers: dict[str, str]
    kept: dict[str, str]  # a line of the project's own, by file, that no update may lose
    append: dict[str, str] = field(default_factory=dict)
    replace: tuple[tuple[str, str, str], ...] = ()
    run: str = ""
    edited: tuple[str, ...] = ()  # files of the template that the project has edited
    conflicts: dict[str, set[str]] = field(default_factory=dict)  # by version; each with its cause beside it
    conflicts_at_once: frozenset[str] = frozenset()  # of one update over all versions

    def work(self, project: Project) -> None:
        """Do what the project's people do."""
        for file, text in self.append.items():
            (project.path / file).parent.mkdir(parents=True, exist_ok=True)
            with (project.path / file).open("a", encoding="utf-8") as opened:
                opened.write(text)
        for file, old, new in self.replace:
            replace(project.path / file, old, new)
        project.run("bash", "-euo", "pipefail", "-c", self.run)


def long_lived(described: dict[str, Any]) -> LongLivedProject:
    """Return a project of the table."""
    conflicts = {tag: set(files) for tag, files in described.pop("conflicts", {}).items()}
    at_once = frozenset(described.pop("conflicts at once", ()))
    return LongLivedProject(**described, conflicts=conflicts, conflicts_at_once=at_once)


LONG_LIVED = {name: long_lived(described) for name, described in CONTENT["projects"].items()}
