"""What the command needs, and every tool, is in uv.lock for every system and Python, and installed from there."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from own_lock import pinned, without_options
from packaging.requirements import Requirement
from packaging.tags import compatible_tags, cpython_tags, mac_platforms
from packaging.utils import parse_wheel_filename

import noxfile
from tests.support.commands import run
from tests.support.editing import replace
from tests.support.paths import ROOT

LOCK = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
GROUPS = PYPROJECT["dependency-groups"]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A folder with the files that nox and uv read."""
    for name in ("noxfile.py", "pyproject.toml", "uv.lock"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def check_lock(repository: Path) -> subprocess.CompletedProcess[str]:
    """Ask uv, without network, whether the lock fits pyproject.toml."""
    options = ("--offline", "--no-cache", "--default-index", "https://pypi.org/simple", "--python", sys.executable)
    return run("uv", "lock", "--check", *options, cwd=repository, check=False)


def test_the_lock_is_in_step_with_pyproject_toml(repository: Path) -> None:
    """The lock fits the dependencies and the groups of pyproject.toml; `nox -s lock` writes it."""
    done = check_lock(repository)
    assert done.returncode == 0, f"run nox -s lock\n{done.stderr}"


@pytest.mark.parametrize(("old", "new"), [("zensical==", "zensical!="), ('"click>=', '"click!=')], ids=["tool", "own"])
def test_a_lock_that_is_behind_would_be_found(old: str, new: str, repository: Path) -> None:
    """The check of the lock fails for one that is behind a group, or the dependencies, of pyproject.toml."""
    replace(repository / "pyproject.toml", old, new)
    assert check_lock(repository).returncode


def artifacts(package: dict[str, Any]) -> list[dict[str, str]]:
    """Return the files of a locked package."""
    return [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]


def test_the_lock_names_pypi_alone() -> None:
    """The lock names PyPI alone, not the package mirror of whoever wrote it, and has a hash of every file."""
    packages = [package for package in LOCK["package"] if package["source"] != {"editable": "."}]
    assert len(packages) > 100
    assert {package["source"]["registry"] for package in packages} == {"https://pypi.org/simple"}
    files = [file for package in packages for file in artifacts(package)]
    assert {urlsplit(file["url"])[:2] for file in files} == {("https", "files.pythonhosted.org")}
    assert [file["url"] for file in files if not re.fullmatch("sha256:[0-9a-f]{64}", file["hash"])] == []
    text = (ROOT / "uv.lock").read_text(encoding="utf-8")
    assert set(re.findall(r"\w+://[^/\"]+", text)) == {"https://pypi.org", "https://files.pythonhosted.org"}


PLATFORMS = {  # sys.platform, os.name, machine: the platforms of wheels
    ("linux", "posix", "x86_64"): [*(f"manylinux_2_{minor}_x86_64" for minor in range(39, 4, -1)), "linux_x86_64"],
    ("darwin", "posix", "arm64"): list(mac_platforms((15, 0), "arm64")),
    ("win32", "nt", "AMD64"): ["win_amd64"],
}


@pytest.mark.parametrize("minor", [11, 12, 13, 14])
@pytest.mark.parametrize("system", PLATFORMS, ids=lambda system: system[0])
def test_the_lock_has_a_wheel_of_every_tool(system: tuple[str, str, str], minor: int) -> None:
    """Every package of the lock has a wheel for each system and Python, so that nothing is compiled.

    On Windows, these are the tools that CI uses there.
    """
    environment = {
        "implementation_name": "cpython",
        "os_name": system[1],
        "platform_machine": system[2],
        "platform_python_implementation": "CPython",
        "platform_system": {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}[system[0]],
        "python_full_version": f"3.{minor}.0",
        "python_version": f"3.{minor}",
        "sys_platform": system[0],
    }
    groups = ("--only-group", "platform") if system[0] == "win32" else ("--all-groups",)
    export = ("uv", "export", "--quiet", "--frozen", "--no-emit-project", "--no-hashes", "--no-header", "--no-annotate")
    listed = [Requirement(line) for line in run(*export, *groups, cwd=ROOT).stdout.splitlines()]
    needed = {
        item.name: str(item.specifier)[2:] for item in listed if not item.marker or item.marker.evaluate(environment)
    }
    assert {"copier", "uv"} <= needed.keys()
    platforms = PLATFORMS[system]
    tags = {*cpython_tags((3, minor), platforms=platforms), *compatible_tags((3, minor), f"cp3{minor}", platforms)}
    fitting = {
        (package["name"], package.get("version"))
        for package in LOCK["package"]
        for wheel in package.get("wheels", [])
        if tags & parse_wheel_filename(wheel["url"].rpartition("/")[2])[3]
    }
    assert needed.items() - fitting == set()


def test_a_session_installs_what_the_lock_says(repository: Path) -> None:
    """A session installs files by the hashes in the lock, and stops if a file has another hash."""
    file = repository / "uv.lock"
    text = file.read_text(encoding="utf-8")
    begin = text.index('[[package]]\nname = "zensical"\n')
    end = text.index("[[package]]", begin + 1)
    changed = re.sub(r"sha256:[0-9a-f]{64}", "sha256:" + "0" * 64, text[begin:end])
    file.write_text(text[:begin] + changed + text[end:], encoding="utf-8")
    nox = (sys.executable, "-m", "nox", "--install-only", "-s", "docs")
    done = run(*nox, cwd=repository, check=False)
    assert done.returncode
    assert re.search(r"zensical.*hash|hash.*zensical", done.stdout + done.stderr, re.IGNORECASE | re.DOTALL)


@pytest.mark.parametrize(("group", "needed"), [("tests", True), ("docs", False), ("platform", False)])
def test_a_session_of_tests_installs_what_the_command_needs(group: str, needed: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """A session that runs tests installs what the command needs; the others install their group alone."""

    def run_install(*command: str, silent: bool) -> None:
        assert silent
        run(*command, cwd=ROOT)

    location = SimpleNamespace(location=str(tmp_path))
    session: Any = SimpleNamespace(env={}, virtualenv=location, run_install=run_install, install=lambda *_: None)
    noxfile.install(session, group)
    installed = set(
        re.findall(r"^([\w.-]+)==", (tmp_path / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert {Requirement(text).name for text in GROUPS[group] if isinstance(text, str)} <= installed
    own = {Requirement(text).name for text in PYPROJECT["project"]["dependencies"]}
    assert (own <= installed) is needed


def test_a_session_uses_the_mirror_that_pip_uses(repository: Path) -> None:
    """A session uses the mirror that pip uses: with one where nobody listens, uv's error has its URL."""
    mirror = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "UV_NO_CACHE": "1", "UV_HTTP_RETRIES": "0"}
    mirror |= dict.fromkeys(("UV_DEFAULT_INDEX", "UV_INDEX_URL"), "")
    nox = (sys.executable, "-m", "nox", "--install-only", "-s", "docs")
    done = run(*nox, cwd=repository, check=False, env=mirror)
    assert done.returncode
    assert "http://127.0.0.1:9/simple/" in done.stdout + done.stderr


def test_only_pinned_packages_are_exempt_from_the_cooldown() -> None:
    """Only pinned packages are exempt from the cooldown, because their versions have waited already."""
    groups = {
        "a": ["ruff==1.0", "build>=1", "poetry-core>=2,<3"],
        "b": [{"include-group": "a"}, "x[y]==2"],
    }
    project = {"dependencies": ["click>=8", "packaging==26.2"]}
    assert pinned({"project": project, "dependency-groups": groups}) == ["packaging", "ruff", "x"]


def test_the_lock_keeps_no_options() -> None:
    """The lock keeps its packages but no options of uv, whatever they are."""
    lock = (
        'version = 1\n\n[options]\nx = "y"\n\n[options.exclude-newer-package]\nz = false\n\n[[package]]\nname = "z"\n'
    )
    assert without_options(lock) == 'version = 1\n\n[[package]]\nname = "z"\n'
    assert "options" not in LOCK
