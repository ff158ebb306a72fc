"""What act does not know of a workflow is compared with tables: permissions, triggers, concurrency, environments, pins.

The tables are compared for equality, so that nothing can be added unseen; each comparison is seen to fail.
"""

import copy
import re
from functools import reduce
from operator import getitem
from typing import Any

import pytest
import yaml

from tests.simulation.workflows import Workflow, parse_workflow
from tests.support.paths import ACTIONS, DOCS, RELEASE_WORKFLOW, TEST_WORKFLOW
from tests.support.projects import Render
from tests.support.steps import BUILDING, script

OURS = "github.event.repository.fork == false || github.repository == 'MeltanoLabs/my-package'"
READ, TOKEN = {"contents": "read"}, {"id-token": "write"}
PUSHES: dict[str, Any] = {"pull_request": None, "merge_group": None, "push": {"branches": ["main", "master"]}}
BY_HAND = {"inputs": {"package_name": {"required": True, "type": "string"}}}
REHEARSE, WITHOUT_ENVIRONMENT = "Rehearse the exchange of the token", "Ask for a token without the environment"
PYTHON = "Python ${{ matrix.python }}"
ALL_OTHERS = ["build", "gate", "publish", "attach", "rehearse", "rehearse-without-environment"]
CANCELED = "${{ github.event_name == 'pull_request' }}"
TOP = {  # the events, and the concurrency
    RELEASE_WORKFLOW: (
        PUSHES | {"release": {"types": ["published"]}, "workflow_dispatch": BY_HAND},
        {"group": "release-${{ github.event_name }}-${{ github.ref }}", "cancel-in-progress": CANCELED},
    ),
    TEST_WORKFLOW: (PUSHES, {"group": "test-${{ github.ref }}", "cancel-in-progress": CANCELED}),
}
REPORTED = (
    "always() && needs.build.result != 'skipped' && "
    "(github.event_name == 'release' || github.event_name == 'workflow_dispatch')"
)
JOBS: dict[str, dict[str, tuple[Any, ...]]] = {  # name, what it needs, environment, permissions, minutes, condition
    RELEASE_WORKFLOW: {
        "build": ("Build", [], "", READ, 15, OURS),
        "gate": ("Release gate", ["build"], "", READ, 10, f"always() && ({OURS})"),  # which a branch requires
        "publish": ("Publish to PyPI", ["gate"], "publishing", READ | TOKEN, 15, "github.event_name == 'release'"),
        "attach": ("Attach to the GitHub release", ["gate", "publish"], "", {"contents": "write"}, 15, ""),
        "rehearse": (REHEARSE, ["gate"], "publishing", TOKEN, 15, "github.event_name == 'workflow_dispatch'"),
        "rehearse-without-environment": (WITHOUT_ENVIRONMENT, ["gate", "rehearse"], "", TOKEN, 15, ""),
        "report": ("Say in words what happened", ALL_OTHERS, "", READ, 15, REPORTED),
    },
    TEST_WORKFLOW: {
        "lint": ("Lint", [], "", READ, None, ""),
        "test": (PYTHON, ["lint"], "", READ, 30, "always() && needs.lint.outputs.pythons != ''"),
        "tested": ("Test", ["lint", "test"], "", None, None, "always()"),  # which a branch requires
    },
}
OTHER_KEYS = {"outputs", "runs-on", "steps", "strategy"}  # of a job


def facts_of_job(job: dict[str, Any]) -> tuple[Any, ...]:
    """Return what the table has of a job, and further keys that it does not know."""
    needs, environment = job.get("needs", []), job.get("environment", "")
    known = (
        job["name"],
        [needs] if isinstance(needs, str) else needs,
        environment["name"] if isinstance(environment, dict) else environment,
        job.get("permissions"),
        job.get("timeout-minutes"),
        job.get("if", ""),
    )
    keys = {"name", "needs", "environment", "permissions", "timeout-minutes", "if"}
    return (*known, *sorted(job.keys() - keys - OTHER_KEYS))


def facts(workflow: Workflow) -> tuple[Any, ...]:
    """Return what the tables have of a workflow: events, permissions of every job, concurrency, jobs, further keys."""
    found = copy.deepcopy(workflow)
    for given in ((found["on"].get("workflow_dispatch") or {}).get("inputs") or {}).values():
        del given["description"]
    jobs = {name: facts_of_job(job) for name, job in found["jobs"].items()}
    return found["on"], found["permissions"], found["concurrency"], jobs, len(found)


def expected(file: str) -> tuple[Any, ...]:
    """Return what the tables say of a workflow, which has five keys."""
    events, concurrency = TOP[file]
    return events, {}, concurrency, JOBS[file], 5


