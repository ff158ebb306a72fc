"""The failure scenarios of `scenarios.yml`, in which each heading of the troubleshooting page is a way to fail."""

import re
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.release.scenarios import changes
from tests.release.scenarios.changes import Change, nothing
from tests.support.editing import change_of
from tests.support.pages import page

SECTION = re.compile(r"^## (.+)\n\n> (.+)\n\n\S", re.MULTILINE)  # its heading, and the message that it explains
MESSAGES: dict[str, str] = dict(SECTION.findall(page("how-to/troubleshoot.md")))


class Scenario(NamedTuple):
    """One way in which a release fails; docs/how-to/troubleshoot.md has the cause, the fix and the message."""

    title: str  # the page's heading
    change: Change = nothing  # what breaks the release
    action: str = "release"  # what the user does, see `carry_out` in checks.py
    failed_job: str = "publish"  # empty if no job fails
    uploaded: int = 0  # files of the project on PyPI at the end

    @property
    def message(self) -> str:
        """What the user sees."""
        return MESSAGES[self.title]


def scenario_of(title: str, entry: dict[str, Any]) -> Scenario:
    """Return the scenario of an entry."""
    return Scenario(title, **entry | {"change": change_of(entry.get("change", "nothing"), vars(changes))})


CONTENT: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("scenarios.yml").read_text(encoding="utf-8"))
SCENARIOS = [
    scenario_of(title, entry)
    for title, entries in CONTENT.items()
    for entry in (entries if isinstance(entries, list) else [entries])
]
