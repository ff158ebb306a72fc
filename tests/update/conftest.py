"""What the tests of updates share."""

from pathlib import Path

import pytest

from tests.support.fleet import Fleet
from tests.support.projects import Project
from tests.support.versions import Versions


@pytest.fixture(scope="session")
def old_project(versions: Versions, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project of the first of the two versions; leave it unchanged."""
    return versions.project(tmp_path_factory.mktemp("old") / "my-package", "--vcs-ref=v1.0.0")


@pytest.fixture
def project(old_project: Project, tmp_path: Path) -> Project:
    """A project of the first of the two versions, for a test that changes it."""
    return old_project.copy(tmp_path / "my-package")


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    """An empty fleet of the test's own, with v1.1.0 of the small template to update to."""
    fleet = Fleet.create(tmp_path)
    fleet.release("v1.1.0", "line-2: 1", "line-2: 2")
    fleet.connections()
    return fleet
