"""The tools and backends that a rendered project builds with are locked by hash, completely, and not too new."""

import hashlib
import json
import re
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.util import module_from_spec, spec_from_file_location
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from werkzeug import Request, Response

from tests.support.commands import run
from tests.support.editing import replace_hashes
from tests.support.interpreters import interpreters
from tests.support.paths import (
    ACTIONS,
    BACKENDS_LOCK,
    BUILD_LOCK,
    JUDGE_LOCK,
    LICENSE,
    LOCKS,
    POETRY_LOCK,
    PYPROJECT,
    README,
    RELEASE_FOLDER,
    RELEASE_WORKFLOW,
    ROOT,
    UV_LOCK,
    source,
)
from tests.support.projects import SDIST, Project, Render
from tests.support.serving import serve
from tests.support.steps import BUILDING, INSTALLING, INSTALLING_JUDGE, Use, steps


def uses(project: Project) -> dict[Use, str]:
    """Return every step that names a lock: its script."""
    return {
        use: step["run"] for use, step in steps(project.path).items() if re.search(r"\w+\.txt", step.get("run", ""))
    }


SETUP_ACTION = f"{ACTIONS}/setup/action.yml"
USES = {  # every use: the lock, and the package whose hash is changed, one that the use installs early
    INSTALLING: (BUILD_LOCK, "build"),
    BUILDING: (BACKENDS_LOCK, "poetry-core"),
    INSTALLING_JUDGE: (JUDGE_LOCK, "certifi"),
    (RELEASE_WORKFLOW, "rehearse", "Install uv, with a known hash"): (UV_LOCK, "uv"),
    (RELEASE_WORKFLOW, "rehearse-without-environment", "Install uv, with a known hash"): (UV_LOCK, "uv"),
    (SETUP_ACTION, "setup", "Install Poetry, each package with a known hash"): (POETRY_LOCK, "anyio"),
}


def test_every_use_of_the_hashes_is_known(default: Project, render: Render) -> None:
    """Every step that installs from a lock is in `USES`, so that the next test leaves none out.

    test_share_ci.py tests the setup of uv. A step that names only `uv-output.txt` uses no lock.
    """
    shared = render(scope="ci", package_manager="uv")
    found = {use: script for project in (default, shared) for use, script in uses(project).items()}
    of_locks = {use for use, script in found.items() if any(lock in script for lock in LOCKS)}
    assert of_locks == {*USES, (SETUP_ACTION, "setup", "Install uv with a known hash")}


def prepare(use: Use, default: Project, folder: Path) -> tuple[Project, dict[str, str]]:
    """Return a project for a step of a workflow, and variables with a fresh Python for it."""
    project = default.copy(folder / "my-package")
    run("uv", "venv", "--quiet", "--seed", "tools", cwd=folder)
    if use == BUILDING:
        run("uv", "pip", "install", "--quiet", "--python", "tools", "build", "pip>=26.1", cwd=folder)
    return project, {"PATH": f"{folder / 'tools/bin'}:/usr/bin:/bin"}


@pytest.mark.parametrize("use", USES, ids=", ".join)
def test_a_tampered_hash_stops_each_of_its_uses(use: Use, default: Project, tmp_path: Path) -> None:
    """Each unchanged step with the real pip fails if the lock has a wrong hash, before anything is built."""
    project, variables = prepare(use, default, tmp_path)
    lock, package = USES[use]
    replace_hashes(project.path / lock, package)
    stopped = project.run("bash", "-e", "-c", uses(default)[use], env=variables, check=False)
    assert stopped.returncode
    assert "DO NOT MATCH THE HASHES" in stopped.stdout + stopped.stderr
    assert not (project.path / "dist").exists()


