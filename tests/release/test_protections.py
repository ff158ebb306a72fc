"""Every protection in the steps of the actions is needed: without it a check fails, or a reason is given.

The protections are read from the files, so that a new one cannot be forgotten: a protection that `GUARDS` does not have
fails the test. `test_workflow_facts.py` has those of the jobs.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.release.scenarios.changes import (
    delete_tag_during_the_run,
    edit,
    make_release_immutable,
    move_tag,
    set_environment,
)
from tests.simulation.events import Event
from tests.simulation.protections import Steps, protections
from tests.simulation.sandbox import Sandbox
from tests.simulation.workflows import parse_workflow
from tests.support.paths import ACTIONS, PYPROJECT, RELEASE_WORKFLOW, TEST_WORKFLOW
from tests.support.projects import SDIST, VERSION, WHEEL

Check = Callable[[Sandbox], None]


# The checks: each fails if a protection that it needs is gone.


def check_release(sandbox: Sandbox) -> None:
    """A release is built, uploaded, attached and reported, and leaves no token behind."""
    done = sandbox.release()
    expected = {"build": "success", "gate": "success", "publish": "success", "attach": "success", "report": "success"}
    assert done.results() == expected | {"rehearse": "skipped", "rehearse-without-environment": "skipped"}
    assert sandbox.uploaded() == sandbox.attached() == {WHEEL, SDIST}
    assert "Released" in done.jobs["report"].summary


def check_rehearsal(sandbox: Sandbox) -> None:
    """A dry run exchanges a token, discards it, and uploads nothing."""
    done = sandbox.rehearse()
    expected = {"build": "success", "gate": "success", "publish": "skipped", "attach": "skipped", "report": "success"}
    assert done.results() == expected | {"rehearse": "success", "rehearse-without-environment": "success"}
    assert done.jobs["gate"].outputs["version"] == VERSION
    assert not sandbox.uploaded()
    assert len(sandbox.loopback.pypi.burned) == 1
    assert "The dry run passed" in done.jobs["report"].summary


def check_failed_rehearsal(sandbox: Sandbox) -> None:
    """The report explains why PyPI refused a dry run."""
    sandbox.loopback.pypi.publishers.clear()
    done = sandbox.rehearse()
    assert "PyPI knows no publisher" in done.jobs["report"].summary
    assert "What uv printed" in done.jobs["report"].summary
    assert done.jobs["rehearse"].result == "failure"
    assert done.jobs["report"].result == "success"


def check_refused_branch(sandbox: Sandbox) -> None:
    """A dry run that the environment refuses is reported, although uv printed nothing."""
    set_environment(branches=(), tags=("v*",))(sandbox)
    done = sandbox.rehearse()
    assert "before the exchange" in done.jobs["report"].summary
    assert done.jobs["report"].result == "success"


def check_immutable_release(sandbox: Sandbox) -> None:
    """An immutable release is left alone, and that is no failure."""
    make_release_immutable(sandbox)
    assert sandbox.release().result == "success"
    assert not sandbox.attached()


def check_stale_run(sandbox: Sandbox) -> None:
    """A run whose tag was deleted while it waited for its reviewer publishes nothing."""
    delete_tag_during_the_run(sandbox)
    assert sandbox.release().results()["publish"] == "failure"
    assert not sandbox.loopback.tokens.issued


def check_other_version(sandbox: Sandbox) -> None:
    """A version that is not the tag's is not released."""
    edit(PYPROJECT, 'dynamic = ["version"] # from the git tag', 'version = "9.9.9"')(sandbox)
    assert sandbox.release().result == "failure"
    assert not sandbox.uploaded()


def check_two_tags(sandbox: Sandbox) -> None:
    """A commit with two versions is released as the one whose tag was released, also if the other one is newer."""
    sandbox.project.run("git", "tag", "v1.2.3rc1")
    sandbox.tag = "v1.2.3rc1"
    assert sandbox.release().result == "success"
    assert all("1.2.3rc1" in name for name in sandbox.uploaded())


def check_second_run(sandbox: Sandbox) -> None:
    """A release can be run again."""
    check_release(sandbox)
    assert sandbox.release().result == "success"


def check_unlocked_backend(sandbox: Sandbox) -> None:
    """A build requirement that is not locked is refused, and the build says how to lock it."""
    edit(PYPROJECT, 'requires = ["poetry', 'requires = ["iniconfig", "poetry')(sandbox)
    done = sandbox.release()
    assert done.result == "failure"
    assert "The build requires iniconfig" in done.jobs["build"].log


def check_failed_build(sandbox: Sandbox) -> None:
    """A build that fails also fails the gate, which is the required check, and is reported."""
    edit(PYPROJECT, "poetry_dynamic_versioning.backend", "no.such.backend")(sandbox)
    done = sandbox.release()
    assert done.jobs["gate"].result == "failure"
    assert done.jobs["report"].result == "success"
    assert "Nothing was uploaded: the build failed" in done.jobs["report"].summary


def check_push(sandbox: Sandbox) -> None:
    """A commit behind the tag is built as a post-release of it, which takes the whole history."""
    sandbox.project.run("git", "rm", "--quiet", TEST_WORKFLOW)
    sandbox.project.commit()
    (done,) = sandbox.trigger(Event("push", "refs/heads/main", {}))
    assert done.jobs["gate"].outputs["version"].startswith(f"{VERSION}.post1.dev0+")


