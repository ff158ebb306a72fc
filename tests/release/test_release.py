"""A rendered project can be released and rehearsed: a whole release on loopback, see `simulation`."""

import io
import shutil
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.release.scenarios.changes import make_contributors_fork
from tests.simulation.sandbox import PUBLISHER, Sandbox
from tests.support.commands import run
from tests.support.editing import replace
from tests.support.paths import PYPROJECT
from tests.support.projects import SDIST, TAG, VERSION, WHEEL, Project

SPOKEN = "said by the build"
BACKEND = f"""\
import os
from pathlib import Path

from poetry_dynamic_versioning.backend import build_sdist, build_wheel

for command in ("error title=Release gate", "notice title=Release gate", "add-matcher", "set-output name=version"):
    print(f"::{{command}}::{SPOKEN}", flush=True)
for name in ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY"):
    if name in os.environ:
        with open(os.environ[name], "a") as file:
            file.write("version={SPOKEN}\\n")
if Path(".github").is_dir():  # in the checkout, and not in the unpacked source distribution
    Path(".github/publisher.json").write_text("{{}}")
    Path("meltano_release").mkdir(exist_ok=True)
    Path("meltano_release/__init__.py").write_text("raise SystemExit('{SPOKEN}')")
"""


@contextmanager
def index(packages: Path) -> Iterator[str]:
    """Serve a folder of packages with a real index, pypiserver; yield the URL of its simple index."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}/simple/"
    command = [sys.executable, "-m", "pypiserver", "run", "--disable-fallback", "--interface=127.0.0.1"]
    command += [f"--port={port}", str(packages)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            for _ in range(100):
                with suppress(OSError), urlopen(url, timeout=5):
                    break
                time.sleep(0.1)
            yield url
        finally:
            server.terminate()


def test_a_release_can_be_installed_from_the_index(sandbox: Sandbox, tmp_path: Path) -> None:
    """A release on GitHub is built, uploaded, and attached; pip installs it, and its command prints its version."""
    done = sandbox.release()
    assert done.results() == {
        "build": "success", "gate": "success", "publish": "success", "attach": "success", "rehearse": "skipped",
        "rehearse-without-environment": "skipped", "report": "success",
    }, done.log  # fmt: skip
    assert sandbox.uploaded() == sandbox.attached() == {WHEEL, SDIST}
    packages = tmp_path / "packages"
    packages.mkdir()
    for name, content in sandbox.loopback.pypi.files("my-package").items():
        (packages / name).write_bytes(content)
    with index(packages) as url:
        run("uv", "venv", "--quiet", "--seed", "--python", sys.executable, "clean", cwd=tmp_path)
        run("clean/bin/pip", "install", "--quiet", "--index-url", url, "my-package", cwd=tmp_path)
    assert run("clean/bin/my-package", "--version", cwd=tmp_path).stdout.split()[-1] == VERSION


@pytest.mark.slow
def test_the_first_release_creates_the_project(sandbox: Sandbox) -> None:
    """The first release turns a pending publisher into a real one, and PyPI creates the project with its files."""
    sandbox.loopback.reset().pypi.register_pending(PUBLISHER, "my-package")
    done = sandbox.release()
    assert done.result == "success", done.log
    assert sandbox.uploaded() == {WHEEL, SDIST}
    assert not sandbox.loopback.pypi.pending


def test_a_rehearsal_proves_the_publisher_and_uploads_nothing(sandbox: Sandbox) -> None:
    """A dry run exchanges a token and discards it, uploads nothing, and says in its summary that it passed."""
    done = sandbox.rehearse()
    assert done.results() == {
        "build": "success", "gate": "success", "publish": "skipped", "attach": "skipped", "rehearse": "success",
        "rehearse-without-environment": "success", "report": "success",
    }, done.log  # fmt: skip
    assert "The dry run passed" in done.jobs["report"].summary
    assert len(sandbox.loopback.pypi.burned) == 1
    assert not sandbox.loopback.pypi.minted
    assert not sandbox.loopback.pypi.attempts
    assert not sandbox.attached()


@pytest.mark.slow
def test_a_rehearsal_with_a_pending_publisher_says_that_the_project_is_empty(sandbox: Sandbox) -> None:
    """With a pending publisher, a dry run makes PyPI create an empty project, and the summary says that it is empty."""
    sandbox.loopback.reset().pypi.register_pending(PUBLISHER, "my-package")
    done = sandbox.rehearse()
    assert done.result == "success", done.log
    assert "my-package is empty on PyPI" in done.jobs["report"].summary
    assert sandbox.loopback.pypi.projects == {"my-package": {}}


@pytest.mark.slow
@pytest.mark.parametrize(("tag", "other"), [("v1.2.3rc1", TAG), (TAG, "v1.2.3rc1")])
def test_a_commit_with_two_versions_releases_as_either(tag: str, other: str, sandbox: Sandbox) -> None:
    """A commit with two version tags can be released as either: the build drops the other tag from its checkout."""
    sandbox.project.run("git", "tag", "--force", other)
    sandbox.project.run("git", "tag", "--force", tag)
    sandbox.tag = tag
    done = sandbox.release()
    assert done.result == "success", done.log
    assert all(tag.removeprefix("v") + suffix in "".join(sandbox.uploaded()) for suffix in ("-py3", ".tar.gz"))


@pytest.mark.slow
def test_a_project_that_is_a_fork_on_github_releases(sandbox: Sandbox) -> None:
    """A project that is a fork on GitHub can release if the publisher names its repository."""
    sandbox.github.fork = True
    assert sandbox.release().result == "success"
    assert sandbox.uploaded() == {WHEEL, SDIST}


def test_a_contributors_fork_releases_nothing(sandbox: Sandbox) -> None:
    """In a contributor's fork, every job of a release and of a dry run is skipped."""
    make_contributors_fork(sandbox)
    for done in (sandbox.release(), sandbox.rehearse()):
        assert set(done.results().values()) == {"skipped"}
    assert not sandbox.loopback.tokens.issued


