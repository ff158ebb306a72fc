"""Every known failure of a release is explained, and leaves nothing half done."""

import re
from collections.abc import Callable

import pytest

from tests.release.checks import check_scenario
from tests.release.scenarios.table import MESSAGES, SCENARIOS, Scenario
from tests.simulation.sandbox import Sandbox
from tests.support.pages import page

CARRIED_OUT = [scenario for scenario in SCENARIOS if scenario.action != "doctor"]


@pytest.mark.parametrize(
    "scenario",
    [
        pytest.param(scenario, id=scenario.title, marks=[pytest.mark.slow] if number else [])
        for number, scenario in enumerate(CARRIED_OUT)
    ],
)
def test_a_failure_is_explained_and_leaves_nothing_half_done(
    scenario: Scenario, sandbox: Sandbox, record_property: Callable[[str, object], None]
) -> None:
    """Each scenario is carried out, in which nothing but what it breaks goes wrong."""
    check_scenario(sandbox, scenario)
    record_property("failure scenario", (scenario.title, scenario.failed_job or "no job", scenario.message))


def test_the_troubleshooting_page_has_every_scenario() -> None:
    """Each section of the page is carried out, each scenario has one, and the index has the message of each once."""
    text = page("how-to/troubleshoot.md")
    assert sorted(MESSAGES) == sorted({scenario.title for scenario in SCENARIOS})
    assert text.count("\n## ") == len(MESSAGES) + 1  # the index
    rows = re.findall(r"^\| (.+?) \| (\[.+) \|$", text, re.MULTILINE)
    assert [message for message, _ in rows] == sorted(
        set(MESSAGES.values()), key=lambda one: re.sub(r"\W", "", one).lower()
    )
    linked = {title: message for message, links in rows for title in re.findall(r"\[(.+?)\]\(#", links)}
    assert linked == MESSAGES
