"""The lock of the build backends forces no project: one command writes the project's own, and the build uses it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.editing import replace, replace_hashes
from tests.support.paths import BACKENDS_LOCK, CONSTRAINTS_SCRIPT, DOCS, OWN_BACKENDS_LOCK, PYPROJECT
from tests.support.projects import Project, build

COMMAND = f"uv run {CONSTRAINTS_SCRIPT}"
OWN_BACKEND = """\
[build-system]
requires = ["flit_core"]
build-backend = "backend"
backend-path = ["."]

[project]
name = "my-package"
version = "1"
description = "A backend of its own"
"""
BACKEND = """\
from flit_core.buildapi import *
get_requires_for_build_sdist = get_requires_for_build_wheel = lambda config_settings=None: ["iniconfig==2.0.0"]
"""


@pytest.fixture
def project(default: Project, tmp_path: Path) -> Project:
    """Return a copy of the default project, which a test may change."""
    return default.copy(tmp_path / "my-package")


def constraints(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the script with the Python of the tests, which has what it needs; it may fail."""
    return project.run(sys.executable, CONSTRAINTS_SCRIPT, *arguments, check=False)


def locked(project: Project) -> dict[str, str]:
    """Return the packages of the project's own lock and their versions; each has a hash."""
    text = project.read(OWN_BACKENDS_LOCK)
    pins = re.findall(r"^([\w.-]+)==(\S+).*\\\n    --hash=sha256:", text, re.MULTILINE)
    assert len(pins) == text.count("==")
    return dict(pins)


@pytest.mark.slow
def test_the_command_that_the_build_names_is_enough(project: Project) -> None:
    """The command that a failed build names locks an exactly pinned backend; a tampered hash is still refused."""
    replace(project.path / PYPROJECT, "poetry-core>=2.1,<3", "poetry-core==2.1.3")
    refused = build(project, check=False)
    assert refused.returncode
    sentence = f"{BACKENDS_LOCK} does not have that: run `{COMMAND}`, which writes {OWN_BACKENDS_LOCK}"
    assert (
        f"The build requires poetry-core==2.1.3, poetry-dynamic-versioning>=1.10,<2, and {sentence}" in refused.stderr
    )
    assert f"and {sentence}" in constraints(project, "--check").stderr
    written = constraints(project)
    assert written.stdout.startswith(f"Wrote {OWN_BACKENDS_LOCK} for poetry-core==2.1.3, ")
    assert constraints(project, "--check").stdout == f"{OWN_BACKENDS_LOCK} has what the build requires.\n"
    build(project)
    assert locked(project)["poetry-core"] == "2.1.3"
    replace_hashes(project.path / OWN_BACKENDS_LOCK, "poetry-core")
    tampered = build(project, check=False)
    assert tampered.returncode
    assert "DO NOT MATCH THE HASHES" in tampered.stdout + tampered.stderr
    assert COMMAND not in tampered.stdout + tampered.stderr


QUICK_BACKEND = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""


def require(project: Project, requirement: str) -> None:
    """Give the project a backend of its own that requires something when it builds, and nothing before."""
    project.write(PYPROJECT, QUICK_BACKEND)
    requires = "get_requires_for_build_sdist = get_requires_for_build_wheel"
    project.write("backend.py", f"{requires} = lambda config_settings=None: [{requirement!r}]\n")


def test_a_lock_is_missing_then_written_then_broken(project: Project) -> None:
    """`--check` tells a missing, a complete, and a broken lock apart, for a requirement that only the backend names."""
    require(project, "iniconfig==2.0.0")
    missing = f"The build requires iniconfig==2.0.0, and {BACKENDS_LOCK} does not have that: run `{COMMAND}`, which"
    assert constraints(project, "--check").stderr.startswith(missing)
    assert constraints(project).stdout.startswith(f"Wrote {OWN_BACKENDS_LOCK} for iniconfig==2.0.0. Commit it: ")
    assert locked(project) == {"iniconfig": "2.0.0"}
    assert constraints(project, "--check").stdout == f"{OWN_BACKENDS_LOCK} has what the build requires.\n"
    project.write(OWN_BACKENDS_LOCK, "<<<<<<< before\n")
    broken = constraints(project, "--check")
    assert broken.returncode == 1
    assert broken.stderr.startswith(
        "The build requires iniconfig==2.0.0, and pip refuses what it finds: ERROR: Invalid"
    )


def test_a_requirement_of_the_backend_that_does_not_exist_is_explained(project: Project) -> None:
    """If a requirement of the backend does not exist, the last line of the output says so, and no lock is written."""
    require(project, "iniconfig==99")
    done = constraints(project)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "uv finds no versions for iniconfig==99: see above, and correct `requires`."
    assert not (project.path / OWN_BACKENDS_LOCK).exists()


