"""What act does not know of a workflow is compared with tables: permissions, triggers, concurrency, environments, pins.

The tables are compared for equality, so that nothing can be added unseen; each comparison is seen to fail.
"""

import re
from collections.abc import Callable
from functools import reduce
from operator import getitem
from typing import Any

import pytest
import yaml

from tests.simulation.workflows import Workflow, parse_workflow
from tests.support.paths import ACTIONS, RELEASE_WORKFLOW, TEST_WORKFLOW
from tests.support.projects import Render

OURS = "github.event.repository.fork == false || github.repository == 'MeltanoLabs/my-package'"
READ, WRITE, TOKEN = {"contents": "read"}, {"contents": "write"}, {"id-token": "write"}
PUSHES: dict[str, Any] = {"pull_request": None, "merge_group": None, "push": {"branches": ["main", "master"]}}

PERMISSIONS = {
    RELEASE_WORKFLOW: {
        "build": READ,
        "gate": READ,
        "publish": READ | TOKEN,
        "attach": WRITE,
        "rehearse": TOKEN,
        "rehearse-without-environment": TOKEN,
        "report": READ,
    },
    TEST_WORKFLOW: {"lint": READ, "test": READ},
}
TRIGGERS = {
    RELEASE_WORKFLOW: PUSHES
    | {
        "release": {"types": ["published"]},
        "workflow_dispatch": {"package_name": {"required": True, "type": "string"}},
    },
    TEST_WORKFLOW: PUSHES,
}
CONCURRENCY = {
    RELEASE_WORKFLOW: {
        "group": "release-${{ github.event_name }}-${{ github.ref }}",
        "cancel-in-progress": "${{ github.event_name == 'pull_request' }}",
    },
    TEST_WORKFLOW: {
        "group": "test-${{ github.ref }}",
        "cancel-in-progress": "${{ github.event_name == 'pull_request' }}",
    },
}
CONDITIONS = {
    RELEASE_WORKFLOW: {
        "build": OURS,
        "gate": f"always() && ({OURS})",
        "publish": "github.event_name == 'release'",
        "rehearse": "github.event_name == 'workflow_dispatch'",
        "report": "always() && needs.build.result != 'skipped' && "
        "(github.event_name == 'release' || github.event_name == 'workflow_dispatch')",
    },
    TEST_WORKFLOW: {"test": "always() && needs.lint.outputs.pythons != ''", "tested": "always()"},
}
NEEDS = {
    RELEASE_WORKFLOW: {
        "gate": ["build"],
        "publish": ["gate"],
        "attach": ["gate", "publish"],
        "rehearse": ["gate"],
        "rehearse-without-environment": ["gate", "rehearse"],
        "report": ["build", "gate", "publish", "attach", "rehearse", "rehearse-without-environment"],
    },
    TEST_WORKFLOW: {"test": ["lint"], "tested": ["lint", "test"]},
}
ENVIRONMENTS = {RELEASE_WORKFLOW: {"publish": "publishing", "rehearse": "publishing"}, TEST_WORKFLOW: {}}
CHECKS = {RELEASE_WORKFLOW: {"gate": "Release gate"}, TEST_WORKFLOW: {"tested": "Test"}}  # that a branch requires


def jobs_with(workflow: Workflow, key: str) -> dict[str, Any]:
    """Return a key of each job that has it."""
    return {name: job[key] for name, job in workflow["jobs"].items() if key in job}


def triggers(workflow: Workflow) -> dict[str, Any]:
    """Return the events that start a workflow; of a dispatch, its inputs without their descriptions."""
    found: dict[str, Any] = dict(workflow["on"])
    if "workflow_dispatch" in found:
        inputs = (found["workflow_dispatch"] or {}).get("inputs", {})
        found["workflow_dispatch"] = {
            name: {key: value for key, value in one.items() if key != "description"} for name, one in inputs.items()
        }
    return found


def needs(workflow: Workflow) -> dict[str, list[str]]:
    """Return the jobs that each job needs."""
    return {
        job: [needed] if isinstance(needed, str) else needed for job, needed in jobs_with(workflow, "needs").items()
    }


def environments(workflow: Workflow) -> dict[str, str]:
    """Return the environment of each job that has one."""
    found = jobs_with(workflow, "environment")
    return {job: value["name"] if isinstance(value, dict) else value for job, value in found.items()}


def required_checks(workflow: Workflow) -> dict[str, str]:
    """Return the names of the jobs that run whatever happened, except the report, which nobody requires."""
    always = {job for job, condition in jobs_with(workflow, "if").items() if condition.startswith("always()")}
    names = jobs_with(workflow, "name")
    return {job: names[job] for job in always - {"report", "test"}}


Fact = Callable[[Workflow], Any]
FACTS: dict[str, tuple[Fact, dict[str, Any]]] = {
    "permissions": (lambda workflow: jobs_with(workflow, "permissions"), PERMISSIONS),
    "permissions on top": (lambda workflow: workflow["permissions"], {key: {} for key in PERMISSIONS}),
    "triggers": (triggers, TRIGGERS),
    "concurrency": (lambda workflow: workflow["concurrency"], CONCURRENCY),
    "conditions": (lambda workflow: jobs_with(workflow, "if"), CONDITIONS),
    "needed jobs": (needs, NEEDS),
    "environments": (environments, ENVIRONMENTS),
    "required checks": (required_checks, CHECKS),
    "jobs without a time limit": (
        lambda workflow: sorted(workflow["jobs"].keys() - jobs_with(workflow, "timeout-minutes").keys()),
        {RELEASE_WORKFLOW: [], TEST_WORKFLOW: ["lint", "tested"]},
    ),
}