JOBS = {  # what a lock may install beside what the job runs: nothing that another job runs
    BUILD_LOCK: {"poetry", "uv", "twine", "hatchling", "poetry-core", "setuptools"},
    JUDGE_LOCK: {"poetry", "uv", "build", "hatchling", "poetry-core", "setuptools"},
    UV_LOCK: {"pip", "packaging"},
    POETRY_LOCK: {"uv", "twine", "hatchling"},
}


@pytest.mark.parametrize("lock", JOBS)
def test_no_job_installs_what_it_does_not_use(lock: str, default: Project) -> None:
    """The build has neither Poetry nor uv, the judge no build backend, and a job that requests a token has uv alone."""
    locked = set(re.findall(r"^([\w.-]+)==", default.read(lock), re.MULTILINE))
    assert not locked & JOBS[lock]
    assert lock != UV_LOCK or locked == {"uv"}


@pytest.mark.parametrize("version", interpreters())
@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_is_complete_on_every_python(lock: str, version: str, default: Project, tmp_path: Path) -> None:
    """A lock has all packages that its tools need, each with a hash and a wheel for every supported Python."""
    environment = tmp_path / "environment"
    run("uv", "venv", "--quiet", "--python", interpreters()[version], environment, cwd=tmp_path)
    install = ("uv", "pip", "install", "--dry-run", "--require-hashes", "--only-binary", ":all:")
    resolved = run(*install, "--python", environment, "--requirement", default.path / lock, cwd=tmp_path).stderr
    wanted = tomllib.loads((ROOT / PYPROJECT).read_text(encoding="utf-8"))["dependency-groups"][Path(lock).stem]
    names = {re.split(r"[\[<>=]", requirement)[0] for requirement in wanted}
    assert names <= set(re.findall(r"^ \+ ([\w.-]+)==", resolved, re.MULTILINE))
    resolve = ("uv", "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--constraints", lock, "-")
    python = {"UV_PYTHON": str(interpreters()[version])}
    bare = run(*resolve, cwd=default.path, stdin="\n".join(wanted), env=python).stdout
    locked = set(re.findall(r"^([\w.-]+==\S+)", default.read(lock), re.MULTILINE))
    assert set(bare.split("\n")) - {""} <= locked


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


def test_the_lock_waits_out_a_cooldown(fresh_index: str, tmp_path: Path) -> None:
    """`nox -s lock` leaves out what was uploaded yesterday: its own command runs on an index that has upload times."""
    spec = spec_from_file_location("noxfile", ROOT / "noxfile.py")
    assert spec
    assert spec.loader
    noxfile = module_from_spec(spec)
    spec.loader.exec_module(noxfile)
    groups = "".join(f'{Path(lock).stem} = ["fresh"]\n' for lock in LOCKS)
    project = f'[project]\nname = "x"\nversion = "0"\n[dependency-groups]\n{groups}'
    (tmp_path / PYPROJECT).write_text(project, encoding="utf-8")
    (tmp_path / source(RELEASE_FOLDER)).mkdir(parents=True)

    def session_run(*command: Any) -> None:  # noqa: ANN401
        run(*command, cwd=tmp_path, env={"UV_DEFAULT_INDEX": fresh_index, "UV_NO_CACHE": "1"})

    noxfile.write_lock(SimpleNamespace(run=session_run))
    for lock in LOCKS:
        locked = (tmp_path / source(lock)).read_text(encoding="utf-8")
        assert "fresh==1.0" in locked
        assert "--hash=sha256:" in locked


def test_the_source_distribution_holds_what_it_should(default: Project, built: Path) -> None:
    """The source distribution holds the sources, README, LICENSE, pyproject.toml, and PKG-INFO, and nothing else."""
    with tarfile.open(built / SDIST) as sdist:
        inside = {name.partition("/")[2] for name in sdist.getnames()}
    files = (path for path in (default.path / "src").rglob("*") if path.is_file())
    sources = {path.relative_to(default.path).as_posix() for path in files}
    assert sources
    assert inside == sources | {README, LICENSE, PYPROJECT, "PKG-INFO"}
