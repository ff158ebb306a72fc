"""The default project passes all checks when created, with no edit, and its builds are reproducible."""

import re
import shutil
import sys
import tarfile
from filecmp import cmpfiles
from pathlib import Path

import pytest

from tests.support.combinations import REPOSITORIES
from tests.support.commands import run
from tests.support.folder_cache import FolderCache
from tests.support.interpreters import interpreters
from tests.support.paths import LICENSE, PYPROJECT, README
from tests.support.projects import SDIST, TAG, VERSION, WHEEL, Project, Render, build


def test_poetry_installs_it_and_its_tools_pass(default: Project, tmp_path: Path) -> None:
    """All checks pass after `poetry install`, the README's one command; a second install records the tag's version.

    The README says that the first one may not.
    """
    project = default.copy(tmp_path / "my-package")
    project.run("poetry", "install")
    project.run("poetry", "run", "nox")
    version = project.run("poetry", "run", "my-package", "--version").stdout.split()[-1]
    assert version in {VERSION, "0.0.0"}
    project.run("poetry", "install")
    assert project.run("poetry", "run", "my-package", "--version").stdout.split()[-1] == VERSION


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[] if kind == "library" else pytest.mark.slow) for kind in REPOSITORIES]
)
def test_uv_installs_checks_and_builds_it(kind: str, render: Render, tmp_path: Path) -> None:
    """The README's commands for uv work as they stand, and so do a build and the noxfile as a script.

    On GitHub, the latter also puts the coverage into the summary.
    """
    project = render(kind=kind, repository=REPOSITORIES[kind]).copy(tmp_path / "project").init()
    commands = project.read(README).partition("Or use [uv]")[2].partition("```shell\n")[2].partition("```")[0]
    assert commands.startswith("uv sync\n")
    run("bash", "-euc", f"{commands}uv build", cwd=project.path)
    assert [VERSION in path.name for path in project.path.glob("dist/*-*")] == [True, True]
    if kind == "library":
        summary = tmp_path / "summary"
        project.run("uv", "run", "noxfile.py", "-s", "tests", env={"GITHUB_STEP_SUMMARY": str(summary)})
        assert "| **TOTAL** | **27** |" in re.sub(" +", " ", summary.read_text(encoding="utf-8"))
    assert project.run("git", "status", "--porcelain").stdout == "?? uv.lock\n"


def test_a_build_without_a_clone_has_the_version(default: Project, tmp_path: Path) -> None:
    """An archive as GitHub makes it has the version of its tag, or of its commit; any other folder takes a variable."""
    project = default.copy(tmp_path / "project")
    project.commit("After the tag")
    build_wheel = ("uv", "build", "--wheel", "--python", sys.executable, "--no-build-isolation")
    for commit, version in {TAG: VERSION, "HEAD": f"{VERSION}.post1.dev0+"}.items():
        archive = Project(tmp_path / commit, {})
        archive.path.mkdir()
        project.run("git", "archive", "--output", archive.path / "archive.tar", commit)
        archive.run("tar", "xf", "archive.tar")
        archive.run(*build_wheel)
        assert [path.name.split("-")[1].startswith(version) for path in archive.path.glob("dist/*.whl")] == [True]
    shutil.rmtree(project.path / ".git")
    assert "This does not appear to be a Git project" in project.run(*build_wheel, check=False).stderr
    project.run(*build_wheel, env={"POETRY_DYNAMIC_VERSIONING_BYPASS": "4.5.6"})
    assert [path.name.split("-")[1] for path in project.path.glob("dist/*.whl")] == ["4.5.6"]


@pytest.mark.parametrize("python", interpreters().items(), ids=lambda python: python[0])
def test_the_wheel_installs_and_runs_in_a_clean_environment(
    python: tuple[str, Path], render: Render, once: FolderCache, tmp_path: Path
) -> None:
    """The wheel installs and runs in a clean environment on every supported Python that the machine has."""
    project = render(python_min="3.10")
    folder = once("wheel", lambda folder: project.copy(folder / "x").init().run("uv", "build", "--wheel", "--quiet"))
    run("uv", "venv", "--quiet", "--python", python[1], "venv", cwd=tmp_path)
    run("uv", "pip", "install", "--quiet", "--python", "venv", *folder.glob("x/dist/*.whl"), cwd=tmp_path)
    assert run("venv/bin/my-package", "--version", cwd=tmp_path).stdout == f"my-package {VERSION}\n"
    assert run("venv/bin/python", "-m", "my_package", "Tap_X", cwd=tmp_path).stdout == "tap-x\n"


@pytest.mark.slow
def test_every_way_to_build_gives_the_same_bytes(default: Project, built: Path, tools: Path, tmp_path: Path) -> None:
    """The build of the action and `poetry build` give the same bytes, whatever the umask."""
    for umask, front_end in {"027": "action", "077": "poetry"}.items():
        clone = tmp_path / umask
        run("bash", "-c", f'umask {umask} && git clone --quiet "$0" "$1"', default.path, clone, cwd=tmp_path)
        project = Project(clone, default.answers)
        if front_end == "poetry":
            project.run("poetry", "build")
        else:
            build(project, tools)
        assert cmpfiles(built, clone / "dist", [WHEEL, SDIST], shallow=False) == ([WHEEL, SDIST], [], [])
        assert project.run("git", "status", "--porcelain").stdout == ""


def test_the_source_distribution_holds_what_it_should(default: Project, built: Path) -> None:
    """Wheel and sdist have the tag's version; the sdist has the sources, README, LICENSE, and metadata, and no more."""
    assert sorted(path.name for path in built.glob("my_*")) == [WHEEL, SDIST]
    with tarfile.open(built / SDIST) as sdist:
        inside = {name.partition("/")[2] for name in sdist.getnames()}
    sources = {path.relative_to(default.path).as_posix() for path in (default.path / "src").rglob("*.*")}
    assert inside == sources | {README, LICENSE, PYPROJECT, "PKG-INFO"} > {README}


def test_every_name_can_be_stored_on_linux_macos_and_windows(default: Project) -> None:
    """No name has a character or an ending that a system refuses, and no two names differ by case alone."""
    names = [str(path.relative_to(default.path)) for path in default.tracked_files()]
    assert len({name.casefold() for name in names}) == len(names)
    for name in names:
        assert not set(name) & set('<>:"\\|?*'), name
        assert not name.endswith((".", " ")), name
