"""The workflows are valid, safe and readable: the template's own, the plain ones and the rendered ones."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.simulation.act import validate
from tests.simulation.act_copy import LOCAL_ACTIONS
from tests.simulation.actions import ACTIONS as SIMULATED
from tests.simulation.expressions import Scope, is_condition_met
from tests.simulation.workflows import needed_jobs, parse_workflow
from tests.support.commands import run
from tests.support.editing import replace
from tests.support.paths import (
    ACTIONS,
    BUILD_WORKFLOW,
    RELEASE_WORKFLOW,
    RENOVATE_JSON,
    ROOT,
    TEST_WORKFLOW,
    WORKFLOWS,
    source,
)
from tests.support.projects import Project, Render

HOSTILE_ENVIRONMENT = "Zürich: {{ x }} # & | <b> $(id) $HOME % ü/🎵"


@pytest.fixture(scope="session", params=["own", "plain", "rendered", "rendered with hostile answers", "shared"])
def repository(request: pytest.FixtureRequest, render: Render, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with .github/workflows in it."""
    if request.param == "own":
        return ROOT
    if request.param == "rendered":
        return render().path
    if request.param == "plain":
        folder = tmp_path_factory.mktemp("plain") / WORKFLOWS
        folder.mkdir(parents=True)
        for path in (ROOT / source(WORKFLOWS)).glob("*.yaml"):
            shutil.copy(path, folder)
        shutil.copytree(render().path / ACTIONS, folder.with_name("actions"))
        return folder.parents[1]
    if request.param == "shared":
        return render(scope="ci", package_manager="uv").path
    return render(environment=HOSTILE_ENVIRONMENT, workflow_filename="0.Publish_to-PyPI.yml").path


def workflows(repository: Path) -> list[Path]:
    """Return the workflows of a repository; there is at least one."""
    found = sorted((repository / WORKFLOWS).glob("*.y*ml"))
    assert found
    return found


def test_zizmor_finds_nothing_as_an_auditor(repository: Path) -> None:
    """With its auditor persona, zizmor finds nothing in `.github`, where nothing allows an exception."""
    run("zizmor", "--offline", "--quiet", "--persona=auditor", "--strict-collection", ".github", cwd=repository)
    assert not list(repository.glob(".github/zizmor.*"))
    assert not [path for path in workflows(repository) if "zizmor: ignore" in path.read_text(encoding="utf-8")]


def test_githubs_language_service_finds_nothing(repository: Path, language_service: Path) -> None:
    """GitHub's language service finds no mistake in contexts, needs, expressions, permissions and events."""
    run("node", language_service / "check.mjs", *workflows(repository), cwd=repository)


def test_githubs_language_service_would_find_a_mistake(language_service: Path, render: Render, tmp_path: Path) -> None:
    """GitHub's language service finds a misspelled job in `needs`, so the check of all workflows can fail."""
    project = render().copy(tmp_path / "project")
    workflow = project.path / RELEASE_WORKFLOW
    replace(workflow, "needs: build", "needs: biuld")
    done = run("node", language_service / "check.mjs", workflow, cwd=tmp_path, check=False)
    assert done.returncode == 1
    assert "biuld" in done.stdout


def test_the_schemas_of_github_and_renovate_fit(repository: Path) -> None:
    """The workflows, actions and Renovate's configuration fit their schemas from SchemaStore."""
    run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows(repository), cwd=repository)
    for action in composite_actions(repository):
        run("check-jsonschema", "--builtin-schema", "vendor.github-actions", action, cwd=repository)
    if (repository / RENOVATE_JSON).exists():
        run("check-jsonschema", "--builtin-schema", "vendor.renovate", RENOVATE_JSON, cwd=repository)


def composite_actions(repository: Path) -> list[Path]:
    """Return the composite actions of a repository."""
    return sorted((repository / ACTIONS).glob("*/action.yml"))


def steps(file: Path) -> list[dict[str, str]]:
    """Return the steps of all jobs of a workflow, or of a composite action."""
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    return [step for part in content.get("jobs", {"": content.get("runs")}).values() for step in part.get("steps", [])]


def test_shellcheck_finds_nothing_in_any_run_block(repository: Path) -> None:
    """Shellcheck finds nothing, down to matters of style, in any `run` block of a workflow or action."""
    files = workflows(repository) + composite_actions(repository)
    scripts = [step["run"] for file in files for step in steps(file) if "run" in step]
    assert scripts
    for script in scripts:
        run("shellcheck", "--shell=bash", "--severity=style", "-", cwd=repository, stdin=script)


def test_no_answer_and_no_context_reaches_a_shell(repository: Path) -> None:
    """A `run` block holds no expression: values come to it through its environment."""
    for file in workflows(repository) + composite_actions(repository):
        assert not [step["run"] for step in steps(file) if "${{" in step.get("run", "")]


