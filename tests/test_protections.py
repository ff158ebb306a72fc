"""Every protection of the release workflows is needed: without it a check fails, or a reason is given.

The protections are read from the rendered workflow files, so that a new one cannot be forgotten: a protection that
`GUARDS` does not have fails the test.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.scenarios.changes import (
    break_readme,
    edit,
    make_contributors_fork,
    make_release_immutable,
    move_tag,
    register_publisher,
    set_environment,
)
from tests.simulation.errors import InvalidWorkflowError, UnsupportedError
from tests.simulation.events import Event, release_event
from tests.simulation.protections import Removal, protections
from tests.simulation.workflows import parse_workflow
from tests.simulation.world import World
from tests.support.paths import (
    BUILD_LOCK,
    BUILD_WORKFLOW,
    JUDGE_LOCK,
    PYPROJECT,
    RELEASE_WORKFLOW,
    TEST_WORKFLOW,
    UV_LOCK,
)
from tests.support.projects import SDIST, TAG, VERSION, WHEEL, Project

RELEASE = Path(RELEASE_WORKFLOW).name
Check = Callable[[World], None]
Protection = tuple[str, str]  # the workflow file, and the name of the protection in it


# The checks: each fails if a protection that it needs is gone.


def check_release(world: World) -> None:
    """A release is built, uploaded, attached and reported, and leaves no token behind."""
    done = world.release()
    expected = {"build": "success", "publish": "success", "attach": "success", "report": "success"}
    assert done.results() == expected | {"rehearse": "skipped", "rehearse-without-environment": "skipped"}
    assert world.uploaded() == world.attached() == {WHEEL, SDIST}
    assert "Released" in done.jobs["report"].summary
    group = done.groups.get(RELEASE)  # a second run of the tag waits for it
    assert group == f"release-refs/tags/{TAG}"


def check_rehearsal(world: World) -> None:
    """A dry run exchanges a token, discards it, and has nothing of the project but its files and the hashes of uv."""
    done = world.rehearse()
    expected = {"build": "success", "publish": "skipped", "attach": "skipped", "report": "success"}
    assert done.results() == expected | {"rehearse": "success", "rehearse-without-environment": "success"}
    assert done.jobs["build"].outputs == {"version": VERSION}
    assert not world.uploaded()
    assert len(world.loopback.pypi.burned) == 1
    for job in ("rehearse", "rehearse-without-environment"):
        seen = {name for name in done.jobs[job].files_seen if not name.startswith("dist/")}
        assert seen == {UV_LOCK, "uv-output.txt"}
    assert "The dry run passed" in done.jobs["report"].summary


def check_failed_rehearsal(world: World) -> None:
    """The report explains why PyPI refused a dry run."""
    world.loopback.pypi.publishers.clear()
    done = world.rehearse()
    assert "PyPI knows no publisher" in done.jobs["report"].summary
    assert "What uv printed" in done.jobs["report"].summary
    assert done.jobs["rehearse"].result == "failure"
    assert done.jobs["report"].result == "success"


def check_publisher_without_environment(world: World) -> None:
    """A dry run fails if PyPI accepts a token without the environment, and uploads nothing."""
    register_publisher(environment="")(world)
    done = world.rehearse()
    assert done.jobs["rehearse-without-environment"].result == "failure"
    assert "The publisher on PyPI has no environment" in done.jobs["report"].summary
    assert not world.uploaded()


def check_refused_branch(world: World) -> None:
    """A dry run that the environment refuses is reported, although uv printed nothing."""
    set_environment(branches=(), tags=("v*",))(world)
    done = world.rehearse()
    assert "before the exchange" in done.jobs["report"].summary
    assert done.jobs["report"].result == "success"


def check_immutable_release(world: World) -> None:
    """An immutable release is left alone, and that is no failure."""
    make_release_immutable(world)
    assert world.release().result == "success"
    assert not world.attached()


def check_fork(world: World) -> None:
    """A contributor's fork builds nothing and asks for no token; a fork that is the publisher's releases."""
    world.github.fork = True
    assert world.release().result == "success"
    make_contributors_fork(world)
    assert set(world.release().results().values()) == {"skipped"}


def check_edited_release(world: World) -> None:
    """Editing a release starts nothing."""
    assert not world.trigger(release_event(world.tag, "edited"))


def check_other_version(world: World) -> None:
    """A version that is not the tag's is not released."""
    edit(PYPROJECT, 'dynamic = ["version"] # from the git tag', 'version = "9.9.9"')(world)
    assert world.release().result == "failure"
    assert not world.uploaded()


def check_two_tags(world: World) -> None:
    """A commit with two versions is released as the one whose tag was released."""
    world.project.run("git", "tag", f"{TAG}0")
    assert world.release().result == "success"
    assert world.uploaded() == {WHEEL, SDIST}


