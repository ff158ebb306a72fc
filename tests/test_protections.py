"""Every protection of the release workflows is needed: without it a check fails, or a reason is given.

The protections are read from the rendered workflow files, so that a new one cannot be forgotten: a protection that
`GUARDS` does not have fails the test.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial, reduce
from operator import getitem
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.scenarios.changes import edit, make_fork, make_release_immutable
from tests.simulation.errors import InvalidWorkflowError, UnsupportedError
from tests.simulation.events import release_event
from tests.simulation.workflows import Workflow, needed_jobs, parse_workflow
from tests.simulation.world import World
from tests.support.paths import BUILD_WORKFLOW, CONSTRAINTS, PYPROJECT, README, RELEASE_WORKFLOW
from tests.support.projects import SDIST, TAG, WHEEL, Project

RELEASE = Path(RELEASE_WORKFLOW).name
FLAG = re.compile(r"--[\w-]+")
# Inputs and variables that protect something; the others carry data from one step to the next.
WITH = {
    "attestations",
    "fetch-depth",
    "if-no-files-found",
    "persist-credentials",
    "sparse-checkout",
    "sparse-checkout-cone-mode",
}
ENV = {"PIP_CONSTRAINT"}
STEPS = {"Check the metadata and that PyPI can render the README", "Pass the release gate"}

KeyPath = tuple[Any, ...]
Removal = Callable[[Workflow], None]
Check = Callable[[World], None]
Protection = tuple[str, str]  # the workflow file, and the name of the protection in it


def protections(workflow: Workflow) -> Iterator[tuple[str, Removal]]:
    """Yield the name of every protection of a workflow file, and a function that removes it."""
    top: list[KeyPath] = [("permissions",), ("concurrency",)]
    if "release" in workflow["on"]:
        top += [("on", "release", "types"), ("on", "workflow_dispatch", "inputs", "package_name", "required")]
    for path in top:
        yield ".".join(path), remove(path)
    for job, definition in workflow["jobs"].items():
        for path in [("if",), ("environment",), ("environment", "url"), ("timeout-minutes",)]:
            if path[0] in definition:
                yield f"{job}: {'.'.join(path)}", remove(("jobs", job, *path))
        for scope in definition.get("permissions", {}):
            yield f"{job}: permissions.{scope}", remove(("jobs", job, "permissions", scope))
        for other in needed_jobs(definition):
            yield f"{job}: needs {other}", remove_need(job, other)
        for number, step in enumerate(definition.get("steps", [])):
            yield from step_protections(f"{job}, {step['name']}", ("jobs", job, "steps", number), step)


def step_protections(where: str, at: KeyPath, step: dict[str, Any]) -> Iterator[tuple[str, Removal]]:
    """Yield the protections of one step."""
    if step["name"] in STEPS:
        yield f"{where}: the step", remove(at)
    if "uses" in step:
        yield f"{where}: pin", change((*at, "uses"), lambda value: re.sub("@.*", "@v1", value))
    for name in sorted(set(step.get("with", {})) & WITH):
        yield f"{where}: {name}", remove((*at, "with", name))
    for name in sorted(set(step.get("env", {})) & ENV):
        yield f"{where}: {name}", remove((*at, "env", name))
    if "if" in step:
        yield f"{where}: if", remove((*at, "if"))
    for flag in FLAG.findall(step.get("run", "")):
        pattern = re.compile(rf" {flag}\b")
        yield f"{where}: {flag}", change((*at, "run"), partial(pattern.sub, "", count=1))


def remove(path: KeyPath) -> Removal:
    """Return a function that deletes what is at a path."""

    def removal(workflow: Workflow) -> None:
        *parents, key = path
        del reduce(getitem, parents, workflow)[key]

    return removal


def change(path: KeyPath, how: Callable[[str], str]) -> Removal:
    """Return a function that changes the text at a path."""

    def removal(workflow: Workflow) -> None:
        *parents, key = path
        node = reduce(getitem, parents, workflow)
        node[key] = how(node[key])

    return removal


def remove_need(job: str, other: str) -> Removal:
    """Return a function that lets a job not wait for another one."""

    def removal(workflow: Workflow) -> None:
        definition = workflow["jobs"][job]
        definition["needs"] = [name for name in needed_jobs(definition) if name != other]

    return removal


# The checks: each fails if a protection that it needs is gone.


def check_release(world: World) -> None:
    """A release is built, uploaded, attached and reported, and leaves no token behind."""
    done = world.release()
    expected = {"build": "success", "publish": "success", "attach": "success"}
    assert done.results() == expected | {"rehearse": "skipped", "report": "success"}
    assert world.uploaded() == world.attached() == {WHEEL, SDIST}
    assert "Released" in done.jobs["report"].summary
    group = done.groups.get(RELEASE)  # a second run of the tag waits for it
    assert group == f"release-refs/tags/{TAG}"


def check_rehearsal(world: World) -> None:
    """A rehearsal exchanges a token, throws it away, and has nothing of the project but its files and the hashes."""
    done = world.rehearse()
    expected = {"build": "success", "publish": "skipped", "attach": "skipped"}
    assert done.results() == expected | {"rehearse": "success", "report": "success"}
    assert not world.uploaded()
    assert len(world.loopback.pypi.burned) == 1
    seen = {name for name in done.jobs["rehearse"].files_seen if not name.startswith("dist/")}
    assert seen == {CONSTRAINTS, "said.txt"}
    assert "The rehearsal passed" in done.jobs["report"].summary


def check_failed_rehearsal(world: World) -> None:
    """The report explains why PyPI refused a rehearsal."""
    world.loopback.pypi.publishers.clear()
    done = world.rehearse()
    assert "PyPI knows no publisher" in done.jobs["report"].summary
    assert "uv said" in done.jobs["report"].summary
    assert done.jobs["rehearse"].result == "failure"


def check_immutable_release(world: World) -> None:
    """An immutable release is left alone, and that is no failure."""
    make_release_immutable(world)
    assert world.release().result == "success"
    assert not world.attached()


def check_fork(world: World) -> None:
    """A fork builds nothing and asks for no token."""
    make_fork(world)
    assert set(world.release().results().values()) == {"skipped"}


def check_edited_release(world: World) -> None:
    """Editing a release starts nothing."""
    assert not world.trigger(release_event(world.tag, "edited"))


def check_bad_tag(world: World) -> None:
    """A tag that is no version is not released."""
    world.project.run("git", "tag", "vnext")
    world.tag = "vnext"
    assert world.release().result == "failure"
    assert not world.uploaded()


def check_second_run(world: World) -> None:
    """A release can be run again."""
    check_release(world)
    assert world.release().result == "success"


def check_hashes(world: World) -> None:
    """Constraints without hashes are refused."""
    world.project.write(CONSTRAINTS, "pyproject-hooks==1.2.0\n")
    world.commit()
    assert "Hashes are required in --require-hashes mode" in world.release().log


def check_unlocked_backend(world: World) -> None:
    """A build requirement that is not locked is refused."""
    edit(PYPROJECT, 'requires = ["poetry', 'requires = ["iniconfig", "poetry')(world)
    assert world.release().result == "failure"


def check_no_description(world: World) -> None:
    """A package without a description is refused, as twine's warnings are errors."""
    edit(PYPROJECT, f'readme = "{README}"\n', "")(world)
    assert world.release().result == "failure"