def check_moved_tag(sandbox: Sandbox) -> None:
    """A tag that was moved stops the build, and the report says that nothing was uploaded."""
    before = sandbox.project.run("git", "rev-parse", "HEAD").stdout.strip()
    move_tag(sandbox)
    done = sandbox.release(before)
    assert done.results()["build"] == "failure"
    assert "Nothing was uploaded: the build failed" in done.jobs["report"].summary


CHECKOUT = "Check out the whole history, which holds the version"
DROP = "Drop the other tags of a released commit, which could be taken for its version"
BUILD = "Build the source distribution, and the wheel from it"
WHY = "Say if the lock of the build backends is the cause"
GATE_CHECKOUT = "Check out the project, and the history that the gate reads"
EXCHANGE = "Exchange a token for PyPI's and discard it"
KEPT = "Keep what uv printed for the report"
PRINTED = "Fetch what uv printed, if a dry run came that far"
ATTACH = "Attach it, unless the release is immutable"
ISOLATED = "tests/release/test_launch.py shows what it keeps out"
UNUSED = "no later step has a use for the token; zizmor finds a checkout that keeps it"
NOT_GIVEN = "a project's jobs do not give this input; the job of ci.yaml that runs the actions does"

GUARDS: dict[str, dict[str, Check | str]] = {
    "build": {
        f"{CHECKOUT}: fetch-depth": check_push,
        f"{CHECKOUT}: persist-credentials": UNUSED,
        f"{CHECKOUT}: if": NOT_GIVEN,
        f"{DROP}: the step": check_two_tags,
        f"{DROP}: if": check_rehearsal,
        f"{DROP}: --points-at": "the build would not see older tags, whose versions it does not need",
        f"{DROP}: --format": check_two_tags,
        f"{DROP}: --stdin": check_release,
        f"{BUILD}: the step": check_release,
        f"{BUILD}: -I": ISOLATED,
        f"{BUILD}: --version": check_release,
        f"{BUILD}: --no-config": ISOLATED,
        f"{BUILD}: --no-sources": ISOLATED,
        f"{BUILD}: --no-managed-python": ISOLATED,
        f"{BUILD}: --python": check_release,
        f"{BUILD}: --build-constraints": check_release,
        f"{BUILD}: --require-hashes": check_unlocked_backend,
        f"{WHY}: the step": check_unlocked_backend,
        f"{WHY}: if": check_release,
        f"{WHY}: -I": ISOLATED,
        f"{WHY}: --check": check_unlocked_backend,
        f"{WHY}: --backends": check_unlocked_backend,
        "Keep the files for the gate and the release: if-no-files-found": "the gate has nothing to fetch then",
    },
    "gate": {
        "Fail unless the build succeeded: the step": "it says why; without it there is no artifact to fetch",
        "Fail unless the build succeeded: if": check_release,
        f"{GATE_CHECKOUT}: fetch-depth": check_release,
        f"{GATE_CHECKOUT}: persist-credentials": UNUSED,
        f"{GATE_CHECKOUT}: if": NOT_GIVEN,
        "Pass the release gate: the step": check_other_version,
        "Pass the release gate: -I": ISOLATED,
    },
    "attach": {
        f"{ATTACH}: the step": check_release,
        f"{ATTACH}: --jq": check_immutable_release,
        f"{ATTACH}: --clobber": check_second_run,
    },
    "rehearse": {
        f"{EXCHANGE}: the step": check_rehearsal,
        f"{EXCHANGE}: -I": ISOLATED,
        f"{EXCHANGE}: --no-config": ISOLATED,
        f"{EXCHANGE}: --dry-run": check_rehearsal,
        f"{EXCHANGE}: --trusted-publishing": check_rehearsal,
        f"{EXCHANGE}: --quiet": "it keeps the log short",
        f"{KEPT}: if": check_failed_rehearsal,
    },
    "report": {
        "Check out the publisher's form: persist-credentials": UNUSED,
        "Check out the publisher's form: ref": check_moved_tag,
        "Check out the publisher's form: if": NOT_GIVEN,
        "Fetch what was built: if": "without an ID every artifact would be fetched, which the report does not need",
        f"{PRINTED}: if": "the step may fail, as it does where there is nothing to fetch",
        f"{PRINTED}: continue-on-error": check_refused_branch,
        "Write the job summary: the step": check_release,
        "Write the job summary: -I": ISOLATED,
    },
    "publish": {
        "See that the tag still points to this commit: the step": check_stale_run,
        "See that the tag still points to this commit: --jq": check_release,
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
    found = {name: [protection for protection, _ in protections(steps_of(name, sandbox))] for name in GUARDS}
    assert found == {name: list(guards) for name, guards in GUARDS.items()}


CHECKED = {
    (name, protection): check
    for name, guards in GUARDS.items()
    for protection, check in guards.items()
    if not isinstance(check, str)
}


@pytest.mark.slow
@pytest.mark.parametrize("check", sorted(set(CHECKED.values()), key=str))
def test_a_check_passes_with_all_protections(check: Check, sandbox: Sandbox) -> None:
    """Each check passes with all protections; otherwise, its failure without one of them would prove nothing."""
    check(sandbox)


@pytest.mark.slow
@pytest.mark.parametrize("protection", CHECKED, ids=", ".join)
def test_a_check_fails_without_the_protection(protection: tuple[str, str], sandbox: Sandbox, tmp_path: Path) -> None:
    """A check that passes with a protection fails if that protection is removed from the steps."""
    name, what = protection
    steps = steps_of(name, sandbox)
    dict(protections(steps))[what](steps)
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
