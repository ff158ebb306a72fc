"""Python environments for rendered projects: what they depend on is installed once and shared, they themselves never.

A project gets a virtual environment of its own, which sees the packages of a shared one and holds nothing but the wheel
that was just built from the project. So what is tested is what would be published, and no test waits for another.
"""

from __future__ import annotations

import json
import sys
import tomllib
from typing import TYPE_CHECKING

from conftest import VERSION, Once, Project, assert_tidy
from filelock import FileLock

if TYPE_CHECKING:
    from pathlib import Path


def dependencies(project: Project, python: Path, once: Once) -> Path:
    """Return the shared folder of the packages that a project is developed with: its dependencies and its tools."""
    pyproject = tomllib.loads(project.read("pyproject.toml"))
    key = json.dumps([str(python), pyproject["project"]["dependencies"], pyproject["dependency-groups"]])

    def make(folder: Path) -> None:
        project.run("uv", "venv", "--quiet", "--clear", "--python", python, folder)
        requirements = ("-r", "pyproject.toml", "--group", "dev")
        project.run("uv", "pip", "install", "--quiet", "--python", folder, *requirements)

    (packages,) = once(key, make).glob("lib/python*/site-packages")
    return packages


def install(project: Project, python: Path, environment: Path, once: Once) -> Path:
    """Install the wheel in a project's `dist` into a new environment, beside its tools; return the new Python."""
    project.run("uv", "venv", "--quiet", "--python", python, environment)
    (own,) = environment.glob("lib/python*/site-packages")
    (own / "shared.pth").write_text(f"{dependencies(project, python, once)}\n", encoding="utf-8")
    (wheel,) = project.path.glob("dist/*.whl")
    project.run("uv", "pip", "install", "--quiet", "--python", environment, "--no-deps", wheel)
    return environment / "bin/python"


def assert_green(project: Project, python: Path, environment: Path, once: Once) -> None:
    """Build a project at its tag, and run what CI runs for it, on a Python, and what PyPI asks of its metadata.

    Any finding fails the test. What mypy learns of the packages is shared by all projects.
    """
    assert_tidy(project)
    project.run("uv", "build", "--quiet", "--python", sys.executable, "--no-build-isolation")
    built = sorted(project.path.glob("dist/*-*"))
    assert [VERSION in path.name for path in built] == [True, True]
    project.run("twine", "check", "--strict", *built)
    project.run("poetry", "check", "--strict")
    project.run("validate-pyproject", "pyproject.toml")
    own = install(project, python, environment, once)
    for check in ("ruff check", "ruff format --check", "pytest"):
        project.run(own, "-m", *check.split())
    cache = once("mypy", lambda _: None)
    with FileLock(cache / f"{python.parent.parent.name}.lock"):  # mypy keeps what it knows by the version of Python
        project.run(own, "-m", "mypy", env={"MYPY_CACHE_DIR": str(cache)})