@pytest.mark.slow
def test_a_release_off_the_default_branch_gets_a_warning(sandbox: Sandbox) -> None:
    """A release of a commit that is not on the default branch succeeds, with a warning."""
    sandbox.project.run("git", "switch", "--quiet", "--create", "hotfix")
    sandbox.commit()
    done = sandbox.release()
    assert done.result == "success", done.log
    assert "::warning title=Release gate::The released commit is not on the default branch main" in done.log


def add_submodule(sandbox: Sandbox, folder: Path, *, ignored: str) -> Path:
    """Give the package a submodule with a file in it, whose `.git` file the build leaves out; return its repository."""
    data = Project(folder / "data", {})
    data.path.mkdir()
    data.write("table.csv", "a,b\n")
    data.init()
    add = ("git", "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", data.path, "src/my_package/data")
    sandbox.project.run(*add)
    replace(sandbox.project.path / PYPROJECT, "requires-poetry =", f"{ignored}requires-poetry =")
    sandbox.commit()
    return data.path


@pytest.mark.slow
def test_the_files_of_a_submodule_are_built(sandbox: Sandbox, tmp_path: Path) -> None:
    """The build fetches submodules: their files are in the wheel."""
    add_submodule(sandbox, tmp_path, ignored='exclude = ["**/.git"]\n')
    done = sandbox.release()
    assert done.result == "success", done.log
    with zipfile.ZipFile(io.BytesIO(sandbox.loopback.pypi.files("my-package")[WHEEL])) as wheel:
        assert wheel.read("my_package/data/table.csv") == b"a,b\n"


@pytest.mark.slow
def test_a_submodule_that_cannot_be_fetched_is_named(sandbox: Sandbox, tmp_path: Path) -> None:
    """A submodule that is not there stops the build, and the log names it."""
    shutil.rmtree(add_submodule(sandbox, tmp_path, ignored=""))
    done = sandbox.release()
    assert done.jobs["build"].result == "failure"
    assert "src/my_package/data" in done.jobs["build"].log
    assert not sandbox.uploaded()


@pytest.mark.parametrize("static", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_build_speaks_for_nobody_and_cannot_change_its_verdict(sandbox: Sandbox, *, static: bool) -> None:
    """What a build prints is shown and nothing else: no annotation, no output, no summary, and no other verdict.

    The gate that judges it is from another checkout.
    """
    sandbox.project.write("backend.py", BACKEND)
    for old, new in [
        ('"poetry_dynamic_versioning.backend"', '"backend"\nbackend-path = ["."]'),
        ("requires-poetry =", 'include = [{ path = "backend.py", format = "sdist" }]\nrequires-poetry ='),
        *([('dynamic = ["version"] # from the git tag', 'version = "9.9.9"')] if static else []),
    ]:
        replace(sandbox.project.path / PYPROJECT, old, new)
    sandbox.commit()
    done = sandbox.release()
    build = done.jobs["build"]
    assert build.result == "success", build.log
    assert f"::error title=Release gate::{SPOKEN}" in build.log
    assert (build.summary, build.annotations) == ("", [])
    assert build.outputs.keys() == {"artifact-id"}
    assert SPOKEN not in "".join(job.log for name, job in done.jobs.items() if name != "build")
    if static:
        assert done.jobs["gate"].result == "failure"
        assert any(
            "[project] of pyproject.toml has a static `version`" in line for line in done.jobs["gate"].annotations
        )
        assert done.results()["publish"] == "skipped"
        assert not sandbox.loopback.pypi.attempts
    else:
        assert done.jobs["gate"].outputs["version"] == VERSION
        assert sandbox.uploaded() == {WHEEL, SDIST}
