"""An update moves what names the version of the template: pins, commands, and `_commit`; nobody else has to."""

import re
from pathlib import Path

from tests.support.paths import RELEASE_WORKFLOW, TEST_WORKFLOW
from tests.support.projects import Project
from tests.support.terminal import COLUMNS
from tests.support.versions import (
    LINE_CHANGE,
    MOVED,
    Versions,
    changed_files,
    conflicts,
    text_changes,
    update,
)


def test_an_update_moves_what_names_the_version_and_nothing_else(template: Path, tmp_path: Path) -> None:
    """From a tag to one with the same files, an update changes the lines with pins and versions, without a conflict.

    These are the pins of the release workflow, the commands of RELEASING.md, and `_commit`; the pins of the test
    workflow are the project's own.
    """
    versions = Versions.create(template, tmp_path / "template")
    project = versions.project(tmp_path / "my-package")
    before = {file: project.read(file) for file in [*MOVED, TEST_WORKFLOW]}
    versions.tag("v1.1.0")
    update(project)
    assert conflicts(project) == []
    assert changed_files(project) == MOVED
    changed = re.findall(r"^\+(?!\+).*$", project.run("git", "diff", "--unified=0").stdout, re.MULTILINE)
    pins = [line for line in changed if re.search(r"uses: \S+/actions/[a-z]+@[0-9a-f]{40} # v1\.1\.0$", line)]
    others = [line for line in changed if line not in pins]
    assert len(pins) == before[RELEASE_WORKFLOW].count(" # v1.0.0\n") > 5
    assert others.pop(0) == "+_commit: v1.1.0"
    assert others
    assert all(line.endswith("@v1.1.0 meltano-release setup") for line in others)
    expected = {file: versions.moved(before[file], "v1.0.0", "v1.1.0") for file in MOVED}
    assert {file: project.read(file) for file in before} == before | expected


def test_the_message_moves_the_pins_of_the_test_workflow(template: Path, tmp_path: Path) -> None:
    """The commands that the message prints move the pins of the test workflow to the new version, and no others.

    The file is then that of a new project, with the project's own lines.
    """
    own = "      - uses: acme/actions/setup@v1\n"
    versions = Versions.create(template, tmp_path / "template")
    project = versions.project(tmp_path / "my-package")
    project.write(TEST_WORKFLOW, project.read(TEST_WORKFLOW) + own)
    project.commit()
    versions.tag("v1.1.0")
    message = update(project).stderr
    assert all(len(line) <= COLUMNS for line in message.partition("Read the diff")[2].splitlines())
    commands = re.findall(r"^  ((?:action|pin|sed|rm)\b.*)$", message, re.MULTILINE)
    assert len(commands) == 4, message
    project.run("bash", "-euc", "\n".join(commands))
    fresh = versions.project(tmp_path / "fresh")
    assert project.read(TEST_WORKFLOW) == fresh.read(TEST_WORKFLOW) + own
    assert changed_files(project) == [*MOVED, TEST_WORKFLOW]


def test_a_pin_that_a_bot_moved_is_a_visible_conflict(project: Project) -> None:
    """If a bot moved a pin of the release workflow, the update conflicts in that file alone, and nothing is lost."""
    bumped = re.sub(r"(/actions/gate@)\S+ # v1\.0\.0", rf"\g<1>{'1' * 40} # v1.0.1", project.read(RELEASE_WORKFLOW))
    assert bumped != project.read(RELEASE_WORKFLOW)
    project.write(RELEASE_WORKFLOW, bumped)
    project.commit()
    update(project)
    assert conflicts(project) == [RELEASE_WORKFLOW]
    assert "leftover conflict marker" in project.run("git", "diff", "--check", check=False).stdout
    text = project.read(RELEASE_WORKFLOW)
    assert text.count("<<<<<<<") == text.count(">>>>>>>") == 1
    assert f"/actions/gate@{'1' * 40} # v1.0.1\n" in text
    assert re.search(r"/actions/gate@[0-9a-f]{40} # v1\.1\.0\n", text)
    assert LINE_CHANGE[1] in text
    assert set(text_changes(project)) == set(MOVED)  # git names a file in conflict twice
