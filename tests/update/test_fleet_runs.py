"""One run over a fleet: its table, its dry run, its end before the end, and its command line."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from typing import TYPE_CHECKING

import pexpect
import pytest
from filelock import FileLock
from update_fleet import Template, cause, git_url, is_current, own_commit

from tests.support.commands import ENVIRONMENT, run
from tests.support.editing import replace
from tests.support.fleet import (
    BRANCH,
    FILE,
    SCRIPT,
    Fleet,
    descendants,
    fingerprint,
    head,
    pushed,
    start_and_wait_for_second,
    states,
)
from tests.support.paths import ANSWERS_FILE, ROOT
from tests.support.projects import Project

if TYPE_CHECKING:
    from pathlib import Path

OTHER = ".copier-answers.release.yml"
OTHER_BRANCH = f"{BRANCH}-copier-answers.release"


def test_status_changes_nothing(fleet: Fleet) -> None:
    """`--status` shows each clone's version after one connection, changes no clone, and makes no work folder."""
    clones = [fleet.clone("one"), fleet.clone("two")]
    before = [fingerprint(clone.path) for clone in clones]
    lines = fleet.update("--status", "--markdown", "status.md", "one", "two", code=1)
    assert lines[2:] == [
        "| one | v1.0.0 | v1.1.0 | outdated |",
        "| two | v1.0.0 | v1.1.0 | outdated |",
        "0 current, 0 updated, 2 outdated, 0 conflicted, 0 failed",
    ]
    assert (fleet.folder / "status.md").read_text(encoding="utf-8").splitlines() == lines[:-1]
    assert [fingerprint(clone.path) for clone in clones] == before
    assert not (fleet.folder / "fleet").exists()
    assert fleet.connections() == 1


def test_a_dry_run_foretells_and_changes_no_clone(fleet: Fleet) -> None:
    """A dry run says which clone would update or conflict, changes no byte of a clone, and pushes nothing."""
    clones = [fleet.clone("old"), fleet.clone("clash")]
    replace(clones[1].path / FILE, "line-2: 1", "line-2: 99")
    clones[1].commit()
    before = [fingerprint(clone.path) for clone in clones]
    lines = fleet.update("--dry-run", "--push", "old", "clash", code=1)
    assert states(lines) == {"old": "would update, v1.0.0 → v1.1.0", "clash": "would conflict, settings.yaml"}
    assert [fingerprint(clone.path) for clone in clones] == before
    assert not pushed(clones[0])
    assert sorted(path.name for path in (fleet.folder / "fleet").iterdir()) == [".gitignore", ".lock"]


def test_two_runs_do_not_share_a_work_folder(fleet: Fleet) -> None:
    """A second run with the same work folder says that the folder is in use, and stops before it does anything."""
    fleet.clone("one")
    (fleet.folder / "fleet").mkdir()
    with FileLock(fleet.folder / "fleet/.lock"):
        done = run(sys.executable, SCRIPT, "one", cwd=fleet.folder, check=False, env=fleet.environment)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Another run uses the folder {fleet.folder / 'fleet'}.")
    assert fleet.connections() == 0


def test_a_work_folder_with_other_files_is_refused(fleet: Fleet) -> None:
    """A dry run and an update refuse a work folder that has other files, and leave it as it is."""
    clone = fleet.clone("one")
    clone.write(".gitignore", "secret.txt\n")
    before = fingerprint(clone.path)
    for options in (["--dry-run"], []):
        command = [*options, "--work", "one", "one"]
        done = run(sys.executable, SCRIPT, *command, cwd=fleet.folder, check=False, env=fleet.environment)
        assert done.returncode == 1
        assert done.stderr == f"{clone.path} has files of something else. Name a new or empty folder with --work.\n"
    assert fingerprint(clone.path) == before
    assert fleet.connections() == 0


def test_markers_of_the_project_are_no_conflict(fleet: Fleet) -> None:
    """Conflict markers on a project's page about git, and a `.rej` file among its test data, are no conflict."""
    clone = fleet.clone("one")
    clone.write("page.md", "<<<<<<< HEAD\nmine\n=======\nyours\n>>>>>>> other\n")
    clone.write("a.rej", "x\n")
    clone.commit()
    assert states(fleet.update("one", code=0)) == {"one": "updated, v1.0.0 → v1.1.0"}


def test_a_terminal_shows_a_progress_bar_with_the_time_left(fleet: Fleet) -> None:
    """In a terminal, the script shows a progress bar with the time left, and draws the table with lines."""
    for name in ("one", "two"):
        fleet.clone(name)
    environment = ENVIRONMENT | fleet.environment | {"TERM": "xterm", "COLUMNS": "100"}
    command = [str(SCRIPT), "--status", "one", "two"]
    terminal = pexpect.spawn(sys.executable, command, cwd=fleet.folder, env=environment, encoding="utf-8", timeout=60)
    terminal.expect(r"Reading.*━.*[01]/2.*(--:--|\d+:\d\d).* left")
    terminal.expect(r"│ one .*│ v1\.0\.0 .*│ v1\.1\.0 .*│ outdated │")
    terminal.expect(pexpect.EOF)


