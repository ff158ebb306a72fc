"""The imitations of the artifact actions do what the sources of the pinned versions do, in one case after another."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.simulation.events import dispatch_event
from tests.simulation.runs import Run
from tests.simulation.world import World

COMMIT = "0" * 40  # any full-length commit; test_workflows compares the versions with the pins
UPLOAD = f"actions/upload-artifact@{COMMIT}"
DOWNLOAD = f"actions/download-artifact@{COMMIT}"
Steps = Callable[[list[dict[str, object]]], Run]


@pytest.fixture
def run_steps(world: World) -> Steps:
    """Run the steps of a workflow with one job."""

    def started(steps: list[dict[str, object]]) -> Run:
        job = {"runs-on": "ubuntu-24.04", "permissions": {}, "steps": steps}
        workflow = {"name": "Artifacts", "on": {"workflow_dispatch": None}, "jobs": {"job": job}}
        world.project.run("git", "rm", "-r", "--quiet", ".github/workflows")
        (world.project.path / ".github/workflows").mkdir(parents=True)
        world.project.write(".github/workflows/artifacts.yaml", yaml.safe_dump(workflow))
        world.commit()
        (done,) = world.trigger(dispatch_event({}))
        return done

    return started


def upload(name: str, *files: str, **given: str) -> list[dict[str, object]]:
    """Return the steps that write files into a folder, and upload it under a name."""
    made = "".join(f"mkdir -p $(dirname {name}/{file}) && echo {file} > {name}/{file}\n" for file in files)
    return [{"run": made or f"mkdir -p {name}"}, {"uses": UPLOAD, "with": {"name": name, "path": f"{name}/"} | given}]


def download(**given: str) -> dict[str, object]:
    """Return the step that fetches into the folder `out`."""
    return {"uses": DOWNLOAD, "with": {"path": "out"} | given}


SHOW: list[dict[str, object]] = [{"run": "cd out && echo listed: $(find . -type f | sort)."}]
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
    uploads: list[dict[str, object]], given: dict[str, str], files: str, run_steps: Steps
) -> None:
    """With a name, in `path`; without one, in folders, but a run's only artifact in `path` itself."""
    done = run_steps([*uploads, download(**given), *SHOW])
    assert done.result == "success", done.log
    assert f"listed: {files}." in done.log


FAILURES = {
    "an artifact that is not there": ([*ONE, download(name="two")], "Artifact not found for name: two"),
    "a name that is taken": ([*ONE, *upload("one", "c.txt")], "(409) Conflict"),
    "nothing to upload": (upload("one", **{"if-no-files-found": "error"}), "No files were found"),
}


@pytest.mark.parametrize(("steps", "message"), FAILURES.values(), ids=FAILURES)
def test_an_artifact_that_cannot_be_kept_or_found_fails_the_job(
    steps: list[dict[str, object]], message: str, run_steps: Steps
) -> None:
    """And the log says why."""
    done = run_steps(steps)
    assert done.result == "failure"
    assert message in done.log


def test_no_artifacts_are_no_error_without_a_name(run_steps: Steps, tmp_path: Path) -> None:
    """Neither to upload nor to download: a warning, and a job that succeeds."""
    done = run_steps([*upload("one"), download()])
    assert done.result == "success", done.log
    assert "No artifacts will be uploaded" in done.log
    assert not list(tmp_path.glob("run-*/artifacts/*"))
