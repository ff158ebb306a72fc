"""The protections in the steps of the actions and of the publishing job: what could be taken away."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

FLAG = re.compile(r"(?<= )(?:--[\w-]+|-I)(?![\w-])")
# Inputs that protect something; the others carry data from one step to the next.
WITH = {"attestations", "fetch-depth", "if-no-files-found", "persist-credentials", "ref"}

Steps = list[dict[str, Any]]
Removal = Callable[[Steps], None]


def protections(steps: Steps) -> Iterator[tuple[str, Removal]]:
    """Yield the name of every protection in the steps of an action or a job, and a function that removes it."""
    for number, step in enumerate(steps):
        where = step["name"]
        if "run" in step:
            yield f"{where}: the step", partial(remove, (), number)
        for name in sorted(set(step.get("with", {})) & WITH):
            yield f"{where}: {name}", partial(remove, (number, "with"), name)
        for name in ("if", "continue-on-error"):
            if name in step:
                yield f"{where}: {name}", partial(remove, (number,), name)
        for flag in dict.fromkeys(FLAG.findall(step.get("run", ""))):
            yield f"{where}: {flag}", partial(remove_flag, number, flag)


def remove(parents: tuple[Any, ...], key: Any, steps: Steps) -> None:  # noqa: ANN401 - YAML's types
    """Delete a key below some others; a script that is deleted leaves a step that does nothing."""
    node: Any = steps
    for parent in parents:
        node = node[parent]
    if isinstance(node, list):
        node[key]["run"] = "true"
    else:
        del node[key]


def remove_flag(number: int, flag: str, steps: Steps) -> None:
    """Delete an option, with its value, wherever the script of a step has it."""
    pattern = re.compile(rf" {flag}(?![\w-])(=('[^']*'|\S+))?")
    steps[number]["run"] = pattern.sub("", steps[number]["run"])
