"""What the tests of updates share."""

from pathlib import Path

import pytest

from tests.support.fleet import Fleet


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    """An empty fleet of the test's own, with v1.1.0 of the small template to update to."""
    fleet = Fleet.create(tmp_path)
    fleet.release("v1.1.0", "line-2: 1", "line-2: 2")
    fleet.connections()
    return fleet
