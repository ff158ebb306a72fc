"""Every known failure of a release is explained, and leaves nothing half done."""

from collections.abc import Callable

import pytest

from tests.scenarios.page import PAGE, troubleshooting_page
from tests.scenarios.scenario import Scenario
from tests.scenarios.table import SCENARIOS
from tests.simulation.act import ActRun
from tests.simulation.world import World


def carry_out(scenario: Scenario, world: World) -> ActRun:
    """Break what the scenario breaks, and do what its user does; return the last run."""
    before = world.project.run("git", "rev-parse", "HEAD").stdout.strip()
    scenario.change(world)
    match scenario.action:
        case "rehearse":
            return world.rehearse()
        case "mistyped":
            return world.rehearse("my_package")
        case "moved":
            return world.release(before)
        case "twice":
            world.release()
    return world.release()


@pytest.mark.parametrize(
    "scenario",
    [
        pytest.param(scenario, id=scenario.title, marks=[pytest.mark.slow] if scenario.slow else [])
        for scenario in SCENARIOS
        if scenario.action != "doctor"
    ],
)
def test_a_failure_is_explained_and_leaves_nothing_half_done(
    scenario: Scenario, world: World, record_property: Callable[[str, object], None]
) -> None:
    """The job that should fail does, the log has the message, and nothing more than expected is on PyPI."""
    done = carry_out(scenario, world)
    assert scenario.message in done.log, done.log
    failed = [name for name, result in done.results().items() if result == "failure"]
    expected = {"": [], "build": ["build", "gate"]}  # the gate is the required check, so it fails with the build
    assert failed == expected.get(scenario.failed_job, [scenario.failed_job]), done.log
    if scenario.action == "continued":
        assert len(world.uploaded()) == 1
        world.loopback.faults.clear()
        assert done.run_jobs().result == "success", done.log
    assert len(world.uploaded()) == scenario.uploaded
    if scenario.failed_job in {"build", "gate"}:
        assert not world.loopback.tokens.issued
    if failed and scenario.action != "continued":
        assert not world.attached()
    record_property("failure scenario", (scenario.title, scenario.failed_job or "no job", scenario.message))


def test_the_troubleshooting_page_is_the_table() -> None:
    """The troubleshooting page is what `python -m tests.scenarios` writes from the table of scenarios."""
    assert PAGE.read_text(encoding="utf-8") == troubleshooting_page()
