"""What the actions install is locked by hash, completely, as wheels alone, and is not too new."""

import hashlib
import json
import re
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from werkzeug import Request, Response

import noxfile
from tests.support.commands import run
from tests.support.interpreters import interpreters
from tests.support.paths import LICENSE, PYPROJECT, README, ROOT
from tests.support.projects import SDIST, Project
from tests.support.serving import serve

CONTENT = tomllib.loads((ROOT / PYPROJECT).read_text(encoding="utf-8"))
COMMAND = "command"  # what uv.lock has for it, beside the groups of `noxfile.LOCKS`
NEEDS = {group: CONTENT["dependency-groups"][group] for group in noxfile.LOCKS}
NEEDS[COMMAND] = CONTENT["project"]["dependencies"]
BACKENDS = {canonicalize_name(Requirement(text).name) for text in NEEDS["backends"]}
TOOLS = {"build", "pip", "poetry", "twine", "uv"}
UNUSED = {  # what a lock must not have: what only another job runs
    "backends": TOOLS,
    "poetry": {"hatchling", "setuptools", "twine", "uv"},
    COMMAND: {"pip", "poetry", "twine", "uv"} | BACKENDS,
}


def lock_text(lock: str) -> str:
    """Return what is installed from a lock: a file of requirements with hashes."""
    if lock != COMMAND:
        return (ROOT / noxfile.LOCKS[lock]).read_text(encoding="utf-8")
    export = ("uv", "export", "--quiet", "--frozen", "--no-dev", "--no-emit-project")  # as `launch.py` does
    return run(*export, cwd=ROOT).stdout


def locked_versions(lock: str) -> set[str]:
    """Return what a lock pins, `NAME==VERSION` each."""
    return set(re.findall(r"^([\w.-]+==[^\s;\\]+)", lock_text(lock), re.MULTILINE))


@pytest.mark.parametrize("lock", UNUSED)
def test_no_job_installs_what_it_does_not_use(lock: str) -> None:
    """The command is installed without a build backend, Poetry, uv or twine, and no lock has what another job runs."""
    locked = {version.partition("==")[0] for version in locked_versions(lock)}
    assert locked
    assert not locked & UNUSED[lock]


def test_a_job_that_requests_a_token_installs_uv_alone() -> None:
    """The lock of uv, which a dry run installs beside its token, has nothing else."""
    assert [version.partition("==")[0] for version in locked_versions("uv")] == ["uv"]


CASES = [(lock, version) for lock in NEEDS for version in interpreters() if (lock, version) != (COMMAND, "3.10")]


@pytest.mark.parametrize(("lock", "version"), CASES)
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


def wheel_of(version: str) -> bytes:
    """Return the smallest wheel of a package called fresh."""
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as wheel:
        info = f"fresh-{version}.dist-info"
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: fresh\nVersion: {version}\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return content.getvalue()


@pytest.fixture
def fresh_index() -> Iterator[str]:
    """Serve a small index with one package, whose version 1.0 is a month old and 2.0 one day; yield its URL."""
    ages = {"1.0": 30, "2.0": 1}
    wheels = {f"fresh-{version}-py3-none-any.whl": wheel_of(version) for version in ages}
    files = []
    for (name, content), days in zip(wheels.items(), ages.values(), strict=True):
        uploaded = (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
        hashes = {"sha256": hashlib.sha256(content).hexdigest()}
        files.append({"filename": name, "url": f"/files/{name}", "hashes": hashes, "upload-time": uploaded})
    listing = json.dumps({"meta": {"api-version": "1.1"}, "name": "fresh", "files": files}).encode()

    @Request.application
    def index(request: Request) -> Response:
        content = wheels.get(request.path.rpartition("/")[2], listing)
        return Response(content, content_type="application/vnd.pypi.simple.v1+json")

    with serve(index) as url:
        yield f"{url}/simple"


def test_the_locks_wait_out_a_cooldown(fresh_index: str, tmp_path: Path) -> None:
    """`nox -s lock` leaves out what was uploaded yesterday: its own command runs on an index that has upload times.

    What the project itself depends on is not in these locks: the index does not have it.
    """
    groups = "".join(f'{group} = ["fresh"]\n' for group in noxfile.LOCKS)
    project = '[project]\nname = "x"\nversion = "0"\ndependencies = ["absent"]\n'
    (tmp_path / PYPROJECT).write_text(f"{project}[dependency-groups]\n{groups}", encoding="utf-8")
    for lock in noxfile.LOCKS.values():
        (tmp_path / lock).parent.mkdir(parents=True, exist_ok=True)

    def session_run(*command: Any) -> None:  # noqa: ANN401
        run(*command, cwd=tmp_path, env={"UV_DEFAULT_INDEX": fresh_index, "UV_NO_CACHE": "1"})

    session: Any = SimpleNamespace(run=session_run)
    noxfile.write_lock(session)
    for lock in noxfile.LOCKS.values():
        locked = (tmp_path / lock).read_text(encoding="utf-8")
        assert "fresh==1.0" in locked
        assert "--hash=sha256:" in locked
        assert "absent" not in locked


def test_the_source_distribution_holds_what_it_should(default: Project, built: Path) -> None:
    """The source distribution holds the sources, README, LICENSE, pyproject.toml, and PKG-INFO, and nothing else."""
    with tarfile.open(built / SDIST) as sdist:
        inside = {name.partition("/")[2] for name in sdist.getnames()}
    files = (path for path in (default.path / "src").rglob("*") if path.is_file())
    sources = {path.relative_to(default.path).as_posix() for path in files}
    assert sources
    assert inside == sources | {README, LICENSE, PYPROJECT, "PKG-INFO"}
