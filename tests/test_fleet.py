"""Many clones are updated by one command: what it does, what it refuses, and how it continues.

The template here is a small one, behind a stub of `ssh` that counts the connections to it. Git and Copier are real.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pexpect
import pytest
from conftest import ENVIRONMENT, ROOT, Project, run
from filelock import FileLock
from update_fleet import Template, cause, git_url, is_current, own_commit
from versions import changed, commit, replace

SCRIPT = ROOT / "scripts/update_fleet.py"
BRANCH = "template-update"
SOURCE = "git@template.test:small.git"
FILE = "settings.yaml"
LINES = "".join(f"line-{number}: 1\n" for number in range(9))


def write_command(path: Path, script: str) -> Path:
    """Write a Python script as an executable command."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{sys.executable}\n{script}", encoding="utf-8")
    path.chmod(0o755)
    return path


@dataclass
class World:
    """A folder with a template, clones of projects with an origin each, and stubs of `ssh` and `gh`."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    @classmethod
    def begin(cls, folder: Path) -> World:
        """Make a template of one file, its version v1.0.0, and the project that the clones are of."""
        world = cls(folder)
        ssh = write_command(
            folder / "bin/ssh",
            "import os, shlex, sys\n"
            f"open({str(folder / 'connections')!r}, 'a').write(sys.argv[-1] + '\\n')\n"
            "command, repository = shlex.split(sys.argv[-1])\n"
            f"os.execvp(command, [command, os.path.join({str(folder)!r}, repository)])\n",
        )
        gh = "import json, sys\n"
        gh += f"open({str(folder / 'gh.jsonl')!r}, 'a').write(json.dumps(sys.argv[1:]) + '\\n')\n"
        write_command(folder / "bin/gh", f"{gh}print('https://github.com/owner/name/pull/1')\n")
        world.environment = {
            "GIT_SSH_COMMAND": shlex.quote(str(ssh)),
            "PATH": f"{ssh.parent}{os.pathsep}{ENVIRONMENT['PATH']}",
            "COPIER_CACHE_DIR": str(folder / "cache"),
            "TMPDIR": str(folder / "tmp"),
        }
        (folder / "tmp").mkdir()
        template = folder / "small"
        (template / "template").mkdir(parents=True)
        (template / "copier.yml").write_text("_subdirectory: template\n", encoding="utf-8")
        answers = "{{ _copier_answers | to_nice_yaml }}"
        (template / "template/{{ _copier_conf.answers_file }}.jinja").write_text(answers, encoding="utf-8")
        (template / "template" / FILE).write_text(LINES, encoding="utf-8")
        run("git", "init", "--quiet", "--initial-branch=main", cwd=template)
        run("git", "init", "--quiet", "--bare", "--initial-branch=main", "small.git", cwd=folder)
        world.release("v1.0.0", "line-0: 1", "line-0: 1")
        run("copier", "copy", "--quiet", "--defaults", SOURCE, folder / "born", cwd=folder, env=world.environment)
        Project(folder / "born", {}).begin()
        return world

    def release(self, tag: str, old: str, new: str) -> None:
        """Change a line of the template, and tag a new version."""
        replace(self.folder / "small/template" / FILE, old, new)
        template = Project(self.folder / "small", {})
        commit(template, tag)
        template.run("git", "tag", tag)
        template.run("git", "push", "--quiet", "--tags", self.folder / "small.git", "main")

    def clone(self, name: str) -> Project:
        """Clone the project, with an origin of its own to push to."""
        run("git", "clone", "--quiet", "--bare", "born", f"origins/{name}.git", cwd=self.folder)
        run("git", "clone", "--quiet", f"origins/{name}.git", name, cwd=self.folder)
        return Project(self.folder / name, {})

    def update(self, *arguments: str, code: int, env: dict[str, str] | None = None) -> list[str]:
        """Run the script, expect an exit code, and return the lines that it prints."""
        environment = self.environment | (env or {})
        done = run(sys.executable, SCRIPT, *arguments, cwd=self.folder, check=False, env=environment)
        assert (done.returncode, done.stderr) == (code, ""), done.stdout
        assert [path.name for path in (self.folder / "tmp").iterdir()] == []
        return done.stdout.splitlines()

    def connections(self) -> int:
        """Return how often somebody connected to the template since the last call."""
        log = self.folder / "connections"
        lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return len(lines)

    def pull_requests(self) -> list[list[str]]:
        """Return the arguments of each call of `gh`."""
        log = self.folder / "gh.jsonl"
        return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] if log.exists() else []


def head(project: Project, name: str = BRANCH) -> str:
    """Return the commit that a name stands for in a clone, empty if for none."""
    return project.run("git", "rev-parse", "--verify", "--quiet", name, check=False).stdout.strip()


def pushed(project: Project) -> str:
    """Return the commit on the branch of a clone's origin; empty if there is no such branch."""
    return project.run("git", "ls-remote", "origin", f"refs/heads/{BRANCH}").stdout.partition("\t")[0]


