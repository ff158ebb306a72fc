"""The action `setup` installs a project with Poetry or uv, and fails if it would run on another Python."""

import subprocess
from pathlib import Path

import pytest

from tests.support.projects import Project
from tests.support.steps import run_step

INSTALL = "Install the project and its tools"
MANAGER = """\
#!/bin/sh
echo "$(basename "$0") $*" >> "$CALLS"
case "$*" in *platform*) echo "$FOUND" ;; esac
"""


def set_up(folder: Path, manager: str, asked: str, found: str) -> subprocess.CompletedProcess[str]:
    """Run the step with package managers that note how they are called, and whose Python has the version `found`."""
    (folder / "bin").mkdir()
    for name in ("poetry", "uv"):
        (folder / "bin" / name).write_text(MANAGER, encoding="utf-8")
        (folder / "bin" / name).chmod(0o755)
    variables = {"PATH": f"{folder}/bin:/usr/bin:/bin", "CALLS": str(folder / "calls"), "FOUND": found}
    variables |= {"MANAGER": manager, "PYTHON_VERSION": asked}
    return run_step("setup", INSTALL, folder, folder, check=False, env=variables)


OWN = [  # the Python that the job asked for, at the precision that it asked with, and the one that the project runs on
    ("3.12", "3.12.4"), ("3.12.4", "3.12.4"), ("3", "3.12.4"), ("3.12.x", "3.12.4"), ("3.14t", "3.14.0"),
    ("3.15-dev", "3.15.0a2"), ("3.15", "3.15.0rc1"), ("3.15.0rc1", "3.15.0rc1"), ("pypy3.11", "3.11.9"),
]  # fmt: skip
OTHER = [("3.1", "3.12.4"), ("2.7", "3.12.4"), ("3.12", "3.11.4"), ("3.12.4", "3.12.40"), ("3.12", "")]


@pytest.mark.parametrize(("asked", "found"), OWN + OTHER)
def test_a_job_runs_on_its_own_python_or_fails(asked: str, found: str, tmp_path: Path) -> None:
    """A job fails if it runs on another Python than it asked for, which a `.python-version` may cause."""
    fits = (asked, found) in OWN
    done = set_up(tmp_path, "uv", asked, found)
    assert done.returncode == (0 if fits else 1), done.stdout
    refused = f"::error title=Another Python::The project runs on Python {found} and not on {asked}: remove"
    assert (refused in done.stdout) is not fits


CALLS = {
    "poetry": ["poetry install", "poetry run python -c"],
    "uv": ["uv sync --locked --no-managed-python --python 3.12", "uv run --no-sync python -c"],
}


@pytest.mark.parametrize("manager", CALLS)
def test_the_project_is_installed_with_its_package_manager(manager: str, tmp_path: Path) -> None:
    """Poetry installs the project by its lock if there is one, and uv by a lock that has to be current."""
    assert set_up(tmp_path, manager, "3.12", "3.12.4").returncode == 0
    made = (tmp_path / "calls").read_text(encoding="utf-8").splitlines()
    assert [call.partition(" import")[0] for call in made] == CALLS[manager]


def test_another_package_manager_is_refused(default: Project, tools: Path) -> None:
    """A package manager that the action does not know is named, with those that it knows."""
    step = "Install the package manager, each package with a known hash"
    done = run_step("setup", step, default.path, tools, check=False, env={"MANAGER": "pdm"})
    assert done.returncode == 1
    assert "package-manager is poetry or uv, not 'pdm'." in done.stdout
