"""The imitated actions do what the sources that they follow do, in one case after another."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.release.scenarios.changes import register_publisher
from tests.simulation.act import ActRun, run_with_act
from tests.simulation.events import Event, dispatch_event, release_event
from tests.simulation.sandbox import Sandbox
from tests.support.interpreters import interpreters
from tests.support.projects import SDIST, TAG, WHEEL

COMMIT = "0" * 40  # any full-length commit
CHECKOUT = f"actions/checkout@{COMMIT}"
DOWNLOAD = f"actions/download-artifact@{COMMIT}"
PUBLISH = f"pypa/gh-action-pypi-publish@{COMMIT}"
PYTHON = f"actions/setup-python@{COMMIT}"
UPLOAD = f"actions/upload-artifact@{COMMIT}"
Steps = list[dict[str, Any]]
Start = Callable[..., ActRun]
DISPATCH, RELEASE = dispatch_event({}), release_event(TAG)


pytestmark = pytest.mark.slow


@pytest.fixture
def start(sandbox: Sandbox, tmp_path: Path) -> Start:
    """Run the steps of a workflow with one job, of the second commit; with `moved`, the refs are at a third one."""

    def started(steps: Steps, event: Event = DISPATCH, *, moved: bool = False, **permissions: str) -> ActRun:
        job = {"runs-on": "ubuntu-24.04", "permissions": permissions, "steps": steps}
        triggers = {"workflow_dispatch": None, "release": None}
        workflow = {"name": "Actions", "on": triggers, "jobs": {"job": job}}
        sandbox.project.run("git", "rm", "-r", "--quiet", ".github/workflows")
        (sandbox.project.path / ".github/workflows").mkdir(parents=True)
        sandbox.project.write(".github/workflows/actions.yaml", yaml.safe_dump(workflow))
        sandbox.commit()
        commit = sandbox.project.run("git", "rev-parse", "HEAD").stdout.strip()
        if moved:
            sandbox.commit()
        sandbox.project.run("git", "push", "--quiet", "--mirror", sandbox.github.git)
        event = event._replace(commit=commit)
        return run_with_act(sandbox.github, event, "actions.yaml", tmp_path / "act")

    return started


def upload(name: str, *files: str, **given: str) -> Steps:
    """Return the steps that write files into a folder, and upload it under a name."""
    made = "".join(f"mkdir -p $(dirname {name}/{file}) && echo {file} > {name}/{file}\n" for file in files)
    return [{"run": made or f"mkdir -p {name}"}, {"uses": UPLOAD, "with": {"name": name, "path": f"{name}/"} | given}]


def download(**given: str) -> dict[str, object]:
    """Return the step that fetches into the folder `out`."""
    return {"uses": DOWNLOAD, "with": {"path": "out"} | given}


SHOW: Steps = [{"run": "cd out && echo listed: $(find . -type f | sort)."}]
ONE = upload("one", "a.txt", "sub/b.txt")
TWO = [*ONE, *upload("two", "c.txt")]
FETCHED = {
    "one artifact, by name": (ONE, {"name": "one"}, "./a.txt ./sub/b.txt"),
    "one artifact, without a name": (ONE, {}, "./a.txt ./sub/b.txt"),  # since v8; before, in a folder `one`
    "two artifacts, by name": (TWO, {"name": "two"}, "./c.txt"),
    "two artifacts, without a name": (TWO, {}, "./one/a.txt ./one/sub/b.txt ./two/c.txt"),
    "hidden files are left out": (upload("one", "a.txt", ".b", ".git/c"), {"name": "one"}, "./a.txt"),
}


@pytest.mark.parametrize(("uploads", "given", "files"), FETCHED.values(), ids=FETCHED)
def test_artifacts_land_where_the_action_puts_them(
    uploads: Steps, given: dict[str, str], files: str, start: Start
) -> None:
    """An artifact that is asked for by name, or is the only one, lands in `path` itself; several get a folder each."""
    done = start([*uploads, download(**given), *SHOW])
    assert done.result == "success", done.log
    assert f"listed: {files}." in done.log


FAILURES = {
    "an artifact that is not there": ([*ONE, download(name="two")], "Artifact not found for name: two"),
    "a name that is taken": ([*ONE, *upload("one", "c.txt")], "(409) Conflict"),
    "nothing to upload": (upload("one", **{"if-no-files-found": "error"}), "No files were found"),
}


@pytest.mark.parametrize(("steps", "message"), FAILURES.values(), ids=FAILURES)
def test_an_artifact_that_cannot_be_kept_or_found_fails_the_job(steps: Steps, message: str, start: Start) -> None:
    """The job fails and logs the cause if an artifact is missing, its name is taken, or it lacks required files."""
    done = start(steps)
    assert done.result == "failure"
    assert message in done.log


def test_no_artifacts_are_no_error_without_a_name(start: Start) -> None:
    """A job succeeds if it finds nothing to upload, which gives a warning, and nothing to download without a name."""
    done = start([*upload("one"), download()])
    assert done.result == "success", done.log
    assert "No artifacts will be uploaded" in done.log
    assert not list(done.artifacts.glob("*"))


SHOW_GIT = {
    "run": 'echo "$(git rev-list --count HEAD) commit(s), tags:$(git tag), branch:$(git branch --show-current)."\n'
    "git config --includes --get-regexp extraheader || echo no token"
}
DEEP = {"uses": CHECKOUT, "with": {"fetch-depth": 0, "persist-credentials": False}}
SHALLOW = {"uses": CHECKOUT}
BY_COMMIT = {"uses": CHECKOUT, "with": {"ref": "${{ github.sha }}"}}
CHECKOUTS: dict[str, tuple[dict[str, Any], Event, bool, str]] = {
    "all history of a branch": (DEEP, DISPATCH, False, "2 commit(s), tags:v1.2.3, branch:main."),
    "all history of a tag": (DEEP, RELEASE, False, "2 commit(s), tags:v1.2.3, branch:."),
    "one commit of a branch": (SHALLOW, DISPATCH, False, "1 commit(s), tags:, branch:main."),
    "one commit of a tag": (SHALLOW, RELEASE, False, "1 commit(s), tags:v1.2.3, branch:."),
    "a commit": (BY_COMMIT, RELEASE, False, "1 commit(s), tags:, branch:."),
    "a branch that has moved": (DEEP, DISPATCH, True, "2 commit(s), tags:v1.2.3, branch:main."),
    "the commit of a tag that has moved": (BY_COMMIT, RELEASE, True, "1 commit(s), tags:, branch:."),
}


@pytest.mark.parametrize(("step", "event", "moved", "shown"), CHECKOUTS.values(), ids=CHECKOUTS)
def test_a_checkout_has_the_history_and_the_tags_that_it_asks_for(
    step: dict[str, Any], event: Event, shown: str, start: Start, *, moved: bool
) -> None:
    """A checkout has the history and tags that it asks for, and leaves the token for later steps unless told not to."""
    done = start([step, SHOW_GIT], event, moved=moved, contents="read")
    assert done.result == "success", done.log
    assert shown in done.log
    assert ("no token" in done.log) == (step is DEEP)
    assert ("http.https://github.com/.extraheader AUTHORIZATION: basic" in done.log) == (step is not DEEP)


@pytest.mark.parametrize("step", [DEEP, SHALLOW], ids=["all history", "one commit"])
def test_a_tag_that_has_moved_is_not_checked_out(step: dict[str, Any], start: Start) -> None:
    """A checkout of a tag that has moved fails, because it would get another commit than that of the event."""
    done = start([step], RELEASE, moved=True, contents="read")
    assert done.result == "failure"
    assert "The ref 'refs/tags/v1.2.3' does not point to the expected commit" in done.log


def test_a_checkout_needs_a_permission(start: Start) -> None:
    """A checkout needs the permission `contents: read`, because the simulated repository is private."""
    done = start([SHALLOW])
    assert done.result == "failure"
    assert "actions/checkout needs the permission contents: read" in done.log


def test_an_artifact_is_fetched_by_its_id(start: Start) -> None:
    """An upload has an ID as its output, and that artifact's files land in `path` itself, whatever others there are."""
    first, second = upload("one", "a.txt"), upload("two", "b.txt")
    first[-1]["id"] = "first"
    by_id = download(**{"artifact-ids": "${{ steps.first.outputs.artifact-id }}"})
    done = start([*first, *second, by_id, *SHOW])
    assert "listed: ./a.txt." in done.log, done.log


