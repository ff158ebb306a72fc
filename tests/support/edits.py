"""What people do to a project and its template, and what an update does then: a table, which the tests carry out.

`python -m tests.support.edits` writes the page that lists them.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.support.adoption import MAINTAIN
from tests.support.commands import ENVIRONMENT, run
from tests.support.editing import replace
from tests.support.pages import code_blocks
from tests.support.pages import page as page_of
from tests.support.paths import (
    ANSWERS_FILE,
    COMMAND,
    DOCS,
    GITATTRIBUTES,
    GITIGNORE,
    PUBLISHER_JSON,
    RELEASE_WORKFLOW,
    RELEASE_WORKFLOW_SOURCE,
    RELEASING,
    RELEASING_SOURCE,
    UPDATED,
)
from tests.support.projects import Project
from tests.support.versions import LINE_CHANGE, Versions, changed_files

PAGE = DOCS / "reference/updates.md"
NEW = {  # what v1.2.0 brings, by file
    GITATTRIBUTES: "other.json text eol=lf\n",
    PUBLISHER_JSON: '  "version": 2,\n',
    RELEASING: "It stores no token:",
    RELEASE_WORKFLOW: LINE_CHANGE[1],
    ANSWERS_FILE: "_commit: v1.2.0",
}


def write_versions(template: Path, folder: Path) -> Versions:
    """Write v1.0.0, v1.1.0, in which nothing changed, and v1.2.0, in which every file of the template did."""
    versions = Versions.create(template, folder).tag("v1.1.0")
    line = "publisher.json text eol=lf\n"
    versions.replace(f"{UPDATED}/{GITATTRIBUTES}.jinja", line, line + NEW[GITATTRIBUTES])
    versions.replace(f"{UPDATED}/{PUBLISHER_JSON}.jinja", "{\n  ", "{\n" + NEW[PUBLISHER_JSON] + "  ")
    versions.replace(RELEASING_SOURCE, "No token is stored anywhere:", NEW[RELEASING])
    return versions.replace(RELEASE_WORKFLOW_SOURCE, *LINE_CHANGE).tag("v1.2.0")


@dataclass
class Scene:
    """A clone of a project of v1.0.0 with its `origin`, the template, and the file that is edited."""

    clone: Project
    versions: Versions
    file: str
    options: dict[str, Any] = field(default_factory=dict)  # of the update
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)  # that run beside it

    @property
    def path(self) -> Path:
        """Return the path of the file."""
        return self.clone.path / self.file

    def push(self) -> None:
        """Commit everything, and push it to the default branch."""
        self.clone.commit()
        self.clone.run("git", "push", "--quiet", "origin", "HEAD:main")

    def edit(self, old: str, new: str, file: str = "") -> None:
        """Replace a text of a file, and push."""
        replace(self.clone.path / (file or self.file), old, new)
        self.push()

    def answer(self, *answers: str) -> None:
        """Change answers, `QUESTION=ANSWER`, with the update."""
        self.options["data"] = list(answers)

    def update_to(self, version: str) -> None:
        """Update to a version that is not the newest."""
        self.options["vcs_ref"] = version

    def shell(self, script: str) -> None:
        """Run commands in the clone."""
        self.clone.run("bash", "-euc", script)

    def own_template(self) -> Versions:
        """Give the project a copy of the template that may change."""
        copy = Versions(self.clone.path.parent / "template")
        shutil.copytree(self.versions.path, copy.path)
        self.edit(str(self.versions.path), str(copy.path), ANSWERS_FILE)
        return copy

    def lose_tag(self, tag: str) -> None:
        """Let the template lose a tag."""
        run("git", "tag", "--delete", tag, cwd=self.own_template().path)


def delete(scene: Scene) -> None:
    """Delete the file."""
    scene.path.unlink()
    scene.push()


def move(scene: Scene) -> None:
    """Move the file to another folder."""
    (scene.clone.path / "moved").mkdir()
    scene.path.rename(scene.clone.path / "moved" / scene.path.name)
    scene.push()


def make_executable(scene: Scene) -> None:
    """Make the file executable."""
    scene.path.chmod(0o755)
    scene.push()


def reformat(scene: Scene) -> None:
    """Write the file in another format: with wider indentation, or without wrapped lines."""
    text = scene.path.read_text(encoding="utf-8")
    if scene.path.suffix == ".json":
        new = json.dumps(json.loads(text), indent=4) + "\n"
    elif scene.path.suffix == ".md":
        new = re.sub(r"(?<=[^\n])\n(?=[A-Za-z(`])", " ", text)
    else:
        new = re.sub(r"^( +)(?=\S)| (?=text eol)", r"\1\1  ", text, flags=re.MULTILINE)
    scene.edit(text, new)


def ignore(scene: Scene) -> None:
    """Let .gitignore hide the file before it is committed."""
    scene.clone.run("git", "rm", "--quiet", "--cached", scene.file)
    ignore_but_commit(scene)


def ignore_but_commit(scene: Scene) -> None:
    """Let .gitignore hide the file, which is committed."""
    scene.edit(".DS_Store\n", f".DS_Store\n/{scene.file}\n", GITIGNORE)


def bump_pin(scene: Scene) -> None:
    """Move a pin of the release workflow, as a bot would."""
    (pin,) = re.findall(r"/actions/gate@.*", scene.clone.read(RELEASE_WORKFLOW))
    scene.edit(pin, f"/actions/gate@{'1' * 40} # v1.0.1", RELEASE_WORKFLOW)


def record_commit(scene: Scene) -> None:
    """Name the version's commit in place of its tag, as the how-to says."""
    (block,) = code_blocks(page_of("how-to/update.md"), containing="tag=v1.2.0")
    scene.clone.run("bash", "-euc", block.replace("v1.2.0", "v1.0.0"))
    scene.push()


