"""What act does not know of a workflow is compared with a table: permissions, triggers, concurrency, environments.

`workflows.yml` is the table. It is compared for equality, so that nothing can be added unseen.
"""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from meltano_release.pythons import find_pythons
from tests.simulation.workflows import Workflow, parse_workflow
from tests.support.paths import ACTIONS, DOCS, PYPROJECT, RELEASE_WORKFLOW, TEST_WORKFLOW, WORKFLOWS
from tests.support.projects import Render
from tests.support.steps import BUILDING, script

TABLE = Path(__file__).with_name("workflows.yml").read_text(encoding="utf-8")


def facts(text: str) -> Workflow:
    """Return all that a workflow has beside the descriptions of its inputs, and what its steps are called and do."""
    workflow = parse_workflow(text)
    for given in ((workflow["on"].get("workflow_dispatch") or {}).get("inputs") or {}).values():
        del given["description"]
    for job in workflow["jobs"].values():
        kept = [{key: step[key] for key in step.keys() - {"env", "id", "name", "run", "uses"}} for step in job["steps"]]
        job["steps"] = [step for step in kept if step]
    return workflow


@pytest.mark.parametrize(
    "answers",
    [{}, {"scope": "release"}, {"kind": "tap", "repository": "tap-x"}],
    ids=["library", "release", "tap"],
)
def test_a_workflow_has_exactly_what_the_table_says(answers: dict[str, str], render: Render) -> None:
    """A workflow has the permissions, triggers, conditions and so on of the table, no less and no more."""
    project = render(**answers)
    found = {
        f"{WORKFLOWS}/{file.name}": facts(file.read_text("utf-8")) for file in (project.path / WORKFLOWS).iterdir()
    }
    expected = yaml.safe_load(TABLE.replace("my-package", project.answers["repository"]))
    assert found == ({RELEASE_WORKFLOW: expected[RELEASE_WORKFLOW]} if "scope" in answers else expected)


def test_a_pull_request_runs_few_jobs_and_a_release_uploads_in_its_third(render: Render) -> None:
    """A pull request of a new tap runs nine jobs at most, and two jobs come before the one that publishes."""
    project = render(kind="tap", repository="tap-x")
    release, test = (parse_workflow(project.read(name))["jobs"] for name in (RELEASE_WORKFLOW, TEST_WORKFLOW))
    judged = [name for name, job in release.items() if job.get("needs", "build") == "build"]
    assert judged == ["build", "gate"]
    assert not any("github.event_name" in release[name]["if"] for name in judged)
    pythons, _ = find_pythons(tomllib.loads(project.read(PYPROJECT)))
    assert len(judged) + len(test.keys() - {"test"}) + len(pythons) <= 9
    assert release["publish"]["needs"] == "gate"


def test_no_code_of_the_project_runs_beside_a_token(render: Render) -> None:
    """The publishing job and the dry run check nothing out; one asks GitHub where the tag is, the other runs uv."""
    publishing = parse_workflow(render().read(RELEASE_WORKFLOW))["jobs"]["publish"]["steps"]
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