@pytest.mark.slow
def test_when_the_pin_moves_the_command_is_the_same(project: Project) -> None:
    """If a bot updates `requires` but not the lock, the build names the command that writes the lock again."""
    replace(project.path / PYPROJECT, "poetry-core>=2.1,<3", "poetry-core==2.1.2")
    assert constraints(project).returncode == 0
    replace(project.path / PYPROJECT, "poetry-core==2.1.2", "poetry-core==2.1.3")
    assert f"{OWN_BACKENDS_LOCK} does not have that: run `{COMMAND}`" in build(project, check=False).stderr
    assert constraints(project).returncode == 0
    assert locked(project)["poetry-core"] == "2.1.3"
    build(project)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pyproject", "files", "expected"),
    [
        ("", {"setup.py": "from setuptools import setup\nsetup(name='my-package')\n"}, {"setuptools"}),
        (OWN_BACKEND, {"backend.py": BACKEND}, {"flit-core", "iniconfig"}),
    ],
    ids=["no build-system", "a backend that requires more"],
)
def test_the_lock_has_all_that_the_build_requires(
    pyproject: str, files: dict[str, str], expected: set[str], project: Project
) -> None:
    """The lock has setuptools if there is no table [build-system], and what a backend requires only when it builds."""
    (project.path / PYPROJECT).unlink()
    for name, text in [*([(PYPROJECT, pyproject)] if pyproject else []), *files.items()]:
        project.write(name, text)
    assert constraints(project).returncode == 0
    assert set(locked(project)) == expected
    checked = constraints(project, "--check")
    assert checked.stdout == f"{OWN_BACKENDS_LOCK} has what the build requires.\n"
    if "iniconfig" in expected:
        (project.path / OWN_BACKENDS_LOCK).unlink()
        assert (
            f"The build requires iniconfig==2.0.0, and {BACKENDS_LOCK} does" in constraints(project, "--check").stderr
        )


@pytest.mark.parametrize(
    ("pyproject", "sentence"),
    [
        (None, "There is no pyproject.toml or setup.py at the top of the repository"),
        ("[build-system]\nrequires = 1\n", "The table [build-system] cannot be read: "),
        (
            '[build-system]\nrequires = []\nbuild-backend = "missing"\n',
            "The build backend does not tell its requirements: ",
        ),
        ("[build-system", "The table [build-system] cannot be read: "),
    ],
)
def test_what_cannot_be_locked_is_explained(pyproject: str | None, sentence: str, project: Project) -> None:
    """If the requirements cannot be read, the output begins with the cause, not a traceback; no lock is written."""
    (project.path / PYPROJECT).unlink()
    if pyproject is not None:
        project.write(PYPROJECT, pyproject)
    for arguments in ((), ("--check",)):
        done = constraints(project, *arguments)
        assert done.returncode == 1
        assert done.stderr.startswith(sentence)
    assert not (project.path / OWN_BACKENDS_LOCK).exists()


def test_in_a_workflow_the_error_is_an_annotation(project: Project) -> None:
    """In a workflow, the script prints the error as one annotation, which GitHub shows on the page of the run."""
    (project.path / PYPROJECT).unlink()
    command = (sys.executable, CONSTRAINTS_SCRIPT, "--check")
    done = project.run(*command, check=False, env={"GITHUB_ACTIONS": "true"})
    assert done.stdout.startswith("::error title=Build backend::There is no pyproject.toml or setup.py at the top")
    assert done.stdout.count("\n") == 1


def test_requirements_that_do_not_exist_are_explained(project: Project) -> None:
    """If a requirement does not exist, the script prints pip's output, then a sentence that names the requirement."""
    replace(project.path / PYPROJECT, "poetry-core>=2.1,<3", "poetry-core>=99")
    assert constraints(project, "--help").returncode == 0
    assert constraints(project, "--all").returncode == 2
    done = constraints(project)
    assert done.returncode == 1
    assert "ERROR: No matching distribution found for poetry-core>=99" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("pip cannot install poetry-core>=99, poetry-dynamic-versioning")


def test_without_its_packages_the_script_says_how_to_run_it(project: Project) -> None:
    """Without the packages that it needs, as with the system's Python, the script says how to run it."""
    done = project.run(sys.executable, "-S", CONSTRAINTS_SCRIPT, check=False)
    assert (
        done.stderr == "The package build is not installed: run this with `uv run` or `pipx run`, which install it.\n"
    )


def test_every_page_names_the_same_command() -> None:
    """The tutorial, the troubleshooting page, and the reference name the same command as the build's own error."""
    for page in ("tutorial/adopt.md", "how-to/troubleshoot.md", "reference/files.md"):
        assert COMMAND in (DOCS / page).read_text(encoding="utf-8"), page