def workflow_of(render: Render, file: str) -> Workflow:
    """Return a workflow of the default project."""
    return parse_workflow(render().read(file))


@pytest.mark.parametrize("file", JOBS)
def test_a_workflow_has_exactly_what_the_table_says(file: str, render: Render) -> None:
    """A workflow has the permissions, triggers, conditions and so on of the table, no less and no more."""
    assert facts(workflow_of(render, file)) == expected(file)


@pytest.mark.parametrize(
    "answers",
    [{"scope": "release"}, {"kind": "tap", "repository": "tap-x"}],
    ids=lambda answers: "-".join(answers.values()),
)
def test_every_project_has_the_same_permissions(answers: dict[str, str], render: Render) -> None:
    """The answers do not change the permissions of any job."""
    project = render(**answers)
    files = sorted(file.relative_to(project.path).as_posix() for file in (project.path / ".github/workflows").iterdir())
    assert files == [RELEASE_WORKFLOW, TEST_WORKFLOW][: len(files)]
    for file in files:
        jobs = parse_workflow(project.read(file))["jobs"]
        assert {name: facts_of_job(job)[:5] for name, job in jobs.items()} == {
            name: job[:5] for name, job in JOBS[file].items()
        }


CHANGES: dict[str, tuple[str, Any]] = {  # where it is changed, and to what
    "a permission for the project's code": ("jobs/build/permissions/contents", "write"),
    "one more permission": ("jobs/gate/permissions/actions", "read"),
    "permissions for every job": ("permissions/contents", "read"),
    "a trigger with secrets": ("on/pull_request_target", None),
    "a name that need not be typed": ("on/workflow_dispatch/inputs/package_name/required", False),
    "a canceled upload": ("concurrency/cancel-in-progress", True),
    "forks": ("jobs/build/if", "true"),
    "a gate that can be skipped": ("jobs/gate/if", OURS),
    "publishing that does not wait for the gate": ("jobs/publish/needs", "build"),
    "an environment too many": ("jobs/rehearse-without-environment/environment", "publishing"),
    "another name for the required check": ("jobs/gate/name", "Build"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_the_workflow_is_seen(change: str, render: Render) -> None:
    """What is added to the release workflow, taken away or changed there differs from the table."""
    path, value = CHANGES[change]
    *parents, key = path.split("/")
    workflow = workflow_of(render, RELEASE_WORKFLOW)
    reduce(getitem, parents, workflow)[key] = value
    assert facts(workflow) != expected(RELEASE_WORKFLOW)


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


def test_no_code_of_the_project_runs_beside_a_token(render: Render) -> None:
    """The publishing job and the dry run check nothing out; one asks GitHub where the tag is, the other runs uv."""
    publishing = workflow_of(render, RELEASE_WORKFLOW)["jobs"]["publish"]["steps"]
    rehearsing = yaml.safe_load((ACTIONS / "rehearse/action.yml").read_text(encoding="utf-8"))["runs"]["steps"]
    used = [{step["uses"].partition("@")[0] for step in steps if "uses" in step} for steps in (publishing, rehearsing)]
    assert used == [
        {"actions/download-artifact", "pypa/gh-action-pypi-publish"},
        {"actions/setup-python", "actions/download-artifact", "actions/upload-artifact"},
    ]
    (asks,), (exchanges,) = ([step["run"] for step in steps if "run" in step] for steps in (publishing, rehearsing))
    assert "commits/tags/" in asks
    assert re.findall(r"launch\.py\" run (\S+)", exchanges) == ["uv"]


def test_the_build_has_no_problem_matchers() -> None:
    """The matchers of setup-python, which work between stopped commands, are removed before the build."""
    text = script("build", BUILDING)
    assert (
        0 < text.index('"::remove-matcher owner=python::"') < text.index("::stop-commands::") < text.index("uv build")
    )


@pytest.mark.parametrize("name", [path.parent.name for path in sorted(ACTIONS.glob("*/action.yml"))])
def test_the_reference_lists_the_inputs_and_outputs_of_an_action(name: str) -> None:
    """The reference has each input, whether it is required, and each output, and no others."""
    action = yaml.safe_load((ACTIONS / name / "action.yml").read_text(encoding="utf-8"))
    section = (DOCS / "reference/actions.md").read_text(encoding="utf-8").partition(f"## `{name}`\n")[2]
    rows = re.findall(r"^\| (input|output) `(.+?)` \| (.*) \|$", section.partition("\n## ")[0], re.MULTILINE)
    assert {given: "required" in text for kind, given, text in rows if kind == "input"} == {
        given: one.get("required", False) for given, one in action.get("inputs", {}).items()
    }
    assert {given for kind, given, _ in rows if kind == "output"} == action.get("outputs", {}).keys()
