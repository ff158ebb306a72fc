"""The events that start workflow files."""

from typing import Any, NamedTuple


class Event(NamedTuple):
    """An event: its name, the full ref, the payload, and the commit if it is not the ref's any more."""

    name: str
    ref: str
    payload: dict[str, Any]
    commit: str = ""

    def starts(self, triggers: dict[str, Any]) -> bool:
        """Return whether a file with these triggers runs; act looks at the event's name alone."""
        types = (triggers.get(self.name) or {}).get("types", [self.payload.get("action")])
        return self.name in triggers and self.payload.get("action") in types


def release_event(tag: str, commit: str = "") -> Event:
    """Return the event of a release."""
    return Event("release", f"refs/tags/{tag}", {"action": "published", "release": {"tag_name": tag}}, commit)


def dispatch_event(inputs: dict[str, str]) -> Event:
    """Return the event of a workflow that is run by hand, for the default branch."""
    return Event("workflow_dispatch", "refs/heads/main", {"inputs": inputs})


def pull_request_event() -> Event:
    """Return the event of a pull request that was opened, from a branch of the same repository."""
    pull_request = {"number": 1, "head": {"ref": "change"}, "base": {"ref": "main"}}
    payload = {"action": "opened", "number": 1, "pull_request": pull_request}
    return Event("pull_request", "refs/pull/1/merge", payload)