def test_permissions_begin_at_nothing_and_each_has_its_reason(repository: Path) -> None:
    """Each workflow has `permissions: {}` on top, and a comment behind every permission that a job gets."""
    for workflow in workflows(repository):
        text = workflow.read_text(encoding="utf-8")
        assert yaml.safe_load(text)["permissions"] == {}
        granted = re.findall(r"^ +[a-z-]+: (?:read|write)\b.*$", text, re.MULTILINE)
        assert [line for line in granted if not re.search(r" # \w+", line)] == []


def test_only_publishing_and_rehearsing_may_ask_for_a_token(default: Project) -> None:
    """Only the jobs that publish or rehearse may ask for an identity token; all but one name the environment."""
    jobs: dict[str, Any] = {}
    for workflow in workflows(default.path):
        jobs |= yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"]
    holders = {name: job for name, job in jobs.items() if job["permissions"].get("id-token") == "write"}
    assert holders.keys() == {"publish", "rehearse", "rehearse-without-environment"}
    assert holders["publish"]["permissions"] == {"id-token": "write"}
    for name, job in holders.items():
        environment = None if name == "rehearse-without-environment" else default.answers["environment"]
        assert job.get("environment", {}).get("name") == environment


@pytest.mark.parametrize(
    ("answers", "file", "job", "need"),
    [
        ({}, BUILD_WORKFLOW, "judge", "build"),
        ({}, TEST_WORKFLOW, "tested", "lint"),
        ({}, TEST_WORKFLOW, "tested", "test"),
        ({"scope": "ci", "package_manager": "poetry"}, TEST_WORKFLOW, "tested", "test"),
        ({"scope": "ci", "package_manager": "uv"}, TEST_WORKFLOW, "tested", "test"),
    ],
)
def test_a_required_check_fails_unless_what_it_needs_succeeded(
    answers: dict[str, str], file: str, job: str, need: str, render: Render
) -> None:
    """A required check always runs, since a skipped one counts as passed, and fails unless what it needs succeeded."""
    definition = parse_workflow(render(**answers).read(file))["jobs"][job]
    assert definition["name"] in ("Build", "Test")
    assert definition["steps"][0]["run"] == "exit 1"
    succeeded = {name: {"result": "success"} for name in needed_jobs(definition)}
    for result in ("success", "failure", "cancelled", "skipped"):
        needs = {"needs": succeeded | {need: {"result": result}}}
        assert is_condition_met(definition["if"], Scope(needs, "success" if result == "success" else "failure"))
        assert is_condition_met(definition["steps"][0]["if"], Scope(needs)) is (result != "success")


def test_an_imitated_action_is_the_version_that_is_pinned(default: Project) -> None:
    """Each imitated action has the pinned version: a new pin needs another look at the source and the imitation."""
    texts = [file.read_text(encoding="utf-8") for file in workflows(default.path) + composite_actions(default.path)]
    pinned = {match for text in texts for match in re.findall(r"uses: ([\w-]+/[\w-]+)@[0-9a-f]{40} # (\S+)", text)}
    assert pinned == {(name, action.version) for name, action in SIMULATED.items()}


def test_an_action_for_act_is_the_version_that_is_pinned() -> None:
    """The description and the script of each action for act name the pinned version.

    The script also names the source that was read.
    """
    pinned = {}
    for name in SIMULATED:
        folder = LOCAL_ACTIONS / name
        description = yaml.safe_load((folder / "action.yml").read_text(encoding="utf-8"))["description"]
        (script,) = folder.glob("*.py")
        (version,) = re.findall(rf"^{name} (v\S+) as far as", description)
        assert f"{name} {version}" in script.read_text(encoding="utf-8"), script
        assert re.search(r"`[\w./-]+\.(?:ts|sh)`", script.read_text(encoding="utf-8")), script
        pinned[name] = version
    assert pinned == {name: action.version for name, action in SIMULATED.items()}
    assert set(LOCAL_ACTIONS.glob("*/*")) == {LOCAL_ACTIONS / name for name in SIMULATED}


def test_act_finds_nothing_by_its_strict_schema(repository: Path) -> None:
    """Act's strict schema finds no wrong key, scope of a permission or function in a workflow."""
    assert [validate(workflow) for workflow in workflows(repository)] == [""] * len(workflows(repository))


MISTAKES = {"runs-on:": "run-on:", "contents: read": "content: read", "${{ github": "${{ f() }}"}


@pytest.mark.parametrize("mistake", MISTAKES.items(), ids=MISTAKES)
def test_act_would_find_a_mistake(mistake: tuple[str, str], render: Render, tmp_path: Path) -> None:
    """Act's strict schema finds each kind of mistake in each workflow, so the check of all workflows can fail."""
    for workflow in workflows(render().path):
        wrong = tmp_path / workflow.name
        shutil.copy(workflow, wrong)
        replace(wrong, *mistake)
        assert "not valid" in validate(wrong)
