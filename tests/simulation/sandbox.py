"""All that a release needs: a rendered project, its repository on GitHub, and PyPI."""

import copy
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from meltano_release import github
from meltano_release.cli import main
from meltano_release.github import GitHubError
from tests.simulation.act import ActRun, run_with_act
from tests.simulation.events import Event, dispatch_event, release_event
from tests.simulation.gh import run as run_simulated
from tests.simulation.github import GitHub, environment
from tests.simulation.pypi import Publisher
from tests.simulation.server import Loopback
from tests.simulation.tools import stub_folder
from tests.support.commands import run
from tests.support.folder_cache import FolderCache
from tests.support.paths import RELEASE_WORKFLOW
from tests.support.projects import TAG, Project

# As `setup` makes them.
RULESETS: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("rulesets.yml").read_text(encoding="utf-8"))
PUBLISHER = Publisher("MeltanoLabs", "my-package", Path(RELEASE_WORKFLOW).name, "publishing")


@dataclass
class Sandbox:
    """A project, its repository on GitHub, and PyPI."""

    project: Project
    github: GitHub
    loopback: Loopback
    tag: str = TAG

    @classmethod
    def create(cls, project: Project, folder: Path, loopback: Loopback, folders: FolderCache, tools: Path) -> "Sandbox":
        """Set a project up as RELEASING.md says, before its first release; its origin is in the folder."""
        run("git", "init", "--quiet", "--bare", "origin.git", cwd=folder)
        environments = {"publishing": environment(branches=("main",), tags=("v*",), reviewed=True)}
        github = GitHub(folder / "origin.git", folder, loopback.reset(), folders, tools, environments=environments)
        github.rulesets = copy.deepcopy(RULESETS)
        loopback.pypi.register(PUBLISHER, "my-package")
        project.run("git", "remote", "add", "origin", "https://github.com/MeltanoLabs/my-package.git")
        return cls(project, github, loopback)

    def commit(self, message: str = "Change") -> None:
        """Commit all that changed, and move the tag there."""
        self.project.commit(message)
        self.project.run("git", "tag", "--force", self.tag)

    def trigger(self, event: Event) -> list[ActRun]:
        """Push the project and let an event start its runs; return them."""
        self.project.run("git", "push", "--quiet", "--mirror", self.github.git)
        self.github.create_release(self.tag)
        return self.start(event)

    def start(self, event: Event) -> list[ActRun]:
        """Let an event start the workflows of its commit; return their runs."""
        workflows = self.github.workflows(event.commit or self.github.commit_of(event.ref))
        return [self.run_workflow(event, name) for name, file in workflows.items() if event.starts(file["on"])]

    def run_workflow(self, event: Event, file: str) -> ActRun:
        """Run one workflow of the repository as it is on GitHub; no log and no artifact may have a token of PyPI's."""
        self.github.runs += 1
        done = run_with_act(self.github, event, file, self.github.folder / f"run-{self.github.runs}")
        kept = [path.read_bytes() for path in done.artifacts.rglob("*") if path.is_file()]
        for token in [*self.loopback.pypi.minted, *self.loopback.pypi.burned]:
            assert token not in done.log
            assert not any(token.encode() in content for content in kept)
        return done

    def deliver(self, payload: dict[str, Any]) -> list[ActRun]:
        """Deliver the events of the releases that were published; return the runs that they start.

        GitHub sends none for what a workflow did with its `GITHUB_TOKEN`.
        """
        state = self.github.read_state()
        published, state["published"] = state["published"], []
        self.github.write_state(state)
        runs = []
        for tag in published:
            if state["releases"][tag]["author"] != "github-actions[bot]":
                release = payload["release"] | {"tag_name": tag}
                runs += self.start(Event("release", f"refs/tags/{tag}", payload | {"release": release}))
        return runs

    def release(self, commit: str = "") -> ActRun:
        """Publish a GitHub release; return the run of the release workflow."""
        (done,) = self.trigger(release_event(self.tag, commit=commit))
        return done

    def rehearse(self, typed: str = "my-package") -> ActRun:
        """Run the release workflow by hand, with the text that was typed as the name of the package."""
        (done,) = self.trigger(dispatch_event({"package_name": typed}))
        return done

    @contextmanager
    def as_maintainer(self, *, gh: bool = True, **state: object) -> Iterator[dict[str, Any]]:
        """Work on the maintainer's machine, in this process: `gh`, if installed, is the simulation, and so is PyPI.

        The state has what `gh` does otherwise: `failure`, its message; `output`, what it prints for any path.
        """
        known = self.github.read_state() | state

        def run_gh(*arguments: str, stdin: str = "") -> str:
            try:
                return run_simulated(known, [*arguments], stdin)
            except SystemExit as failure:
                raise GitHubError(" ".join(str(failure).split()).removeprefix("gh: ")) from failure

        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.project.path)
            patch.delenv("CI", raising=False)
            if gh:
                patch.setattr(github, "run_gh", run_gh)
            for name, value in self.maintainer_variables(gh=gh).items():
                patch.setenv(name, value)
            yield known
        self.github.keep({key: value for key, value in known.items() if key not in state})

    def run_doctor(self, *options: str, gh: bool = True, **state: object) -> Result:
        """Run the doctor; the arguments are those of `as_maintainer`."""
        with self.as_maintainer(gh=gh, **state):
            return CliRunner().invoke(main, ["doctor", *options])

    def run_setup(self, *options: str, answers: str = "", gh: bool = True, **state: object) -> Result:
        """Run the set-up with what the user types; the other arguments are those of `as_maintainer`."""
        with self.as_maintainer(gh=gh, **state):
            return CliRunner().invoke(main, ["setup", *options], input=answers)

    def maintainer_variables(self, *, gh: bool = True) -> dict[str, str]:
        """Return the environment of the maintainer's machine, with or without `gh`."""
        commands = stub_folder(self.github.folders) if gh else Path(sys.executable).parent
        path = os.pathsep.join([str(commands), "/usr/bin", "/bin"])
        return self.loopback.variables() | {"PATH": path, "LOOPBACK_GITHUB": str(self.github.state_file)}

    def run_as_maintainer(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command on the maintainer's machine, which has `gh`."""
        return self.project.run(*command, env=self.maintainer_variables(), check=False)

    def uploaded(self) -> set[str]:
        """Return the names of the project's files on PyPI."""
        return set(self.loopback.pypi.files("my-package"))

    def attached(self) -> set[str]:
        """Return the names of the files of the GitHub release."""
        return set(self.github.read_state()["releases"].get(self.tag, {"assets": {}})["assets"])
