"""The workflows are valid, safe and readable: the template's own, the plain ones and the rendered ones.

`nox -s lint` runs zizmor and the schemas on the template's own.
"""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.simulation.act import validate
from tests.support.commands import run
from tests.support.paths import ACTIONS, RELEASE_WORKFLOW, RENOVATE_JSON, ROOT, WORKFLOWS
from tests.support.projects import Render

HOSTILE = {"environment": "Zürich: {{ x }} # & | <b> $(id) $HOME % ü/🎵", "workflow_filename": "0.Publish_to-PyPI.yml"}
RENDERED: dict[str, dict[str, str]] = {"rendered": {}, "with hostile answers": HOSTILE, "alone": {"scope": "release"}}


@pytest.fixture(params=RENDERED)
def rendered(request: pytest.FixtureRequest, render: Render) -> Path:
    """A rendered project."""
    return render(**RENDERED[request.param]).path


@pytest.fixture(params=["own", *RENDERED])
def workflows(request: pytest.FixtureRequest, render: Render) -> list[Path]:
    """The workflows of a repository."""
    folder = ROOT if request.param == "own" else render(**RENDERED[request.param]).path
    found = sorted((folder / WORKFLOWS).glob("*.y*ml"))
    assert found
    return found


@pytest.fixture
def files(workflows: list[Path]) -> list[Path]:
    """The workflows of a repository, and the actions beside the template's own."""
    return [*workflows, *(sorted(ACTIONS.glob("*/action.yml")) if workflows[0].is_relative_to(ROOT) else ())]


@pytest.fixture
def steps(files: list[Path]) -> list[dict[str, Any]]:
    """The steps that have a script."""
    contents = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in files]
    parts = [part for content in contents for part in content.get("jobs", {"": content.get("runs")}).values()]
    return [step for part in parts for step in part.get("steps", []) if "run" in step]


def test_zizmor_and_the_schemas_find_nothing(rendered: Path) -> None:
    """Zizmor finds nothing with its auditor persona, though nothing allows an exception, and the schemas fit."""
    assert not [path for path in (rendered / ".github").rglob("*.y*ml") if "zizmor" in path.read_text(encoding="utf-8")]
    run("zizmor", "--offline", "--quiet", "--persona=auditor", "--strict-collection", ".github", cwd=rendered)
    workflows = sorted((rendered / WORKFLOWS).glob("*.y*ml"))
    run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows, cwd=rendered)
    if (rendered / RENOVATE_JSON).exists():
        run("check-jsonschema", "--builtin-schema", "vendor.renovate", RENOVATE_JSON, cwd=rendered)


def test_githubs_language_service_finds_nothing(files: list[Path], language_service: Path) -> None:
    """GitHub's language service finds no mistake in contexts, needs, expressions, permissions, events and inputs."""
    run("node", language_service / "check.mjs", *files, cwd=ROOT)


def test_act_finds_nothing_by_its_strict_schema(workflows: list[Path]) -> None:
    """Act's strict schema finds no wrong key, scope of a permission or function in a workflow."""
    assert [validate(workflow) for workflow in workflows] == [""] * len(workflows)


def test_a_mistake_would_be_found(render: Render, language_service: Path, tmp_path: Path) -> None:
    """GitHub's language service finds a misspelled name in a workflow and in an action, and act a misspelled key."""
    text = (render().path / RELEASE_WORKFLOW).read_text(encoding="utf-8")
    action = (ACTIONS / "gate/action.yml").read_text(encoding="utf-8")
    workflow, wrong_action = tmp_path / "release.yaml", tmp_path / "action.yml"
    workflow.write_text(text.replace("needs: build", "needs: biuld"), encoding="utf-8")
    wrong_action.write_text(action.replace("inputs.artifact-id", "needs.biuld"), encoding="utf-8")
    done = run("node", language_service / "check.mjs", workflow, wrong_action, cwd=tmp_path, check=False)
    assert done.returncode == 1
    assert re.search(r"release\.yaml:.*biuld[^Z]*action\.yml:.*needs", done.stdout), done.stdout
    workflow.write_text(text.replace("runs-on:", "run-on:"), encoding="utf-8")
    assert "not valid" in validate(workflow)


def test_shellcheck_finds_nothing_in_any_run_block(steps: list[dict[str, Any]], tmp_path: Path) -> None:
    """Shellcheck finds nothing, down to matters of style, in any `run` block of a workflow or action."""
    for number, step in enumerate(steps):
        (tmp_path / f"{number}.sh").write_text(step["run"], encoding="utf-8")
    if steps:
        run("shellcheck", "--shell=bash", "--severity=style", *tmp_path.glob("*.sh"), cwd=tmp_path)


def test_no_answer_and_no_context_reaches_a_shell(steps: list[dict[str, Any]]) -> None:
    """A `run` block holds no expression: values come to it through its environment."""
    assert not [step["run"] for step in steps if "${{" in step["run"]]


def test_permissions_begin_at_nothing_and_each_has_its_reason(workflows: list[Path]) -> None:
    """Each workflow has `permissions: {}` on top, and a comment behind every permission that a job gets."""
    for workflow in workflows:
        text = workflow.read_text(encoding="utf-8")
        assert yaml.safe_load(text)["permissions"] == {}
        granted = re.findall(r"^ +[a-z-]+: (?:read|write)\b.*$", text, re.MULTILINE)
        assert [line for line in granted if not re.search(r" # \w+", line)] == []