def check_second_run(world: World) -> None:
    """A release can be run again."""
    check_release(world)
    assert world.release().result == "success"


def check_hashes(lock: str) -> Check:
    """Return the check that a lock without hashes is refused."""

    def check(world: World) -> None:
        world.project.write(lock, "packaging==26.3\nbuild==1.6.1\ntwine==7.0.0\n")
        world.commit()
        done = world.rehearse() if lock == UV_LOCK else world.release()
        assert "Hashes are required in --require-hashes mode" in done.log

    return check


def check_unlocked_backend(world: World) -> None:
    """A build requirement that is not locked is refused."""
    edit(PYPROJECT, 'requires = ["poetry', 'requires = ["iniconfig", "poetry')(world)
    assert world.release().result == "failure"


INTRUDER = "raise SystemExit('the module of the project')\n"
PIP = f"""\
import os, runpy, sys
if "PIP_CONSTRAINT" not in os.environ:  # inside the build, which may run code of the project, the real one takes over
    {INTRUDER}
sys.path[:] = [folder for folder in sys.path if folder not in ("", os.getcwd())]
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"""


def check_root_modules(world: World) -> None:
    """Modules at the project's root that are called like the tools are not run."""
    for name in ("build.py", "twine.py", "packaging.py", "yaml.py"):
        world.project.write(name, INTRUDER)
    world.project.write("pip.py", PIP)
    world.commit()
    done = world.release()
    assert done.result == "success", done.log


def check_broken_readme(world: World) -> None:
    """A README that PyPI cannot render is refused before a token is requested."""
    break_readme(world)
    assert world.release().results()["publish"] == "skipped"


def check_failed_build(world: World) -> None:
    """A build that fails also fails the judge, which is the required check, and is reported."""
    edit(PYPROJECT, "poetry_dynamic_versioning.backend", "no.such.backend")(world)
    done = world.release()
    assert done.jobs["build/judge"].result == "failure"
    assert done.jobs["report"].result == "success"
    assert "Nothing was uploaded: the build failed" in done.jobs["report"].summary


def check_push(world: World) -> None:
    """A commit behind the tag is built as a post-release of it, which takes the whole history."""
    world.project.run("git", "rm", "--quiet", TEST_WORKFLOW)
    world.project.commit()
    (done,) = world.trigger(Event("push", "refs/heads/main", {}))
    assert done.jobs["judge"].outputs["version"].startswith(f"{VERSION}.post1.dev0+")


def check_moved_tag(world: World) -> None:
    """A tag that was moved stops the build, and the report says that nothing was uploaded."""
    before = world.project.run("git", "rev-parse", "HEAD").stdout.strip()
    move_tag(world)
    done = world.release(before)
    assert done.results()["build"] == "failure"
    assert "Nothing was uploaded: the build failed" in done.jobs["report"].summary


check_build_hashes, check_judge_hashes, check_uv_hashes = map(check_hashes, (BUILD_LOCK, JUDGE_LOCK, UV_LOCK))

OWN = "every job names its own permissions"
COST = "it limits the cost of a machine that hangs"
SHOWN = "GitHub shows the URL, and nothing else uses it"
ISOLATED = "only the hashes of uv are checked out, so that no file can configure uv or stand for a module"
CHECKOUT = "build, Check out the whole history, which holds the version"
DROP = "build, Drop the other tags of a released commit, which could be taken for its version"
INSTALL = "build, Install the build tools, each with a known hash"
BUILD = "build, Build the source distribution, and the wheel from it"
JUDGE = "judge, Check out the gate, and the history that it reads"
TOOLS = "judge, Install the tools of the gate, each with a known hash"
RENDER = "judge, Check the metadata and that PyPI can render the README"
SPARSE = "Check out the hashes of uv, and nothing else"
UV = "Install uv, with a known hash"
EXCHANGE = "rehearse, Exchange a token for PyPI's and discard it"
KEPT = "rehearse, Keep what uv printed for the report"
SECOND = "rehearse-without-environment, Pass if PyPI knows no such publisher"
PRINTED = "report, Fetch what uv printed, if the dry run came that far"


def rehearsing(job: str) -> dict[str, Check | str]:
    """Return the guards that both jobs of a dry run have."""
    return {
        f"{job}: timeout-minutes": COST,
        f"{job}: permissions.contents": check_rehearsal,
        f"{job}: permissions.id-token": check_rehearsal,
        f"{job}, {SPARSE}: pin": check_rehearsal,
        f"{job}, {SPARSE}: persist-credentials": check_rehearsal,
        f"{job}, {SPARSE}: sparse-checkout": check_rehearsal,
        f"{job}, {SPARSE}: sparse-checkout-cone-mode": check_rehearsal,
        f"{job}, Set up Python: pin": check_rehearsal,
        f"{job}, {UV}: -P": ISOLATED,
        f"{job}, {UV}: --require-hashes": check_uv_hashes,
        f"{job}, {UV}: --requirement": check_rehearsal,
        f"{job}, Fetch what was built: pin": check_rehearsal,
    }


