"""Every known failure of a release is explained, and leaves nothing half done."""

from collections.abc import Callable

import pytest

from tests.release.scenarios.page import PAGE, troubleshooting_page
from tests.release.scenarios.scenario import Scenario
from tests.release.scenarios.table import SCENARIOS
from tests.simulation.act import ActRun
from tests.simulation.sandbox import Sandbox


def carry_out(scenario: Scenario, sandbox: Sandbox) -> ActRun:
    """Break what the scenario breaks, and do what its user does; return the last run."""
    before = sandbox.project.run("git", "rev-parse", "HEAD").stdout.strip()
    scenario.change(sandbox)
    match scenario.action:
        case "rehearse":
            return sandbox.rehearse()
        case "mistyped":
            return sandbox.rehearse("my_package")
        case "moved":
            return sandbox.release(before)
        case "twice":
            sandbox.release()
    return sandbox.release()


@pytest.mark.parametrize(
    "scenario",
    [
        pytest.param(scenario, id=scenario.title, marks=[pytest.mark.slow] if scenario.slow else [])
        for scenario in SCENARIOS
        if scenario.action != "doctor"
    ],
)
def test_a_failure_is_explained_and_leaves_nothing_half_done(
    scenario: Scenario, sandbox: Sandbox, record_property: Callable[[str, object], None]
) -> None:
    """The job that should fail does, the log has the message, and nothing more than expected is on PyPI."""
    done = carry_out(scenario, sandbox)
    assert scenario.message in done.log, done.log
    failed = [name for name, result in done.results().items() if result == "failure"]
    expected = {"": [], "build": ["build", "gate"]}  # the gate is the required check, so it fails with the build
    assert failed == expected.get(scenario.failed_job, [scenario.failed_job]), done.log
    if scenario.action == "continued":
        assert len(sandbox.uploaded()) == 1
        sandbox.loopback.faults.clear()
        assert done.run_jobs().result == "success", done.log
    assert len(sandbox.uploaded()) == scenario.uploaded
    if scenario.failed_job in {"build", "gate"}:
        assert not sandbox.loopback.tokens.issued
    if failed and scenario.action != "continued":
        assert not sandbox.attached()
    record_property("failure scenario", (scenario.title, scenario.failed_job or "no job", scenario.message))


def test_the_troubleshooting_page_is_the_table() -> None:
    """The troubleshooting page is what `python -m tests.release.scenarios` writes from the table of scenarios."""
    assert PAGE.read_text(encoding="utf-8") == troubleshooting_page()
