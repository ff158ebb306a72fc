"""A repository that exists gets the release setup and nothing else, and releases with the backend that it has."""

import re
from pathlib import Path

import pexpect
import pytest
import yaml

from tests.support.adoption import RELEASE_SETUP, adopt
from tests.support.commands import ENVIRONMENT, redirect
from tests.support.editing import replace
from tests.support.pages import code_blocks, page
from tests.support.paths import (
    ANSWERS_FILE,
    OWN_BACKENDS_LOCK,
    PYPROJECT_SOURCE,
    RELEASE_WORKFLOW,
    RELEASE_WORKFLOW_SOURCE,
    RELEASING,
    RENOVATE_SOURCE,
    TEST_WORKFLOW,
    TEST_WORKFLOW_SOURCE,
    WORKFLOWS,
)
from tests.support.projects import Project, Render
from tests.support.repositories import OLD_RELEASE, REPOSITORIES, Repository
from tests.support.terminal import COLUMNS
from tests.support.versions import LINE_CHANGE, Versions, changed_files, conflicts, text_changes, update

TAP = REPOSITORIES["setuptools with `[project]`, and old tags without `v`"]
TUTORIAL = page("tutorial/adopt.md")
TAP_WORKFLOW = f"{WORKFLOWS}/{TAP.workflow_filename}"


