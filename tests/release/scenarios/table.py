"""The failure scenarios of `scenarios.yml`, in which each heading of the troubleshooting page is a way to fail."""

from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.release.scenarios import changes
from tests.release.scenarios.changes import Change
from tests.release.scenarios.page import MESSAGES
from tests.support.editing import all_of


class Scenario(NamedTuple):
    """One way in which a release fails; docs/how-to/troubleshoot.md has the cause, the fix and the message."""

    title: str  # the page's heading
    change: Change  # what breaks the release
    action: str = "release"  # what the user does, see `carry_out` in checks.py
    failed_job: str = "publish"  # empty if no job fails
    uploaded: int = 0  # files of the project on PyPI at the end

    @property
    def message(self) -> str:
        """What the user sees."""
        return MESSAGES[self.title]


def change_of(name: str, given: Any) -> Change:  # noqa: ANN401 - arguments, a list or a mapping, or none
    """Return a function of `changes.py`, or what it returns for its arguments."""
    function = getattr(changes, name)
    if given is None:
        found: Change = function
    else:
        found = function(**given) if isinstance(given, dict) else function(*given)
    return found


def scenario_of(title: str, entry: dict[str, Any]) -> Scenario:
    """Return the scenario of an entry."""
    made = [change_of(name, entry[name]) for name in entry if name not in Scenario._fields]
    known = {name: entry[name] for name in entry if name in Scenario._fields}
    return Scenario(title, all_of(*made), **known)


CONTENT: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("scenarios.yml").read_text(encoding="utf-8"))
SCENARIOS = [
    scenario_of(title, entry)
    for title, entries in CONTENT.items()
    for entry in (entries if isinstance(entries, list) else [entries])
]
