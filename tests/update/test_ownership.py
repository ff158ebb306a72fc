"""Every file of a project has one owner, and an update respects it."""

import re
from pathlib import Path

import pytest

from tests.support.commands import tracked
from tests.support.copier import run_copier
from tests.support.paths import (
    ANSWERS_FILE,
    ANSWERS_SOURCE,
    DOCS,
    LICENSE,
    README,
    RELEASE_WORKFLOW,
    RELEASING,
    TEST_WORKFLOW,
)
from tests.support.projects import Project, Render
from tests.support.questions import choices
from tests.support.versions import LINE_CHANGE, Versions, changed_files, conflicts, update

TABLE = (DOCS / "reference/files.md").read_text(encoding="utf-8")
ROWS: list[tuple[str, str, str]] = re.findall(
    r"^\| `(.+?)` \| (the template|both|the project) \| (yes)? ?\|$", TABLE, re.MULTILINE
)
KINDS = choices("kind")
MINE, THEIRS = "# a line of the project\n", "# a line of the template\n"


def row(file: str) -> tuple[str, str, str]:
    """Return the one row of the table that a file falls under."""
    name = file.replace(f"/{Path(RELEASE_WORKFLOW).name}", "/<workflow_filename>")
    found = [row for row in ROWS if name == row[0] or (row[0].endswith("/") and name.startswith(row[0]))]
    assert len(found) == 1, (file, found)
    return found[0]


def owned(project: Project, *owners: str) -> list[str]:
    """Return the files of a project that the table gives to one of the owners."""
    return [file for file in tracked(project.path) if row(file)[1] in owners]


def test_the_table_has_every_file_and_no_other(render: Render, tmp_path: Path) -> None:
    """The table has every file of a project of every kind, each under one row, and no row without a file.

    The release setup is exactly the rows with a `yes`, and nobody is asked what it does not need.
    """
    release = render(scope="release").copy(tmp_path / "release").init()
    assert {row(file) for file in tracked(release.path)} == {row for row in ROWS if row[2]}
    assert not {"kind", "description", "author_name", "author_email", "license", "python_min"} & set(release.answers)
    projects = [render(kind=kind, ide="VSCode").copy(tmp_path / kind).init() for kind in KINDS]
    projects.append(render(update_bot="Dependabot").copy(tmp_path / "Dependabot").init())
    assert {row(file) for project in projects for file in tracked(project.path)} == set(ROWS)
    assert len(set(ROWS)) == len(ROWS) > 10


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[] if kind in {"library", "tap"} else pytest.mark.slow) for kind in KINDS]
)
def test_an_update_respects_every_owner(kind: str, template: Path, tmp_path: Path) -> None:
    """An update appends the template's new lines to its files and moves the version that they name.

    It leaves the project's own files and deleted ones alone, and deletes none of them that the template drops.
    """
    versions = Versions.create(template, tmp_path / "template")
    project = versions.project(tmp_path / "my-package", "--data", f"kind={kind}")
    before = tracked(project.path)
    own, merged = owned(project, "the project"), owned(project, "the template", "both")
    assert own
    assert merged
    for file in before:
        path = project.path / file
        if file != ANSWERS_FILE:
            path.write_bytes(MINE.encode() + path.read_bytes())
    deleted = [LICENSE, "tests/__init__.py", TEST_WORKFLOW]
    for file in deleted:
        (project.path / file).unlink()
    project.commit()
    written = {file: project.read(file) for file in tracked(project.path)}
    for path in (versions.path / "template").rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes() + THEIRS.encode())
    versions.tag("v1.1.0")
    update(project)
    assert conflicts(project) == []
    assert tracked(project.path) == [file for file in before if file not in deleted]
    for file in tracked(project.path):
        expected = versions.moved(written[file], "v1.0.0", "v1.1.0") + THEIRS if file in merged else written[file]
        if file != ANSWERS_FILE:
            assert project.read(file) == expected, file
    assert THEIRS in project.read(ANSWERS_FILE)
    assert "_commit: v1.1.0\n" in project.read(ANSWERS_FILE)
    project.commit()
    for path in (versions.path / "template").rglob("*"):
        if path.is_file() and path != versions.path / ANSWERS_SOURCE:
            path.unlink()
    versions.tag("v2.0.0")
    update(project)
    left = [file for file in own if file not in deleted]
    assert tracked(project.path) == sorted([ANSWERS_FILE, *left])
    assert project.run("git", "diff", "--stat", "--", *left).stdout == ""


@pytest.mark.parametrize("command", ["recopy", "copy"])
def test_to_copy_again_leaves_a_project_its_files(command: str, versions: Versions, tmp_path: Path) -> None:
    """`copier recopy`, or `copier copy` to the same folder, refreshes the template's files and touches no other."""
    project = versions.project(tmp_path / "my-package", "--vcs-ref=v1.0.0")
    for file in ("src/my_package/cli.py", README, TEST_WORKFLOW, RELEASING):
        project.write(file, MINE)
    for file in (LICENSE, "tests/test_cli.py"):
        (project.path / file).unlink()
    project.commit()
    template = [versions.path] if command == "copy" else []
    run_copier(command, "--quiet", "--defaults", "--overwrite", *template, ".", cwd=project.path)
    assert changed_files(project) == [ANSWERS_FILE, RELEASING, RELEASE_WORKFLOW]
    assert LINE_CHANGE[1] in project.read(RELEASE_WORKFLOW)
    assert MINE not in project.read(RELEASING)
