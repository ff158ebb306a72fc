"""Many clones are updated by one command: what it does, what it refuses, and how it continues."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from tests.support.commands import run
from tests.support.editing import replace
from tests.support.fleet import BRANCH, FILE, SOURCE, Fleet, head, pushed, states, write_command
from tests.support.projects import Project
from tests.support.versions import changed_files


@dataclass
class Story:
    """Three runs over one fleet, told once for many tests."""

    fleet: Fleet
    clones: dict[str, Project]
    printed: list[list[str]]
    heads: list[dict[str, str]]
    pushed: list[dict[str, str]]
    connections: list[int]
    pull_requests: list[int]

    def go(self, *options: str, day: int, code: int) -> None:
        """Run the script over the clones, on a day of its own so that no two runs make the same commit."""
        date = f"2030-01-0{day}T00:00:00Z"
        lines = self.fleet.update(*options, *self.clones, code=code, env={"GIT_COMMITTER_DATE": date})
        self.printed.append(lines)
        self.heads.append({name: head(clone) for name, clone in self.clones.items()})
        self.pushed.append({name: pushed(clone) for name, clone in self.clones.items()})
        self.connections.append(self.fleet.connections())
        self.pull_requests.append(len(self.fleet.pull_requests()))


def add_foreign_commit(clone: Project, *, to_origin: bool) -> None:
    """Add somebody's commit on the branch of a clone, or of its origin."""
    clone.run("git", "switch", "--quiet", "--create", BRANCH)
    (clone.path / "work.txt").write_text("Work\n", encoding="utf-8")
    clone.commit("Precious work")
    if to_origin:
        clone.run("git", "push", "--quiet", "origin", BRANCH)
    clone.run("git", "switch", "--quiet", "main")
    if to_origin:
        clone.run("git", "branch", "--quiet", "-D", BRANCH)


def add_foreign_commit_while_pushing(fleet: Fleet, clone: Project) -> None:
    """Let somebody's commit reach the branch of a clone's origin between the script's look at it and its push.

    Git runs the command that answers `ls-remote`, which is the first thing that the script asks of `origin`.
    """
    origin = fleet.folder / f"origins/{clone.path.name}.git"
    theirs = clone.run("git", "commit-tree", "-p", "HEAD", "-m", "Precious work", "HEAD^{tree}").stdout.strip()
    clone.run("git", "push", "--quiet", "origin", f"{theirs}:refs/heads/theirs")
    answer = fleet.folder / "bin/answer"
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
    fleet = Fleet.create(tmp_path_factory.mktemp("story"))
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
    clones = {name: fleet.clone(name) for name in names}
    replace(clones["new"].path / ".copier-answers.yml", "v1.0.0", "v1.1.0")
    clones["new"].commit()
    (clones["busy"].path / FILE).write_text("unfinished: work\n", encoding="utf-8")
    replace(clones["clash"].path / FILE, "line-2: 1", "line-2: 99")
    clones["clash"].commit()
    (clones["lost"].path / ".copier-answers.yml").unlink()
    clones["lost"].commit()
    clones["standing"].run("git", "switch", "--quiet", "--create", BRANCH)
    add_foreign_commit(clones["foreign"], to_origin=False)
    add_foreign_commit(clones["far"], to_origin=True)
    hook = fleet.folder / "origins/shut.git/hooks/pre-receive"
    write_command(hook, "import sys\nsys.exit('The token needs the workflow scope.')\n")
    add_foreign_commit_while_pushing(fleet, clones["raced"])
    move_branch_while_updating(clones["moved"])
    replace(clones["odd"].path / ".copier-answers.yml", "v1.0.0", "v0.9.0")
    clones["odd"].commit()
    replace(clones["unreachable"].path / ".copier-answers.yml", SOURCE, "git@template.test:none.git")
    clones["unreachable"].commit()
    fleet.release("v1.1.0", "line-2: 1", "line-2: 2")
    fleet.connections()
    told = Story(fleet, clones, [], [], [], [], [])
    told.go("--push", day=1, code=1)
    hook.unlink()
    clones["raced"].run("git", "config", "--unset", "remote.origin.uploadpack")
    (tree,) = fleet.folder.glob("fleet/clash-*")
    resolved = Project(tree, {})
    resolved.run("git", "checkout", "--quiet", "--theirs", FILE)
    resolved.commit("Resolve")
    told.go("--pull-request", "--markdown", "status.md", day=2, code=1)
    told.go("--pull-request", day=3, code=1)
    clones["busy"].run("git", "worktree", "add", "--quiet", "../amended", BRANCH)
    amended = Project(fleet.folder / "amended", {})
    (amended.path / "work.txt").write_text("Work\n", encoding="utf-8")
    amended.run("git", "add", "--all")
    amended.run("git", "commit", "--quiet", "--amend", "--no-edit")
    clones["busy"].run("git", "worktree", "remove", "--force", "../amended")
    fleet.release("v1.2.0", "line-4: 1", "line-4: 2")
    told.heads.append({name: head(clone) for name, clone in clones.items()})
    told.pushed.append({name: pushed(clone) for name, clone in clones.items()})
    fleet.connections()
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
    """The last line has the number of clones for all four states, also for a state that no clone has."""
    assert story.printed[0][-1] == "1 current, 2 updated, 1 conflicted, 9 failed"
    assert story.printed[1][-1] == "1 current, 5 updated, 0 conflicted, 7 failed"


def test_one_look_at_each_template_is_enough(story: Story) -> None:
    """A run connects once for each template's URL, however many clones there are; Copier itself never connects."""
    assert [story.connections[number] for number in range(4)] == [2, 2, 2, 2]


