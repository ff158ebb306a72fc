"""The same workflow files are in most of the repositories that the doctor sees, so they are parsed once."""

import functools
from collections.abc import Iterator

import pytest

from meltano_release.workflows import parse_workflow


@pytest.fixture(scope="session", autouse=True)
def _workflows_are_parsed_once() -> Iterator[None]:
    """Parse each workflow once in this process; the doctor only reads what it gets."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("meltano_release.commit.parse_workflow", functools.cache(parse_workflow))
        yield