@pytest.fixture(scope="module")
def first(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Versions:
    """The template's first version; leave it unchanged."""
    return Versions.create(template, tmp_path_factory.mktemp("first") / "template")


def adopted(repository: Repository, versions: Versions, folder: Path) -> Project:
    """Write a repository below a folder, copy the release setup into it and commit; return the project."""
    project = repository.write(folder / repository.name)
    adopt(project, versions)
    project.commit("Adopt the release setup")
    return project


def test_without_a_terminal_a_clash_stops_the_copy_and_loses_nothing(first: Versions, tmp_path: Path) -> None:
    """Without a terminal, Copier stops at a file that exists, leaves it as it was, and says what to do.

    A RELEASING.md of the repository at its top is not one of these: the template's is in `.github`.
    """
    project = TAP.write(tmp_path / "tap")
    project.write("RELEASING.md", "How we release.\n")
    project.commit()
    output = adopt(project, first, check=False)
    assert "Consider using `--overwrite`" in output
    assert project.read(TAP_WORKFLOW) == OLD_RELEASE
    assert project.run("git", "diff", "--stat").stdout == ""
    project.run("git", "clean", "--force", "-d", "--quiet")
    adopt(project, first, "--overwrite")
    assert changed_files(project) == sorted([*RELEASE_SETUP, TAP_WORKFLOW])


def test_the_message_after_a_copy_is_true(first: Versions, tmp_path: Path) -> None:
    """The message's commands run as they stand, whatever branches there are, and show what was replaced.

    The command `git restore` brings a replaced file back. Git only redirects the template's URL to its first version.
    """
    project = TAP.write(tmp_path / "it's here")
    project.run("git", "branch", "release-setup")
    written, _, message = adopt(project, first, "--overwrite").partition("\nAdded to ")
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
def test_the_tutorials_commands_check_the_adopted_repository(first: Versions, tmp_path: Path) -> None:
    """The tutorial's doctor, build, gate and lock run as they stand, with the version that the message has."""
    project = adopted(REPOSITORIES["hatch-vcs with tox"], first, tmp_path)
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
    project = TAP.write(tmp_path / "tap")
    found = project.run("bash", "-e", "-c", block).stdout
    assert [line for line in found.splitlines() if 'tags: ["v*"]' in line]
    assert [line for line in found.splitlines() if "twine upload" in line]


def test_the_tutorials_job_after_the_upload_waits_for_the_release_workflow(render: Render) -> None:
    """The tutorial's job after the upload waits for the release workflow by the name that the workflow has."""
    (block,) = code_blocks(TUTORIAL, "yaml", "jobs:")
    awaited = yaml.safe_load(block)[True]["workflow_run"]["workflows"]  # YAML 1.1 reads `on` as true
    assert awaited == [yaml.safe_load(render(scope="release").read(RELEASE_WORKFLOW))["name"]]


def test_the_tutorials_table_has_every_file_that_is_added(render: Render) -> None:
    """The tutorial's table of files has every file that a copy adds, and no other."""
    table = re.findall(r"^\| `(\S+)`", TUTORIAL, re.MULTILINE)
    folder = render(scope="release").path
    assert sorted(table) == sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert sorted(table) == sorted([*RELEASE_SETUP, RELEASE_WORKFLOW])


@pytest.mark.parametrize("name", ["tutorial/adopt.md", "how-to/dependabot.md"])
def test_dependabot_is_kept_off_the_release_workflow(name: str) -> None:
    """Both pages have the line that keeps Dependabot off the release workflow, and off nothing else."""
    (line,) = re.findall(r"^ *exclude-paths: .*$", page(name), re.MULTILINE)
    assert yaml.safe_load(line) == {"exclude-paths": [RELEASE_WORKFLOW]}


def test_in_a_terminal_overwriting_is_asked_file_by_file(first: Versions, tmp_path: Path) -> None:
    """In a terminal, Copier asks before it overwrites each file, and No keeps the file."""
    project = TAP.write(tmp_path / "tap")
    project.write(RELEASING, "How we release.\n")
    project.commit()
    answers = [f"--data={question}={answer}" for question, answer in project.answers.items()]
    arguments = ["copy", "--defaults", "--data=scope=release", *answers, str(first.path), "."]
    terminal = pexpect.spawn("copier", arguments, cwd=project.path, env=ENVIRONMENT, encoding="utf-8")
    for _ in range(2):
        prompt = terminal.expect([r"RELEASING\.md\? \S*\(Y/n\)", r"/release\.yml\? \S*\(Y/n\)"])
        terminal.send("ny"[prompt])
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    assert project.read(RELEASING) == "How we release.\n"
    assert project.run("git", "diff", "--name-only").stdout == f"{TAP_WORKFLOW}\n"


def test_an_update_of_an_adopted_repository_touches_the_release_setup_alone(first: Versions, tmp_path: Path) -> None:
    """An update changes the release setup alone: other files with names of the template's are the repository's own.

    RELEASING.md changes because it names the version of the template in a command.
    """
    project = adopted(REPOSITORIES["poetry-dynamic-versioning without a bound"], first, tmp_path)
    template = Versions.create(first.path, tmp_path / "template")
    replace(project.path / ANSWERS_FILE, str(first.path), str(template.path))
    project.commit("Move to another URL")
    for file in (PYPROJECT_SOURCE, RENOVATE_SOURCE, TEST_WORKFLOW_SOURCE):
        path = template.path / file
        path.write_text(path.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    template.replace(RELEASE_WORKFLOW_SOURCE, *LINE_CHANGE).tag("v1.1.0")
    update(project)
    assert text_changes(project) == [ANSWERS_FILE, RELEASING, RELEASE_WORKFLOW]
    assert conflicts(project) == []


def test_the_release_workflow_may_be_called_test_yaml(render: Render) -> None:
    """PyPI may know the release workflow as `test.yaml`; nothing else of the template takes that name then."""
    project = render(scope="release", workflow_filename="test.yaml")
    other = render(scope="release", workflow_filename="other.yaml")
    assert project.read(TEST_WORKFLOW) == other.read(f"{WORKFLOWS}/other.yaml")
    assert not (other.path / TEST_WORKFLOW).exists()


@pytest.mark.slow
def test_an_update_brings_a_release_workflow_called_test_yaml(versions: Versions, tmp_path: Path) -> None:
    """An update changes the release workflow `test.yaml`, although it leaves a test workflow of that name alone."""
    options = ("--data=scope=release", "--data=workflow_filename=test.yaml", "--vcs-ref=v1.0.0")
    project = versions.project(tmp_path / "tap-x", *options)
    text = project.read(TEST_WORKFLOW)
    update(project, "--data=environment=pypi", "--vcs-ref=v1.0.0")
    assert conflicts(project) == []
    assert project.read(TEST_WORKFLOW) == text.replace('"publishing"', '"pypi"')
