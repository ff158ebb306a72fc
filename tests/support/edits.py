"""What people do to a project and its template, and what an update does then: a table, which the tests carry out.

`python -m tests.support.edits` writes the page that lists them.
"""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.commands import run
from tests.support.editing import replace
from tests.support.pages import code_blocks
from tests.support.pages import page as page_of
from tests.support.paths import (
    ANSWERS_FILE,
    DOCS,
    GITATTRIBUTES,
    GITIGNORE,
    PUBLISHER_JSON,
    README,
    RELEASE_WORKFLOW,
    RELEASE_WORKFLOW_SOURCE,
    RELEASING,
    RELEASING_SOURCE,
    UPDATED,
)
from tests.support.projects import Project
from tests.support.versions import LINE_CHANGE, Versions

PAGE = DOCS / "reference/updates.md"
FILES = (GITATTRIBUTES, PUBLISHER_JSON, RELEASING, RELEASE_WORKFLOW)
NEW = {  # what v1.2.0 brings, by file
    GITATTRIBUTES: "other.json text eol=lf\n",
    PUBLISHER_JSON: '  "version": 2,\n',
    RELEASING: "It stores no token:",
    RELEASE_WORKFLOW: LINE_CHANGE[1],
    ANSWERS_FILE: "_commit: v1.2.0",
}
OWN_JOB = "  image:\n    needs: publish\n    runs-on: ubuntu-24.04\n    steps: [{ run: docker build . }]\n\n  attach:\n"


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

    def own_template(self, removed_tag: str = "") -> Versions:
        """Give the project a copy of the template that may change, without a tag."""
        copy = Versions(self.clone.path.parent / "template")
        shutil.copytree(self.versions.path, copy.path)
        self.edit(str(self.versions.path), str(copy.path), ANSWERS_FILE)
        if removed_tag:
            run("git", "tag", "--delete", removed_tag, cwd=copy.path)
        return copy


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


def ignore_for_v1_1_0(scene: Scene) -> None:
    """Let .gitignore hide the file, and update to a version in which it is the same."""
    ignore(scene)
    scene.options["vcs_ref"] = "v1.1.0"


def ignore_but_commit(scene: Scene) -> None:
    """Let .gitignore hide the file, which is committed."""
    scene.edit(".DS_Store\n", f".DS_Store\n/{scene.file}\n", GITIGNORE)


def bump_pin(scene: Scene) -> None:
    """Move a pin of the release workflow, as a bot would."""
    (pin,) = re.findall(r"/actions/gate@.*", scene.clone.read(RELEASE_WORKFLOW))
    scene.edit(pin, f"/actions/gate@{'1' * 40} # v1.0.1", RELEASE_WORKFLOW)


def record_commit(scene: Scene) -> None:
    """Delete the version's tag, and name its commit in place of it, as the how-to says."""
    scene.own_template("v1.0.0")
    (block,) = code_blocks(page_of("how-to/update.md"), containing="tag=v1.2.0")
    scene.clone.run("bash", "-euc", block.replace("v1.2.0", "v1.0.0"))
    scene.push()


def push_tag(scene: Scene) -> None:
    """Delete the version's tag, and push it again at the commit that the release workflow names."""
    template = scene.own_template("v1.0.0")
    (commit,) = re.findall(r"/actions/gate@(\S+)", scene.clone.read(RELEASE_WORKFLOW))
    run("git", "push", "--quiet", template.path, f"{commit}:refs/tags/v1.0.0", cwd=template.path)


def go_back(scene: Scene) -> None:
    """Ask for an older version than the project's."""
    scene.edit("_commit: v1.0.0", "_commit: v1.1.0", ANSWERS_FILE)
    scene.options["vcs_ref"] = "v1.0.0"


def withdraw(scene: Scene) -> None:
    """Delete the tag of the newest version, which the project has."""
    scene.own_template("v1.2.0")
    scene.edit("_commit: v1.0.0", "_commit: v1.2.0", ANSWERS_FILE)


def remove_choices(scene: Scene) -> None:
    """Release a version of the template without two of the recorded choices."""
    template = scene.own_template().replace("copier.yml", "choices: [Apache-2.0, MIT, None]", "choices: [MIT, None]")
    template.replace("copier.yml", "choices: [None, VSCode]", "choices: [VSCode]").tag("v1.3.0")


def diverge(scene: Scene) -> None:
    """Commit without a push, without a branch, and while origin has another commit."""
    scene.edit("# my-package", "# Theirs", README)
    scene.clone.run("git", "switch", "--quiet", "--detach", "HEAD^")
    scene.clone.write("work.txt", "Work\n")
    scene.clone.commit()


def work_on_the_branch(scene: Scene) -> None:
    """Commit on the branch for updates."""
    scene.clone.run("git", "switch", "--quiet", "--create", "template-update")
    scene.clone.commit()
    scene.clone.run("git", "switch", "--quiet", "main")


def rename_workflow_with_job(scene: Scene) -> None:
    """Change the name of the release workflow, which has a job of the project."""
    scene.edit("  attach:\n", OWN_JOB, RELEASE_WORKFLOW)
    scene.answer("workflow_filename=publish.yml")


def empty_origin(scene: Scene) -> None:
    """Let `origin` be a repository without a commit."""
    run("git", "init", "--quiet", "--bare", "empty.git", cwd=scene.clone.path.parent)
    scene.clone.run("git", "remote", "set-url", "origin", "../empty.git")


class Edit(NamedTuple):
    """An edit: what people do, what `copier update` and `meltano-release update` do then, and what the latter says."""

    did: str
    change: Callable[[Scene], object]
    plain: str
    command: str
    says: str = ""
    files: tuple[str, ...] = ("",)


