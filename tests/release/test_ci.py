"""What runs on a pull request works: the test workflow, with its matrix and its actions, and the build, on act."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.simulation.act import ActRun, run_with_act
from tests.simulation.events import pull_request_event
from tests.simulation.sandbox import Sandbox
from tests.simulation.server import Loopback
from tests.support.editing import replace
from tests.support.folder_cache import FolderCache
from tests.support.online import online_variables
from tests.support.paths import PYPROJECT, RELEASE_WORKFLOW, TEST_WORKFLOW
from tests.support.projects import Render

pytestmark = pytest.mark.slow

PASSED = {"lint": "success", "test": "success", "tested": "success"}
FAILING_ON_3_12 = """\
\"\"\"A test that fails on one Python.\"\"\"

import sys


def test_python() -> None:
    \"\"\"Fail on Python 3.12.\"\"\"
    assert sys.version_info[:2] != (3, 12)
"""


@pytest.fixture(scope="session")
def online(once: FolderCache) -> dict[str, str]:
    """The variables with which Poetry and pip reach the package index, instead of loopback."""
    return online_variables(once)


PullRequest = Callable[..., Sandbox]


@pytest.fixture
def open_pull_request(
    render: Render, loopback: Loopback, once: FolderCache, tools: Path, tmp_path: Path
) -> PullRequest:
    """Open a pull request to a project that supports some Pythons, by default two; `files` are added or replaced."""

    def opened(kind: str, requires_python: str = ">=3.12,<3.14", **files: str) -> Sandbox:
        name = {"library": "my-package", "tap": "tap-github"}[kind]
        project = render(repository=name, python_min="3.12").copy(tmp_path / name).init()
        replace(project.path / PYPROJECT, 'requires-python = ">=3.12"', f'requires-python = "{requires_python}"')
        for file, text in files.items():
            project.write(file, text)
        sandbox = Sandbox.create(project, tmp_path, loopback, once, tools)
        sandbox.github.repository = name
        project.commit("Change")
        project.run("git", "update-ref", "refs/pull/1/merge", "HEAD")
        project.run("git", "push", "--quiet", "--mirror", sandbox.github.git)
        return sandbox

    return opened


def run_tests(sandbox: Sandbox, online: dict[str, str], folder: Path) -> ActRun:
    """Run the test workflow."""
    return run_with_act(sandbox.github, pull_request_event(), Path(TEST_WORKFLOW).name, folder, online)


@pytest.mark.parametrize("kind", ["library", "tap"])
def test_the_test_workflow_passes(
    kind: str, open_pull_request: PullRequest, online: dict[str, str], tmp_path: Path
) -> None:
    """The test workflow passes: it lints once, and tests on each Python that the project supports."""
    done = run_tests(open_pull_request(kind), online, tmp_path / "act")
    assert done.results() == PASSED, done.log
    assert done.jobs["lint"].outputs == {"pythons": '["3.12", "3.13"]'}
    assert done.jobs["test"].log.count(" passed in ") == 2, done.log
    assert "no issues found" in done.jobs["lint"].log


@pytest.mark.parametrize("kind", ["library", "tap"])
def test_the_build_passes(kind: str, open_pull_request: PullRequest, tmp_path: Path) -> None:
    """The build of a pull request passes: it asks for no token, and the gate names the version."""
    sandbox = open_pull_request(kind)
    done = run_with_act(sandbox.github, pull_request_event(), Path(RELEASE_WORKFLOW).name, tmp_path / "act")
    results = done.results()
    assert {job for job, result in results.items() if result == "success"} == {"build", "gate"}, done.log
    assert set(results.values()) == {"success", "skipped"}, done.log
    assert done.jobs["gate"].outputs["version"].startswith("1.2.3.post1.dev0+")
    assert not done.tokens_asked()


def test_one_python_that_fails_fails_the_aggregate_job(
    open_pull_request: PullRequest, online: dict[str, str], tmp_path: Path
) -> None:
    """Tests that fail on one Python fail the aggregate job, and run to their end on the other Python."""
    sandbox = open_pull_request("library", **{"tests/test_python.py": FAILING_ON_3_12})
    done = run_tests(sandbox, online, tmp_path / "act")
    assert done.results() == PASSED | {"test": "failure", "tested": "failure"}, done.log
    assert "1 failed" in done.jobs["test"].log
    assert done.jobs["test"].log.count(" passed in ") == 2, done.log


def test_lint_that_fails_fails_the_aggregate_job(
    open_pull_request: PullRequest, online: dict[str, str], tmp_path: Path
) -> None:
    """Lint that fails makes the aggregate job fail, but the tests still run, on this project's one Python."""
    sandbox = open_pull_request("library", ">=3.13,<3.14", **{"tests/test_python.py": "import os\n"})
    done = run_tests(sandbox, online, tmp_path / "act")
    assert done.results() == PASSED | {"lint": "failure", "tested": "failure"}, done.log
    assert done.jobs["lint"].outputs == {"pythons": '["3.13"]'}
