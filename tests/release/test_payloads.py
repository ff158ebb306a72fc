"""GitHub's own examples of the events that start the release workflow have what it and the gate read in them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from meltano_release.gate import check_event, find_warnings, judge
from meltano_release.publisher import read_publisher
from tests.simulation.workflows import parse_workflow
from tests.support.folder_cache import FolderCache
from tests.support.gate_cases import RUN
from tests.support.npm import webhook_examples
from tests.support.paths import ACTIONS, RELEASE_WORKFLOW
from tests.support.projects import Project, Render

EVENTS: dict[str, set[str | None]] = {  # and the activity types that start the workflow
    "pull_request": {"opened", "synchronize", "reopened"},
    "merge_group": {"checks_requested"},
    "push": {None},
    "release": {"published"},
    "workflow_dispatch": {None},
}
DIST = Path("dist")


@pytest.fixture(scope="module")
def examples(once: FolderCache) -> dict[str, list[dict[str, Any]]]:
    """The payloads of the events that start the workflow, by the event's name."""
    listed = webhook_examples(once)
    return {
        name: [example for example in listed[name] if example.get("action") in types] for name, types in EVENTS.items()
    }


@pytest.mark.parametrize("event", EVENTS)
def test_the_gate_reads_githubs_own_payloads(
    event: str, examples: dict[str, list[dict[str, Any]]], with_dist: Project, tmp_path: Path
) -> None:
    """The gate judges each example of an event without a traceback; only a dry run without the name is refused."""
    assert examples[event]
    distribution = judge(DIST, {}).distributions[0]
    for example in examples[event]:
        payload = tmp_path / "payload.json"
        payload.write_text(json.dumps(example), encoding="utf-8")
        environ = RUN | {"GITHUB_EVENT_NAME": event, "GITHUB_EVENT_PATH": str(payload), "GITHUB_REF_NAME": "v1.2.3"}
        problems = check_event(distribution, read_publisher(), environ)
        typed = (example.get("inputs") or {}).get("package_name")
        assert [problem.partition(" was typed")[0] for problem in problems] == (
            [repr(typed) if typed else "Nothing"] if event == "workflow_dispatch" else []
        )
        find_warnings(distribution, environ)
    assert with_dist.path == Path.cwd()


def test_what_the_workflow_reads_of_an_event_is_there(
    examples: dict[str, list[dict[str, Any]]], render: Render
) -> None:
    """Each field of `github.event` that the workflow and the actions name is in GitHub's examples."""
    workflow = render().read(RELEASE_WORKFLOW)
    assert EVENTS.keys() == parse_workflow(workflow)["on"].keys()
    text = workflow + "".join(path.read_text(encoding="utf-8") for path in ACTIONS.glob("*/action.yml"))
    named = set(re.findall(r"github\.event\.([\w.]+)", text))
    assert named == {"repository.fork", "release.tag_name"}
    assert all(isinstance(one["repository"]["fork"], bool) for payloads in examples.values() for one in payloads)
    assert all(payload["release"]["tag_name"] for payload in examples["release"])
