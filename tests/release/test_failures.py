"""Every known failure of a release is explained, and leaves nothing half done."""

from collections.abc import Callable

import pytest

from tests.release.checks import check_scenario
from tests.release.scenarios.page import PAGE, SECTION, page
from tests.release.scenarios.table import SCENARIOS, Scenario
from tests.simulation.sandbox import Sandbox

CARRIED_OUT = [scenario for scenario in SCENARIOS if scenario.action != "doctor"]
PLAIN = {"The form differs from the run", "The repository was renamed or moved"}  # the first of each
FIRST = {scenario.title: scenario for scenario in reversed(CARRIED_OUT)}


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
    """Each scenario is carried out, in which nothing but what it breaks goes wrong."""
    check_scenario(sandbox, scenario)
    record_property("failure scenario", (scenario.title, scenario.failed_job or "no job", scenario.message))


def test_the_troubleshooting_page_has_every_scenario() -> None:
    """Each section of the page is carried out, each scenario has one, and the index has them all."""
    text = PAGE.read_text(encoding="utf-8")
    titles = [title for title, _ in SECTION.findall(text)]
    assert sorted(titles) == sorted({scenario.title for scenario in SCENARIOS})
    assert text.count("\n## ") == len(titles) + 1  # the index
    assert page(text) == text
