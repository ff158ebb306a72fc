"""The workflows are valid, safe and readable: the template's own, the plain ones and the rendered ones."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.commands import run
from tests.support.editing import replace
from tests.support.paths import RELEASE_WORKFLOW, RENOVATE_JSON, ROOT, WORKFLOWS, source
from tests.support.projects import Project, Render

HOSTILE_ENVIRONMENT = "Zürich: {{ x }} # & | <b> $(id) $HOME % ü/🎵"


@pytest.fixture(scope="session", params=["own", "plain", "rendered", "rendered with hostile answers"])
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
        return folder.parents[1]
    return render(environment=HOSTILE_ENVIRONMENT, workflow_filename="0.Publish_to-PyPI.yml").path


def workflows(repository: Path) -> list[Path]:
    """Return the workflows of a repository; there is at least one."""
    found = sorted((repository / WORKFLOWS).glob("*.y*ml"))
    assert found
    return found


def test_zizmor_finds_nothing_as_an_auditor(repository: Path) -> None:
    """Without an exception anywhere."""
    run("zizmor", "--offline", "--quiet", "--persona=auditor", "--strict-collection", ".github", cwd=repository)
    assert not list(repository.glob(".github/zizmor.*"))
    assert not [path for path in workflows(repository) if "zizmor: ignore" in path.read_text(encoding="utf-8")]


def test_githubs_language_service_finds_nothing(repository: Path, language_service: Path) -> None:
    """Contexts, needs, expressions, permissions and events."""
    run("node", language_service / "check.mjs", *workflows(repository), cwd=repository)


def test_githubs_language_service_would_find_a_mistake(language_service: Path, render: Render, tmp_path: Path) -> None:
    """The check above can fail."""
    project = render().copy(tmp_path / "project")
    workflow = project.path / RELEASE_WORKFLOW
    replace(workflow, "needs: build", "needs: biuld")
    done = run("node", language_service / "check.mjs", workflow, cwd=tmp_path, check=False)
    assert done.returncode == 1
    assert "biuld" in done.stdout


def test_the_schemas_of_github_and_renovate_fit(repository: Path) -> None:
    """As SchemaStore keeps them."""
    run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows(repository), cwd=repository)
    if (repository / RENOVATE_JSON).exists():
        run("check-jsonschema", "--builtin-schema", "vendor.renovate", RENOVATE_JSON, cwd=repository)


def steps(workflow: Path) -> list[dict[str, str]]:
    """Return the steps of all jobs of a workflow."""
    jobs = yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"]
    return [step for job in jobs.values() for step in job.get("steps", [])]


def test_shellcheck_finds_nothing_in_any_run_block(repository: Path) -> None:
    """With every optional check that does not contradict bash."""
    scripts = [step["run"] for workflow in workflows(repository) for step in steps(workflow) if "run" in step]
    assert scripts
    for script in scripts:
        run("shellcheck", "--shell=bash", "--severity=style", "-", cwd=repository, stdin=script)


def test_no_answer_and_no_context_reaches_a_shell(repository: Path) -> None:
    """A `run` block holds no expression: values come to it through its environment."""
    for workflow in workflows(repository):
        assert not [step["run"] for step in steps(workflow) if "${{" in step.get("run", "")]


def test_permissions_begin_at_nothing_and_each_has_its_reason(repository: Path) -> None:
    """`permissions: {}` on top, and a comment behind every one that a job gets."""
    for workflow in workflows(repository):
        text = workflow.read_text(encoding="utf-8")
        assert yaml.safe_load(text)["permissions"] == {}
        granted = re.findall(r"^ +[a-z-]+: (?:read|write)\b.*$", text, re.MULTILINE)
        assert [line for line in granted if not re.search(r" # \w+", line)] == []


def test_only_publishing_and_rehearsing_may_ask_for_a_token(default: Project) -> None:
    """Neither builds nor runs code of the project."""
    jobs: dict[str, Any] = {}
    for workflow in workflows(default.path):
        jobs |= yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"]
    holders = {name: job for name, job in jobs.items() if job["permissions"].get("id-token") == "write"}
    assert holders.keys() == {"publish", "rehearse"}
    assert holders["publish"]["permissions"] == {"id-token": "write"}
    for job in holders.values():
        assert job["environment"]["name"] == default.answers["environment"]
