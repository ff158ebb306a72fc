"""A project can leave the template as the page says: what is left works, and is the project's own."""

import re
import sys
from pathlib import Path

import pytest
import yaml

from tests.simulation.act import validate
from tests.support.adoption import RELEASE_SETUP, adopt
from tests.support.commands import run
from tests.support.pages import code_blocks, page
from tests.support.paths import ANSWERS_FILE, OWN_BACKENDS_LOCK, RELEASE_WORKFLOW
from tests.support.projects import SDIST, WHEEL, Project
from tests.support.repositories import REPOSITORIES
from tests.support.versions import Versions

PAGE = page("how-to/leave.md")
(WORKFLOW,) = code_blocks(PAGE, f'yaml title="{RELEASE_WORKFLOW}"')
FOLLOW_NOTHING, DELETE = code_blocks(PAGE)
(REVERT,) = re.findall(r"`(git revert) COMMIT`", PAGE)
PIN = re.compile(r"uses: ([\w-]+/[\w-]+)@([0-9a-f]{40} # \S+)")


def leave(project: Project) -> None:
    """Write the workflow of the page, and run its commands that delete what belongs to the template."""
    project.write(RELEASE_WORKFLOW, WORKFLOW)
    project.run("bash", "-euc", DELETE)


def listed(project: Project) -> dict[str, str]:
    """Return the files of the last commit, with their contents' hashes; nothing else may be in the folder."""
    assert project.run("git", "status", "--short").stdout == ""
    shown = project.run("git", "ls-tree", "-r", "--format=%(path) %(objectname)", "HEAD").stdout
    return dict(line.split() for line in shown.splitlines())


def test_a_project_leaves_as_the_page_says(versions: Versions, tmp_path: Path) -> None:
    """Without the answers, all other files stay; the revert of the adoption gives what was there before.

    After the commands that delete, a repository has what it had before, and the workflow of the page.
    """
    project = REPOSITORIES["hatch-vcs with tox"].write(tmp_path / "project")
    before = listed(project)
    adopt(project, versions, "--overwrite")
    project.write(OWN_BACKENDS_LOCK, "")
    project.commit("Adopt the release setup")
    adopted = listed(project)
    assert adopted.keys() - before.keys() == {*RELEASE_SETUP, RELEASE_WORKFLOW, OWN_BACKENDS_LOCK}
    project.run("bash", "-euc", FOLLOW_NOTHING)
    assert listed(project) == {name: blob for name, blob in adopted.items() if name != ANSWERS_FILE}
    project.run("git", "reset", "--quiet", "--hard", "HEAD~1")
    project.run(*REVERT.split(), "--no-edit", "HEAD")
    assert listed(project) == before
    project.run("git", "reset", "--quiet", "--hard", "HEAD~1")
    leave(project)
    left = listed(project)
    assert left.pop(RELEASE_WORKFLOW) == project.run("git", "hash-object", RELEASE_WORKFLOW).stdout.strip()
    assert left == before


def test_the_workflow_of_the_page_is_valid_and_safe(default: Project, language_service: Path, tmp_path: Path) -> None:
    """The language service, act, the schema and zizmor as an auditor accept it; its pins are the template's."""
    project = default.copy(tmp_path / "project")
    pins = dict(PIN.findall(project.read(RELEASE_WORKFLOW)))
    leave(project)
    assert {name: pins.get(name, pin) for name, pin in PIN.findall(WORKFLOW)} == dict(PIN.findall(WORKFLOW))
    assert validate(project.path / RELEASE_WORKFLOW) == ""
    project.run("node", language_service / "check.mjs", RELEASE_WORKFLOW)
    project.run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", RELEASE_WORKFLOW)
    project.run("zizmor", "--offline", "--quiet", "--persona=auditor", "--strict-collection", ".github/workflows")


@pytest.mark.slow
def test_the_workflow_of_the_page_builds_the_version_of_the_tag(default: Project, tmp_path: Path) -> None:
    """The command of its job *Build*, in a new environment with nothing but pip, builds the version of the tag."""
    project = default.copy(tmp_path / "project")
    leave(project)
    project.run("git", "tag", "--force", "v1.2.3")
    (build,) = (step["run"] for step in yaml.safe_load(WORKFLOW)["jobs"]["build"]["steps"] if "run" in step)
    run(sys.executable, "-m", "venv", tmp_path / "venv", cwd=tmp_path)
    path = f"{tmp_path}/venv/bin:/usr/bin:/bin"
    project.run("bash", "-euc", build, env={"PATH": path})
    assert {file.name for file in (project.path / "dist").iterdir()} == {WHEEL, SDIST}
