"""What a failure scenario is."""

from typing import NamedTuple

from tests.release.scenarios.changes import Change


class Scenario(NamedTuple):
    """One way in which a release fails."""

    title: str
    cause: str
    fix: str
    message: str  # what the user sees
    change: Change  # what breaks the release
    action: str = "release"  # what the user does, see test_failures.py
    failed_job: str = "publish"  # empty if no job fails
    uploaded: int = 0  # files of the project on PyPI at the end
    listed: bool = True  # on the troubleshooting page
    slow: bool = True  # for `nox -s release`; plain nox runs what shows something that no other test does


RELEASE_AGAIN = "Delete the release and its tag, fix the cause, and release again."
RERUN = "then *Re-run failed jobs*."
