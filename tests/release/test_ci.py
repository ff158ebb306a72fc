"""What runs on a pull request works: the test workflow, with its matrix and its actions, and the build, on act."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

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


class PullRequest(NamedTuple):
    """A pull request to a project that supports some Pythons, whose test may be replaced, and the jobs that fail."""

    repository: str
    requires_python: str = ">=3.12,<3.14"
    pythons: str = '["3.12", "3.13"]'
    test: str = ""
    failed: tuple[str, ...] = ()


FAILS_ON_3_12 = (
    '"""A test."""\n\nimport sys\n\n\ndef test_python() -> None:\n    """Fail on Python 3.12."""\n'
    "    assert sys.version_info[:2] != (3, 12)\n"
)
CASES = {
    "a library passes": PullRequest("my-package"),
    "a tap passes": PullRequest("tap-github"),
    "one Python fails, and the other runs to its end": PullRequest(
        "my-package", test=FAILS_ON_3_12, failed=("test", "tested")
    ),
    "the linter fails, and the tests still run": PullRequest(
        "my-package", ">=3.13,<3.14", '["3.13"]', "import os\n", failed=("lint", "tested")
    ),
}
Run = Callable[..., ActRun]


@pytest.fixture
def run(render: Render, loopback: Loopback, once: FolderCache, tools: Path, tmp_path: Path) -> Run:
    """A function that opens a pull request and runs a workflow file for it."""

    def ran(case: PullRequest, file: str, online: Mapping[str, str] | None = None) -> ActRun:
        project = render(repository=case.repository, python_min="3.12").copy(tmp_path / case.repository).init()
        replace(project.path / PYPROJECT, 'requires-python = ">=3.12"', f'requires-python = "{case.requires_python}"')
        if case.test:
            project.write("tests/test_python.py", case.test)
        sandbox = Sandbox.create(project, tmp_path, loopback, once, tools)
        sandbox.github.repository = case.repository
        project.commit("Change")
        project.run("git", "update-ref", "refs/pull/1/merge", "HEAD")
        project.run("git", "push", "--quiet", "--mirror", sandbox.github.git)
        return run_with_act(sandbox.github, pull_request_event(), Path(file).name, tmp_path / "act", online)

    return ran


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_test_workflow_lints_once_and_tests_on_each_python(case: PullRequest, run: Run, once: FolderCache) -> None:
    """What fails on one Python, or in the linter, fails the aggregate job; the others run to their end."""
    done = run(case, TEST_WORKFLOW, online_variables(once))
    expected = dict.fromkeys(("lint", "test", "tested"), "success") | dict.fromkeys(case.failed, "failure")
    assert done.results() == expected, done.log
    assert done.jobs["lint"].outputs == {"pythons": case.pythons}
    assert done.jobs["test"].log.count(" passed in ") == case.pythons.count(".")
    assert ("1 failed" in done.jobs["test"].log) == ("test" in case.failed)


@pytest.mark.parametrize("repository", ["my-package", "tap-github"])
def test_the_build_passes(repository: str, run: Run) -> None:
    """The build of a pull request passes: it asks for no token, and the gate names the version."""
    done = run(PullRequest(repository), RELEASE_WORKFLOW)
    results = done.results()
    assert {job for job, result in results.items() if result == "success"} == {"build", "gate"}, done.log
    assert set(results.values()) == {"success", "skipped"}, done.log
    assert done.jobs["gate"].outputs["version"].startswith("1.2.3.post1.dev0+")
    assert not done.tokens_asked()
