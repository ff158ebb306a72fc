"""The release of a rendered project, whole, on this machine: GitHub is `actions.py`, PyPI is `loopback.py`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from actions import FOLDERS, Environment, GitHub, Run, dispatched, published, start
from conftest import VERSION, Project, run
from loopback import Loopback, Publisher

TAG = f"v{VERSION}"
PUBLISHER = Publisher("MeltanoLabs", "my-package", "release.yaml", "publishing")


@pytest.fixture(scope="session")
def loopback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loopback]:
    """The server, and a folder for the tools that the runs share."""
    FOLDERS["tools"] = tmp_path_factory.mktemp("tools")
    with Loopback(tmp_path_factory.mktemp("loopback")) as server:
        yield server


@dataclass
class World:
    """A project, its repository on GitHub, and PyPI: what a drill breaks."""

    project: Project
    github: GitHub
    loopback: Loopback
    tag: str = TAG

    def push(self) -> None:
        """Push the project's commits and tags."""
        self.project.run("git", "push", "--quiet", "--mirror", self.github.git)

    def commit(self, message: str = "Change") -> None:
        """Commit all that changed, and move the tag there."""
        self.project.run("git", "add", "--all")
        self.project.run("git", "commit", "--quiet", "--message", message)
        self.project.run("git", "tag", "--force", self.tag)

    def release(self) -> Run:
        """Publish a GitHub release; return the run of the release workflow."""
        self.push()
        self.github.release(self.tag)
        return next(run_ for run_ in start(self.github, published(self.tag)) if "publish" in run_.jobs)

    def rehearse(self, typed: str = "my-package") -> Run:
        """Run the release workflow by hand."""
        self.push()
        (done,) = start(self.github, dispatched({"package_name": typed}))
        return done


@pytest.fixture
def world(default: Project, loopback: Loopback, tmp_path: Path) -> World:
    """A project that is set up as RELEASING.md says, before its first release."""
    project = default.copy(tmp_path / "my-package")
    run("git", "init", "--quiet", "--bare", "origin.git", cwd=tmp_path)
    environments = {"publishing": Environment(branches=("main",), tags=("v*",))}
    github = GitHub(tmp_path / "origin.git", tmp_path, loopback.reset(), environments=environments)
    loopback.pypi.register(PUBLISHER, "my-package")
    return World(project, github, loopback)


def test_release(world: World) -> None:
    done = world.release()
    print(done.log)
    assert done.results() == {"build": "success", "publish": "success", "attach": "success", "rehearse": "skipped"}

def test_rehearse(world: World) -> None:
    done = world.rehearse()
    print(done.log)
    assert done.results() == {"build": "success", "publish": "skipped", "attach": "skipped", "rehearse": "success"}
