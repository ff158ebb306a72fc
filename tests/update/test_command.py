"""`meltano-release update` makes one commit that nobody has to repair, and `status` says which project needs one."""

import json
import shutil
import sys
from contextlib import chdir
from pathlib import Path

import pexpect
import pytest
from click.testing import CliRunner

from meltano_release.cli import main
from tests.support.adoption import MAINTAIN
from tests.support.commands import ENVIRONMENT, run
from tests.support.editing import replace
from tests.support.paths import (
    ANSWERS_FILE,
    COMMAND,
    GITATTRIBUTES,
    GITIGNORE,
    PUBLISHER_JSON,
    RELEASE_WORKFLOW,
    TEST_WORKFLOW,
    WORKFLOWS,
)
from tests.support.projects import Project
from tests.support.versions import (
    LINE_CHANGE,
    MOVED,
    Versions,
    changed_files,
    clone_from_origin,
    update,
    update_repository,
)

BRANCH = "template-update"
OWN_LINE = "      - uses: acme/actions/setup@v1\n"


@pytest.fixture
def clone(old_project: Project, tmp_path: Path) -> Project:
    """A clone of a project of the first of the two versions, with a line of its people in the test workflow."""
    project = old_project.copy(tmp_path / "original" / "my-package")
    project.write(TEST_WORKFLOW, project.read(TEST_WORKFLOW) + OWN_LINE)
    project.commit()
    return clone_from_origin(project, tmp_path)


def head(clone: Project, name: str = BRANCH) -> str:
    """Return the commit of a branch, empty if there is none."""
    return clone.run("git", "rev-parse", "--verify", "--quiet", name, check=False).stdout.strip()


def test_an_update_is_one_commit_with_the_pins_of_the_test_workflow(
    clone: Project, versions: Versions, tmp_path: Path
) -> None:
    """The commit has the template's files and the pins of the test workflow, as in a new project; nothing else moves.

    A second run keeps the commit. After the merge there is nothing to update, and the next version replaces the branch.
    """
    output = update_repository(clone)
    assert output == f"Updated my-package to v1.1.0 of the template, in one commit: git push origin {BRANCH}"
    assert clone.run("git", "rev-list", f"origin/main..{BRANCH}").stdout == f"{head(clone)}\n"
    changed = clone.run("git", "diff", "--name-only", "origin/main", BRANCH).stdout.split()
    assert changed == sorted([*MOVED, TEST_WORKFLOW])
    fresh = versions.project(tmp_path / "fresh", "--data=repository=my-package")
    for file in changed:
        expected = fresh.read(file) + (OWN_LINE if file == TEST_WORKFLOW else "")
        assert clone.run("git", "show", f"{BRANCH}:{file}").stdout == expected, file
    assert (changed_files(clone), clone.run("git", "branch", "--show-current").stdout) == ([], "main\n")
    made = head(clone)
    assert update_repository(clone) == output
    assert head(clone) == made
    clone.run("git", "merge", "--quiet", "--squash", BRANCH)  # as GitHub's button does
    clone.commit("Update the template (#1)")
    clone.run("git", "push", "--quiet", "origin", "main")
    assert update_repository(clone) == "There is nothing to update: my-package has v1.1.0 of the template."
    pins = clone.read(TEST_WORKFLOW)
    clone.write(TEST_WORKFLOW, pins.replace(" # v1.1.0", " # v0.9.0"))
    clone.commit()
    clone.run("git", "push", "--quiet", "origin", "main")
    assert update_repository(clone) == output
    assert clone.run("git", "diff", "--name-only", "origin/main", BRANCH).stdout == f"{TEST_WORKFLOW}\n"
    assert clone.run("git", "show", f"{BRANCH}:{TEST_WORKFLOW}").stdout == pins


def test_an_update_can_be_staged_for_a_program_that_commits_it(clone: Project) -> None:
    """With `--stage`, the update is in the folder and in the index, also a file that git ignores, and in no branch."""
    clone.write(GITIGNORE, clone.read(GITIGNORE) + "publish.yml\n")
    clone.commit()
    refused = update_repository(clone, stage=True)
    assert refused.startswith("Error: --stage needs the newest commit of origin's default branch")
    clone.run("git", "push", "--quiet", "origin", "main")
    output = update_repository(clone, stage=True, data="workflow_filename=publish.yml")
    assert output == "Staged the update of my-package to v1.1.0 of the template."
    staged = clone.run("git", "diff", "--cached", "--name-only", "--no-renames").stdout.split()
    new = f"{WORKFLOWS}/publish.yml"
    assert staged == sorted([*MOVED, TEST_WORKFLOW, GITATTRIBUTES, PUBLISHER_JSON, new])
    assert clone.run("git", "diff").stdout == head(clone) == ""
    assert LINE_CHANGE[1] in clone.read(new)


