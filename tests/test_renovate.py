"""The real Renovate accepts the rendered configuration, and finds in a project what it should and nothing else."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.commands import run
from tests.support.once import Once
from tests.support.paths import (
    ANSWERS_FILE,
    DOCS,
    PRE_COMMIT,
    PYPROJECT,
    RENOVATE_JSON,
    RENOVATE_PACKAGE,
    TEST_WORKFLOW,
    WORKFLOWS,
)
from tests.support.projects import Project, Render

URL = "https://github.com/MeltanoLabs/meltano-package-template.git"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def renovate(once: Once) -> Path:
    """The folder of Renovate's commands, installed by npm."""

    def install(folder: Path) -> None:
        shutil.copy(RENOVATE_PACKAGE, folder)
        run("npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", cwd=folder)

    return once("renovate", install) / "node_modules/.bin"


def extracted(project: Project, renovate: Path) -> dict[str, set[str]]:
    """Return what Renovate would keep up to date: the names of the dependencies, by file."""
    logged = project.run(
        renovate / "renovate",
        "--platform=local",
        "--dry-run=extract",
        env={"LOG_LEVEL": "debug", "LOG_FORMAT": "json"},
    ).stdout
    lines: list[dict[str, Any]] = [json.loads(line) for line in logged.splitlines() if line.startswith("{")]
    (found,) = (line["packageFiles"] for line in lines if line["msg"] == "Extracted dependencies")
    return {
        file["packageFile"]: {dependency["depName"] for dependency in file["deps"]}
        for files in found.values()
        for file in files
    }


def test_renovates_own_validator_accepts_the_configuration(render: Render, renovate: Path) -> None:
    """Strictly: an option that was renamed is an error, too."""
    project = render()
    run(renovate / "renovate-config-validator", "--strict", "--no-global", RENOVATE_JSON, cwd=project.path)


@pytest.mark.parametrize("scope", ["package", "release"])
def test_renovate_moves_the_template_and_the_projects_own_pins_alone(
    scope: str, render: Render, renovate: Path, tmp_path: Path
) -> None:
    """It leaves the template's workflows and constraints alone, and updates the project's own workflow."""
    project = render(scope=scope).copy(tmp_path / "my-package")
    lines = [line for line in project.read(ANSWERS_FILE).splitlines() if not line.startswith(("_src_path", "_commit"))]
    project.write(ANSWERS_FILE, "\n".join([f"_src_path: {URL}", "_commit: v1.0.0", *lines, ""]))
    project.write(
        f"{WORKFLOWS}/docs.yaml",
        "on: push\njobs:\n  docs:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: actions/checkout@v7.0.0\n",
    )
    if scope == "release":  # an adopted repository keeps its own configuration; the how-to has what to add
        text = (DOCS / "how-to/renovate.md").read_text(encoding="utf-8")
        addition = text.partition('```json title="renovate.json"\n')[2].partition("```")[0]
        project.write(RENOVATE_JSON, addition)
    project.init()
    found = extracted(project, renovate)
    assert found[ANSWERS_FILE] == {URL}
    workflows = {file: names for file, names in found.items() if file.startswith(".github/")}
    own = {f"{WORKFLOWS}/docs.yaml"} | ({TEST_WORKFLOW} if scope == "package" else set())
    assert {file: names - {"ubuntu"} for file, names in workflows.items()} == {
        file: {"actions/checkout"} for file in own
    }
    if scope == "package":
        assert found[PYPROJECT] >= {"mypy", "pytest", "ruff"}
        assert found[PRE_COMMIT] == {"astral-sh/ruff-pre-commit", "pre-commit/mirrors-mypy"}
