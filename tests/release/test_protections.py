"""Every protection in the steps of the actions is needed: without it a check fails, or a reason is given.

The protections are read from the files, so that a new one cannot be forgotten: a protection that `guards.yml` does not
have fails the test. `test_workflow_facts.py` has those of the jobs, and `checks.py` the checks.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.release.checks import CHECKS, check_failure
from tests.simulation.sandbox import Sandbox
from tests.simulation.workflows import parse_workflow
from tests.support.paths import ACTIONS, RELEASE_WORKFLOW

FLAG = re.compile(r"(?<= )(?:--[\w-]+|-I)(?![\w-])")
COMMAND = re.compile(r'^ *echo "::(remove-matcher|stop-commands)', re.MULTILINE)  # to the runner
WITH = {  # inputs that protect something; the others carry data from one step to the next
    *("artifact-ids", "attestations", "fetch-depth", "if-no-files-found", "lfs", "persist-credentials", "ref"),
    "submodules",
}
NOT_GIVEN = "inputs.checkout == 'true'"  # a project's jobs do not give this input; ci.yaml runs the actions with it
ELSEWHERE = {"-I", "--no-config", "--no-sources", "--no-managed-python"}  # test_launch.py shows what they do
Steps = list[dict[str, Any]]


def protections(step: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Yield each protection of a step: its name, the step without it, and the value of an input or a condition.

    A script does nothing without the protection `the step`.
    """
    script, given = step.get("run", ""), step.get("with", {})
    if script:
        yield "the step", step | {"run": "true"}, None
    for name in sorted(given.keys() & WITH):
        yield name, step | {"with": {key: given[key] for key in given if key != name}}, given[name]
    for name in sorted({"if", "continue-on-error"} & step.keys() if step.get("if") != NOT_GIVEN else ()):
        yield name, {key: step[key] for key in step if key != name}, step[name]
    for name in COMMAND.findall(script):
        yield name, step | {"run": re.sub(rf'.*echo "::{name}.*\n', "", script)}, None
    for flag in dict.fromkeys(FLAG.findall(script)):
        yield flag, step | {"run": re.sub(rf" {flag}(?![\w-])(=('[^']*'|\S+))?", "", script)}, None


CONTENT = Path(__file__).with_name("guards.yml").read_text(encoding="utf-8")
GUARDS: dict[str, dict[str, dict[str, dict[str, Any]]]] = yaml.safe_load(CONTENT)  # by action and step


def steps_of(name: str, sandbox: Sandbox) -> Steps:
    """Return the steps of an action, or of the publishing job."""
    if name == "publish":
        return list(parse_workflow(sandbox.project.read(RELEASE_WORKFLOW))["jobs"][name]["steps"])
    return list(yaml.safe_load((ACTIONS / name / "action.yml").read_text(encoding="utf-8"))["runs"]["steps"])


def test_every_protection_of_the_steps_is_listed(sandbox: Sandbox) -> None:
    """A new protection, or another value of one, needs a check that fails without it, or a reason."""
    for name, guards in GUARDS.items():
        found = {
            step["name"]: {what: value for what, _, value in protections(step) if what not in ELSEWHERE}
            for step in steps_of(name, sandbox)
        }
        listed = {step: {what: guard.get("is") for what, guard in guards[step].items()} for step in guards}
        assert {step: values for step, values in found.items() if values} == listed


CHECKED = {
    (name, step, what): CHECKS[guard["check"]] if "check" in guard else check_failure(guard["failure"])
    for name, guards in GUARDS.items()
    for step in guards
    for what, guard in guards[step].items()
    if "why" not in guard
}


@pytest.mark.slow
@pytest.mark.parametrize("protection", CHECKED, ids=", ".join)
def test_a_check_fails_without_the_protection(
    protection: tuple[str, str, str], sandbox: Sandbox, tmp_path: Path
) -> None:
    """A check that passes with a protection fails if that protection is removed from the steps."""
    name, where, protected = protection
    steps = steps_of(name, sandbox)
    (number,) = (number for number, step in enumerate(steps) if step["name"] == where)
    (steps[number],) = (without for what, without, _ in protections(steps[number]) if what == protected)
    if name == "publish":
        workflow = parse_workflow(sandbox.project.read(RELEASE_WORKFLOW))
        workflow["jobs"][name]["steps"] = steps
        sandbox.project.write(RELEASE_WORKFLOW, yaml.safe_dump(workflow, sort_keys=False))
        sandbox.commit()
    else:
        sandbox.github.actions = tmp_path / "actions"
        shutil.copytree(ACTIONS, sandbox.github.actions, ignore=shutil.ignore_patterns("__pycache__"))
        file = sandbox.github.actions / name / "action.yml"
        action = yaml.safe_load(file.read_text(encoding="utf-8"))
        action["runs"]["steps"] = steps
        file.write_text(yaml.safe_dump(action, sort_keys=False), encoding="utf-8")
    with pytest.raises(AssertionError):
        CHECKED[protection](sandbox)
