"""What the actions and the sessions install is locked: by hash, completely, as wheels alone, and not too new."""

import re
import shutil
import sys
import tomllib
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import noxfile
from tests.support.commands import run
from tests.support.interpreters import interpreters
from tests.support.paths import PYPROJECT, PYTHONS_JSON, ROOT

CONTENT = tomllib.loads((ROOT / PYPROJECT).read_text(encoding="utf-8"))
OWN_PYTHONS = SpecifierSet(CONTENT["project"]["requires-python"])
COMMAND = "command"  # what uv.lock has for it, beside the groups of `noxfile.LOCKS`
NEEDS = {group: CONTENT["dependency-groups"][group] for group in noxfile.LOCKS}
NEEDS[COMMAND] = CONTENT["project"]["dependencies"]
BACKENDS = {canonicalize_name(Requirement(text).name) for text in NEEDS["backends"]}
UNUSED = {  # what a lock must not have: what only another job runs
    "backends": {"build", "pip", "poetry", "twine", "uv"},
    "poetry": {"hatchling", "setuptools", "twine", "uv"},
    COMMAND: {"pip", "poetry", "twine", "uv"} | BACKENDS,
}
NOX = (sys.executable, "-m", "nox", "--install-only", "-s", "docs")
DEAD_MIRROR = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "UV_NO_CACHE": "1", "UV_HTTP_RETRIES": "0"}
DEAD_MIRROR |= dict.fromkeys(("UV_DEFAULT_INDEX", "UV_INDEX_URL"), "")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A folder with the files that nox and uv read."""
    for name in ("noxfile.py", PYPROJECT, "uv.lock", PYTHONS_JSON):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


@cache
def lock_text(lock: str) -> str:
    """Return what is installed from a lock: a file of requirements with hashes."""
    if lock != COMMAND:
        return (ROOT / noxfile.LOCKS[lock]).read_text(encoding="utf-8")
    export = ("uv", "export", "--quiet", "--frozen", "--no-dev", "--no-emit-project")  # as `launch.py` does
    return run(*export, cwd=ROOT).stdout


def locked_versions(lock: str) -> set[str]:
    """Return what a lock pins, `NAME==VERSION` each."""
    return set(re.findall(r"^([\w.-]+==[^\s;\\]+)", lock_text(lock), re.MULTILINE))


@pytest.mark.parametrize("lock", NEEDS)
def test_no_job_installs_what_it_does_not_use(lock: str) -> None:
    """No lock has what another job runs, and that of uv, which a dry run installs beside its token, has uv alone."""
    locked = {version.partition("==")[0] for version in locked_versions(lock)}
    assert locked == {"uv"} if lock == "uv" else locked and not locked & UNUSED[lock]


@pytest.mark.parametrize(
    ("lock", "version"),
    [
        pytest.param(lock, version, marks=[] if number in {0, len(found) - 1} else pytest.mark.slow)
        for lock in NEEDS
        for found in [[version for version in interpreters() if lock != COMMAND or version in OWN_PYTHONS]]
        for number, version in enumerate(found)
    ],
)
def test_a_lock_is_complete_on_every_python(lock: str, version: str, tmp_path: Path) -> None:
    """A lock has all packages that its tools need, each with a hash and a wheel for every Python that it is for."""
    environment, file = tmp_path / "environment", tmp_path / "lock.txt"
    file.write_text(lock_text(lock), encoding="utf-8")
    run("uv", "venv", "--quiet", "--python", interpreters()[version], environment, cwd=tmp_path)
    install = ("uv", "pip", "install", "--dry-run", "--require-hashes", "--no-build", "--python", environment)
    resolved = run(*install, "--requirement", file, cwd=tmp_path).stderr
    names = {canonicalize_name(Requirement(text).name) for text in NEEDS[lock]}
    assert names <= set(re.findall(r"^ \+ ([\w.-]+)==", resolved, re.MULTILINE))
    resolve = ("uv", "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--constraints", file, "-")
    python = {"UV_PYTHON": str(interpreters()[version])}
    bare = run(*resolve, cwd=tmp_path, stdin="\n".join(NEEDS[lock]), env=python).stdout
    assert set(bare.split("\n")) - {""} <= locked_versions(lock)


def test_the_locks_wait_out_a_cooldown(fresh_index: str, tmp_path: Path) -> None:
    """`nox -s lock` leaves out what was uploaded yesterday, and what the project itself depends on."""
    groups = "".join(f'{group} = ["fresh"]\n' for group in noxfile.LOCKS)
    project = '[project]\nname = "x"\nversion = "0"\ndependencies = ["absent"]\n'
    (tmp_path / PYPROJECT).write_text(f"{project}[dependency-groups]\n{groups}", encoding="utf-8")
    for lock in noxfile.LOCKS.values():
        (tmp_path / lock).parent.mkdir(parents=True, exist_ok=True)
    variables = {"UV_DEFAULT_INDEX": fresh_index, "UV_NO_CACHE": "1"}
    session: Any = SimpleNamespace(run=lambda *command: run(*command, cwd=tmp_path, env=variables))
    noxfile.write_lock(session)
    for lock in noxfile.LOCKS.values():
        assert re.findall(r"^(\S+==\S+|    --hash)", (tmp_path / lock).read_text(), re.MULTILINE) == [
            "fresh==1.0",
            "    --hash",
        ]


def test_uv_lock_is_in_step_with_pyproject_toml(repository: Path) -> None:
    """uv.lock fits the dependencies and the groups of pyproject.toml; `nox -s lock` writes it."""
    options = ("--offline", "--no-cache", "--default-index", "https://pypi.org/simple", "--python", sys.executable)
    done = run("uv", "lock", "--check", *options, cwd=repository, check=False)
    assert done.returncode == 0, f"run nox -s lock\n{done.stderr}"


def test_uv_lock_names_pypi_alone() -> None:
    """uv.lock names PyPI alone, not the mirror of whoever wrote it, has a hash of every file, and no options."""
    text = (ROOT / "uv.lock").read_text(encoding="utf-8")
    assert set(re.findall(r"\w+://[^/\"]+", text)) == {"https://pypi.org", "https://files.pythonhosted.org"}
    assert len(re.findall(r'url = "[^"]+", hash = "sha256:[0-9a-f]{64}"', text)) == text.count("url = ") > 100
    assert "options" not in tomllib.loads(text)


def test_a_session_installs_what_the_lock_says(repository: Path) -> None:
    """A session installs files by the hashes in the lock, and stops if a file has another hash."""
    text = (repository / "uv.lock").read_text(encoding="utf-8")
    before, package, after = re.split(
        r'(\[\[package\]\]\nname = "zensical"\n.*?)(?=\[\[package)', text, flags=re.DOTALL
    )
    changed = re.sub(r"sha256:[0-9a-f]{64}", "sha256:" + "0" * 64, package)
    (repository / "uv.lock").write_text(before + changed + after, encoding="utf-8")
    done = run(*NOX, cwd=repository, check=False)
    assert done.returncode
    assert re.search(r"zensical.*hash|hash.*zensical", done.stdout + done.stderr, re.IGNORECASE | re.DOTALL)


def test_a_session_uses_the_mirror_that_pip_uses(repository: Path) -> None:
    """A session uses the mirror that pip uses: with one where nobody listens, uv's error has its URL."""
    done = run(*NOX, cwd=repository, check=False, env=DEAD_MIRROR)
    assert done.returncode
    assert "http://127.0.0.1:9/simple/" in done.stdout + done.stderr