def workflow_of(render: Render, file: str) -> Workflow:
    """Return a workflow of the default project."""
    return parse_workflow(render().read(file))


@pytest.mark.parametrize("fact", FACTS)
@pytest.mark.parametrize("file", PERMISSIONS)
def test_a_workflow_has_exactly_what_the_table_says(file: str, fact: str, render: Render) -> None:
    """A workflow has the permissions, triggers, conditions and so on of the table, no less and no more."""
    found, table = FACTS[fact]
    assert found(workflow_of(render, file)) == table[file]


@pytest.mark.parametrize(
    "answers",
    [{"scope": "release"}, {"kind": "tap", "repository": "tap-x"}, {"kind": "target", "repository": "target-x"}],
    ids=lambda answers: "-".join(answers.values()),
)
def test_every_project_has_the_same_permissions(answers: dict[str, str], render: Render) -> None:
    """The answers do not change the permissions of any job."""
    project = render(**answers)
    found = {
        file.relative_to(project.path).as_posix(): jobs_with(parse_workflow(file.read_text("utf-8")), "permissions")
        for file in sorted((project.path / ".github/workflows").iterdir())
    }
    assert found == {file: table for file, table in PERMISSIONS.items() if file in found}
    assert RELEASE_WORKFLOW in found


CHANGES: dict[str, tuple[str, tuple[str, ...], Any]] = {  # the fact that sees it, where it is changed, and to what
    "a permission for the job that runs the project's code": (
        "permissions",
        ("jobs", "build", "permissions", "contents"),
        "write",
    ),
    "one more permission": ("permissions", ("jobs", "gate", "permissions", "actions"), "read"),
    "one less permission": ("permissions", ("jobs", "publish", "permissions"), {"contents": "read"}),
    "permissions for every job": ("permissions on top", ("permissions", "contents"), "read"),
    "a trigger with secrets": ("triggers", ("on", "pull_request_target"), None),
    "one more branch": ("triggers", ("on", "push", "branches"), ["main", "master", "develop"]),
    "drafts": ("triggers", ("on", "release", "types"), ["created"]),
    "a name that need not be typed": (
        "triggers",
        ("on", "workflow_dispatch", "inputs", "package_name", "required"),
        False,
    ),
    "a canceled upload": ("concurrency", ("concurrency", "cancel-in-progress"), True),
    "one group for all events": ("concurrency", ("concurrency", "group"), "release-${{ github.ref }}"),
    "forks": ("conditions", ("jobs", "build", "if"), "true"),
    "a gate that can be skipped": ("conditions", ("jobs", "gate", "if"), OURS),
    "a publishing job that does not wait for the gate": ("needed jobs", ("jobs", "publish", "needs"), "build"),
    "another environment": ("environments", ("jobs", "publish", "environment", "name"), "pypi"),
    "an environment for the job that must not have one": (
        "environments",
        ("jobs", "rehearse-without-environment", "environment"),
        "publishing",
    ),
    "another name for the required check": ("required checks", ("jobs", "gate", "name"), "Build"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_the_workflow_is_seen(change: str, render: Render) -> None:
    """What is added to the release workflow, taken away or changed there differs from the table."""
    fact, (*parents, key), value = CHANGES[change]
    workflow = workflow_of(render, RELEASE_WORKFLOW)
    reduce(getitem, parents, workflow)[key] = value
    found, table = FACTS[fact]
    assert found(workflow) != table[RELEASE_WORKFLOW]


def unpinned(text: str) -> list[str]:
    """Return the actions that a workflow or an action uses without a full commit and the version behind it."""
    used = re.findall(r"uses: *(.*)", text)
    return [name for name in used if not re.fullmatch(r"[\w.-]+(?:/[\w.-]+)+@[0-9a-f]{40} # \S+", name)]


def test_every_action_is_pinned_by_commit(render: Render) -> None:
    """Each workflow and each action names other actions by their full commit, with the version as a comment."""
    files = [*ACTIONS.glob("*/action.yml"), *(render().path / ".github/workflows").iterdir()]
    texts = {file.name: file.read_text(encoding="utf-8") for file in files}
    assert sum(text.count("uses:") for text in texts.values()) > 10
    assert {name: found for name, text in texts.items() if (found := unpinned(text))} == {}


@pytest.mark.parametrize("uses", ["actions/checkout@v7", "./actions/x", "actions/checkout@3d3c42e", "docker://x:1"])
def test_an_action_that_is_not_pinned_is_found(uses: str) -> None:
    """A tag, a path, a short commit, and an image are each found."""
    assert unpinned(f"    - uses: {uses}\n") == [uses]


def test_no_step_of_the_publishing_job_runs_code_of_the_project(render: Render) -> None:
    """The publishing job checks nothing out, and its one script asks GitHub where the tag points."""
    steps = workflow_of(render, RELEASE_WORKFLOW)["jobs"]["publish"]["steps"]
    assert [step["uses"].partition("@")[0] for step in steps if "uses" in step] == [
        "actions/download-artifact",
        "pypa/gh-action-pypi-publish",
    ]
    (script,) = [step["run"] for step in steps if "run" in step]
    assert "commits/tags/" in script


def test_a_job_that_can_get_a_token_checks_nothing_out() -> None:
    """The dry run's action, which runs beside a token, has no checkout and runs uv alone."""
    steps = yaml.safe_load((ACTIONS / "rehearse/action.yml").read_text(encoding="utf-8"))["runs"]["steps"]
    used = {step["uses"].partition("@")[0] for step in steps if "uses" in step}
    assert used == {"actions/setup-python", "actions/download-artifact", "actions/upload-artifact"}
    scripts = [step["run"] for step in steps if "run" in step]
    assert [re.findall(r"launch\.py\" run (\S+)", script) for script in scripts] == [["uv"]]
