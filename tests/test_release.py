"""The release of a rendered project, whole, on this machine: GitHub is `actions.py`, PyPI is `loopback.py`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import pytest
from actions import FOLDERS, Environment, Event, GitHub, Run, dispatched, published, start
from conftest import VERSION, Project, run
from drills import PAGE, PUBLISHER, ROWS, Row, page
from loopback import Loopback

TAG = f"v{VERSION}"
FILES = {f"my_package-{VERSION}-py3-none-any.whl", f"my_package-{VERSION}.tar.gz"}


@pytest.fixture(scope="session")
def loopback(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Loopback]:
    """The server, and a folder for the tools that the runs share."""
    base = tmp_path_factory.getbasetemp()
    FOLDERS["tools"] = (base if worker_id == "master" else base.parent) / "tools"
    FOLDERS["tools"].mkdir(exist_ok=True)
    with Loopback(tmp_path_factory.mktemp("loopback")) as server:
        yield server


@dataclass
class World:
    """A project, its repository on GitHub, and PyPI."""

    project: Project
    github: GitHub
    loopback: Loopback
    tag: str = TAG

    def commit(self, message: str = "Change") -> None:
        """Commit all that changed, and move the tag there."""
        self.project.run("git", "add", "--all")
        self.project.run("git", "commit", "--quiet", "--message", message)
        self.project.run("git", "tag", "--force", self.tag)

    def happens(self, event: Event) -> list[Run]:
        """Push the project and let an event happen; return the runs that it starts, none of which gave a token away."""
        self.project.run("git", "push", "--quiet", "--mirror", self.github.git)
        self.github.release(self.tag)
        runs = start(self.github, event)
        for one in runs:
            self.no_token_left(one)
        return runs

    def no_token_left(self, done: Run) -> None:
        """See that no token of PyPI's is in a log or an artifact, and none of GitHub's in a workspace."""
        kept = [path.read_bytes() for path in (done.folder / "artifacts").rglob("*") if path.is_file()]
        for token in [*self.loopback.pypi.minted, *self.loopback.pypi.burned]:
            assert token not in done.log
            assert not any(token.encode() in content for content in kept)
        assert not [job.leaks for job in done.jobs.values() if job.leaks]

    def release(self, commit: str = "") -> Run:
        """Publish a GitHub release; return the run of the release workflow."""
        (done,) = self.happens(published(self.tag, commit=commit))
        return done

    def rehearse(self, typed: str = "my-package") -> Run:
        """Run the release workflow by hand."""
        (done,) = self.happens(dispatched({"package_name": typed}))
        return done

    def uploaded(self) -> set[str]:
        """Return the names of the project's files on PyPI."""
        return set(self.loopback.pypi.files("my-package"))

    def attached(self) -> set[str]:
        """Return the names of the files of the GitHub release."""
        return set(self.github.read()["releases"].get(self.tag, {"assets": {}})["assets"])


@pytest.fixture
def world(default: Project, loopback: Loopback, tmp_path: Path) -> World:
    """A project that is set up as RELEASING.md says, before its first release."""
    project = default.copy(tmp_path / "my-package")
    run("git", "init", "--quiet", "--bare", "origin.git", cwd=tmp_path)
    environments = {"publishing": Environment(branches=("main",), tags=("v*",))}
    github = GitHub(tmp_path / "origin.git", tmp_path, loopback.reset(), environments=environments)
    loopback.pypi.register(PUBLISHER, "my-package")
    return World(project, github, loopback)


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


class index:  # noqa: N801 - a context manager
    """A real index, pypiserver, for a folder of packages."""

    def __init__(self, packages: Path) -> None:
        """Keep the folder."""
        self.packages = packages

    def __enter__(self) -> str:
        """Start it; return the address of its simple index."""
        command = [sys.executable, "-m", "pypiserver", "run", "--disable-fallback", "--interface=127.0.0.1", "--port=0"]
        raise NotImplementedError(command)


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


@pytest.mark.parametrize("row", ROWS, ids=[row.title for row in ROWS])
def test_a_failure_is_explained_and_leaves_nothing_half_done(
    row: Row, world: World, record_property: Callable[[str, object], None]
) -> None:
    """Each row of the table: it stops where it should, says what it should, and nothing of it is on PyPI."""
    if row.act == "doctor":
        pytest.skip("todo")
    done = carry_out(row, world)
    assert row.says in done.log.replace("\n", " ") or row.says in done.log, done.log
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
    record_property("drill", (row.title, row.stops or "-", row.says))


def test_the_troubleshooting_page_is_the_table() -> None:
    """`python tests/drills.py` writes it."""
    assert PAGE.read_text(encoding="utf-8") == page()