def states(lines: list[str]) -> dict[str, str]:
    """Return what the script says about each clone, from the lines that it prints as it goes."""
    found = [re.fullmatch(r"\[ *\d+/\d+\] (\S+): (.+) \(\d+\.\d s\)", line) for line in lines]
    return {match[1]: match[2] for match in found if match}


def fingerprint(folder: Path) -> dict[str, str]:
    """Return a hash of every file under a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A world of the test's own, with v1.1.0 to update to."""
    world = World.begin(tmp_path)
    world.release("v1.1.0", "line-2: 1", "line-2: 2")
    world.connections()
    return world


@dataclass
class Story:
    """Three runs over one fleet, told once for many tests."""

    world: World
    clones: dict[str, Project]
    printed: list[list[str]]
    heads: list[dict[str, str]]
    pushed: list[dict[str, str]]
    connections: list[int]
    pull_requests: list[int]

    def go(self, *options: str, day: int, code: int) -> None:
        """Run the script over the clones, on a day of its own so that no two runs make the same commit."""
        date = f"2030-01-0{day}T00:00:00Z"
        lines = self.world.update(*options, *self.clones, code=code, env={"GIT_COMMITTER_DATE": date})
        self.printed.append(lines)
        self.heads.append({name: head(clone) for name, clone in self.clones.items()})
        self.pushed.append({name: pushed(clone) for name, clone in self.clones.items()})
        self.connections.append(self.world.connections())
        self.pull_requests.append(len(self.world.pull_requests()))


def add_foreign_commit(clone: Project, *, to_origin: bool) -> None:
    """Add somebody's commit on the branch of a clone, or of its origin."""
    clone.run("git", "switch", "--quiet", "--create", BRANCH)
    (clone.path / "work.txt").write_text("Work\n", encoding="utf-8")
    commit(clone, "Precious work")
    if to_origin:
        clone.run("git", "push", "--quiet", "origin", BRANCH)
    clone.run("git", "switch", "--quiet", "main")
    if to_origin:
        clone.run("git", "branch", "--quiet", "-D", BRANCH)


def add_foreign_commit_while_pushing(world: World, clone: Project) -> None:
    """Let somebody's commit reach the branch of a clone's origin between the script's look at it and its push.

    Git runs the command that answers `ls-remote`, which is the first thing that the script asks of `origin`.
    """
    origin = world.folder / f"origins/{clone.path.name}.git"
    theirs = clone.run("git", "commit-tree", "-p", "HEAD", "-m", "Precious work", "HEAD^{tree}").stdout.strip()
    clone.run("git", "push", "--quiet", "origin", f"{theirs}:refs/heads/theirs")
    answer = world.folder / "bin/answer"
    write_command(
        answer,
        "import subprocess, sys\n"
        "subprocess.run(['git-upload-pack', *sys.argv[1:]], check=True)\n"
        f"subprocess.run(['git', '-C', {str(origin)!r}, 'branch', {BRANCH!r}, 'theirs'], check=False)\n",
    )
    clone.run("git", "config", "remote.origin.uploadpack", str(answer))


