"""A repository that exists uses the actions `setup` and `pythons` in its own workflows, as the page shows."""

import json
import re
from pathlib import Path

import pytest
import yaml

from tests.simulation.act import run_with_act, validate
from tests.simulation.events import pull_request_event
from tests.simulation.sandbox import Sandbox
from tests.simulation.server import Loopback
from tests.support.adoption import adopt
from tests.support.commands import package_index, run
from tests.support.editing import replace
from tests.support.folder_cache import FolderCache
from tests.support.interpreters import interpreters
from tests.support.online import online_variables
from tests.support.pages import code_blocks, page
from tests.support.paths import ACTIONS, PYPROJECT, TEST_WORKFLOW, WORKFLOWS
from tests.support.projects import Project
from tests.support.repositories import REPOSITORIES
from tests.support.steps import steps
from tests.support.versions import Versions, changed_files

PAGE = page("how-to/share-ci.md")
POETRY_LINES = re.findall(r"^```yaml\n( +.*\n)```", PAGE, re.MULTILINE)
CI_WORKFLOW = f"{WORKFLOWS}/ci.yml"
POETRY_TESTS = '[tool.poetry.group.dev.dependencies]\npytest = ">=9"\n'
TEST = """\
import sys

from tap_delta.tap import main


def test_tap(capsys):
    main()
    assert capsys.readouterr().out == "{}\\n"
    assert sys.version_info[:2] == (3, 13)
"""


def example(file: str, manager: str = "uv") -> str:
    """Return a workflow of the page for a package manager: with Poetry, two lines differ."""
    (text,) = code_blocks(PAGE, f'yaml title="{file}"')
    for line in POETRY_LINES if manager == "poetry" else []:
        key = line.partition(":")[0]
        text, count = re.subn(rf"^{key}: uv\b.*\n", line, text, flags=re.MULTILINE)
        assert count == 1, line
    return text


def share(project: Project, versions: Versions, file: str, text: str) -> None:
    """Adopt the release setup, write a workflow of the page in place of all others, and fill in its pins."""
    project.run("git", "rm", "-r", "--quiet", "--ignore-unmatch", WORKFLOWS)
    project.commit("Remove the old workflows")
    adopt(project, versions, "--vcs-ref=v1.0.0")
    project.commit("Adopt the release setup")
    project.write(file, text)
    (fill_in,) = code_blocks(PAGE, containing="pin=")
    project.run("bash", "-euc", fill_in.replace(TEST_WORKFLOW, file))
    assert changed_files(project) == [file]


@pytest.mark.parametrize(("file", "manager"), [(TEST_WORKFLOW, "uv"), (TEST_WORKFLOW, "poetry"), (CI_WORKFLOW, "uv")])
def test_a_workflow_of_the_page_is_valid_and_safe(
    file: str, manager: str, versions: Versions, language_service: Path, tmp_path: Path
) -> None:
    """GitHub's language service, act, the schema of workflows, and zizmor's auditor persona accept each workflow.

    With its pins filled in, it names the actions at the full commit of the template's version, and gives them inputs
    that they have.
    """
    project = REPOSITORIES["hatch-vcs with tox"].write(tmp_path / "project")
    share(project, versions, file, example(file, manager))
    commit = run("git", "rev-parse", "v1.0.0^{commit}", cwd=versions.path).stdout.strip()
    pins = re.findall(r"uses: MeltanoLabs/meltano-package-template/actions/(\w+)@(.*)", project.read(file))
    assert pins == [("pythons", f"{commit} # v1.0.0"), ("setup", f"{commit} # v1.0.0")]
    for step in steps(project.path, file).values():
        if match := re.search(r"/actions/(pythons|setup)@", step.get("uses", "")):
            action = yaml.safe_load((ACTIONS / match[1] / "action.yml").read_text(encoding="utf-8"))
            assert step.get("with", {}).keys() <= action.get("inputs", {}).keys()
    project.run("node", language_service / "check.mjs", file)
    known = tmp_path / "known-to-act.yaml"
    known.write_text(project.read(file).replace("      deployment: false\n", ""), encoding="utf-8")  # newer than act
    assert validate(known) == ""
    project.run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", file)
    project.run("zizmor", "--offline", "--quiet", "--persona=auditor", "--strict-collection", ".github")


def write_uv_project(folder: Path) -> Project:
    """Write a repository that is managed with uv, with a `.python-version` that would lead uv elsewhere."""
    project = REPOSITORIES["hatch-vcs with tox"].write(folder)
    replace(project.path / PYPROJECT, 'requires-python = ">=3.10"', 'requires-python = ">=3.12,<3.14"')
    project.write(".python-version", "3.10\n")
    project.run("uv", "lock", "--python", interpreters()["3.13"], env={"UV_DEFAULT_INDEX": package_index()})
    return project


def write_poetry_project(folder: Path) -> Project:
    """Write a repository that is managed with Poetry, and supports one Python; its tests fail on any other one."""
    project = REPOSITORIES["poetry-dynamic-versioning without a bound"].write(folder)
    replace(project.path / PYPROJECT, 'python = ">=3.10"\n', 'python = ">=3.13,<3.14"\n')
    replace(project.path / PYPROJECT, "\n[tool.poetry.scripts]", f"\n{POETRY_TESTS}\n[tool.poetry.scripts]")
    (project.path / "poetry.lock").unlink()  # a stand-in
    (project.path / "tests").mkdir()
    project.write("tests/test_tap.py", TEST)
    return project


@pytest.fixture(params=["uv", "poetry"])
def shared(request: pytest.FixtureRequest, versions: Versions, tmp_path: Path) -> Project:
    """A repository with the page's workflow for a package manager, and a pull request."""
    write = {"uv": write_uv_project, "poetry": write_poetry_project}[request.param]
    project = write(tmp_path / "project")
    share(project, versions, TEST_WORKFLOW, example(TEST_WORKFLOW, request.param))
    project.commit("Share CI")
    project.run("git", "update-ref", "refs/pull/1/merge", "HEAD")
    return project


@pytest.mark.slow
def test_the_whole_workflow_of_the_page_runs(
    shared: Project, loopback: Loopback, once: FolderCache, tools: Path, tmp_path: Path
) -> None:
    """The page's workflow tests a repository on act, on each Python that it supports, through the real actions."""
    github = Sandbox.create(shared, tmp_path, loopback, once, tools).github
    shared.run("git", "push", "--quiet", "--mirror", github.git)
    online = online_variables(once) | {"UV_DEFAULT_INDEX": package_index()}
    done = run_with_act(github, pull_request_event(), Path(TEST_WORKFLOW).name, tmp_path / "act", online)
    assert done.results() == {"pythons": "success", "test": "success", "tested": "success"}, done.log
    pythons = ["3.12", "3.13"] if (shared.path / "uv.lock").exists() else ["3.13"]
    assert done.jobs["pythons"].outputs == {"pythons": json.dumps(pythons)}
    assert done.jobs["test"].log.count("1 passed") == len(pythons), done.log
