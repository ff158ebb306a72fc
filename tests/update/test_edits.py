"""What people do to the template's files, and around an update, loses nothing: both commands, against one table.

`python -m tests.update.test_edits` writes the page that has the table.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml

from tests.support.adoption import MAINTAIN
from tests.support.commands import ENVIRONMENT
from tests.support.editing import replace
from tests.support.pages import code_blocks
from tests.support.pages import page as page_of
from tests.support.paths import (
    ANSWERS_FILE,
    COMMAND,
    DOCS,
    GITATTRIBUTES,
    PUBLISHER_JSON,
    RELEASE_WORKFLOW,
    RELEASE_WORKFLOW_SOURCE,
    RELEASING,
    RELEASING_SOURCE,
    UPDATED,
)
from tests.support.projects import Project
from tests.support.reports import with_rows
from tests.support.versions import LINE_CHANGE, Versions, changed_files, clone_from_origin, conflicts, update_repository

PAGE = DOCS / "reference/updates.md"
NEW = {  # what v1.2.0 brings, by file
    GITATTRIBUTES: "other.json text eol=lf\n",
    PUBLISHER_JSON: '  "version": 2,\n',
    RELEASING: "It stores no token:",
    RELEASE_WORKFLOW: LINE_CHANGE[1],
    ANSWERS_FILE: "_commit: v1.2.0",
}
UPDATES, CLASHES, REFUSES = "updates", "leaves a conflict, and exits with 0", "refuses"
EXPLAINED = [  # what Copier says, by the how-to
    re.escape(message).replace("…", ".*").replace(r"v1\.2\.0", ".*")
    for line in page_of("how-to/update.md").partition("| Copier says |")[2].partition("\n\n")[0].splitlines()
    for message in re.findall("`(.+?)`", line.split(" | ")[0])
]
Edit = dict[str, Any]  # what people do, what the two commands do then, and what `meltano-release update` says
EDITS: list[Edit] = yaml.safe_load(Path(__file__).with_name("edits.yml").read_text(encoding="utf-8"))
FAST = {"leave changes without a commit", "the same, with a job of yours in the old workflow"}
CASES = [
    pytest.param(edit, file, id=f"{edit['did']} {file}".strip(), marks=[] if edit["did"] in FAST else pytest.mark.slow)
    for edit in EDITS
    for file in edit.get("files", [""])
]


@pytest.fixture(scope="module")
def versions(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Versions:
    """v1.0.0, v1.1.0, in which nothing changed, and v1.2.0, in which every file of the template did."""
    versions = Versions.create(template, tmp_path_factory.mktemp("versions") / "template").tag("v1.1.0")
    line = "publisher.json text eol=lf\n"
    versions.replace(f"{UPDATED}/{GITATTRIBUTES}.jinja", line, line + NEW[GITATTRIBUTES])
    versions.replace(f"{UPDATED}/{PUBLISHER_JSON}.jinja", "{\n  ", "{\n" + NEW[PUBLISHER_JSON] + "  ")
    versions.replace(RELEASING_SOURCE, "No token is stored anywhere:", NEW[RELEASING])
    return versions.replace(RELEASE_WORKFLOW_SOURCE, *LINE_CHANGE).tag("v1.2.0")


@pytest.fixture(scope="module")
def old_project(versions: Versions, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project of the first version; leave it unchanged."""
    return versions.project(tmp_path_factory.mktemp("old") / "my-package", "--vcs-ref=v1.0.0")


@dataclass
class Scene:
    """A clone of a project of v1.0.0 with its `origin`, the template, and the file that is edited."""

    clone: Project
    versions: Versions
    file: str = ""
    options: dict[str, Any] = field(default_factory=dict)  # of the update
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)  # that run beside it

    @property
    def path(self) -> Path:
        """Return the path of the file."""
        return self.clone.path / self.file


@pytest.fixture
def scene(old_project: Project, versions: Versions, tmp_path: Path) -> Iterator[Scene]:
    """A clone of the project, and its origin."""
    scene = Scene(clone_from_origin(old_project, tmp_path), versions)
    yield scene
    for process in scene.processes:
        process.wait()


# What people do, by the names in edits.yml.


def shell(scene: Scene, script: str) -> None:
    """Run commands in the clone."""
    scene.clone.run("bash", "-euc", script, env={"FILE": scene.file})


def push(scene: Scene, script: str = "true") -> None:
    """Run commands in the clone, commit everything, and push it to the default branch."""
    shell(scene, script)
    scene.clone.commit()
    scene.clone.run("git", "push", "--quiet", "origin", "HEAD:main")


def edit(scene: Scene, old: str, new: str, file: str = "") -> None:
    """Replace a text of a file, and push."""
    replace(scene.clone.path / (file or scene.file), old, new)
    push(scene)


def reformat(scene: Scene) -> None:
    """Write the file in another format: with wider indentation, or without wrapped lines."""
    text = scene.path.read_text(encoding="utf-8")
    if scene.path.suffix == ".json":
        new = json.dumps(json.loads(text), indent=4) + "\n"
    elif scene.path.suffix == ".md":
        new = re.sub(r"(?<=[^\n])\n(?=[A-Za-z(`])", " ", text)
    else:
        new = re.sub(r"^( +)(?=\S)| (?=text eol)", r"\1\1  ", text, flags=re.MULTILINE)
    edit(scene, text, new)


def record_commit(scene: Scene) -> None:
    """Name the version's commit in place of its tag, as the how-to says."""
    (block,) = code_blocks(page_of("how-to/update.md"), containing="tag=v1.2.0")
    push(scene, block.replace("v1.2.0", "v1.0.0"))