def move_branch_while_updating(clone: Project) -> None:
    """Let somebody make the branch of a clone after the script has judged it: when git fills the worktree."""
    clone.run("git", "config", "filter.theirs.smudge", f"git branch {BRANCH} main >/dev/null 2>&1; cat")
    (clone.path / ".git/info/attributes").write_text(f"{FILE} filter=theirs\n", encoding="utf-8")


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """A fleet with every state in it; its push and its conflict are repaired, and then the template moves on."""
    world = World.begin(tmp_path_factory.mktemp("story"))
    names = (
        "new",
        "old",
        "busy",
        "clash",
        "lost",
        "standing",
        "foreign",
        "far",
        "shut",
        "raced",
        "moved",
        "odd",
        "unreachable",
    )
    clones = {name: world.clone(name) for name in names}
    replace(clones["new"].path / ".copier-answers.yml", "v1.0.0", "v1.1.0")
    commit(clones["new"])
    (clones["busy"].path / FILE).write_text("unfinished: work\n", encoding="utf-8")
    replace(clones["clash"].path / FILE, "line-2: 1", "line-2: 99")
    commit(clones["clash"])
    (clones["lost"].path / ".copier-answers.yml").unlink()
    commit(clones["lost"])
    clones["standing"].run("git", "switch", "--quiet", "--create", BRANCH)
    add_foreign_commit(clones["foreign"], to_origin=False)
    add_foreign_commit(clones["far"], to_origin=True)
    hook = world.folder / "origins/shut.git/hooks/pre-receive"
    write_command(hook, "import sys\nsys.exit('The token needs the workflow scope.')\n")
    add_foreign_commit_while_pushing(world, clones["raced"])
    move_branch_while_updating(clones["moved"])
    replace(clones["odd"].path / ".copier-answers.yml", "v1.0.0", "v0.9.0")
    commit(clones["odd"])
    replace(clones["unreachable"].path / ".copier-answers.yml", SOURCE, "git@template.test:none.git")
    commit(clones["unreachable"])
    world.release("v1.1.0", "line-2: 1", "line-2: 2")
    world.connections()
    told = Story(world, clones, [], [], [], [], [])
    told.go("--push", day=1, code=1)
    hook.unlink()
    clones["raced"].run("git", "config", "--unset", "remote.origin.uploadpack")
    (tree,) = world.folder.glob("fleet/clash-*")
    resolved = Project(tree, {})
    resolved.run("git", "checkout", "--quiet", "--theirs", FILE)
    commit(resolved, "Resolve")
    told.go("--pull-request", "--markdown", "status.md", day=2, code=1)
    told.go("--pull-request", day=3, code=1)
    clones["busy"].run("git", "worktree", "add", "--quiet", "../amended", BRANCH)
    amended = Project(world.folder / "amended", {})
    (amended.path / "work.txt").write_text("Work\n", encoding="utf-8")
    amended.run("git", "add", "--all")
    amended.run("git", "commit", "--quiet", "--amend", "--no-edit")
    clones["busy"].run("git", "worktree", "remove", "--force", "../amended")
    world.release("v1.2.0", "line-4: 1", "line-4: 2")
    told.heads.append({name: head(clone) for name, clone in clones.items()})
    told.pushed.append({name: pushed(clone) for name, clone in clones.items()})
    world.connections()
    told.go("--push", "--work", "next", day=4, code=1)
    return told


