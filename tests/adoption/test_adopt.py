"""A repository that exists gets the release setup and nothing else, and releases with the backend that it has."""

import re
from pathlib import Path

import pexpect
import pytest
import yaml

from tests.support.adoption import RELEASE_SETUP, adopt
from tests.support.commands import ENVIRONMENT, redirect
from tests.support.pages import code_blocks, page
from tests.support.paths import OWN_BACKENDS_LOCK, RELEASE_WORKFLOW, RELEASING, TEST_WORKFLOW, WORKFLOWS
from tests.support.projects import Render
from tests.support.repositories import OLD_RELEASE, REPOSITORIES
from tests.support.terminal import COLUMNS
from tests.support.versions import Versions, changed_files, conflicts, update

TAP = REPOSITORIES["setuptools with `[project]`, and old tags without `v`"]
TUTORIAL = page("tutorial/adopt.md")
TAP_WORKFLOW = f"{WORKFLOWS}/{TAP.workflow_filename}"


def test_a_clash_stops_the_copy_and_the_message_after_it_is_true(template: Path, tmp_path: Path) -> None:
    """Without a terminal, Copier stops at a file that exists, leaves it as it was, and says what to do.

    After that, its message's commands run as they stand, whatever branches there are, and show what was replaced, and
    `git restore` brings it back. A RELEASING.md at the top is not replaced: the template's is in `.github`. Git only
    redirects the template's URL to its first version.
    """
    first, project = Versions(template), TAP.write(tmp_path / "it's here")
    project.write("RELEASING.md", "How we release.\n")
    project.commit()
    project.run("git", "branch", "release-setup")
    assert "Consider using `--overwrite`" in adopt(project, first, check=False)
    assert project.run("git", "diff", "--stat").stdout == ""
    project.run("git", "clean", "--force", "-d", "--quiet")
    written, _, message = adopt(project, first, "--overwrite").partition("\nAdded to ")
    assert changed_files(project) == sorted([*RELEASE_SETUP, TAP_WORKFLOW])
    assert 'replaced is marked "conflict" above' in message
    plain = re.sub(r"\x1b\[\d+m", "", written)
    assert re.findall(r"^ *conflict +(\S+)$", plain, re.MULTILINE) == [TAP_WORKFLOW]
    commands = re.findall(r"^  ((?:cd|git|uvx) (?:.*\\\n)*.*)$", message, re.MULTILINE)
    assert [command.split()[0] for command in commands] == ["git", "git", "git", "uvx"]
    done = project.run("bash", "-c", "\n".join(commands[:2]), check=False)
    listed = re.findall(r"^( M|\?\?) (\S+)$", done.stdout, re.MULTILINE)
    assert [name for state, name in listed if state == " M"] == [TAP_WORKFLOW]
    other = project.copy(tmp_path / "other")
    other.run("git", "restore", TAP_WORKFLOW)
    assert other.read(TAP_WORKFLOW) == OLD_RELEASE
    done = project.run("bash", "-c", "\n".join(commands[2:]), env=redirect(first.path), check=False)
    assert f"ok           {TAP_WORKFLOW} publishes from the environment publishing." in done.stdout
    assert changed_files(project) == []
    (entry,) = re.findall(r"^  exclude-paths: .*$", message, re.MULTILINE)
    assert yaml.safe_load(entry)["exclude-paths"] == [TAP_WORKFLOW]
    assert "test.yaml" not in message
    prose = [line for line in message.splitlines() if "git+https://" not in line]  # a commit in it fits nowhere
    assert all(len(line) <= COLUMNS for line in prose)


