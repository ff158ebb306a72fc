"""Every protection in the steps of the actions is needed: without it a check fails, or a reason is given.

The protections are read from the files, so that a new one cannot be forgotten: a protection that `GUARDS` does not have
fails the test. `test_workflow_facts.py` has those of the jobs, and `checks.py` the checks.
"""

import re
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.release import checks
from tests.release.checks import Check, check_failure
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
ELSEWHERE = {  # what any step may have, and why no check is needed
    **dict.fromkeys(("-I", "--no-config", "--no-sources", "--no-managed-python"), "test_launch.py shows what it does"),
    "persist-credentials": "no later step has a use for the token; zizmor finds a checkout that keeps it",
}
Steps = list[dict[str, Any]]
Removal = Callable[[dict[str, Any]], object]  # from a step


def change_script(pattern: str, new: str, step: dict[str, Any]) -> None:
    """Replace a pattern in the script of a step."""
    step["run"] = re.sub(pattern, new, step["run"])


def remove(name: str, step: dict[str, Any], *, inputs: bool = False) -> None:
    """Delete a key of a step, or an input."""
    del (step["with"] if inputs else step)[name]


def protections(step: dict[str, Any]) -> Iterator[tuple[str, Removal]]:
    """Yield the name of every protection in a step, and a function that removes it; a script does nothing then."""
    script = step.get("run", "")
    if script:
        yield "the step", partial(change_script, r"(?s).+", "true")
    for name in sorted(set(step.get("with", {})) & WITH):
        yield name, partial(remove, name, inputs=True)
    for name in sorted({"if", "continue-on-error"} & step.keys() if step.get("if") != NOT_GIVEN else ()):
        yield name, partial(remove, name)
    for name in COMMAND.findall(script):
        yield name, partial(change_script, rf'.*echo "::{name}.*\n', "")
    for flag in dict.fromkeys(FLAG.findall(script)):
        yield flag, partial(change_script, rf" {flag}(?![\w-])(=('[^']*'|\S+))?", "")


CHECKOUT = "Check out the whole history, which holds the version"
DROP = "Drop the other tags of a released commit, which could be taken for its version"
BUILD = "Build the source distribution, and the wheel from it"
WHY = "Say if the lock of the build backends is the cause, and write a new one"
GATE_CHECKOUT = "Check out the project, and the history that the gate reads"
EXCHANGE = "Exchange a token for PyPI's and discard it"
PRINTED = "Fetch what uv printed, if a dry run came that far"
ATTACH = "Attach it, unless the release is immutable"
TAG = "See that the tag still points to this commit"
NOTHING_UPLOADED = "this job uploads nothing, and the gate has judged what it names"

