"""The doctor finds what is wrong before a release, and changes nothing."""

from collections.abc import Callable

import pytest

from tests.scenarios.scenario import Scenario
from tests.scenarios.table import SCENARIOS
from tests.simulation.server import Fault
from tests.simulation.world import World

FOUND_BY_DOCTOR = [scenario for scenario in SCENARIOS if scenario.action == "doctor"]


@pytest.mark.parametrize("scenario", FOUND_BY_DOCTOR, ids=[scenario.title for scenario in FOUND_BY_DOCTOR])
def test_the_doctor_finds_what_is_wrong_before_a_release(
    scenario: Scenario, world: World, record_property: Callable[[str, object], None]
) -> None:
    """On the maintainer's machine: the exit code is 1, and the list says what is wrong."""
    assert world.run_doctor().returncode == 0
    scenario.change(world)
    found = world.run_doctor()
    assert found.returncode == 1
    assert scenario.message in found.stdout
    assert "→" in found.stdout
    record_property("failure scenario", (scenario.title, "doctor", scenario.message))


def test_the_doctor_finds_no_error_and_changes_nothing(world: World) -> None:
    """In a repository that is set up as RELEASING.md says."""
    found = world.run_doctor()
    assert found.returncode == 0, found.stdout
    states = {line[:12].strip() for line in found.stdout.splitlines() if not line.startswith(("What", " "))}
    assert states == {"ok", "note", "not checked"}  # the tag of the next release has no release yet
    assert "not checked  PyPI has my-package without a file: whether it is yours" in found.stdout
    assert {call[0] for call in world.github.read_state()["calls"]} == {"api"}
    assert not world.project.run("git", "status", "--porcelain").stdout


def test_the_doctor_says_what_it_cannot_check(world: World) -> None:
    """Without `gh` and without PyPI it checks the rest, and does not call it an error."""
    world.loopback.faults.append(Fault("pypi.org", 503))
    found = world.run_doctor(gh=False)
    assert found.returncode == 0, found.stdout
    assert "not checked  The repository on GitHub: `gh` is not installed" in found.stdout
    assert "not checked  PyPI: PyPI answers with status 503" in found.stdout
