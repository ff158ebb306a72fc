"""Every known failure of a release is explained, and leaves nothing half done."""

from collections.abc import Callable

import pytest

from tests.release.scenarios.page import PAGE, SECTION, page
from tests.release.scenarios.scenario import Scenario
from tests.release.scenarios.table import SCENARIOS
from tests.simulation.act import ActRun
from tests.simulation.sandbox import Sandbox

CARRIED_OUT = [scenario for scenario in SCENARIOS if scenario.action != "doctor"]
PLAIN = {"The form differs from the run", "The job may not ask for a token", "The tag has no v"}  # the first of each
FIRST = {scenario.title: scenario for scenario in reversed(CARRIED_OUT)}


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
    done = sandbox.release()
    if scenario.action == "again":
        sandbox.loopback.faults.clear()
        done.run_again()
    return done


@pytest.mark.parametrize(
    "scenario",
    [
        pytest.param(
            scenario,
            id=scenario.title,
            marks=[] if scenario.title in PLAIN and scenario is FIRST[scenario.title] else [pytest.mark.slow],
        )
        for scenario in CARRIED_OUT
    ],
)
def test_a_failure_is_explained_and_leaves_nothing_half_done(
    scenario: Scenario, sandbox: Sandbox, record_property: Callable[[str, object], None]
) -> None:
    """The job that should fail does, the log has the message, and nothing more than expected is on PyPI.

    The report claims that nothing was uploaded if and only if that is so.
    """
    done = carry_out(scenario, sandbox)
    assert scenario.message in done.log, done.log
    failed = [name for name, result in done.results().items() if result == "failure"]
    expected = {"": [], "build": ["build", "gate"]}  # the gate is the required check, so it fails with the build
    assert failed == expected.get(scenario.failed_job, [scenario.failed_job]), done.log
    if "rehearse" not in (scenario.action, *failed):
        headline = done.jobs["report"].summary.partition("\n")[0]
        assert ("no file" in headline or "Nothing was uploaded" in headline) == (not sandbox.uploaded()), headline
    if scenario.action == "continued":
        assert len(sandbox.uploaded()) < scenario.uploaded
        sandbox.loopback.faults.clear()
        sandbox.github.canceled_job = ""
        assert done.run_jobs().result == "success", done.log
    assert len(sandbox.uploaded()) == scenario.uploaded
    if scenario.failed_job in {"build", "gate"}:
        assert not sandbox.loopback.tokens.issued
    if failed and scenario.action != "continued":
        assert not sandbox.attached()
    record_property("failure scenario", (scenario.title, scenario.failed_job or "no job", scenario.message))


def test_the_troubleshooting_page_has_every_scenario() -> None:
    """Each section of the page is carried out, each scenario has one, and the index has them all."""
    text = PAGE.read_text(encoding="utf-8")
    titles = [title for title, _ in SECTION.findall(text)]
    assert sorted(titles) == sorted({scenario.title for scenario in SCENARIOS})
    assert text.count("\n## ") == len(titles) + 1  # the index
    assert page(text) == text
