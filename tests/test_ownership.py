"""Every file of a project has one owner, and an update respects it."""

import re
from pathlib import Path

import pytest
import yaml

from tests.support.editing import replace
from tests.support.paths import (
    ANSWERS_FILE,
    ANSWERS_SOURCE,
    COPIER_YML,
    DOCS,
    LICENSE,
    PYPROJECT,
    PYPROJECT_SOURCE,
    RELEASE_WORKFLOW,
    TEST_WORKFLOW,
)
from tests.support.projects import Project, Render
from tests.support.versions import Versions, conflicts, update

TABLE = (DOCS / "reference/files.md").read_text(encoding="utf-8")
ROWS: list[tuple[str, str, str]] = re.findall(
    r"^\| `(.+?)` \| (the template|both|the project) \| (yes)? ?\|$", TABLE, re.MULTILINE
)
KINDS = list(yaml.safe_load(COPIER_YML.read_text(encoding="utf-8"))["kind"]["choices"].values())
MINE, THEIRS = "# a line of the project\n", "# a line of the template\n"


def files(project: Project) -> list[str]:
    """Return the files of a project, as git names them."""
    return sorted(path.relative_to(project.path).as_posix() for path in project.tracked_files() if path.is_file())


def row(file: str) -> tuple[str, str, str]:
    """Return the one row of the table that a file falls under."""
    name = file.replace(f"/{Path(RELEASE_WORKFLOW).name}", "/<workflow_filename>")
    found = [row for row in ROWS if name == row[0] or (row[0].endswith("/") and name.startswith(row[0]))]
    assert len(found) == 1, (file, found)
    return found[0]


def owned(project: Project, *owners: str) -> list[str]:
    """Return the files of a project that the table gives to one of the owners."""
    return [file for file in files(project) if row(file)[1] in owners]


def test_the_table_has_every_file_and_no_other(render: Render, tmp_path: Path) -> None:
    """Of every kind, and of the release setup alone; each file falls under one row."""
    projects = [render(kind=kind).copy(tmp_path / kind).init() for kind in KINDS]
    used = {row(file) for project in projects for file in files(project)}
    assert used == set(ROWS)
    assert len(set(ROWS)) == len(ROWS) > 10


def test_the_release_setup_is_what_the_table_says(render: Render, tmp_path: Path) -> None:
    """Exactly the rows with a `yes`, and nobody is asked what it does not need."""
    project = render(scope="release").copy(tmp_path / "release").init()
    assert {row(file) for file in files(project)} == {row for row in ROWS if row[2]}
    assert not {"kind", "description", "author_name", "author_email", "license", "python_min"} & set(project.answers)


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[] if kind in {"library", "tap"} else pytest.mark.slow) for kind in KINDS]
)
def test_an_update_respects_every_owner(kind: str, template: Path, tmp_path: Path) -> None:
    """The template appends to every file it has; the project has written in each, and deleted some of its own."""
    versions = Versions.create(template, tmp_path / "template")
    project = versions.project(tmp_path / "my-package", "--data", f"kind={kind}")
    before = files(project)
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
    written = {file: (project.path / file).read_bytes() for file in files(project)}
    for path in (versions.path / "template").rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes() + THEIRS.encode())
    versions.tag("v1.1.0")
    update(project)
    assert conflicts(project) == []
    assert files(project) == [file for file in before if file not in deleted]
    for file in files(project):
        expected = written[file] + (THEIRS.encode() if file in merged else b"")
        if file != ANSWERS_FILE:
            assert (project.path / file).read_bytes() == expected, file
    assert THEIRS in project.read(ANSWERS_FILE)
    assert "_commit: v1.1.0\n" in project.read(ANSWERS_FILE)


def test_what_the_template_drops_goes_unless_it_is_the_projects(template: Path, tmp_path: Path) -> None:
    """The project's own files stay even if the template has none of them any more."""
    versions = Versions.create(template, tmp_path / "template")
    project = versions.project(tmp_path / "my-package")
    own = owned(project, "the project")
    answers = versions.path / ANSWERS_SOURCE
    for path in (versions.path / "template").rglob("*"):
        if path.is_file() and path != answers:
            path.unlink()
    versions.tag("v2.0.0")
    update(project)
    assert files(project) == sorted([ANSWERS_FILE, *own])
    assert project.run("git", "diff", "--stat", "--", *own).stdout == ""


def test_of_pyproject_the_template_changes_its_three_tables_alone(template: Path, tmp_path: Path) -> None:
    """A version of a development tool, a rule of ruff, a classifier: new projects get it, others keep their own."""
    versions = Versions.create(template, tmp_path / "template")
    project = versions.project(tmp_path / "my-package")
    before = project.read(PYPROJECT)
    file = versions.path / PYPROJECT_SOURCE
    replace(file, "ruff==", "ruff>=")
    replace(file, "line-length = 120", "line-length = 88")
    replace(file, "Development Status :: 3 - Alpha", "Development Status :: 4 - Beta")
    replace(file, 'style = "pep440"', 'style = "pep440"\nstrict = true')
    replace(file, "poetry-core>=2.1,<3", "poetry-core>=2.2,<4")
    replace(file, '{ version = ">=1.10,<2"', '{ version = ">=1.11,<2"')
    versions.tag("v1.1.0")
    update(project)
    expected = before.replace('style = "pep440"', 'style = "pep440"\nstrict = true')
    expected = expected.replace("poetry-core>=2.1,<3", "poetry-core>=2.2,<4")
    expected = expected.replace('{ version = ">=1.10,<2"', '{ version = ">=1.11,<2"')
    assert project.read(PYPROJECT) == expected
    fresh = versions.project(tmp_path / "fresh").read(PYPROJECT)
    assert "ruff>=" in fresh
    assert "line-length = 88" in fresh