def add_answers_file(clone: Project, version: str = "v1.0.0") -> None:
    """Record the template in a second answers file, too."""
    shutil.copy(clone.path / ANSWERS_FILE, clone.path / OTHER)
    replace(clone.path / OTHER, "v1.0.0", version)
    clone.commit()


def test_another_answers_file_can_be_named(fleet: Fleet) -> None:
    """`--answers-file` names the file to update from; a clone that does not have it is reported as failed."""
    clone = fleet.clone("both")
    add_answers_file(clone)
    replace(clone.path / ANSWERS_FILE, "v1.0.0", "v1.1.0")
    clone.commit()
    fleet.clone("lost")
    options = ("--answers-file", OTHER, "both", "lost")
    assert "| both | v1.0.0 | v1.1.0 | outdated |" in fleet.update("--status", *options, code=1)
    shown = states(fleet.update(*options, code=1))
    assert shown["both"] == "updated, v1.0.0 → v1.1.0"
    assert shown["lost"].startswith(f"failed, {OTHER} is missing at HEAD. ")
    assert changed_on(clone, OTHER_BRANCH) == [OTHER, FILE]


@pytest.mark.slow
def test_the_templates_of_a_clone_do_not_replace_each_others_commits(fleet: Fleet) -> None:
    """Each answers file has a branch and a report of its own."""
    both, broken = fleet.clone("both"), fleet.clone("broken")
    add_answers_file(both)
    add_answers_file(broken, "v0.9.0")
    fleet.update("both", code=0)
    options = ("--answers-file", OTHER, "both", "broken")
    assert "| both | v1.0.0 | v1.1.0 | outdated |" in fleet.update("--status", *options, code=1)
    assert states(fleet.update("--dry-run", *options, code=1))["both"] == "would update, v1.0.0 → v1.1.0"
    shown = states(fleet.update(*options, code=1))
    assert shown["both"] == "updated, v1.0.0 → v1.1.0"
    assert f". Run `copier update --answers-file {OTHER}` in the clone to see it" in shown["broken"]
    assert changed_on(both, BRANCH) == [ANSWERS_FILE, FILE]
    assert changed_on(both, OTHER_BRANCH) == [OTHER, FILE]
    assert "| both | v1.0.0 | v1.1.0 | updated |" in fleet.update("--status", *options, code=1)


def changed_on(clone: Project, branch: str) -> list[str]:
    """Return the files that differ between a clone's main branch and another one."""
    return clone.run("git", "diff", "--name-only", "main", branch).stdout.split()


def test_a_resolved_conflict_names_what_is_not_committed(fleet: Fleet) -> None:
    """If a resolution is only partly committed, the message names the other files: the answers file and new ones."""
    clone = fleet.clone("clash")
    replace(clone.path / FILE, "line-2: 1", "line-2: 99")
    clone.commit()
    fleet.update("clash", code=1)
    (tree,) = fleet.folder.glob("fleet/clash-*")
    resolved = Project(tree, {})
    resolved.run("git", "checkout", "--quiet", "--theirs", FILE)
    resolved.run("git", "add", FILE)
    resolved.run("git", "commit", "--quiet", "--message", "Resolve")
    resolved.write("new.txt", "New\n")
    expected = f"conflicted, resolved in {tree}, but not committed yet: {ANSWERS_FILE}, new.txt"
    assert states(fleet.update("clash", code=1)) == {"clash": expected}
    resolved.commit("Add the rest")
    assert states(fleet.update("clash", code=0)) == {"clash": "updated, v1.0.0 → v1.1.0"}


