"""The workflows are valid, safe and readable: the template's own, the plain ones and the rendered ones.

`nox -s lint` runs zizmor and the schemas on the template's own. As an auditor, zizmor refuses any expression in a
script, and a workflow without `permissions` on top.
"""

import re
from pathlib import Path

import pytest
import yaml

from tests.support.commands import run
from tests.support.paths import ACTIONS, RELEASE_WORKFLOW, RENOVATE_JSON, ROOT, WORKFLOWS
from tests.support.projects import Render

HOSTILE = {"environment": "Zürich: {{ x }} # & | <b> $(id) $HOME % ü/🎵", "workflow_filename": "0.Publish_to-PyPI.yml"}
RENDERED: dict[str, dict[str, str]] = {"rendered": {}, "with hostile answers": HOSTILE, "alone": {"scope": "release"}}


@pytest.fixture(params=["own", *RENDERED])
def folder(request: pytest.FixtureRequest, render: Render) -> Path:
    """A repository: this one, or a rendered project."""
    return ROOT if request.param == "own" else render(**RENDERED[request.param]).path


@pytest.fixture
def files(folder: Path) -> list[Path]:
    """The workflows of a repository, and the template's own actions."""
    found = sorted((folder / WORKFLOWS).glob("*.y*ml"))
    assert found
    return found + (sorted(ACTIONS.glob("*/action.yml")) if folder == ROOT else [])


@pytest.mark.parametrize("folder", RENDERED, indirect=True)
def test_zizmor_and_the_schemas_find_nothing(folder: Path) -> None:
    """Zizmor finds nothing with its auditor persona, though nothing allows an exception, and the schemas fit."""
    workflows = sorted((folder / WORKFLOWS).glob("*.y*ml"))
    assert not [path for path in (folder / ".github").rglob("*.y*ml") if "zizmor" in path.read_text(encoding="utf-8")]
    run("zizmor", "--offline", "--quiet", "--persona=auditor", "--strict-collection", ".github", cwd=folder)
    run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows, cwd=folder)
    if (folder / RENOVATE_JSON).exists():
        run("check-jsonschema", "--builtin-schema", "vendor.renovate", RENOVATE_JSON, cwd=folder)


def test_githubs_language_service_finds_nothing(files: list[Path], language_service: Path) -> None:
    """GitHub's language service finds no mistake in contexts, needs, expressions, permissions, events and inputs."""
    run("node", language_service / "check.mjs", *files, cwd=ROOT)


def test_a_mistake_would_be_found(render: Render, language_service: Path, tmp_path: Path) -> None:
    """GitHub's language service finds a misspelled name in a workflow and in an action."""
    text = (render().path / RELEASE_WORKFLOW).read_text(encoding="utf-8")
    action = (ACTIONS / "gate/action.yml").read_text(encoding="utf-8")
    (tmp_path / "a.yaml").write_text(text.replace("needs: build", "needs: biuld"), encoding="utf-8")
    (tmp_path / "action.yml").write_text(action.replace("inputs.artifact-id", "needs.biuld"), encoding="utf-8")
    done = run("node", language_service / "check.mjs", "a.yaml", "action.yml", cwd=tmp_path, check=False)
    assert done.returncode == 1
    assert re.search(r"a\.yaml:.*biuld[^Z]*action\.yml:.*needs", done.stdout), done.stdout


@pytest.mark.parametrize("folder", ["own", "rendered"], indirect=True)
def test_shellcheck_finds_nothing_in_any_run_block(files: list[Path], tmp_path: Path) -> None:
    """Shellcheck finds nothing, down to matters of style, in any `run` block of a workflow or action."""
    contents = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in files]
    parts = [part for content in contents for part in content.get("jobs", {"": content.get("runs")}).values()]
    steps = [step for part in parts for step in part.get("steps", [])]
    for number, script in enumerate(step["run"] for step in steps if "run" in step):
        (tmp_path / f"{number}.sh").write_text(script, encoding="utf-8")
    run("shellcheck", "--shell=bash", "--severity=style", *tmp_path.glob("*.sh"), cwd=tmp_path)


def test_permissions_begin_at_nothing_and_each_has_its_reason(files: list[Path]) -> None:
    """Each workflow has `permissions: {}` on top, and a comment behind every permission that a job gets."""
    for workflow in [file for file in files if file.name != "action.yml"]:
        text = workflow.read_text(encoding="utf-8")
        assert yaml.safe_load(text)["permissions"] == {}
        granted = re.findall(r"^ +[a-z-]+: (?:read|write)\b.*$", text, re.MULTILINE)
        assert [line for line in granted if not re.search(r" # \w+", line)] == []