def test_a_current_clone_does_not_wait_for_copier(story: Story) -> None:
    """A clone that is current by its recorded version is reported before the script makes any update."""
    assert list(states(story.printed[0]))[:5] == ["new", "lost", "standing", "foreign", "unreachable"]


def test_an_update_is_one_commit_on_a_branch_and_nothing_else(story: Story) -> None:
    """An update is one commit on its branch; the user's branch and unfinished work and the recorded URL stay."""
    clone = story.clones["busy"]
    assert changed_files(clone) == [FILE]
    assert clone.run("git", "branch", "--show-current").stdout == "main\n"
    first = story.heads[0]["busy"]
    assert clone.run("git", "diff", "--name-only", "main", first).stdout.split() == [".copier-answers.yml", FILE]
    assert clone.run("git", "rev-parse", f"{first}^").stdout == clone.run("git", "rev-parse", "main").stdout
    assert f"_src_path: {SOURCE}\n" in clone.run("git", "show", f"{first}:.copier-answers.yml").stdout
    assert clone.run("git", "worktree", "list").stdout.count("\n") == 1


def test_only_finished_updates_are_pushed(story: Story) -> None:
    """The script pushes finished updates alone: no conflict, and nothing over a commit that somebody else pushed."""
    names = {name for name, commit in story.pushed[0].items() if commit}
    assert names == {"old", "busy", "far", "raced"}
    assert all(story.pushed[0][name] == story.heads[0][name] for name in ("old", "busy"))
    subject = ("git", "log", "-1", "--format=%s")
    for name in ("far", "raced"):
        assert run(*subject, BRANCH, cwd=story.fleet.folder / f"origins/{name}.git").stdout == "Precious work\n"
    assert story.clones["foreign"].run(*subject, BRANCH).stdout == "Precious work\n"


def test_after_a_refused_push_only_the_push_is_repeated(story: Story) -> None:
    """After a refused push, the next run pushes the same commit, and does not make a new one."""
    assert story.heads[1]["shut"] == story.heads[0]["shut"] == story.pushed[1]["shut"] != ""
    assert states(story.printed[1])["shut"].startswith("updated, v1.0.0 → v1.1.0, pushed")


def test_a_failed_update_leaves_nothing_behind(story: Story) -> None:
    """An update that Copier cannot make leaves neither a branch nor a worktree behind."""
    assert story.heads[0]["odd"] == ""
    assert story.clones["odd"].run("git", "worktree", "list").stdout.count("\n") == 1
    assert not list(story.fleet.folder.glob("fleet/odd-*"))


def test_another_work_folder_does_not_repeat_an_update(fleet: Fleet) -> None:
    """A run with another work folder pushes the commit that the branch has already, and makes no new one."""
    clone = fleet.clone("one")
    fleet.update("one", code=0)
    made = head(clone)
    environment = {"GIT_COMMITTER_DATE": "2030-01-01T00:00:00Z"}
    lines = fleet.update("--push", "--work", "next", "one", code=0, env=environment)
    assert states(lines) == {"one": "updated, v1.0.0 → v1.1.0, pushed"}
    assert head(clone) == pushed(clone) == made


def test_a_resolved_conflict_is_pushed_and_its_worktree_goes(story: Story) -> None:
    """The next run pushes the user's commit that resolves a conflict, and removes the worktree.

    No later run replaces that commit with a newer version's.
    """
    assert states(story.printed[1])["clash"].startswith("updated, v1.0.0 → v1.1.0, pushed")
    assert story.pushed[1]["clash"] == story.heads[1]["clash"] != ""
    assert not list(story.fleet.folder.glob("fleet/clash-*"))
    assert "by Test, “Resolve”" in states(story.printed[3])["clash"]


def test_each_clone_gets_one_pull_request(story: Story) -> None:
    """The script opens a pull request with `gh` after a clone's push, and the next run opens no second one."""
    opened = story.fleet.pull_requests()
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
def test_what_gh_refuses_is_shown(fleet: Fleet, message: str, outcome: str) -> None:
    """A clone fails if `gh` cannot open a pull request, but not if one is open already, as after an interruption."""
    clone = fleet.clone("one")
    write_command(fleet.folder / "bin/gh", f"import sys\nsys.exit({message!r})\n")
    done = fleet.update("--pull-request", "one", code=int(outcome.startswith("failed")))
    assert states(done)["one"].startswith(outcome)
    assert outcome.startswith("updated") or message in states(done)["one"]
    assert pushed(clone) == head(clone) != ""


def test_the_next_version_replaces_the_scripts_own_commits_alone(story: Story) -> None:
    """The next version replaces the script's own commit, but not one that somebody amended under the same message."""
    shown = states(story.printed[3])
    assert shown["old"] == "updated, v1.0.0 → v1.2.0, pushed"
    assert story.pushed[4]["old"] == story.heads[4]["old"] != story.heads[3]["old"]
    assert shown["busy"].startswith("failed, the branch template-update holds a commit that this script did not make")
    assert story.heads[4]["busy"] == story.heads[3]["busy"]
    assert story.pushed[4]["busy"] == story.pushed[3]["busy"]


def test_the_table_shows_all_projects_and_versions(story: Story) -> None:
    """The Markdown table has all clones and versions; a file gets it, and the output if there is no terminal."""
    table = (story.fleet.folder / "status.md").read_text(encoding="utf-8").splitlines()
    assert table[:2] == ["| Project | Template version | Newest version | State |", "| --- | --- | --- | --- |"]
    assert "| old | v1.0.0 | v1.1.0 | updated |" in table
    assert "| lost | ? | ? | failed |" in table
    assert len(table) == 2 + len(story.clones)
    assert story.printed[1][-1 - len(table) : -1] == table