@pytest.mark.parametrize("blow", [signal.SIGINT, pytest.param(signal.SIGKILL, marks=pytest.mark.slow)])
@pytest.mark.parametrize("group", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_a_run_can_be_stopped_and_continued(fleet: Fleet, blow: signal.Signals, *, group: bool) -> None:
    """A run that is stopped in the middle of an update leaves no worker; the same command continues it.

    The signal reaches the whole process group, as from a terminal, or the main process alone.
    """
    process = start_and_wait_for_second(fleet)
    workers = descendants(process.pid)
    (os.killpg if group else os.kill)(process.pid, blow)
    printed, _ = process.communicate(timeout=30)
    assert process.returncode == (130 if blow is signal.SIGINT else -signal.SIGKILL)
    assert printed.startswith("[1/2] one: updated")
    assert printed.endswith("Run the same command again to continue.\n") == (blow is signal.SIGINT)
    deadline = time.monotonic() + 30
    while workers & descendants(1) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not workers & descendants(1)
    clones = [Project(fleet.folder / name, {}) for name in ("one", "two")]
    first = head(clones[0])
    assert first
    assert not head(clones[1])
    if blow is signal.SIGKILL:
        for left in (fleet.folder / "tmp").iterdir():
            run("rm", "-rf", left, cwd=fleet.folder)
    lines = fleet.update("one", "two", code=0, env={"GIT_COMMITTER_DATE": "2030-01-01T00:00:00Z"})
    assert states(lines) == dict.fromkeys(("one", "two"), "updated, v1.0.0 → v1.1.0")
    assert head(clones[0]) == first
    assert head(clones[1])
    assert clones[1].run("git", "worktree", "list").stdout.count("\n") == 1


def test_without_its_packages_it_says_how_to_run_it() -> None:
    """In a Python without its packages, the script names a missing one, and says how to run it with uv."""
    done = run(sys.executable, "-I", "-S", SCRIPT, "one", cwd=ROOT, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("The Python package ")
    assert "uv run scripts/update_fleet.py" in done.stderr


@pytest.mark.slow
def test_uv_runs_it_with_its_packages(fleet: Fleet) -> None:
    """`uv run` installs the packages that the script's metadata names, and runs the script.

    The test runs a copy of the script, since uv keeps what it installed for a path.
    """
    fleet.clone("one")
    copy = shutil.copy2(SCRIPT, fleet.folder)
    done = run("uv", "run", "--quiet", copy, "one", cwd=fleet.folder, env=fleet.environment)
    assert states(done.stdout.splitlines()) == {"one": "updated, v1.0.0 → v1.1.0"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--workers", "0"], "--workers must be at least 1"),
        (["--branch", "a..b"], "git accepts no branch of the name 'a..b'"),
        (["--pull-request"], "--pull-request needs GitHub's command `gh`, which is not on the PATH"),
    ],
)
def test_a_wrong_command_line_is_refused(options: list[str], message: str, tmp_path: Path) -> None:
    """The script refuses a wrong option, or a missing `gh`, before it does anything."""
    (tmp_path / "git").symlink_to(run("which", "git", cwd=ROOT).stdout.strip())
    done = run(sys.executable, SCRIPT, *options, "one", cwd=tmp_path, check=False, env={"PATH": str(tmp_path)})
    assert done.returncode == 2
    assert message in done.stderr
    assert not (tmp_path / "fleet").exists()


@pytest.mark.parametrize(
    ("recorded", "current"),
    [
        ("v1.0.0", False),
        ("v1.1.0", True),
        ("v2.0.0rc1", True),
        ("v1.1.0-3-g1234567", True),
        ("v1.0.0-3-g1234567", False),
        ("1234567", False),  # a commit ID that reads like a version
        ("gone", False),
    ],
)
def test_versions_are_compared_as_versions(recorded: str, *, current: bool) -> None:
    """The script compares tags as versions, not as texts, and leaves what is no tag of the template to Copier."""
    tags = frozenset({"v1.0.0", "v1.1.0", "v2.0.0rc1", "latest"})
    assert is_current(recorded, Template("v1.1.0", "abcdef0123", tags)) is current


@pytest.mark.parametrize(("recorded", "current"), [("abcdef0", True), ("abc", False), ("v0-1-gabcdef0", True)])
def test_a_template_without_versions_is_compared_by_commit(recorded: str, *, current: bool) -> None:
    """Without versions, a project is current if it records the newest commit of the template's default branch."""
    assert is_current(recorded, Template("HEAD", "abcdef0123", frozenset())) is current


@pytest.mark.parametrize(
    ("source", "url"),
    [
        ("gh:owner/name", "https://github.com/owner/name.git"),
        ("gl:/owner/name.git", "https://gitlab.com/owner/name.git"),
        ("https://github.com/owner/name", "https://github.com/owner/name.git"),
        ("git+https://example.com/name", "https://example.com/name"),
        ("git@example.com:name.git", "git@example.com:name.git"),
    ],
)
def test_a_template_has_the_url_that_copier_gives_to_git(source: str, url: str) -> None:
    """The script knows a template by the URL that Copier gives to git; otherwise git would not use the local copy."""
    from copier._vcs import get_repo  # noqa: PLC0415 - not public, and wanted here alone

    assert git_url(source) == url == get_repo(source)


def test_copier_has_the_function_that_the_script_replaces() -> None:
    """Copier has the function that the script replaces; without it, updates work but cost twice as much."""
    from copier import _template  # noqa: PLC0415 - not public, and wanted here alone

    assert callable(vars(_template)["clone"])


def test_a_commit_is_the_scripts_own_only_as_it_was_made() -> None:
    """A commit is the script's own only if it has the files and the message that the script gave it."""
    message = "Update the template to v1.1.0\n\nTemplate-Update: v1.1.0\nTemplate-Tree: 0123\n"
    assert own_commit(message, "0123") == "v1.1.0"
    assert own_commit(message, "4567") == ""
    assert own_commit(f"{message}Signed-off-by: A <a@example.com>\n", "0123") == ""
    assert own_commit("Update the template", "0123") == ""


def test_an_error_is_shown_without_its_noise() -> None:
    """The report of an error keeps what the server says, drops git's hints, and has only the end of a long text."""
    output = "To git@example.com:a.git\nremote: \nremote: No.\n ! [remote rejected] a -> b (hook declined)\n"
    output += "error: failed to push some refs to 'git@example.com:a.git'\nhint: Pull.\n"
    assert cause(output) == "No.; ! [remote rejected] a -> b (hook declined)"
    assert cause("x" * 999).endswith("x" * 600)
    assert len(cause("x" * 999)) == 601
    assert cause("fatal: No.\n") == "fatal: No"