def push_tag(scene: Scene) -> None:
    """Push the version's tag again, at the commit that the release workflow names."""
    template = scene.clone.path.parent / "template"
    (commit,) = re.findall(r"/actions/gate@(\S+)", scene.clone.read(RELEASE_WORKFLOW))
    run("git", "push", "--quiet", template, f"{commit}:refs/tags/v1.0.0", cwd=template)


def remove_choices(scene: Scene) -> None:
    """Release a version of the template without two of the recorded choices."""
    template = scene.own_template().replace("copier.yml", "choices: [Apache-2.0, MIT, None]", "choices: [MIT, None]")
    template.replace("copier.yml", "choices: [None, VSCode]", "choices: [VSCode]").tag("v1.3.0")


def start(scene: Scene, *command: str) -> subprocess.Popen[bytes]:
    """Start an update of the clone in a separate process group, and return when it writes; the test ends it."""
    temporary = scene.clone.path.parent / "temporary"
    temporary.mkdir()
    variables = ENVIRONMENT | {"TMPDIR": str(temporary), "PYTHONPATH": str(COMMAND.parent)}
    process = subprocess.Popen(
        command, cwd=scene.clone.path, env=variables, stderr=subprocess.DEVNULL, start_new_session=True
    )
    scene.processes.append(process)
    while not list(temporary.glob(f"template-update-*/*/{ANSWERS_FILE}")) and not changed_files(scene.clone):
        assert process.poll() is None
        time.sleep(0.001)
    return process


def run_twice(scene: Scene) -> None:
    """Let another `meltano-release update` run in the clone."""
    start(scene, sys.executable, "-P", "-c", MAINTAIN, "update")


def interrupt(scene: Scene) -> None:
    """End `meltano-release update` in the middle."""
    os.killpg(start(scene, sys.executable, "-P", "-c", MAINTAIN, "update").pid, signal.SIGKILL)


def interrupt_copier(scene: Scene) -> None:
    """End `copier update` in the middle."""
    os.killpg(start(scene, "copier", "update", "--skip-answered", "--defaults").pid, signal.SIGKILL)


@dataclass(frozen=True)
class Edit:
    """An edit: what people do, what `copier update` and `meltano-release update` do then, and what the latter says."""

    did: str
    how: list[str | dict[str, Any]]
    copier: str
    command: str = ""  # if it differs
    says: str = ""
    files: tuple[str, ...] = ("",)

    def make(self, scene: Scene) -> None:
        """Do it."""
        for one in self.how:
            if isinstance(one, str):
                globals()[one](scene)
            else:
                ((name, given),) = one.items()
                getattr(scene, name)(*(given if isinstance(given, list) else [given]))


UPDATES, CLASHES, REFUSES = "updates", "leaves a conflict, and exits with 0", "refuses"
EDITS = [Edit(**edit) for edit in yaml.safe_load(Path(__file__).with_name("edits.yml").read_text(encoding="utf-8"))]
INTRODUCTION = """\
# What people do, and what an update does

The tests do each of these in a project of an older version, and run `copier update` and
`meltano-release update`. `python -m tests.support.edits` writes this table from theirs.

If an update refuses, it exits with 1 and writes nothing. `meltano-release update` says the words in
the last column.

| What people do | `copier update` | `meltano-release update` | and says |
| --- | --- | --- | --- |
"""


def page() -> str:
    """Return the page that lists the edits."""
    rows = [(edit.did, edit.copier, edit.command or edit.copier, edit.says and f"*{edit.says}*") for edit in EDITS]
    return INTRODUCTION + "".join(f"| {' | '.join(row)} |\n".replace("  |", " |") for row in rows)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
