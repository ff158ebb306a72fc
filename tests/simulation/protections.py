"""The protections of a workflow file: what could be taken away from it, and would be missed."""

import re
from collections.abc import Callable, Iterator
from functools import partial, reduce
from operator import getitem
from typing import Any

from tests.simulation.workflows import Workflow, needed_jobs

FLAG = re.compile(r"(?<= )(?:--[\w-]+|-P)(?![\w-])|PIP_CONSTRAINT=(?=\S)")
# Inputs and variables that protect something; the others carry data from one step to the next.
WITH = {
    "attestations",
    "fetch-depth",
    "if-no-files-found",
    "persist-credentials",
    "ref",
    "sparse-checkout",
    "sparse-checkout-cone-mode",
}
STEPS = {"Check the metadata and that PyPI can render the README", "Pass the release gate"}

KeyPath = tuple[Any, ...]
Removal = Callable[[Workflow], None]


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
    for name in ("if", "continue-on-error"):
        if name in step:
            yield f"{where}: {name}", remove((*at, name))
    for flag in FLAG.findall(step.get("run", "")):
        pattern = re.compile(rf"{flag}\S+ " if flag.endswith("=") else rf" {flag}(?![\w-])(=('[^']*'|\S+))?")
        yield f"{where}: {flag.strip('=')}", change((*at, "run"), partial(pattern.sub, "", count=1))


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
