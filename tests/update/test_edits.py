"""What people do to the template's files, and around an update, loses nothing: both commands, against one table."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import copier
import pytest

from tests.support.edits import CLASHES, EDITS, NEW, PAGE, REFUSES, UPDATES, Edit, Scene, page, write_versions
from tests.support.pages import page as page_of
from tests.support.projects import Project
from tests.support.versions import Versions, changed_files, clone_from_origin, conflicts, update_repository

EXPLAINED = [  # what Copier says, by the how-to
    re.escape(message).replace("…", ".*").replace(r"v1\.2\.0", ".*")
    for line in page_of("how-to/update.md").partition("| Copier says |")[2].partition("\n\n")[0].splitlines()
    for message in re.findall("`(.+?)`", line.split(" | ")[0])
]
FAST = {"leave changes without a commit", "the same, with a job of yours in the old workflow"}
CASES = [
    pytest.param(edit, file, id=f"{edit.did} {file}".strip(), marks=[] if edit.did in FAST else pytest.mark.slow)
    for edit in EDITS
    for file in edit.files
]


@pytest.fixture(scope="module")
def versions(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Versions:
    """Three versions of the template; leave them unchanged."""
    return write_versions(template, tmp_path_factory.mktemp("versions") / "template")


@pytest.fixture(scope="module")
def old_project(versions: Versions, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project of the first version; leave it unchanged."""
    return versions.project(tmp_path_factory.mktemp("old") / "my-package", "--vcs-ref=v1.0.0")


@pytest.fixture
def scene(old_project: Project, versions: Versions, tmp_path: Path) -> Iterator[Scene]:
    """A clone of the project, and its origin."""
    scene = Scene(clone_from_origin(old_project, tmp_path), versions, "")
    yield scene
    for process in scene.processes:
        process.wait()


def state(clone: Project) -> list[str]:
    """Return what the command must leave alone: what is checked out, what is not committed, and the other worktrees."""
    commands = ("rev-parse HEAD", "branch --show-current", "status --porcelain", "worktree list")
    return [clone.run("git", *command.split()).stdout for command in commands]


def describe(scene: Scene, text: str, *, was_there: bool, tracked: bool) -> str:
    """Return what an update did to the file, in the words of the table; without a file, it just updates."""
    if not scene.file or NEW[scene.file] in text:
        return UPDATES if not scene.file or tracked else "overwrites it"
    if text:
        return "leaves it as it was"
    return "deletes it" if was_there else f"leaves it {'moved' if (scene.clone.path / 'moved').exists() else 'deleted'}"


def observe_command(scene: Scene, says: str) -> str:
    """Run `meltano-release update`, and return what it does; it has to leave what is checked out as it is."""
    clone, before = scene.clone, state(scene.clone)
    branches = ("for-each-ref", "refs/heads")
    heads = clone.run("git", *branches).stdout
    output = update_repository(clone, **scene.options)
    assert says in output
    assert state(clone) == before
    if output.startswith("Error: "):
        assert clone.run("git", *branches).stdout == heads
        return REFUSES
    assert clone.run("git", "rev-list", "--count", "origin/main..template-update").stdout == "1\n"
    show = [clone.run("git", "show", f"{commit}:{scene.file}", check=False) for commit in ("HEAD", "template-update")]
    return describe(scene, show[1].stdout, was_there=show[0].returncode == 0, tracked=True)


def observe_copier(scene: Scene) -> str:
    """Run `copier update` in this process, and return what it does."""
    clone, was_there, before = scene.clone, scene.path.is_file(), changed_files(scene.clone)
    tracked = scene.file in clone.run("git", "ls-files").stdout.split()
    data = dict(answer.split("=") for answer in scene.options.get("data", []))
    options: dict[str, Any] = {"defaults": True, "skip_answered": True, "overwrite": True, "quiet": True}
    try:
        copier.run_update(clone.path, data=data, vcs_ref=scene.options.get("vcs_ref"), **options)
    except Exception as error:  # noqa: BLE001 - Copier raises many kinds
        output = f"{type(error).__name__}: {error}"
    else:
        output = ""
    if output:
        assert changed_files(clone) == before
        assert any(re.search(pattern, output) for pattern in EXPLAINED), output
        return REFUSES
    if conflicts(clone):
        return CLASHES
    text = scene.path.read_text(encoding="utf-8") if scene.path.is_file() else ""
    return describe(scene, text, was_there=was_there, tracked=tracked)


@pytest.mark.parametrize(("edit", "file"), CASES)
def test_an_update_does_what_the_table_says(edit: Edit, file: str, scene: Scene) -> None:
    """After an edit, each of the two commands does what the table says; where it refuses, nothing has changed."""
    scene.file = file
    edit.make(scene)
    assert observe_command(scene, edit.says) == (edit.command or edit.copier)
    assert observe_copier(scene) == edit.copier


def test_the_page_has_the_table() -> None:
    """The page is what `python -m tests.support.edits` writes."""
    assert PAGE.read_text(encoding="utf-8") == page()