def test_an_artifact_with_another_id_is_not_fetched(start: Start) -> None:
    """An ID that no artifact has fails the job: the newest artifact of the name is not taken for it."""
    done = start([*ONE, download(**{"artifact-ids": "7"})])
    assert done.result == "failure"
    assert "None of the provided artifact IDs were found" in done.log


def test_a_python_is_set_up_with_pip_alone(start: Start) -> None:
    """The Python that a step sets up is first on the PATH of later steps; it has pip and, if it is old, setuptools."""
    show = {
        "run": "python -c 'import sys; print(\"Python\", sys.version_info[:2])'\npython -m pip list --format=freeze"
    }
    version = list(interpreters())[-1]
    done = start([{"uses": PYTHON, "with": {"python-version": version}}, show])
    assert f"Python ({version.replace('.', ', ')})\npip==" in done.log, done.log
    assert done.log.count("==") <= 2  # Python 3.11 and older bring setuptools


def test_publishing_checks_the_files_then_uploads_those_of_dist(start: Start, sandbox: Sandbox, built: Path) -> None:
    """The publishing action checks the files of `dist`, exchanges one ID token by itself, and uploads these files."""
    sandbox.github.environments.clear()
    register_publisher(environment="", workflow_filename="actions.yaml")(sandbox)
    done = start([{"run": f"mkdir dist && cp '{built}'/my_* dist"}, {"uses": PUBLISH}], **{"id-token": "write"})
    assert done.result == "success", done.log
    assert sandbox.uploaded() == {WHEEL, SDIST}
    assert done.log.index("PASSED") < done.log.index("Uploading distributions"), done.log
    assert done.jobs.tokens_asked() == {"job": 1}


def test_publishing_broken_metadata_asks_for_no_token(start: Start, sandbox: Sandbox) -> None:
    """The publishing action checks the metadata first, so it asks for no token if the metadata is broken."""
    done = start(
        [{"run": "mkdir dist && echo x > dist/my_package-1.tar.gz"}, {"uses": PUBLISH}], **{"id-token": "write"}
    )
    assert done.result == "failure"
    assert not sandbox.loopback.tokens.issued
