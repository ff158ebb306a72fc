"""The release of a rendered project, whole, on this machine: GitHub is `actions.py`, PyPI is `loopback.py`."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import urlopen

import pytest
from actions import Event, Run
from conftest import VERSION, run
from drills import PAGE, ROWS, Row, page
from loopback import Trouble
from world import FILES, PUBLISHER, World, make_loopback, make_world  # noqa: F401 - fixtures


@contextmanager
def index(packages: Path) -> Iterator[str]:
    """Serve a folder of packages by a real index, pypiserver; yield the address of its simple index."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}/simple/"
    command = [sys.executable, "-m", "pypiserver", "run", "--disable-fallback", "--interface=127.0.0.1"]
    command += [f"--port={port}", str(packages)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            for _ in range(100):
                with suppress(OSError), urlopen(address, timeout=5):
                    break
                time.sleep(0.1)
            yield address
        finally:
            server.terminate()


def test_a_release_can_be_installed_from_the_index(world: World, tmp_path: Path) -> None:
    """Published on GitHub, built, uploaded, attached; then pip installs it, and it runs and knows its version."""
    done = world.release()
    assert done.results() == {
        "build": "success", "publish": "success", "attach": "success", "rehearse": "skipped", "report": "success",
    }, done.log  # fmt: skip
    assert world.uploaded() == world.attached() == FILES
    packages = tmp_path / "packages"
    packages.mkdir()
    for name, content in world.loopback.pypi.files("my-package").items():
        (packages / name).write_bytes(content)
    with index(packages) as address:
        run("uv", "venv", "--quiet", "--seed", "--python", sys.executable, "clean", cwd=tmp_path)
        run("clean/bin/pip", "install", "--quiet", "--index-url", address, "my-package", cwd=tmp_path)
    assert run("clean/bin/my-package", "--version", cwd=tmp_path).stdout.split()[-1] == VERSION


def test_the_first_release_creates_the_project(world: World) -> None:
    """A pending publisher becomes a real one, and the project comes into being, with its files."""
    world.loopback.reset().pypi.register_pending(PUBLISHER, "my-package")
    done = world.release()
    assert done.result == "success", done.log
    assert world.uploaded() == FILES
    assert not world.loopback.pypi.pending


def test_a_rehearsal_proves_the_publisher_and_uploads_nothing(world: World) -> None:
    """The token is exchanged and thrown away, and the summary says what was proven."""
    done = world.rehearse()
    assert done.results() == {
        "build": "success", "publish": "skipped", "attach": "skipped", "rehearse": "success", "report": "success",
    }, done.log  # fmt: skip
    assert "The rehearsal passed" in done.jobs["report"].summary
    assert len(world.loopback.pypi.burned) == 1
    assert not world.loopback.pypi.minted
    assert not world.loopback.pypi.attempts
    assert not world.attached()


def test_a_rehearsal_with_a_pending_publisher_says_that_the_project_is_empty(world: World) -> None:
    """PyPI has created it: release soon."""
    world.loopback.reset().pypi.register_pending(PUBLISHER, "my-package")
    done = world.rehearse()
    assert done.result == "success", done.log
    assert "my-package is empty on PyPI" in done.jobs["report"].summary
    assert world.loopback.pypi.projects == {"my-package": {}}


def carry_out(row: Row, world: World) -> Run:
    """Break what the row breaks, and do what it does."""
    before = world.project.run("git", "rev-parse", "HEAD").stdout.strip()
    row.breaks(world)
    match row.act:
        case "rehearse":
            return world.rehearse()
        case "mistyped":
            return world.rehearse("my_package")
        case "moved":
            return world.release(before)
        case "pull_request_target":
            (done,) = world.happens(Event("pull_request_target", "refs/heads/main", {"action": "opened"}))
            return done
        case "twice":
            world.release()
            return world.release()
    return world.release()


RUNS = [row for row in ROWS if row.act != "doctor"]


@pytest.mark.parametrize(
    "row", [pytest.param(row, id=row.title, marks=[pytest.mark.slow] if row.slow else []) for row in RUNS]
)
def test_a_failure_is_explained_and_leaves_nothing_half_done(
    row: Row, world: World, record_property: Callable[[str, object], None]
) -> None:
    """Each row of the table: it stops where it should, says what it should, and nothing of it is on PyPI."""
    done = carry_out(row, world)
    assert row.says in done.log, done.log
    failed = [name for name, job in done.jobs.items() if job.result == "failure" and "/" not in name]
    assert failed == ([row.stops] if row.stops else []), done.log
    if row.act == "continued":
        assert len(world.uploaded()) == 1
        world.loopback.trouble.clear()
        assert done.go().result == "success", done.log
    assert len(world.uploaded()) == row.uploaded
    if row.stops == "build":
        assert not world.loopback.github.asked
    if failed and row.act != "continued":
        assert not world.attached()
    record_property("drill", (row.title, row.stops or "no job", row.says))


FOUND = [row for row in ROWS if row.act == "doctor"]


@pytest.mark.parametrize("row", FOUND, ids=[row.title for row in FOUND])
def test_the_doctor_finds_what_is_wrong_before_a_release(
    row: Row, world: World, record_property: Callable[[str, object], None]
) -> None:
    """On the maintainer's machine: the exit code is 1, and the list says what is wrong."""
    assert world.doctor().returncode == 0
    row.breaks(world)
    found = world.doctor()
    assert found.returncode == 1
    assert row.says in found.stdout
    assert "→" in found.stdout
    record_property("drill", (row.title, "doctor", row.says))


def test_the_doctor_finds_all_right_and_changes_nothing(world: World) -> None:
    """A repository that is set up as RELEASING.md says."""
    found = world.doctor()
    assert found.returncode == 0, found.stdout
    assert "wrong" not in found.stdout
    assert "Could not see" not in found.stdout
    assert {asked[0] for asked in world.github.read()["asked"]} == {"api"}
    assert not world.project.run("git", "status", "--porcelain").stdout


def test_the_doctor_says_what_it_cannot_see(world: World) -> None:
    """Without `gh` and without PyPI it looks at the rest, and does not call it wrong."""
    world.loopback.trouble.append(Trouble("pypi.org", 503))
    found = world.doctor(gh=False)
    assert found.returncode == 0, found.stdout
    assert "Could not see GitHub: `gh` is not installed" in found.stdout
    assert "Could not see PyPI: PyPI answers 503" in found.stdout


def test_the_troubleshooting_page_is_the_table() -> None:
    """`python tests/drills.py` writes it."""
    assert PAGE.read_text(encoding="utf-8") == page()