FIRST = {
    "new": r"current, v1\.1\.0",
    "old": r"updated, v1\.0\.0 → v1\.1\.0, pushed",
    "busy": r"updated, v1\.0\.0 → v1\.1\.0, pushed",
    "clash": r"conflicted, resolve and commit in .+/fleet/clash-[0-9a-f]{8}: settings\.yaml",
    "lost": r"failed, \.copier-answers\.yml is missing at HEAD\. Leave the clone out.+",
    "standing": r"failed, the branch template-update is checked out in .+/standing\. Switch to another branch there.+",
    "foreign": r"failed, the branch template-update holds a commit .+ [0-9a-f]+ by Test, “Precious work”\. Merge or.+",
    "far": r"failed, template-update on origin holds a commit .+ by Test, “Precious work”\. Merge or delete.+",
    "shut": r"failed, the push was refused: .*The token needs the workflow scope\.; .+\. The update is on the branch.+",
    "raced": r"failed, the push was refused: ! \[(remote )?rejected\] .+ \(.*(stale info|failed to).*\).+",
    "moved": r"failed, .*cannot lock ref 'refs/heads/template-update'.+",
    "odd": r"failed, Copier: .+ v0\.9\.0\. Run `copier update` in the clone to see it.+",
    "unreachable": r"failed, cannot read the template git@template\.test:none\.git: .+ Check `_src_path`.+",
}


@pytest.mark.parametrize("name", FIRST)
def test_each_state_has_its_reason(story: Story, name: str) -> None:
    """A message names the clone, the cause, and what to do."""
    assert re.fullmatch(FIRST[name], states(story.printed[0])[name])


def test_the_last_line_counts_the_states(story: Story) -> None:
    """All four, also those that no clone has."""
    assert story.printed[0][-1] == "1 current, 2 updated, 1 conflicted, 9 failed"
    assert story.printed[1][-1] == "1 current, 5 updated, 0 conflicted, 7 failed"


def test_one_look_at_each_template_is_enough(story: Story) -> None:
    """A dozen clones, two URLs; Copier itself never connects."""
    assert [story.connections[number] for number in range(4)] == [2, 2, 2, 2]


def test_a_current_clone_does_not_wait_for_copier(story: Story) -> None:
    """It is judged by its recorded version, and reported before any update is made."""
    assert list(states(story.printed[0]))[:5] == ["new", "lost", "standing", "foreign", "unreachable"]


def test_an_update_is_one_commit_on_a_branch_and_nothing_else(story: Story) -> None:
    """The unfinished work and the branch of the user stay; the recorded URL stays the template's own."""
    clone = story.clones["busy"]
    assert changed(clone) == [FILE]
    assert clone.run("git", "branch", "--show-current").stdout == "main\n"
    first = story.heads[0]["busy"]
    assert clone.run("git", "diff", "--name-only", "main", first).stdout.split() == [".copier-answers.yml", FILE]
    assert clone.run("git", "rev-parse", f"{first}^").stdout == clone.run("git", "rev-parse", "main").stdout
    assert f"_src_path: {SOURCE}\n" in clone.run("git", "show", f"{first}:.copier-answers.yml").stdout
    assert clone.run("git", "worktree", "list").stdout.count("\n") == 1


def test_only_finished_updates_are_pushed(story: Story) -> None:
    """Neither a conflict, nor over somebody's commit; and there stays what was there."""
    names = {name for name, commit in story.pushed[0].items() if commit}
    assert names == {"old", "busy", "far", "raced"}
    assert all(story.pushed[0][name] == story.heads[0][name] for name in ("old", "busy"))
    subject = ("git", "log", "-1", "--format=%s")
    for name in ("far", "raced"):
        assert run(*subject, BRANCH, cwd=story.world.folder / f"origins/{name}.git").stdout == "Precious work\n"
    assert story.clones["foreign"].run(*subject, BRANCH).stdout == "Precious work\n"


def test_after_a_refused_push_only_the_push_is_repeated(story: Story) -> None:
    """The commit is the same one, and not a new one of the second day."""
    assert story.heads[1]["shut"] == story.heads[0]["shut"] == story.pushed[1]["shut"] != ""
    assert states(story.printed[1])["shut"].startswith("updated, v1.0.0 → v1.1.0, pushed")