UPDATES, CLASHES, REFUSES = "updates", "leaves a conflict, and exits with 0", "refuses"
ONE = "one of the template's files in `.github`"
ANSWERS, WORKFLOW = (ANSWERS_FILE,), (RELEASE_WORKFLOW,)
CONFLICT, HIDDEN, NO_ANSWERS = (
    "The update conflicts in .github/",
    "git add --force .github/",
    "origin has no answers file",
)
EDITS = [
    Edit(f"delete {ONE}", delete, "leaves it deleted", "leaves it deleted", files=FILES),
    Edit(f"move {ONE}", move, "leaves it moved", "leaves it moved", files=FILES),
    Edit(f"make {ONE} executable", make_executable, UPDATES, UPDATES, files=FILES),
    Edit(f"reformat {ONE}", reformat, CLASHES, REFUSES, CONFLICT, FILES),
    Edit(f"let `.gitignore` hide {ONE}, and commit without it", ignore, "overwrites it", REFUSES, HIDDEN, FILES),
    Edit("the same, with a file that the new version does not change",
         ignore_for_v1_1_0, "deletes it", REFUSES, HIDDEN, FILES[:2]),
    Edit("the same, but commit it with `git add --force`", ignore_but_commit, UPDATES, UPDATES, files=FILES + ANSWERS),
    Edit("delete `.copier-answers.yml`", delete, REFUSES, REFUSES, NO_ANSWERS, ANSWERS),
    Edit("move `.copier-answers.yml`", move, REFUSES, REFUSES, NO_ANSWERS, ANSWERS),
    Edit("make `.copier-answers.yml` executable", make_executable, UPDATES, UPDATES, files=ANSWERS),
    Edit("reformat `.copier-answers.yml`", lambda scene: scene.edit('"3.11"', "'3.11'"),
         UPDATES, UPDATES, files=ANSWERS),
    Edit("let `.gitignore` hide `.copier-answers.yml`, and commit without it", ignore,
         "overwrites it", REFUSES, NO_ANSWERS, ANSWERS),
    Edit("commit a conflict in `.copier-answers.yml`", lambda scene: scene.edit("_commit", "<<<<<<<\n_commit"),
         REFUSES, REFUSES, NO_ANSWERS, ANSWERS),
    Edit("write a URL into `.copier-answers.yml` that does not exist",
         lambda scene: scene.edit("_src_path: ", "_src_path: /nowhere.git # "),
         REFUSES, REFUSES, "cannot be read: correct `_src_path`", ANSWERS),
    Edit("change a line that the new version changes, or one beside it",
         lambda scene: scene.edit(LINE_CHANGE[0], "timeout-minutes: 99"), CLASHES, REFUSES, CONFLICT, WORKFLOW),
    Edit("change other lines", lambda scene: scene.edit("[main, master]", "[main]"), UPDATES, UPDATES, files=WORKFLOW),
    Edit("make the same change as the new version", lambda scene: scene.edit(*LINE_CHANGE),
         UPDATES, UPDATES, files=WORKFLOW),
    Edit("let a bot move a pin of the release workflow", bump_pin, CLASHES, REFUSES, CONFLICT),
    Edit("change the answers `owner`, `repository`, `environment`",
         lambda scene: scene.answer("owner=Acme", "repository=other", "environment=pypi"), UPDATES, UPDATES),
    Edit("change the answer `workflow_filename`", lambda scene: scene.answer("workflow_filename=publish.yml"),
         UPDATES, UPDATES),
    Edit("the same, with a job of yours in the old workflow", rename_workflow_with_job,
         "deletes it", REFUSES, "with image: move these jobs", WORKFLOW),
    Edit("change the answer `scope`", lambda scene: scene.answer("scope=release"), REFUSES, REFUSES, "Keep package"),
    Edit("change the answer `kind` in `.copier-answers.yml`",
         lambda scene: scene.edit("created_as: library", "created_as: tap"),
         REFUSES, REFUSES, 'Keep "tap": it cannot change.', ANSWERS),
    Edit("have answers that the new version does not offer", remove_choices,
         REFUSES, REFUSES, "--data=license=MIT --data=ide=VSCode"),
    Edit("have a version whose tag the template has lost", lambda scene: scene.own_template("v1.0.0"),
         REFUSES, REFUSES, "has no tag v1.0.0"),
    Edit("the same, and its maintainers push the tag again", push_tag, UPDATES, UPDATES),
    Edit("the same, and name its commit in place of the tag", record_commit, UPDATES, UPDATES),
    Edit("have the newest version, and the template has lost its tag", withdraw,
         REFUSES, REFUSES, "has no tag v1.2.0"),
    Edit("ask for an older version", go_back, REFUSES, REFUSES, "Downgrades are not supported"),
    Edit("leave changes without a commit", lambda scene: scene.clone.write("new.txt", ""),
         REFUSES, REFUSES, "Commit or stash your changes first: new.txt"),
    Edit("have commits that origin does not have, and no branch", diverge, UPDATES, UPDATES),
    Edit("commit on the branch `template-update`", work_on_the_branch, UPDATES, REFUSES, "template-update has work"),
    Edit("have an `origin` without commits", empty_origin, UPDATES, REFUSES, "origin has no default branch"),
]  # fmt: skip
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
    rows = [(edit.did, edit.plain, edit.command, edit.says and f"*{edit.says}*") for edit in EDITS]
    return INTRODUCTION + "".join(f"| {' | '.join(row)} |\n".replace("  |", " |") for row in rows)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
