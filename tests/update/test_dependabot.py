"""Dependabot moves what it can in a rendered project, and leaves the release workflow alone."""

import fnmatch
import re
from pathlib import Path

import pytest
import yaml

from tests.support.commands import run
from tests.support.pages import code_blocks, page
from tests.support.paths import DEPENDABOT_YML, PRE_COMMIT, PYPROJECT, RELEASE_WORKFLOW, TEST_WORKFLOW, WORKFLOWS
from tests.support.projects import Project, Render

(DOCUMENTED,) = code_blocks(page("how-to/dependabot.md"), f'yaml title="{DEPENDABOT_YML}"')
FILES = {"github-actions": TEST_WORKFLOW, "pip": PYPROJECT, "pre-commit": PRE_COMMIT}


@pytest.fixture(params=["rendered", "documented"])
def project(request: pytest.FixtureRequest, render: Render, tmp_path: Path) -> Project:
    """A project with Dependabot: with the rendered configuration, or with the page's."""
    project = render(update_bot="Dependabot").copy(tmp_path / "project")
    if request.param == "documented":
        project.write(DEPENDABOT_YML, DOCUMENTED)
    return project


def test_the_configuration_fits_its_schema_and_passes_the_audit(project: Project) -> None:
    """The configuration fits Dependabot's schema; zizmor finds nothing in the rendered one, with its cooldown."""
    run("check-jsonschema", "--builtin-schema", "vendor.dependabot", DEPENDABOT_YML, cwd=project.path)
    if project.read(DEPENDABOT_YML) != DOCUMENTED:
        run("zizmor", "--offline", "--quiet", "--persona=auditor", "--strict-collection", ".github", cwd=project.path)


def test_the_release_workflow_is_left_alone_and_the_actions_of_the_template_move_together(project: Project) -> None:
    """The one excluded file is the release workflow; the group has every action of the template, and no other."""
    entries = {entry["package-ecosystem"]: entry for entry in yaml.safe_load(project.read(DEPENDABOT_YML))["updates"]}
    actions = entries["github-actions"]
    assert actions["exclude-paths"] == [RELEASE_WORKFLOW]
    assert all((project.path / FILES[name]).exists() for name in entries)
    used = set(
        re.findall(r"uses: ([\w./-]+)@", "".join(path.read_text() for path in (project.path / WORKFLOWS).iterdir()))
    )
    (pattern,) = actions["groups"]["template"]["patterns"]
    grouped = set(fnmatch.filter(used, pattern))
    assert {name.rpartition("/")[2] for name in grouped} >= {"setup", "pythons", "build", "gate"}
    assert {name.partition("/")[0] for name in used - grouped} == {"actions", "pypa"}


@pytest.mark.parametrize("bot", ["Renovate", "Dependabot", "None"])
def test_a_project_has_the_configuration_of_its_bot_alone(bot: str, render: Render) -> None:
    """A project has one configuration, or none."""
    files = {"Renovate": "renovate.json", "Dependabot": DEPENDABOT_YML}
    assert {name: (render(update_bot=bot).path / file).exists() for name, file in files.items()} == {
        name: name == bot for name in files
    }
