"""Many clones are updated by one command that can be stopped, and nothing with a conflict is pushed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.commands import ENVIRONMENT, run
from tests.support.editing import replace
from tests.support.paths import ANSWERS_FILE, BUILD_WORKFLOW, README, ROOT
from tests.support.projects import Project
from tests.support.versions import LINE_CHANGE, changed_files, update

SCRIPT = ROOT / "scripts/update_fleet.py"
BRANCH = "template-update"


def clone(old_project: Project, folder: Path, name: str) -> Project:
    """Clone a project, with an origin of its own to push to."""
    run("git", "clone", "--quiet", "--bare", old_project.path, folder / f"origins/{name}.git", cwd=folder)
    run("git", "clone", "--quiet", folder / f"origins/{name}.git", folder / name, cwd=folder)
    return Project(folder / name, old_project.answers)


@pytest.fixture
def fleet(old_project: Project, tmp_path: Path) -> dict[str, Project]:
    """Four clones, each to end up in another state, and one with unfinished work in it."""
    clones = {name: clone(old_project, tmp_path, name) for name in ("new", "old", "clash", "lost", "busy")}
    update(clones["new"])
    clones["new"].commit()
    replace(clones["clash"].path / BUILD_WORKFLOW, LINE_CHANGE[0], "timeout-minutes: 99")
    clones["clash"].commit()
    (clones["lost"].path / ANSWERS_FILE).unlink()
    clones["lost"].commit()
    clones["busy"].write(README, "# Unfinished\n")
    return clones


def update_fleet(folder: Path, fleet: dict[str, Project], *options: str) -> tuple[int, list[str]]:
    """Run the script over clones; return its exit code and its lines."""
    done = run(
        sys.executable, SCRIPT, *options, *(project.path.name for project in fleet.values()), cwd=folder, check=False
    )
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def pushed(project: Project) -> str:
    """Return the commit of the branch that the clone's origin has; nothing if it has no such branch."""
    return project.run("git", "ls-remote", "--heads", "origin", BRANCH).stdout


def test_every_clone_is_reported_and_no_conflict_is_pushed(fleet: dict[str, Project], tmp_path: Path) -> None:
    """Current, updated, conflicted, failed; whatever was going on in a clone goes on."""
    code, lines = update_fleet(tmp_path, fleet, "--push")
    states = {line.split()[1].rstrip(":"): line.split(": ")[1].partition(",")[0] for line in lines[:-1]}
    assert states == {"new": "current", "old": "updated", "clash": "conflicted", "lost": "failed", "busy": "updated"}
    assert lines[-1] == "1 current, 2 updated, 1 conflicted, 1 failed"
    assert code == 1
    assert {name: bool(pushed(project)) for name, project in fleet.items()} == {
        "new": False,
        "old": True,
        "clash": False,
        "lost": False,
        "busy": True,
    }
    for name in ("old", "busy"):
        difference = fleet[name].run("git", "diff", "--name-only", "HEAD", BRANCH).stdout.split()
        assert difference == [ANSWERS_FILE, BUILD_WORKFLOW]
        assert fleet[name].run("git", "branch", "--show-current").stdout == "main\n"
    assert changed_files(fleet["busy"]) == [README]
    assert all(changed_files(fleet[name]) == [] for name in fleet if name != "busy")


@pytest.mark.slow
def test_a_fixed_conflict_is_pushed_and_the_rest_is_not_done_again(fleet: dict[str, Project], tmp_path: Path) -> None:
    """The same command, after the conflict was resolved and committed where the report says."""
    update_fleet(tmp_path, fleet)
    before = fleet["old"].run("git", "rev-parse", BRANCH).stdout
    code, lines = update_fleet(tmp_path, fleet, "--push")
    assert "clash: conflicted" in lines[2]
    assert not pushed(fleet["clash"])
    (tree,) = tmp_path.glob("fleet/clash-*")
    fixed = Project(tree, {})
    fixed.run("git", "checkout", "--quiet", "--theirs", BUILD_WORKFLOW)
    fixed.commit("Update the template")
    fleet.pop("lost")
    code, lines = update_fleet(tmp_path, fleet, "--push")
    assert "clash: updated, v1.1.0, a conflict mended" in lines[2]
    assert pushed(fleet["clash"])
    assert (code, lines[-1]) == (0, "1 current, 3 updated, 0 conflicted, 0 failed")
    assert fleet["old"].run("git", "rev-parse", BRANCH).stdout == before


@pytest.mark.parametrize("stop_signal", [signal.SIGINT, pytest.param(signal.SIGKILL, marks=pytest.mark.slow)])
def test_a_fleet_can_be_stopped_and_resumed(stop_signal: signal.Signals, old_project: Project, tmp_path: Path) -> None:
    """In the middle of a clone's update; the result is that of one run."""
    fleet = {name: clone(old_project, tmp_path, name) for name in ("one", "two")}
    process = subprocess.Popen(
        [sys.executable, SCRIPT, "one", "two"],
        cwd=tmp_path,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not [tree for tree in tmp_path.glob("fleet/two-*") if (tree / BUILD_WORKFLOW).exists()]:
        assert process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, stop_signal)
    output, _ = process.communicate()
    assert process.returncode == (130 if stop_signal is signal.SIGINT else -signal.SIGKILL)
    assert output.startswith("[1/2] one: updated")
    first = fleet["one"].run("git", "rev-parse", BRANCH).stdout
    code, lines = update_fleet(tmp_path, fleet)
    assert (code, lines[-1]) == (0, "0 current, 2 updated, 0 conflicted, 0 failed")
    assert fleet["one"].run("git", "rev-parse", BRANCH).stdout == first
    assert fleet["two"].run("git", "diff", "--name-only", "HEAD", BRANCH).stdout.split() == [
        ANSWERS_FILE,
        BUILD_WORKFLOW,
    ]
    assert fleet["two"].run("git", "worktree", "list").stdout.count("\n") == 1