@pytest.mark.slow
def test_the_tutorials_commands_check_the_adopted_repository(template: Path, tmp_path: Path) -> None:
    """The tutorial's doctor, build, gate and lock run as they stand, with the version that the message has."""
    first, project = Versions(template), REPOSITORIES["hatch-vcs with tox"].write(tmp_path / "tap")
    adopt(project, first)
    project.commit("Adopt the release setup")
    blocks = code_blocks(TUTORIAL, containing="@VERSION ")
    doctor, gate, lock, _ = (block.replace("@VERSION ", "@v1.0.0 ") for block in blocks)
    found = project.run("bash", "-c", doctor, env=redirect(first.path), check=False).stdout
    assert f"ok           {RELEASE_WORKFLOW} publishes from the environment publishing." in found
    passed = project.run("bash", "-e", "-c", gate, env=redirect(first.path)).stdout
    assert "passes: a release would be built again at its tag" in passed
    project.run("bash", "-e", "-c", lock, env=redirect(first.path))
    assert changed_files(project) == [OWN_BACKENDS_LOCK]


def test_the_tutorials_search_finds_a_workflow_that_publishes_on_a_pushed_tag(tmp_path: Path) -> None:
    """The tutorial's search shows the trigger and the command of a workflow that publishes on a pushed tag."""
    (block,) = code_blocks(TUTORIAL, containing="grep")
    found = TAP.write(tmp_path / "tap").run("bash", "-e", "-c", block).stdout
    assert re.search(r'tags: \["v\*"\](.|\n)*twine upload', found)


def test_the_tutorials_table_and_examples_fit_what_is_added(render: Render) -> None:
    """The table has every file that is added, and no other; the job after the upload waits for the release workflow.

    The line for Dependabot keeps it off the release workflow, and off nothing else.
    """
    project = render(scope="release")
    table = re.findall(r"^\| `(\S+)`", TUTORIAL, re.MULTILINE)
    added = [path.relative_to(project.path).as_posix() for path in project.path.rglob("*") if path.is_file()]
    assert sorted(table) == sorted(added)
    (block,) = code_blocks(TUTORIAL, "yaml", "jobs:")
    awaited = yaml.safe_load(block)[True]["workflow_run"]["workflows"]  # YAML 1.1 reads `on` as true
    assert awaited == [yaml.safe_load(project.read(RELEASE_WORKFLOW))["name"]]
    (line,) = re.findall(r"^ *exclude-paths: .*$", TUTORIAL, re.MULTILINE)
    assert yaml.safe_load(line) == {"exclude-paths": [RELEASE_WORKFLOW]}


def test_in_a_terminal_overwriting_is_asked_file_by_file(template: Path, tmp_path: Path) -> None:
    """In a terminal, Copier asks before it overwrites each file, and No keeps the file."""
    project = TAP.write(tmp_path / "tap")
    project.write(RELEASING, "How we release.\n")
    project.commit()
    answers = [f"--data={question}={answer}" for question, answer in project.answers.items()]
    arguments = ["copy", "--defaults", "--data=scope=release", *answers, str(template), "."]
    terminal = pexpect.spawn("copier", arguments, cwd=project.path, env=ENVIRONMENT, encoding="utf-8")
    for _ in range(2):
        prompt = terminal.expect([r"RELEASING\.md\? \S*\(Y/n\)", r"/release\.yml\? \S*\(Y/n\)"])
        terminal.send("ny"[prompt])
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    assert project.read(RELEASING) == "How we release.\n"
    assert project.run("git", "diff", "--name-only").stdout == f"{TAP_WORKFLOW}\n"


@pytest.mark.slow
def test_the_release_workflow_may_be_called_test_yaml(versions: Versions, tmp_path: Path) -> None:
    """The release workflow `test.yaml` is created and updated, although a test workflow of that name is left alone."""
    options = ("--data=scope=release", "--data=workflow_filename=test.yaml", "--vcs-ref=v1.0.0")
    project = versions.project(tmp_path / "tap-x", *options)
    text = project.read(TEST_WORKFLOW)
    update(project, "--data=environment=pypi", "--vcs-ref=v1.0.0")
    assert conflicts(project) == []
    assert project.read(TEST_WORKFLOW) == text.replace('"publishing"', '"pypi"')