UNLOCKED = check_failure("The lock does not have what the build requires")
GUARDS: dict[str, dict[str, Check | str]] = {
    "build": {
        f"{CHECKOUT}: fetch-depth": checks.check_push,
        f"{CHECKOUT}: lfs": checks.check_large_file,
        f"{CHECKOUT}: submodules": checks.check_submodule,
        f"{DROP}: the step": checks.check_two_tags,
        f"{DROP}: if": checks.check_rehearsal,
        f"{DROP}: --points-at": "the build would not see older tags, whose versions it does not need",
        f"{DROP}: --format": checks.check_two_tags,
        f"{DROP}: --stdin": checks.check_release,
        f"{BUILD}: the step": checks.check_release,
        f"{BUILD}: remove-matcher": "act knows no problem matchers; test_workflow_facts.py sees that it is there",
        f"{BUILD}: stop-commands": checks.check_printed_commands,
        f"{BUILD}: --version": checks.check_release,
        f"{BUILD}: --python": checks.check_release,
        f"{BUILD}: --build-constraints": checks.check_release,
        f"{BUILD}: --require-hashes": UNLOCKED,
        f"{WHY}: the step": UNLOCKED,
        f"{WHY}: if": checks.check_release,
        f"{WHY}: --check": UNLOCKED,
        f"{WHY}: --backends": UNLOCKED,
        f"{WHY}: --patch": "act has no index to lock from; test_lock.py shows what it writes",
        "Offer the new lock, if there is one: if-no-files-found": "a warning would be shown",
        "Offer the new lock, if there is one: if": "there is no file to offer otherwise",
        "Keep the files for the gate and the release: if-no-files-found": "the gate has nothing to fetch then",
    },
    "gate": {
        "Fail unless the build succeeded: the step": "it says why; without it there is no artifact to fetch",
        "Fail unless the build succeeded: if": checks.check_release,
        f"{GATE_CHECKOUT}: fetch-depth": checks.check_release,
        "Fetch what was built: artifact-ids": checks.check_replaced_before_gate,
        "Pass the release gate: the step": check_failure("pyproject.toml has a static version"),
    },
    "attach": {
        "Fetch what was built: artifact-ids": checks.check_replaced_before_attach,
        f"{ATTACH}: the step": checks.check_release,
        f"{ATTACH}: --jq": check_failure("The release is immutable"),
        f"{ATTACH}: --clobber": checks.check_second_run,
    },
    "rehearse": {
        "Fetch what was built: artifact-ids": NOTHING_UPLOADED,
        f"{EXCHANGE}: the step": checks.check_rehearsal,
        f"{EXCHANGE}: --dry-run": checks.check_rehearsal,
        f"{EXCHANGE}: --trusted-publishing": checks.check_rehearsal,
        f"{EXCHANGE}: --quiet": "it keeps the log short",
        "Keep what uv printed for the report: if": checks.check_refused_rehearsal,
    },
    "report": {
        "Check out the publisher's form: ref": check_failure("The tag is on another commit"),
        "Fetch what was built: artifact-ids": NOTHING_UPLOADED,
        "Fetch what was built: if": "without an ID every artifact would be fetched, which the report does not need",
        f"{PRINTED}: continue-on-error": check_failure("The environment does not let a dry run in"),
        f"{PRINTED}: if": "the step may fail, as it does where there is nothing to fetch",
        "Write the job summary: the step": checks.check_release,
    },
    "publish": {
        f"{TAG}: the step": check_failure("The run is stale"),
        f"{TAG}: --jq": checks.check_release,
        "Fetch what the gate has judged: artifact-ids": checks.check_replaced_before_publish,
        "Publish, with attestations: attestations": "it is the action's default, written down",
    },
}


def steps_of(name: str, sandbox: Sandbox) -> Steps:
    """Return the steps of an action, or of the publishing job."""
    if name == "publish":
        return list(parse_workflow(sandbox.project.read(RELEASE_WORKFLOW))["jobs"][name]["steps"])
    return list(yaml.safe_load((ACTIONS / name / "action.yml").read_text(encoding="utf-8"))["runs"]["steps"])


def test_every_protection_of_the_steps_is_listed(sandbox: Sandbox) -> None:
    """A new protection needs a check that fails without it, or a reason."""
    found = {
        name: [
            f"{step['name']}: {what}"
            for step in steps_of(name, sandbox)
            for what, _ in protections(step)
            if what not in ELSEWHERE
        ]
        for name in GUARDS
    }
    assert found == {name: list(guards) for name, guards in GUARDS.items()}


CHECKED = {
    (name, protection): check
    for name, guards in GUARDS.items()
    for protection, check in guards.items()
    if not isinstance(check, str)
}


@pytest.mark.slow
@pytest.mark.parametrize("protection", CHECKED, ids=", ".join)
def test_a_check_fails_without_the_protection(protection: tuple[str, str], sandbox: Sandbox, tmp_path: Path) -> None:
    """A check that passes with a protection fails if that protection is removed from the steps."""
    name, (where, _, what) = protection[0], protection[1].rpartition(": ")
    steps = steps_of(name, sandbox)
    (step,) = (one for one in steps if one["name"] == where)
    dict(protections(step))[what](step)
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
