"""Both engines get the same repository and event, and must leave the same: `simulation/act.py` says what act lacks."""

import re
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.scenarios.changes import (
    break_readme,
    edit,
    fail_with,
    make_contributors_fork,
    make_own_fork,
    make_release_immutable,
    nothing,
    register_pending,
    register_publisher,
    rename_repository,
    upload_other_wheel,
)
from tests.simulation.engines import run_on_both
from tests.simulation.events import Event, dispatch_event, pull_request_event, release_event
from tests.simulation.server import Fault
from tests.simulation.world import World
from tests.support.editing import all_of
from tests.support.paths import BUILD_WORKFLOW, PYPROJECT, RELEASE_WORKFLOW
from tests.support.projects import SDIST, TAG, VERSION, WHEEL

Change = Callable[[World], object]
CI = ("push", "pull request", "merge group")
FILES = {WHEEL, SDIST}
QUEUE = "gh-readonly-queue/main/pr-1"
REHEARSED = {"rehearse": 1, "rehearse-without-environment": 1}


class Scenario(NamedTuple):
    """What happens after what was changed, and what both engines must have seen."""

    event: str  # in `EVENTS`
    result: str
    asked: Mapping[str, int] = {}  # the jobs that ask for ID tokens, and for how many
    uploaded: AbstractSet[str] = frozenset()
    prepare: Change = nothing  # of the project's files
    change: Change = nothing  # of GitHub or PyPI
    slow: bool = True


def add_tag(world: World) -> None:
    """Give the released commit a second tag."""
    world.project.run("git", "tag", "v1.2.3rc1")


def commit_for_ci(world: World) -> None:
    """Commit something behind the tag, on the default branch, as a pull request and in a merge queue."""
    world.project.commit()
    for ref in ("refs/pull/1/merge", f"refs/heads/{QUEUE}"):
        world.project.run("git", "update-ref", ref, "HEAD")


def replace_gate_version(world: World) -> None:
    """Have a static version, which the gate refuses for this tag."""
    edit(PYPROJECT, 'dynamic = ["version"] # from the git tag', 'version = "9.9.9"')(world)


SCENARIOS = {
    "a release": Scenario("release", "success", {"publish": 1}, FILES, slow=False),
    "a dry run": Scenario("rehearse", "success", REHEARSED, slow=False),
    "a release that PyPI refuses": Scenario(
        "release", "failure", {"publish": 1}, change=register_publisher(repository="another")
    ),
    "a dry run that PyPI refuses": Scenario(
        "rehearse", "failure", {"rehearse": 1}, change=register_publisher(repository="another")
    ),
    "a release whose build fails": Scenario(
        "release", "failure", prepare=edit(PYPROJECT, "poetry_dynamic_versioning.backend", "no.such.backend")
    ),
    "a release that the gate refuses": Scenario("release", "failure", prepare=replace_gate_version),
    "a release whose README does not render": Scenario("release", "failure", prepare=break_readme),
    "a release that is uploaded in part": Scenario(
        "release", "failure", {"publish": 1}, {WHEEL}, change=fail_with(Fault("legacy", 500, after=1))
    ),
    "a release of a file that PyPI has with other bytes": Scenario(
        "release", "failure", {"publish": 1}, {WHEEL}, change=upload_other_wheel
    ),
    "a first release": Scenario("release", "success", {"publish": 1}, FILES, change=register_pending("my-package")),
    "a commit with two tags": Scenario("release", "success", {"publish": 1}, FILES, prepare=add_tag),
    "a dry run with a mistyped name": Scenario("mistyped", "failure"),
    "a dry run with a publisher without an environment": Scenario(
        "rehearse", "failure", REHEARSED, change=register_publisher(environment="")
    ),
    "a dry run that cannot check the environment": Scenario(
        "rehearse", "failure", REHEARSED, change=fail_with(Fault("mint-token", 503, after=1))
    ),
    "a push": Scenario("push", "success", prepare=commit_for_ci),
    "a pull request": Scenario("pull request", "success", prepare=commit_for_ci),
    "a pull request that the gate refuses": Scenario(
        "pull request",
        "failure",
        prepare=all_of(edit(PYPROJECT, "Typing :: Typed", "Framework :: Meltano"), commit_for_ci),
    ),
    "a merge group": Scenario("merge group", "success", prepare=commit_for_ci),
    "a release in a contributor's fork": Scenario("release", "success", change=make_contributors_fork),
    "a dry run in a contributor's fork": Scenario("rehearse", "success", change=make_contributors_fork),
    "a release of a project that is a fork": Scenario(
        "release", "success", {"publish": 1}, FILES, change=make_own_fork
    ),
    "a release in a foreign repository": Scenario("release", "failure", change=rename_repository("our-package")),
    "a dry run in a foreign repository": Scenario("rehearse", "failure", change=rename_repository("our-package")),
    "an immutable release": Scenario("release", "success", {"publish": 1}, FILES, change=make_release_immutable),
    "a release without `id-token`": Scenario(
        "release", "failure", prepare=edit(RELEASE_WORKFLOW, "id-token: write # PyPI", "actions: read # PyPI")
    ),
    "a release that may not write": Scenario(
        "release", "failure", {"publish": 1}, FILES, edit(RELEASE_WORKFLOW, "contents: write", "contents: read")
    ),
    "a release whose `attach` may not read": Scenario(
        "release", "failure", {"publish": 1}, FILES, edit(RELEASE_WORKFLOW, "contents: write", "actions: read")
    ),
}
EVENTS = {
    "release": release_event(TAG),
    "rehearse": dispatch_event({"package_name": "my-package"}),
    "mistyped": dispatch_event({"package_name": "my_package"}),
    "push": Event("push", "refs/heads/main", {}),
    "pull request": pull_request_event(),
    "merge group": Event("merge_group", f"refs/heads/{QUEUE}", {"action": "checks_requested"}),
}


@pytest.mark.parametrize(
    "scenario",
    [
        pytest.param(scenario, id=title, marks=[pytest.mark.slow] if scenario.slow else [])
        for title, scenario in SCENARIOS.items()
    ],
)
def test_both_engines_leave_the_same(scenario: Scenario, world: World, tmp_path: Path) -> None:
    """Both engines leave the same job results, outputs, artifacts, ID tokens, uploads, attachments, and report."""
    scenario.prepare(world)
    workflow = BUILD_WORKFLOW if scenario.event in CI else RELEASE_WORKFLOW
    (left, run), (also_left, other_run) = run_on_both(
        world, EVENTS[scenario.event], Path(workflow).name, scenario.change, tmp_path / "act"
    )
    assert also_left == left, f"{run.log}\n\nact:\n{other_run.log}"
    assert (left.result, left.tokens_asked, left.uploaded) == (scenario.result, scenario.asked, scenario.uploaded)
    assert other_run.exit_code == (left.result == "failure")
    if left.result == "success" and left.results["build"] == "success":
        version = left.outputs["judge" if scenario.event in CI else "build"]["version"]
        assert re.fullmatch(rf"{VERSION}.post1.dev0\+\w+" if scenario.event in CI else VERSION, version)