def own_template(scene: Scene, script: str = "true") -> Versions:
    """Give the project a copy of the template that may change, and run commands there."""
    copy = Versions(scene.clone.path.parent / "template")
    shutil.copytree(scene.versions.path, copy.path)
    edit(scene, str(scene.versions.path), str(copy.path), ANSWERS_FILE)
    shell(scene, f"cd ../template && {script}")
    return copy


def remove_choices(scene: Scene) -> None:
    """Release a version of the template without two of the recorded choices."""
    template = own_template(scene).replace("copier.yml", "choices: [Apache-2.0, MIT, None]", "choices: [MIT, None]")
    template.replace("copier.yml", "choices: [None, VSCode]", "choices: [VSCode]").tag("v1.3.0")


def start(scene: Scene, *command: str) -> None:
    """Start an update of the clone in a separate process group, and wait until it writes; the test ends it."""
    temporary = scene.clone.path.parent / "temporary"
    temporary.mkdir()
    variables = ENVIRONMENT | {"TMPDIR": str(temporary), "PYTHONPATH": str(COMMAND.parent)}
    words = [sys.executable, "-P", "-c", MAINTAIN, *command[1:]] if command[0] == "meltano-release" else command
    process = subprocess.Popen(
        words, cwd=scene.clone.path, env=variables, stderr=subprocess.DEVNULL, start_new_session=True
    )
    scene.processes.append(process)
    while not list(temporary.glob(f"template-update-*/*/{ANSWERS_FILE}")) and not changed_files(scene.clone):
        assert process.poll() is None
        time.sleep(0.001)


def interrupt(scene: Scene, *command: str) -> None:
    """End an update in the middle."""
    start(scene, *command)
    os.killpg(scene.processes[-1].pid, signal.SIGKILL)


def make(scene: Scene, edit: Edit) -> None:
    """Do what people do."""
    scene.options = edit.get("options", {})
    for one in edit.get("how", []):
        ((name, given),) = one.items() if isinstance(one, dict) else [(one, [])]
        globals()[name](scene, *(given if isinstance(given, list) else [given]))


def state(clone: Project) -> list[str]:
    """Return what the command must leave alone: what is checked out, what is not committed, and the other worktrees."""
    commands = ("rev-parse HEAD", "branch --show-current", "status --porcelain", "worktree list")
    return [clone.run("git", *command.split()).stdout for command in commands]


def describe(scene: Scene, text: str, *, was_there: bool, tracked: bool) -> str:
    """Return what an update did to the file, in the words of the table; without a file, it just updates."""
    if not scene.file or NEW[scene.file] in text:
        return UPDATES if not scene.file or tracked else "overwrites it"
    if text:
        return "leaves it as it was"
    return "deletes it" if was_there else f"leaves it {'moved' if (scene.clone.path / 'moved').exists() else 'deleted'}"


def observe_command(scene: Scene, says: str) -> str:
    """Run `meltano-release update`, and return what it does; it has to leave what is checked out as it is."""
    clone, before = scene.clone, state(scene.clone)
    branches = ("for-each-ref", "refs/heads")
    heads = clone.run("git", *branches).stdout
    output = update_repository(clone, **scene.options)
    assert says in output
    assert state(clone) == before
    if output.startswith("Error: "):
        assert clone.run("git", *branches).stdout == heads
        return REFUSES
    assert clone.run("git", "rev-list", "--count", "origin/main..template-update").stdout == "1\n"
    show = [clone.run("git", "show", f"{commit}:{scene.file}", check=False) for commit in ("HEAD", "template-update")]
    return describe(scene, show[1].stdout, was_there=show[0].returncode == 0, tracked=True)


def observe_copier(scene: Scene) -> str:
    """Run `copier update` in this process, and return what it does."""
    clone, was_there, before = scene.clone, scene.path.is_file(), changed_files(scene.clone)
    tracked = scene.file in clone.run("git", "ls-files").stdout.split()
    data = dict(answer.split("=") for answer in scene.options.get("data", []))
    options: dict[str, Any] = {"defaults": True, "skip_answered": True, "overwrite": True, "quiet": True}
    try:
        copier.run_update(clone.path, data=data, vcs_ref=scene.options.get("vcs_ref"), **options)
    except Exception as error:  # noqa: BLE001 - Copier raises many kinds
        output = f"{type(error).__name__}: {error}"
        assert changed_files(clone) == before
        assert any(re.search(pattern, output) for pattern in EXPLAINED), output
        return REFUSES
    if conflicts(clone):
        return CLASHES
    text = scene.path.read_text(encoding="utf-8") if scene.path.is_file() else ""
    return describe(scene, text, was_there=was_there, tracked=tracked)


@pytest.mark.parametrize(("edit", "file"), CASES)
def test_an_update_does_what_the_table_says(edit: Edit, file: str, scene: Scene) -> None:
    """After an edit, each of the two commands does what the table says; where it refuses, nothing has changed."""
    scene.file = file
    make(scene, edit)
    assert observe_command(scene, edit.get("says", "")) == edit.get("command", edit["copier"])
    assert observe_copier(scene) == edit["copier"]


def page() -> str:
    """Return the page that lists the edits."""
    rows = [(one["did"], one["copier"], one.get("command", one["copier"]), one.get("says", "")) for one in EDITS]
    return with_rows(PAGE, ((*row, says and f"*{says}*") for *row, says in rows))


def test_the_page_has_the_table() -> None:
    """The page is what `python -m tests.update.test_edits` writes."""
    assert PAGE.read_text(encoding="utf-8") == page()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