def test_a_failed_update_leaves_nothing_behind(story: Story) -> None:
    """Neither a branch nor a worktree."""
    assert story.heads[0]["odd"] == ""
    assert story.clones["odd"].run("git", "worktree", "list").stdout.count("\n") == 1
    assert not list(story.world.folder.glob("fleet/odd-*"))


def test_another_work_folder_does_not_repeat_an_update(world: World) -> None:
    """The branch has it already."""
    clone = world.clone("one")
    world.update("one", code=0)
    made = head(clone)
    environment = {"GIT_COMMITTER_DATE": "2030-01-01T00:00:00Z"}
    lines = world.update("--push", "--work", "next", "one", code=0, env=environment)
    assert states(lines) == {"one": "updated, v1.0.0 → v1.1.0, pushed"}
    assert head(clone) == pushed(clone) == made


def test_a_resolved_conflict_is_pushed_and_its_worktree_goes(story: Story) -> None:
    """Somebody's commit, which this run may push, but no later one may replace."""
    assert states(story.printed[1])["clash"].startswith("updated, v1.0.0 → v1.1.0, pushed")
    assert story.pushed[1]["clash"] == story.heads[1]["clash"] != ""
    assert not list(story.world.folder.glob("fleet/clash-*"))
    assert "by Test, “Resolve”" in states(story.printed[3])["clash"]


def test_each_clone_gets_one_pull_request(story: Story) -> None:
    """Opened by `gh` after the push, and not again by the next run."""
    opened = story.world.pull_requests()
    assert opened[0][:4] == ["pr", "create", "--head", BRANCH]
    assert opened[0][4:6] == ["--title", "Update the template to v1.1.0"]
    assert story.pull_requests == [0, 5, 5, 5]
    assert states(story.printed[2])["old"].endswith("pushed, https://github.com/owner/name/pull/1")


@pytest.mark.parametrize(
    ("message", "outcome"),
    [
        (
            "To get started with GitHub CLI, please run: gh auth login",
            "failed, the branch is pushed, but `gh pr create`",
        ),
        (
            'a pull request for branch "template-update" into branch "main" already exists:\nhttps://github.com/o/n/pull/7',
            "updated, v1.0.0 → v1.1.0, pushed, https://github.com/o/n/pull/7",
        ),
    ],
    ids=["no login", "it exists"],
)
def test_what_gh_refuses_is_shown(world: World, message: str, outcome: str) -> None:
    """A pull request that is open already, as after an interruption, is as good as a new one."""
    clone = world.clone("one")
    write_command(world.folder / "bin/gh", f"import sys\nsys.exit({message!r})\n")
    done = world.update("--pull-request", "one", code=int(outcome.startswith("failed")))
    assert states(done)["one"].startswith(outcome)
    assert pushed(clone) == head(clone) != ""


def test_the_next_version_replaces_the_scripts_own_commits_alone(story: Story) -> None:
    """A commit that somebody amended is theirs, though the message is the script's."""
    said = states(story.printed[3])
    assert said["old"] == "updated, v1.0.0 → v1.2.0, pushed"
    assert story.pushed[4]["old"] == story.heads[4]["old"] != story.heads[3]["old"]
    assert said["busy"].startswith("failed, the branch template-update holds a commit that this script did not make")
    assert story.heads[4]["busy"] == story.heads[3]["busy"]
    assert story.pushed[4]["busy"] == story.pushed[3]["busy"]


def test_the_table_shows_all_projects_and_versions(story: Story) -> None:
    """In Markdown, in a file and where there is no terminal."""
    table = (story.world.folder / "status.md").read_text(encoding="utf-8").splitlines()
    assert table[:2] == ["| Project | Template version | Newest version | State |", "| --- | --- | --- | --- |"]
    assert "| old | v1.0.0 | v1.1.0 | updated |" in table
    assert "| lost | ? | ? | failed |" in table
    assert len(table) == 2 + len(story.clones)
    assert story.printed[1][-1 - len(table) : -1] == table


