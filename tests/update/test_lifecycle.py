"""The recipes for a project's years make of it what a new project is: another Python, another SDK, another template."""

import json
from pathlib import Path

import pytest

from meltano_release import pythons
from tests.support.commands import run
from tests.support.copier import run_copier
from tests.support.editing import replace
from tests.support.pages import code_blocks, page
from tests.support.paths import (
    ANSWERS_FILE,
    PRE_COMMIT_SOURCE,
    PYPROJECT,
    PYPROJECT_SOURCE,
    PYTHONS_JSON,
    RELEASE_WORKFLOW_SOURCE,
    RENOVATE_JSON,
)
from tests.support.projects import Project
from tests.support.versions import LINE_CHANGE, MOVED, Versions, clone_from_origin, conflicts, update_repository

RECIPES = code_blocks(page("how-to/lifecycle.md"))
TAP = ("--data=repository=tap-x", "--data=kind=tap", "--data=auth_method=JWT")
URL = "https://github.com/{}.git"
OWN, FORK = "MeltanoLabs/meltano-package-template", "acme/copy"


@pytest.fixture
def versions(template: Path, tmp_path: Path) -> Versions:
    """The first version of the template, for a test that releases the next one."""
    return Versions.create(template, tmp_path / "template")


def follow(project: Project, containing: str) -> None:
    """Run the recipe that contains a text, with the tools of the tests in place of the project's, and commit."""
    (recipe,) = [block for block in RECIPES if containing in block]
    project.run("bash", "-euc", recipe.replace("poetry run ", ""))
    project.commit()


def assert_like_new(project: Project, versions: Versions, folder: Path, *answers: str) -> None:
    """A project has the files of a new one, except for the two that name the version of the template."""
    fresh = versions.project(folder / "fresh", *answers)
    files = [path.relative_to(project.path).as_posix() for path in project.tracked_files()]
    assert files == [path.relative_to(fresh.path).as_posix() for path in fresh.tracked_files()]
    assert [
        file for file in files if file not in {ANSWERS_FILE, "AGENTS.md"} and project.read(file) != fresh.read(file)
    ] == []


@pytest.mark.slow
def test_a_new_python_and_a_new_sdk(versions: Versions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After an update to a version that knows a new Python and has a new SDK, and both recipes, a project is as new."""
    project = versions.project(tmp_path / "tap-x", *TAP)
    versions.replace(PYTHONS_JSON, '"3.15"]', '"3.15", "3.16"]')
    for source in (PYPROJECT_SOURCE, PRE_COMMIT_SOURCE):
        versions.replace(source, "~=0.54.9", "~=0.55.0")
    versions.tag("v1.1.0")
    clone = clone_from_origin(project, tmp_path / "clones")
    assert update_repository(clone).startswith("Updated ")
    clone.run("git", "merge", "--quiet", "template-update")
    monkeypatch.setattr(pythons, "KNOWN_PYTHONS", json.loads((versions.path / PYTHONS_JSON).read_text()))
    monkeypatch.chdir(clone.path)
    assert pythons.list_pythons({}) == 0
    follow(clone, '"Programming Language :: Python :: 3.16"')
    follow(clone, "0.55.0")
    assert_like_new(clone, versions, tmp_path, *TAP)


def test_an_old_python_goes(versions: Versions, tmp_path: Path) -> None:
    """After the recipe, a project is as a new one without the Python, except for a dependency that nothing needs."""
    project = versions.project(tmp_path / "tap-x", *TAP)
    follow(project, ">=3.12")
    replace(project.path / PYPROJECT, '"typing-extensions>=4.6,<5", ', "")
    project.run("ruff", "check", "--fix")
    assert_like_new(project, versions, tmp_path, *TAP, "--data=python_min=3.12")


def test_the_template_moves(versions: Versions, tmp_path: Path) -> None:
    """After the recipe, the next update of the template's new repository, or of a fork, has no conflict."""
    fork = Versions(tmp_path / "fork")
    run("git", "clone", "--quiet", versions.path, fork.path, cwd=tmp_path)
    redirects = {"GIT_CONFIG_COUNT": "2", "GIT_ALLOW_PROTOCOL": "file"}
    for number, (repository, folder) in enumerate({OWN: versions.path, FORK: fork.path}.items()):
        url = URL.format(repository)
        redirects |= {f"GIT_CONFIG_KEY_{number}": f"url.{folder}.insteadOf", f"GIT_CONFIG_VALUE_{number}": url}
    copy = ("copy", "--quiet", "--defaults", "--data=repository=my-package")
    run_copier(*copy, URL.format(OWN), "my-package", cwd=tmp_path, env=redirects)
    project = Project(tmp_path / "my-package", {}).init()
    fork.replace(RELEASE_WORKFLOW_SOURCE, *LINE_CHANGE).tag("v1.1.0")
    follow(project, FORK)
    run_copier("update", "--skip-answered", "--defaults", cwd=project.path, env=redirects)
    assert conflicts(project) == []
    run_copier(*copy, URL.format(FORK), "fresh", cwd=tmp_path, env=redirects)
    for file in [*MOVED, RENOVATE_JSON]:
        assert project.read(file) == (tmp_path / "fresh" / file).read_text(encoding="utf-8"), file