OWN = "every job names its own permissions"
COST = "it limits the cost of a machine that hangs"
SHOWN = "GitHub shows the URL, and nothing else uses it"
CHECKOUT = "build, Check out the whole history, which holds the version"
SPARSE = "rehearse, Check out the hashes of the tools, and nothing else"
EXCHANGE = "rehearse, Exchange a token for PyPI's and throw it away"
KEPT = "rehearse, Keep what was said for the report"

GUARDS: dict[str, dict[str, Check | str]] = {
    BUILD_WORKFLOW: {
        "permissions": OWN,
        "concurrency": "it saves time when a pull request moves on",
        "build: timeout-minutes": COST,
        "build: permissions.contents": check_release,
        f"{CHECKOUT}: pin": check_release,
        f"{CHECKOUT}: fetch-depth": check_release,
        f"{CHECKOUT}: persist-credentials": check_release,
        "build, Set up Python: pin": check_release,
        "build, Install the build tools, each with a known hash: --require-hashes": check_hashes,
        "build, Install the build tools, each with a known hash: --requirement": check_release,
        "build, Build the source distribution, and the wheel from it: PIP_CONSTRAINT": check_unlocked_backend,
        "build, Check the metadata and that PyPI can render the README: the step": check_no_description,
        "build, Check the metadata and that PyPI can render the README: --strict": check_no_description,
        "build, Pass the release gate: the step": check_bad_tag,
        "build, Keep the files for the release: pin": check_release,
        "build, Keep the files for the release: if-no-files-found": "the gate has refused an empty folder",
    },
    RELEASE_WORKFLOW: {
        "permissions": OWN,
        "concurrency": check_release,
        "on.release.types": check_edited_release,
        "on.workflow_dispatch.inputs.package_name.required": "the gate refuses an empty name, too",
        "build: if": check_fork,
        "build: permissions.contents": check_release,
        "publish: if": check_rehearsal,
        "publish: environment": check_release,
        "publish: environment.url": SHOWN,
        "publish: timeout-minutes": COST,
        "publish: permissions.id-token": check_release,
        "publish: needs build": check_release,
        "publish, Fetch what was built: pin": check_release,
        "publish, Publish, with attestations: pin": check_release,
        "publish, Publish, with attestations: attestations": "it is the action's default, written down",
        "attach: timeout-minutes": COST,
        "attach: permissions.contents": check_release,
        "attach: needs publish": check_rehearsal,
        "attach, Fetch what was built: pin": check_release,
        "attach, Attach it, unless the release is immutable: --jq": check_immutable_release,
        "attach, Attach it, unless the release is immutable: --clobber": check_second_run,
        "rehearse: if": check_release,
        "rehearse: environment": check_rehearsal,
        "rehearse: environment.url": SHOWN,
        "rehearse: timeout-minutes": COST,
        "rehearse: permissions.contents": check_rehearsal,
        "rehearse: permissions.id-token": check_rehearsal,
        "rehearse: needs build": check_rehearsal,
        f"{SPARSE}: pin": check_rehearsal,
        f"{SPARSE}: persist-credentials": check_rehearsal,
        f"{SPARSE}: sparse-checkout": check_rehearsal,
        f"{SPARSE}: sparse-checkout-cone-mode": check_rehearsal,
        "rehearse, Set up Python: pin": check_rehearsal,
        "rehearse, Install uv, with a known hash: --require-hashes": "the build has refused such a file",
        "rehearse, Install uv, with a known hash: --requirement": check_rehearsal,
        "rehearse, Fetch what was built: pin": check_rehearsal,
        f"{EXCHANGE}: --no-config": "no file of the project that could configure uv is checked out",
        f"{EXCHANGE}: --dry-run": check_rehearsal,
        f"{EXCHANGE}: --trusted-publishing": check_failed_rehearsal,
        f"{KEPT}: pin": check_failed_rehearsal,
        f"{KEPT}: if": check_failed_rehearsal,
        "report: if": check_failed_rehearsal,
        "report: timeout-minutes": COST,
        "report: permissions.contents": check_release,
        "report: needs build": check_release,
        "report: needs publish": check_release,
        "report: needs rehearse": check_rehearsal,
        "report, Check out the doctor: pin": check_release,
        "report, Check out the doctor: persist-credentials": check_release,
        "report, Fetch what was built and said: pin": check_release,
        "report, Write the job summary: --report": check_release,
    },
}