def test_status_changes_nothing(world: World) -> None:
    """It shows versions, one look for all clones, without a work folder."""
    clones = [world.clone("one"), world.clone("two")]
    before = [fingerprint(clone.path) for clone in clones]
    lines = world.update("--status", "--markdown", "status.md", "one", "two", code=1)
    assert lines[2:] == [
        "| one | v1.0.0 | v1.1.0 | outdated |",
        "| two | v1.0.0 | v1.1.0 | outdated |",
        "0 current, 0 updated, 2 outdated, 0 conflicted, 0 failed",
    ]
    assert (world.folder / "status.md").read_text(encoding="utf-8").splitlines() == lines[:-1]
    assert [fingerprint(clone.path) for clone in clones] == before
    assert not (world.folder / "fleet").exists()
    assert world.connections() == 1


def test_a_dry_run_foretells_and_changes_no_clone(world: World) -> None:
    """Not a byte of it; a conflict is known before."""
    clones = [world.clone("old"), world.clone("clash")]
    replace(clones[1].path / FILE, "line-2: 1", "line-2: 99")
    commit(clones[1])
    before = [fingerprint(clone.path) for clone in clones]
    lines = world.update("--dry-run", "--push", "old", "clash", code=1)
    assert states(lines) == {"old": "would update, v1.0.0 → v1.1.0", "clash": "would conflict, settings.yaml"}
    assert [fingerprint(clone.path) for clone in clones] == before
    assert not pushed(clones[0])
    assert sorted(path.name for path in (world.folder / "fleet").iterdir()) == [".gitignore", ".lock"]


def test_two_runs_do_not_share_a_work_folder(world: World) -> None:
    """The second one says so, and stops before it does anything."""
    world.clone("one")
    (world.folder / "fleet").mkdir()
    with FileLock(world.folder / "fleet/.lock"):
        done = run(sys.executable, SCRIPT, "one", cwd=world.folder, check=False, env=world.environment)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Another run uses the folder {world.folder / 'fleet'}.")
    assert world.connections() == 0


def test_a_terminal_shows_a_progress_bar_with_the_time_left(world: World) -> None:
    """And the table as a drawing."""
    for name in ("one", "two"):
        world.clone(name)
    environment = ENVIRONMENT | world.environment | {"TERM": "xterm", "COLUMNS": "100"}
    command = [str(SCRIPT), "--status", "one", "two"]
    terminal = pexpect.spawn(sys.executable, command, cwd=world.folder, env=environment, encoding="utf-8", timeout=60)
    terminal.expect(r"Reading.*━.*[01]/2.*(--:--|\d+:\d\d).* left")
    terminal.expect(r"│ one .*│ v1\.0\.0 .*│ v1\.1\.0 .*│ outdated │")
    terminal.expect(pexpect.EOF)


def start_and_wait_for_second(world: World) -> subprocess.Popen[str]:
    """Start the script over two clones, and wait until the first is done and the second is in the middle."""
    second = world.clone("two")
    world.clone("one")
    slow = f"{shlex.quote(sys.executable)} -c 'import sys, time; time.sleep(4); sys.stdout.write(sys.stdin.read())'"
    second.run("git", "config", "filter.slow.smudge", slow)
    (second.path / ".git/info/attributes").write_text(f"{FILE} filter=slow\n", encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, SCRIPT, "--workers", "1", "one", "two"],
        cwd=world.folder,
        env=ENVIRONMENT | world.environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not list(world.folder.glob("fleet/two-*")):
        assert process.poll() is None
        time.sleep(0.01)
    second.run("git", "config", "--unset", "filter.slow.smudge")
    return process


def descendants(process: int) -> set[int]:
    """Return the processes that a process started, and so on."""
    listed = run("ps", "-A", "-o", "pid=,ppid=", cwd=Path("/")).stdout.split()
    parents = dict(zip(map(int, listed[::2]), map(int, listed[1::2]), strict=True))
    found = {process}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {process}