def test_another_answers_file_is_found_and_two_are_refused(clone: Project) -> None:
    """The answers file is found by its content, whatever its name and those beside it; of two, one has to be named."""
    other = ".copier-answers.release.yml"
    (clone.path / ANSWERS_FILE).rename(clone.path / other)
    clone.write(ANSWERS_FILE, "_src_path: gh:acme/other\n_commit: v1\n")
    clone.commit()
    clone.run("git", "push", "--quiet", "origin", "main")
    assert update_repository(clone).startswith("Updated ")
    assert "_commit: v1.1.0\n" in clone.run("git", "show", f"{BRANCH}:{other}").stdout
    shutil.copy(clone.path / other, clone.path / ANSWERS_FILE)
    clone.commit()
    clone.run("git", "push", "--quiet", "origin", "main")
    assert update_repository(clone).startswith("Error: origin has two answers files")
    assert update_repository(clone, answers_file=other).startswith("Updated ")


@pytest.mark.slow
def test_a_template_without_tags_is_followed_by_commit(template: Path, tmp_path: Path) -> None:
    """A template without tags, as a fork may be, updates its projects to its newest commit; in a shallow clone, too."""
    versions = Versions.create(template, tmp_path / "template")
    run("git", "tag", "--delete", "v1.0.0", cwd=versions.path)
    project = versions.project(tmp_path / "my-package")
    run("git", "clone", "--quiet", "--bare", project.path, "origin.git", cwd=tmp_path)
    run("git", "clone", "--quiet", "--depth=1", (tmp_path / "origin.git").as_uri(), "clone", cwd=tmp_path)
    assert update_repository(Project(tmp_path / "clone", {})).startswith("There is nothing to update")
    versions.replace("actions/gate/action.yml", "name:", "# Another gate.\nname:")
    run("git", "commit", "--quiet", "--all", "--message", "Bump", cwd=versions.path)
    assert update_repository(Project(tmp_path / "clone", {})).startswith("Updated ")


def status(*clones: Project, style: str) -> tuple[int, str]:
    """Run `meltano-release status` in this process, in the folder of the clones; return its exit code and output."""
    with chdir(clones[0].path.parent):
        done = CliRunner().invoke(main, ["status", f"--{style}", *(clone.path.name for clone in clones)])
    return done.exit_code, done.output


def test_the_status_shows_versions_conflicts_ignored_files_and_branches(clone: Project, tmp_path: Path) -> None:
    """The list has every clone, in each format, with what has to be done; the exit code is 1 unless that is nothing."""
    names = ("current", "behind", "conflict", "ignored", "odd")
    current, behind, conflict, ignored, odd = (clone.copy(tmp_path / name) for name in names)
    replace(current.path / ANSWERS_FILE, "v1.0.0", "v1.1.0")
    update_repository(behind)
    behind.run("git", "push", "--quiet", "origin", BRANCH)
    replace(conflict.path / RELEASE_WORKFLOW, LINE_CHANGE[0], "timeout-minutes: 99")
    conflict.commit()
    update(conflict)
    ignored.run("git", "rm", "--quiet", "--cached", PUBLISHER_JSON)
    ignored.write(GITIGNORE, "*.json\n")
    replace(odd.path / ANSWERS_FILE, "v1.0.0", "v0.9.0")
    (tmp_path / "empty").mkdir()
    clones = [current, behind, conflict, ignored, odd, Project(tmp_path / "empty", {})]
    code, shown = status(*clones, style="json")
    rows = {row.pop("project"): {key: value for key, value in row.items() if value} for row in json.loads(shown)}
    assert rows.pop("empty")["problem"].startswith("not a clone: ")
    assert rows == {  # all have the same origin
        "current": {"version": "v1.1.0", "branch": BRANCH},
        "behind": {"version": "v1.0.0", "behind": 1, "branch": BRANCH},
        "conflict": {"version": "v1.1.0", "conflicts": [RELEASE_WORKFLOW], "branch": BRANCH},
        "ignored": {"version": "v1.0.0", "behind": 1, "ignored": [PUBLISHER_JSON], "branch": BRANCH},
        "odd": {"version": "v0.9.0", "problem": "the template has no tag v0.9.0", "branch": BRANCH},
    }
    assert (code, status(current, style="json")[0]) == (1, 0)
    table = status(behind, style="markdown")[1].splitlines()
    assert table[2:] == [f"| behind | v1.0.0 | 1 |  |  | {BRANCH} |  |"]
    variables = ENVIRONMENT | {"PYTHONPATH": str(COMMAND.parent)}
    command = ["-P", "-c", MAINTAIN, "status", "behind"]
    terminal = pexpect.spawn(sys.executable, command, cwd=tmp_path, env=variables, encoding="utf-8")
    terminal.expect("Versions.*│.*behind.*v1.0.0.*│")
    terminal.expect(pexpect.EOF)
