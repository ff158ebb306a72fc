"""Dependabot moves what it can in a rendered project, and leaves the release workflow alone."""

import fnmatch
import re
from pathlib import Path

import pytest
import yaml

from tests.support.pages import code_blocks, page
from tests.support.paths import DEPENDABOT_YML, PRE_COMMIT, PYPROJECT, RELEASE_WORKFLOW, TEST_WORKFLOW
from tests.support.projects import Render

(DOCUMENTED,) = code_blocks(page("how-to/dependabot.md"), f'yaml title="{DEPENDABOT_YML}"')
FILES = {"github-actions": TEST_WORKFLOW, "pip": PYPROJECT, "pre-commit": PRE_COMMIT}


@pytest.mark.parametrize("configuration", ["rendered", "documented"])
def test_dependabot_leaves_the_release_workflow_alone(configuration: str, render: Render, tmp_path: Path) -> None:
    """The one excluded file is the release workflow; one group has every action of the template, and no other.

    The configuration fits Dependabot's schema; zizmor finds nothing in the rendered one, with its cooldown.
    """
    project = render(update_bot="Dependabot").copy(tmp_path / "project")
    if configuration == "documented":
        project.write(DEPENDABOT_YML, DOCUMENTED)
    else:
        project.run("zizmor", "--offline", "--quiet", "--persona=auditor", "--strict-collection", ".github")
    project.run("check-jsonschema", "--builtin-schema", "vendor.dependabot", DEPENDABOT_YML)
    entries = {entry["package-ecosystem"]: entry for entry in yaml.safe_load(project.read(DEPENDABOT_YML))["updates"]}
    actions = entries["github-actions"]
    assert actions["exclude-paths"] == [RELEASE_WORKFLOW]
    assert all((project.path / FILES[name]).exists() for name in entries)
    used = set(re.findall(r"uses: ([\w./-]+)@", project.read(RELEASE_WORKFLOW) + project.read(TEST_WORKFLOW)))
    (pattern,) = actions["groups"]["template"]["patterns"]
    grouped = set(fnmatch.filter(used, pattern))
    assert {name.rpartition("/")[2] for name in grouped} >= {"setup", "pythons", "build", "gate"}
    assert {name.partition("/")[0] for name in used - grouped} == {"actions", "pypa"}


@pytest.mark.parametrize("bot", ["Renovate", "Dependabot", "None"])
def test_a_project_has_the_configuration_of_its_bot_alone(bot: str, render: Render) -> None:
    """A project has one configuration, or none."""
    files = {"Renovate": "renovate.json", "Dependabot": DEPENDABOT_YML}
    assert [name for name, file in files.items() if (render(update_bot=bot).path / file).exists()] == [
        name for name in files if name == bot
    ]