@pytest.mark.parametrize("blow", [signal.SIGINT, pytest.param(signal.SIGKILL, marks=pytest.mark.slow)])
@pytest.mark.parametrize("group", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_a_run_can_be_stopped_and_continued(world: World, blow: signal.Signals, *, group: bool) -> None:
    """In the middle of an update, by the terminal or by a signal to the main process alone; no worker goes on."""
    process = start_and_wait_for_second(world)
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
    clones = [Project(world.folder / name, {}) for name in ("one", "two")]
    first = head(clones[0])
    assert first
    assert not head(clones[1])
    if blow is signal.SIGKILL:
        for left in (world.folder / "tmp").iterdir():
            run("rm", "-rf", left, cwd=world.folder)
    lines = world.update("one", "two", code=0, env={"GIT_COMMITTER_DATE": "2030-01-01T00:00:00Z"})
    assert states(lines) == dict.fromkeys(("one", "two"), "updated, v1.0.0 → v1.1.0")
    assert head(clones[0]) == first
    assert head(clones[1])
    assert clones[1].run("git", "worktree", "list").stdout.count("\n") == 1


def test_without_its_packages_it_says_how_to_run_it() -> None:
    """With plain Python, before anything else."""
    done = run(sys.executable, "-I", "-S", SCRIPT, "one", cwd=ROOT, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("The Python package ")
    assert "uv run scripts/update_fleet.py" in done.stderr


@pytest.mark.slow
def test_uv_runs_it_with_its_packages(world: World) -> None:
    """From the metadata in the script; a copy of it, since uv keeps what it installed for a path."""
    world.clone("one")
    copy = shutil.copy2(SCRIPT, world.folder)
    done = run("uv", "run", "--quiet", copy, "one", cwd=world.folder, env=world.environment)
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
    """Before anything is done."""
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
    """And not as texts; what is no tag of the template is left to Copier."""
    tags = frozenset({"v1.0.0", "v1.1.0", "v2.0.0rc1", "latest"})
    assert is_current(recorded, Template("v1.1.0", "abcdef0123", tags)) is current


@pytest.mark.parametrize(("recorded", "current"), [("abcdef0", True), ("abc", False), ("v0-1-gabcdef0", True)])
def test_a_template_without_versions_is_compared_by_commit(recorded: str, *, current: bool) -> None:
    """Of its default branch."""
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
    """Or git would not know the local copy by it."""
    from copier._vcs import get_repo  # noqa: PLC0415 - not public, and wanted here alone

    assert git_url(source) == url == get_repo(source)


def test_copier_has_the_function_that_the_script_replaces() -> None:
    """Without it, updates work but cost twice as much."""
    from copier import _template  # noqa: PLC0415 - not public, and wanted here alone

    assert callable(vars(_template)["clone"])


def test_a_commit_is_the_scripts_own_only_as_it_was_made() -> None:
    """With its files and its message."""
    message = "Update the template to v1.1.0\n\nTemplate-Update: v1.1.0\nTemplate-Tree: 0123\n"
    assert own_commit(message, "0123") == "v1.1.0"
    assert own_commit(message, "4567") == ""
    assert own_commit(f"{message}Signed-off-by: A <a@example.com>\n", "0123") == ""
    assert own_commit("Update the template", "0123") == ""


def test_an_error_is_shown_without_its_noise() -> None:
    """What a server says, and the end of what is long."""
    output = "To git@example.com:a.git\nremote: \nremote: No.\n ! [remote rejected] a -> b (hook declined)\n"
    output += "error: failed to push some refs to 'git@example.com:a.git'\nhint: Pull.\n"
    assert cause(output) == "No.; ! [remote rejected] a -> b (hook declined)"
    assert cause("x" * 999).endswith("x" * 600)
    assert len(cause("x" * 999)) == 601
    assert cause("fatal: No.\n") == "fatal: No"
