"""The workflows are valid, safe and readable: the template's own, the plain ones and the rendered ones."""

import re
import shutil
from pathlib import Path

import pytest
import yaml

from tests.simulation.act import validate
from tests.simulation.act_copy import LOCAL_ACTIONS
from tests.support.commands import run
from tests.support.editing import replace
from tests.support.paths import ACTIONS, RELEASE_WORKFLOW, RENOVATE_JSON, ROOT, WORKFLOWS
from tests.support.projects import Render

HOSTILE_ENVIRONMENT = "Zürich: {{ x }} # & | <b> $(id) $HOME % ü/🎵"


SIMULATED = {path.relative_to(LOCAL_ACTIONS).as_posix() for path in LOCAL_ACTIONS.glob("*/*")}


@pytest.fixture(scope="session", params=["own", "rendered", "rendered with hostile answers", "release alone"])
def repository(request: pytest.FixtureRequest, render: Render) -> Path:
    """A folder with .github/workflows in it."""
    if request.param == "own":
        return ROOT
    if request.param == "rendered":
        return render().path
    if request.param == "release alone":
        return render(scope="release").path
    return render(environment=HOSTILE_ENVIRONMENT, workflow_filename="0.Publish_to-PyPI.yml").path


def workflows(repository: Path) -> list[Path]:
    """Return the workflows of a repository; there is at least one."""
    found = sorted((repository / WORKFLOWS).glob("*.y*ml"))
    assert found
    return found


def test_zizmor_finds_nothing_as_an_auditor(repository: Path) -> None:
    """With its auditor persona, zizmor finds nothing in workflows and actions, where nothing allows an exception."""
    audit = ("zizmor", "--offline", "--quiet", "--persona=auditor", "--strict-collection")
    run(*audit, ".github", *composite_actions(repository), cwd=repository)
    assert not list(repository.glob(".github/zizmor.*"))
    assert not [path for path in workflows(repository) if "zizmor: ignore" in path.read_text(encoding="utf-8")]


def test_githubs_language_service_finds_nothing(repository: Path, language_service: Path) -> None:
    """GitHub's language service finds no mistake in contexts, needs, expressions, permissions, events and inputs."""
    files = workflows(repository) + composite_actions(repository)
    run("node", language_service / "check.mjs", *files, cwd=repository)


@pytest.mark.parametrize("name", ["release.yaml", "action.yml"])
def test_githubs_language_service_would_find_a_mistake(
    name: str, language_service: Path, render: Render, tmp_path: Path
) -> None:
    """GitHub's language service finds a misspelled name in a workflow and in an action, so that its check can fail."""
    workflow = render().path / RELEASE_WORKFLOW
    wrong = tmp_path / WORKFLOWS / name
    wrong.parent.mkdir(parents=True)
    shutil.copy(workflow if name == workflow.name else ACTIONS / "gate" / name, wrong)
    replace(wrong, "needs: build" if name == workflow.name else "inputs.artifact-id", "needs: biuld")
    done = run("node", language_service / "check.mjs", wrong, cwd=tmp_path, check=False)
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
    return sorted(ACTIONS.glob("*/action.yml")) if repository == ROOT else []


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


def test_an_action_has_one_pin_and_one_imitation(render: Render) -> None:
    """Every action of others has the same pin wherever it is used, and an imitation that names the source it follows.

    A bot that moves a pin needs to change nothing else.
    """
    texts = [file.read_text(encoding="utf-8") for file in [*workflows(render().path), *composite_actions(ROOT)]]
    pinned = {match for text in texts for match in re.findall(r"uses: ([\w-]+/[\w-]+)@([0-9a-f]{40} # \S+)", text)}
    assert {name for name, _ in pinned} == SIMULATED
    assert len(pinned) == len(SIMULATED)
    for name in SIMULATED:
        (script,) = (LOCAL_ACTIONS / name).glob("*.py")
        assert re.search(rf"{name} v\d[^`]*`[\w./-]+\.(?:ts|sh)`", script.read_text(encoding="utf-8")), script


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
