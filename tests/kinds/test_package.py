"""The default project passes all checks when created, with no edit, and its builds are reproducible."""

import hashlib
import re
import shutil
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from packaging.metadata import Metadata

from meltano_release.gate import judge
from tests.support.combinations import HOSTILE_AUTHOR, HOSTILE_TEXT, LONGEST_NAME, REPOSITORIES
from tests.support.commands import run
from tests.support.folder_cache import FolderCache
from tests.support.interpreters import interpreters
from tests.support.paths import LICENSE, PYPROJECT, README
from tests.support.projects import SDIST, TAG, VERSION, WHEEL, Project, Render, build


def digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every distribution in a folder, by file name."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.*") if path.name[0] != "."
    }


def test_poetry_installs_it_and_its_tools_pass(installed: Project) -> None:
    """All checks pass after `poetry install`, the README's one command; a second install records the tag's version.

    The README says that the first one may not.
    """
    installed.run("poetry", "run", "nox")
    version = installed.run("poetry", "run", "my-package", "--version").stdout.split()[-1]
    assert version in {VERSION, "0.0.0"}
    installed.run("poetry", "install")
    assert installed.run("poetry", "run", "my-package", "--version").stdout.split()[-1] == VERSION


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


def test_the_built_version_is_the_tags(built: Path) -> None:
    """A build makes one wheel and one source distribution, both named after the tag."""
    names = sorted(path.name for path in built.glob("my_*"))
    assert names == [WHEEL, SDIST]


def test_pypi_accepts_extreme_answers(
    render: Render, tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PyPI's parser and the upload client accept extreme answers, and every text arrives as it was typed."""
    answers = {"package_name": LONGEST_NAME, "description": HOSTILE_TEXT, "author_name": HOSTILE_AUTHOR}
    project = render(**answers).copy(tmp_path / "project").init()
    build(project, tools)
    files = sorted(project.path.glob("dist/*-*"))
    run("twine", "check", "--strict", *files, cwd=tmp_path)
    monkeypatch.chdir(project.path)
    assert judge(Path("dist"), {}).problems == []
    with zipfile.ZipFile(files[0]) as wheel:
        (inside,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = Metadata.from_email(wheel.read(inside))
    assert (metadata.summary, metadata.author) == (HOSTILE_TEXT.strip(), HOSTILE_AUTHOR.strip())
    assert metadata.author_email == "hello@meltano.com"


@pytest.fixture(scope="session")
def wheel_of_oldest(render: Render, once: FolderCache) -> Path:
    """The wheel of a project that supports every Python."""
    project = render(python_min="3.10")
    folder = once("wheel", lambda folder: project.copy(folder / "x").init().run("uv", "build", "--wheel", "--quiet"))
    (wheel,) = folder.glob("x/dist/*.whl")
    return wheel


@pytest.mark.parametrize("python", interpreters().items(), ids=lambda python: python[0])
def test_the_wheel_installs_and_runs_in_a_clean_environment(
    python: tuple[str, Path], wheel_of_oldest: Path, tmp_path: Path
) -> None:
    """The wheel installs and runs in a clean environment on every supported Python that the machine has."""
    run("uv", "venv", "--quiet", "--python", python[1], "venv", cwd=tmp_path)
    run("uv", "pip", "install", "--quiet", "--python", "venv", wheel_of_oldest, cwd=tmp_path)
    assert run("venv/bin/my-package", "--version", cwd=tmp_path).stdout == f"my-package {VERSION}\n"
    assert run("venv/bin/python", "-m", "my_package", "Tap_X", cwd=tmp_path).stdout == "tap-x\n"


@pytest.mark.slow
def test_every_way_to_build_gives_the_same_bytes(default: Project, built: Path, tools: Path, tmp_path: Path) -> None:
    """The build of the action and `poetry build` give the same bytes, whatever the umask."""
    expected = digests(built)
    assert len(expected) == 2
    for umask, front_end in {"027": "action", "077": "poetry"}.items():
        clone = tmp_path / umask
        run("bash", "-c", f'umask {umask} && git clone --quiet "$0" "$1"', default.path, clone, cwd=tmp_path)
        project = Project(clone, default.answers)
        if front_end == "poetry":
            project.run("poetry", "build")
        else:
            build(project, tools)
        assert digests(clone / "dist") == expected
        assert project.run("git", "status", "--porcelain").stdout == ""


def test_the_source_distribution_holds_what_it_should(default: Project, built: Path) -> None:
    """The source distribution holds the sources, README, LICENSE, pyproject.toml, and PKG-INFO, and nothing else."""
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
