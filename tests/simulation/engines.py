"""The same release on both engines: the runner of this folder, and nektos/act."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.simulation.act import ActRun, run_with_act
from tests.simulation.events import Event
from tests.simulation.github import GitHub
from tests.simulation.runs import Run, run_workflow
from tests.simulation.world import PUBLISHER, World


class Outcome(NamedTuple):
    """What a run of the release workflow leaves: on this, the engines must agree."""

    result: str
    results: dict[str, str]  # of all jobs, those of the called workflow too
    outputs: dict[str, dict[str, str]]  # of the file's own jobs that ran; those of `build` are the gate's
    artifacts: dict[str, dict[str, str]]  # by name: the files, and their hashes
    tokens_asked: dict[str, int]  # ID tokens, by job
    burned: int  # tokens of PyPI's that were discarded
    attempts: list[tuple[str, int]]  # uploads to PyPI, each with the status of its answer
    uploaded: set[str]
    attached: set[str]
    summary: str  # what the steps wrote for it: the report


def outcome(world: World, done: Run | ActRun) -> Outcome:
    """Return what a run left in a world."""
    pypi, jobs = world.loopback.pypi, done.jobs
    artifacts: dict[str, dict[str, str]] = {folder.name: {} for folder in done.artifacts.glob("*")}
    for file in (path for path in done.artifacts.rglob("*") if path.is_file()):
        name, *parts = file.relative_to(done.artifacts).parts
        artifacts[name]["/".join(parts)] = hashlib.sha256(file.read_bytes()).hexdigest()
    return Outcome(
        result=done.result,
        results={name: job.result for name, job in jobs.items()},
        outputs={name: dict(jobs[name].outputs) for name, job in jobs.results().items() if job != "skipped"},
        artifacts=artifacts,
        tokens_asked=jobs.tokens_asked(),
        burned=len(pypi.burned),
        attempts=list(pypi.attempts),
        uploaded=world.uploaded(),
        attached=world.attached(),
        summary="".join(job.summary for job in jobs.values()),
    )


def other_world(world: World, folder: Path) -> World:
    """Return a world with the same project in the same repository, and everything else as it was in the beginning."""
    folder.mkdir()
    environments = dict(world.github.environments)
    github = GitHub(world.github.git, folder, world.loopback.reset(), world.github.once, environments=environments)
    world.loopback.pypi.register(PUBLISHER, "my-package")
    return World(world.project, github, world.loopback, world.tag)


def run_on_both(
    world: World, event: Event, file: str, change: Callable[[World], object], folder: Path
) -> tuple[tuple[Outcome, Run], tuple[Outcome, ActRun]]:
    """Let an event start a workflow on both engines; return what each left, and its run.

    Args:
        world: The project and its repository.
        event: The event, of a ref that the project has.
        file: The name of the workflow file; the event may start others, too.
        change: What is done to the services before each run.
        folder: For the second engine.
    """
    world.project.run("git", "push", "--quiet", "--mirror", world.github.git)
    change(world)
    world.github.create_release(world.tag)
    first = run_workflow(world.github, event, file)
    left = outcome(world, first), first
    other = other_world(world, folder)
    change(other)
    other.github.create_release(other.tag)
    second = run_with_act(other.github, event, file, folder / "act")
    other.assert_no_token_left(second)
    return left, (outcome(other, second), second)
