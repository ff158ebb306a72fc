"""Python environments for rendered projects: their dependencies are installed once and shared, they themselves never.

A project gets a separate virtual environment, which sees the packages of a shared one and holds nothing but the wheel
that was just built from the project. So the tests run against what would be published, and no test waits for another.
"""

import json
import os
import sys
import tomllib
from contextlib import chdir
from pathlib import Path

from filelock import FileLock
from twine.commands.check import check as check_description
from validate_pyproject.api import Validator

from meltano_release.gate import judge
from tests.support.commands import ENVIRONMENT
from tests.support.folder_cache import FolderCache
from tests.support.paths import PYPROJECT
from tests.support.projects import VERSION, Project, assert_clean_whitespace

VALIDATOR = Validator()  # of validate-pyproject
# What coverage installs for the processes that a test starts; Python reads no such file in the shared packages.
START_COVERAGE = 'import os; os.getenv("COVERAGE_PROCESS_CONFIG") and __import__("coverage").process_startup()'


def shared_packages(project: Project, python: Path, once: FolderCache) -> Path:
    """Return the folder with the packages that a project is developed with, installed for a Python."""
    pyproject = tomllib.loads(project.read(PYPROJECT))
    key = json.dumps([str(python), pyproject["project"]["dependencies"], pyproject["dependency-groups"]])

    def install_packages(folder: Path) -> None:
        project.run("uv", "venv", "--quiet", "--clear", "--python", python, folder)
        requirements = ("-r", PYPROJECT, "--group", "dev")
        project.run("uv", "pip", "install", "--quiet", "--python", folder, *requirements)

    (packages,) = once(key, install_packages).glob("lib/python*/site-packages")
    return packages


def pretend_install(project: Project, name: str) -> None:
    """Give a project the metadata of an installed package, which git ignores: tests that edit it run its sources."""
    (package,) = project.path.glob("src/*")
    metadata = package.with_name(f"{package.name}-{VERSION}.dist-info") / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {VERSION}\n", encoding="utf-8")
    (metadata.parent / ".gitignore").write_text("*\n", encoding="utf-8")


def install_wheel(project: Project, python: Path, environment: Path, once: FolderCache) -> Path:
    """Install the wheel of a project's `dist` into a new environment beside the shared packages; return its Python."""
    project.run("uv", "venv", "--quiet", "--python", python, environment)
    (own,) = environment.glob("lib/python*/site-packages")
    lines = f"{shared_packages(project, python, once)}\n{START_COVERAGE}\n"
    (own / "shared.pth").write_text(lines, encoding="utf-8")
    (wheel,) = project.path.glob("dist/*.whl")
    project.run("uv", "pip", "install", "--quiet", "--python", environment, "--no-deps", wheel)
    return environment / "bin/python"


def assert_passes_all_checks(
    project: Project, python: Path, environment: Path, once: FolderCache, *, is_covered: bool = True
) -> None:
    """Build a project at its tag and run all that its CI runs, on a Python, and the checks of its metadata.

    Any finding fails the test, and too little coverage, unless its tests are known to reach less. All projects share
    mypy's cache.
    """
    assert_clean_whitespace(project)
    project.run("uv", "build", "--quiet", "--python", sys.executable, "--no-build-isolation")
    built = sorted(project.path.glob("dist/*-*"))
    assert [VERSION in path.name for path in built] == [True, True]
    assert not check_description([str(path) for path in built], strict=True)
    with chdir(project.path):
        assert judge(Path("dist"), {}).problems == []
    VALIDATOR(tomllib.loads(project.read(PYPROJECT)))
    own = install_wheel(project, python, environment, once)
    project.run(own, "-m", "pytest", *(("--cov", "--cov-report=") if is_covered else ()))
    tools = shared_packages(project, python, once).parents[2] / "bin"
    cache = once("mypy", lambda _: None)
    variables = {"PATH": os.pathsep.join([str(tools), ENVIRONMENT["PATH"]]), "MYPY_CACHE_DIR": str(cache)}
    with FileLock(cache / f"{python.parent.parent.name}.lock"):  # mypy's cache has a folder for each Python
        project.run(tools / "nox", "-s", "lint", env=variables)
