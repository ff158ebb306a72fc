"""What the tests share."""

from collections.abc import Iterator

import pytest

from . import source

source.fill()


@pytest.fixture(autouse=True, scope="session")
def _drop_the_tables() -> Iterator[None]:
    """Leave the database as it was before the tests."""
    yield
    source.drop()


@pytest.fixture(autouse=True)
def _restore_the_tables() -> Iterator[None]:
    """Leave the tables as they were before a test."""
    yield
    source.restore()