GUARDS: dict[str, dict[str, Check | str]] = {
    BUILD_WORKFLOW: {
        "permissions": OWN,
        "concurrency": "it saves time when a pull request moves on",
        "build: timeout-minutes": COST,
        "build: permissions.contents": check_release,
        f"{CHECKOUT}: pin": check_release,
        f"{CHECKOUT}: fetch-depth": check_push,
        f"{CHECKOUT}: persist-credentials": check_release,
        "build, Set up Python: pin": check_release,
        f"{DROP}: if": check_rehearsal,
        f"{DROP}: --points-at": "the build would not see older tags, whose versions it does not need",
        f"{DROP}: --format": check_two_tags,
        f"{DROP}: --stdin": check_release,
        f"{INSTALL}: -P": check_root_modules,
        f"{INSTALL}: --require-hashes": check_build_hashes,
        f"{INSTALL}: --requirement": check_release,
        f"{BUILD}: PIP_CONSTRAINT": check_unlocked_backend,
        f"{BUILD}: -P": check_root_modules,
        f"{BUILD}: --check": "it explains why a build has failed, and changes no verdict",
        "build, Keep the files for the judge and the release: pin": check_release,
        "build, Keep the files for the judge and the release: if-no-files-found": "the judge has nothing to fetch then",
        "judge: if": check_failed_build,
        "judge: needs build": check_release,
        "judge: timeout-minutes": COST,
        "judge: permissions.contents": check_release,
        "judge, Fail unless the build succeeded: if": check_release,
        f"{JUDGE}: pin": check_release,
        f"{JUDGE}: fetch-depth": check_release,
        f"{JUDGE}: persist-credentials": check_release,
        "judge, Set up Python: pin": check_release,
        f"{TOOLS}: -P": check_root_modules,
        f"{TOOLS}: --require-hashes": check_judge_hashes,
        f"{TOOLS}: --requirement": check_release,
        "judge, Fetch what was built: pin": check_release,
        f"{RENDER}: the step": check_broken_readme,
        f"{RENDER}: -P": check_root_modules,
        "judge, Pass the release gate: the step": check_other_version,
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
        "rehearse: needs build": check_rehearsal,
        **rehearsing("rehearse"),
        f"{EXCHANGE}: --no-config": ISOLATED,
        f"{EXCHANGE}: --dry-run": check_rehearsal,
        f"{EXCHANGE}: --trusted-publishing": check_failed_rehearsal,
        f"{KEPT}: pin": check_failed_rehearsal,
        f"{KEPT}: if": check_failed_rehearsal,
        "rehearse-without-environment: needs rehearse": check_release,
        **rehearsing("rehearse-without-environment"),
        f"rehearse-without-environment, {UV}: --require-hashes": "the first job has refused such a file",
        f"{SECOND}: --no-config": ISOLATED,
        f"{SECOND}: --dry-run": check_publisher_without_environment,
        f"{SECOND}: --trusted-publishing": check_rehearsal,
        f"{SECOND}: --quiet": "it keeps the log short",
        "report: if": check_failed_rehearsal,
        "report: timeout-minutes": COST,
        "report: permissions.contents": check_release,
        "report: needs build": check_release,
        "report: needs publish": check_release,
        "report: needs attach": check_release,
        "report: needs rehearse": check_rehearsal,
        "report: needs rehearse-without-environment": check_rehearsal,
        "report, Check out the report: pin": check_release,
        "report, Check out the report: ref": check_moved_tag,
        "report, Check out the report: persist-credentials": check_release,
        "report, Fetch what was built: pin": check_release,
        "report, Fetch what was built: if": check_failed_build,
        f"{PRINTED}: pin": check_failed_rehearsal,
        f"{PRINTED}: if": "the step may fail, as it does where there is nothing to fetch",
        f"{PRINTED}: continue-on-error": check_refused_branch,
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
    """Each check passes with all protections; otherwise, its failure without one of them would prove nothing."""
    check(world)


@pytest.mark.slow
@pytest.mark.parametrize("protection", CHECKED, ids=", ".join)
def test_a_check_fails_without_the_protection(protection: Protection, world: World) -> None:
    """A check that passes with a protection fails if that protection is removed from the workflow file."""
    file, _ = protection
    workflow = parse_workflow(world.project.read(file))
    rendered(world.project)[protection](workflow)
    world.project.write(file, yaml.safe_dump(workflow, sort_keys=False))
    world.commit()
    with pytest.raises((AssertionError, InvalidWorkflowError, UnsupportedError)):
        CHECKED[protection](world)