def rendered(project: Project) -> dict[Protection, Removal]:
    """Return the protections of the rendered workflow files of a release."""
    return {
        (file, name): removal for file in GUARDS for name, removal in protections(parse_workflow(project.read(file)))
    }


def test_every_protection_of_the_files_is_listed(default: Project) -> None:
    """A new protection needs a check that fails without it, or a reason."""
    assert {(file, name) for file, guards in GUARDS.items() for name in guards} == set(rendered(default))


CHECKED = {
    (file, name): check
    for file, guards in GUARDS.items()
    for name, check in guards.items()
    if not isinstance(check, str)
}


@pytest.mark.slow
@pytest.mark.parametrize("check", sorted(set(CHECKED.values()), key=str))
def test_a_check_passes_with_all_protections(check: Check, world: World) -> None:
    """Else its failure would prove nothing."""
    check(world)


@pytest.mark.slow
@pytest.mark.parametrize("protection", CHECKED, ids=", ".join)
def test_a_check_fails_without_the_protection(protection: Protection, world: World) -> None:
    """The protection is removed from the file."""
    file, _ = protection
    workflow = parse_workflow(world.project.read(file))
    rendered(world.project)[protection](workflow)
    world.project.write(file, yaml.safe_dump(workflow, sort_keys=False))
    world.commit()
    with pytest.raises((AssertionError, InvalidWorkflowError, UnsupportedError)):
        CHECKED[protection](world)
