"""GitHub's own examples of the events that start the release workflow have what it and the gate read in them."""

import re

from tests.simulation.workflows import parse_workflow
from tests.support.folder_cache import FolderCache
from tests.support.npm import webhook_examples
from tests.support.paths import ACTIONS, RELEASE_WORKFLOW
from tests.support.projects import Render

EVENTS: dict[str, set[str | None]] = {  # and the activity types that start the workflow
    "pull_request": {"opened", "synchronize", "reopened"},
    "merge_group": {"checks_requested"},
    "push": {None},
    "release": {"published"},
    "workflow_dispatch": {None},
}


def test_githubs_own_payloads_have_what_the_workflow_and_the_gate_read(once: FolderCache, render: Render) -> None:
    """Each field of `github.event` that the workflow and the actions name is in GitHub's examples, and the gate's."""
    listed = webhook_examples(once)
    examples = {name: [one for one in listed[name] if one.get("action") in types] for name, types in EVENTS.items()}
    assert all(examples.values())
    workflow = render().read(RELEASE_WORKFLOW)
    assert EVENTS.keys() == parse_workflow(workflow)["on"].keys()
    text = workflow + "".join(path.read_text(encoding="utf-8") for path in ACTIONS.glob("*/action.yml"))
    assert set(re.findall(r"github\.event\.([\w.]+)", text)) == {"repository.fork", "release.tag_name"}
    for payload in (payload for payloads in examples.values() for payload in payloads):
        assert isinstance(payload["repository"]["fork"], bool)
        assert isinstance(payload["repository"]["default_branch"], str)
    assert all(payload["release"]["tag_name"] for payload in examples["release"])
    assert all("inputs" in payload for payload in examples["workflow_dispatch"])
