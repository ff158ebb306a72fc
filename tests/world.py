"""A world for a release: a rendered project, its repository on GitHub, and PyPI, all on loopback."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from actions import FOLDERS, Environment, Event, GitHub, Run, dispatched, published, start, stub_folder
from conftest import VERSION, Project, run
from loopback import Loopback, Publisher

PUBLISHER = Publisher("MeltanoLabs", "my-package", "release.yaml", "publishing")
FILES = {f"my_package-{VERSION}-py3-none-any.whl", f"my_package-{VERSION}.tar.gz"}


@pytest.fixture(scope="session", name="loopback")
def make_loopback(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Loopback]:
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
    tag: str = f"v{VERSION}"

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

    def doctor(self, *, gh: bool = True) -> subprocess.CompletedProcess[str]:
        """Run the doctor on the maintainer's machine, with or without `gh`; PyPI and GitHub are those of loopback."""
        state = self.github.read()
        self.github.write(state | {"answers": self.github.answers()})
        path = (
            [str(stub_folder()), "/usr/bin", "/bin"] if gh else [str(Path(sys.executable).parent), "/usr/bin", "/bin"]
        )
        variables = self.loopback.variables() | {"PATH": ":".join(path), "LOOPBACK_GITHUB": str(self.github.state)}
        return self.project.run(sys.executable, ".github/publisher_doctor.py", env=variables, check=False)

    def uploaded(self) -> set[str]:
        """Return the names of the project's files on PyPI."""
        return set(self.loopback.pypi.files("my-package"))

    def attached(self) -> set[str]:
        """Return the names of the files of the GitHub release."""
        return set(self.github.read()["releases"].get(self.tag, {"assets": {}})["assets"])


@pytest.fixture(name="world")
def make_world(default: Project, loopback: Loopback, tmp_path: Path) -> World:
    """A project that is set up as RELEASING.md says, before its first release."""
    project = default.copy(tmp_path / "my-package")
    run("git", "init", "--quiet", "--bare", "origin.git", cwd=tmp_path)
    environments = {"publishing": Environment(branches=("main",), tags=("v*",), reviewed=True)}
    github = GitHub(tmp_path / "origin.git", tmp_path, loopback.reset(), environments=environments)
    loopback.pypi.register(PUBLISHER, "my-package")
    project.run("git", "remote", "add", "origin", "https://github.com/MeltanoLabs/my-package.git")
    return World(project, github, loopback)
