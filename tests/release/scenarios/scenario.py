"""What a failure scenario is."""

from typing import NamedTuple

from tests.release.scenarios.changes import Change
from tests.release.scenarios.page import MESSAGES


class Scenario(NamedTuple):
    """One way in which a release fails; docs/how-to/troubleshoot.md has the cause, the fix and the message."""

    title: str  # the page's heading
    change: Change  # what breaks the release
    action: str = "release"  # what the user does, see test_failures.py
    failed_job: str = "publish"  # empty if no job fails
    uploaded: int = 0  # files of the project on PyPI at the end

    @property
    def message(self) -> str:
        """What the user sees."""
        return MESSAGES[self.title]
