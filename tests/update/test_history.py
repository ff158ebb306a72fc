"""Twelve versions of the template pass over projects: no work is lost, and every conflict has its cause.

The table history.yml has both, the versions and the projects.
"""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.commands import run
from tests.support.editing import replace
from tests.support.paths import ANSWERS_FILE, DOCS, ROOT, TEST_WORKFLOW, UPDATED
from tests.support.projects import Project
from tests.support.versions import Versions, changed_files, conflicts, recorded_answers, update

Case = dict[str, Any]  # a project that lives through the history
CONTENT: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("history.yml").read_text(encoding="utf-8"))
LONG_LIVED: dict[str, Case] = CONTENT["projects"]
TAGS = list(CONTENT["versions"])
TEMPLATES = (".github/", ANSWERS_FILE)  # where the template's files are
RELEASED = run("git", "tag", "--list", "v*", "--sort=version:refname", cwd=ROOT).stdout.split()


def substitute(versions: Versions, pattern: str, new: str, files: tuple[str, ...] = ()) -> None:
    """Replace what a pattern finds in files of the template, in all of them if none is named; it finds something."""
    paths = [versions.path / file for file in files] or sorted((versions.path / "template").rglob("*"))
    texts = {path: path.read_text(encoding="utf-8") for path in paths if path.is_file()}
    changed = {path: re.sub(pattern, new, text, flags=re.DOTALL) for path, text in texts.items()}
    assert changed != texts, pattern
    for path in texts:
        path.write_text(changed[path], encoding="utf-8")


@pytest.fixture(scope="module")
def history(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Versions:
    """The template's history: all versions from v1.0.0 on; leave it unchanged."""
    versions = Versions.create(template, tmp_path_factory.mktemp("history") / "template", "v0.9.0")
    old, new = (versions.path / UPDATED / name for name in CONTENT["renamed"])
    old.write_text("Notes.\n", encoding="utf-8")
    for tag, changes in CONTENT["versions"].items():
        for change in changes:
            substitute(versions, **change)
        if tag == CONTENT["file renamed"]:
            old.rename(new)
        versions.tag(tag)
    return versions


def begin(case: Case, history: Versions, folder: Path) -> Project:
    """Create a project of the first version and do its people's work."""
    options = [f"--data={question}={answer}" for question, answer in case["answers"].items()]
    project = history.project(folder / case["answers"].get("repository", "my-package"), "--vcs-ref=v1.0.0", *options)
    for file, text in case.get("append", {}).items():
        (project.path / file).parent.mkdir(parents=True, exist_ok=True)
        with (project.path / file).open("a", encoding="utf-8") as opened:
            opened.write(text)
    for file, old, new in case.get("replace", []):
        replace(project.path / file, old, new)
    project.run("bash", "-euo", "pipefail", "-c", case.get("run", ""))
    project.commit()
    return project


def is_own(file: str) -> bool:
    """Return whether a file belongs to the project: all but the template's files in `.github`, and the answers."""
    return file == TEST_WORKFLOW or not file.startswith(TEMPLATES)


def own_files(project: Project) -> dict[str, bytes]:
    """Return the content of the files that the template does not own."""
    files = {path.relative_to(project.path).as_posix(): path for path in project.tracked_files() if path.is_file()}
    return {name: path.read_bytes() for name, path in files.items() if is_own(name)}


def resolve(text: str) -> str:
    """Return a file whose conflicts are resolved: the template's lines, then those of the project that say `mine`."""

    def side(match: re.Match[str]) -> str:
        return match[2] + "".join(line for line in match[1].splitlines(keepends=True) if "mine" in line)

    return re.sub(
        r"<<<<<<< before updating\r?\n(.*?)(?:\|{7}.*?)?=======\r?\n(.*?)>>>>>>> after updating\r?\n",
        side, text, flags=re.DOTALL,
    )  # fmt: skip


def check_end(case: Case, history: Versions, project: Project, folder: Path) -> None:
    """All files of the template that the project has not edited are those of a new project."""
    answers = {name: value for name, value in recorded_answers(project.path).items() if name[0] != "_"}
    options = [f"--data={name}={value}" for name, value in answers.items() if name != "created_as"]
    fresh = history.project(folder / "fresh", *options)
    for path in fresh.tracked_files():
        name = path.relative_to(fresh.path).as_posix()
        if not is_own(name) and name not in (*case.get("edited", []), ANSWERS_FILE):
            assert (project.path / name).read_bytes() == path.read_bytes(), name


@pytest.mark.parametrize(
    ("name", "tags"),
    [
        pytest.param(name, tags, marks=[] if "edited" in case and len(tags) == 1 else pytest.mark.slow)
        for name, case in LONG_LIVED.items()
        for tags in (TAGS[1:], TAGS[-1:])
    ],
)
def test_a_project_lives_through_the_history(name: str, tags: list[str], history: Versions, tmp_path: Path) -> None:
    """Updates, one by one or over all versions at once, have only the conflicts of the table.

    They keep the project's own files byte-identical. A new question gets its default without asking, also if the list
    of excluded files depends on it, and the recorded answer to a removed one stops nothing.
    """
    case = LONG_LIVED[name]
    project = begin(case, history, tmp_path)
    assert recorded_answers(project.path)["nickname"] == "x"
    met: dict[str, set[str]] = {}
    for tag in tags:
        before, options = own_files(project), [f"--vcs-ref={tag}"]
        if tag in (CONTENT["choice removed"], TAGS[-1]) and recorded_answers(project.path).get("ide") == "VSCode":
            done = update(project, *options, check=False)
            assert done.returncode == 1
            assert "Invalid choice for 'ide': 'VSCode' is not in ['None']" in done.stderr
            assert changed_files(project) == []
            options.append("--data=ide=None")
        update(project, *options)
        if found := conflicts(project):
            met[tag] = set(found)
        for file in found:
            path = project.path / file
            path.write_bytes(resolve(path.read_bytes().decode()).encode())
        assert own_files(project) == before
        assert {file: line for file, line in case["kept"].items() if line not in project.read(file)} == {}
        project.commit(tag)
        assert f"_commit: {tag}\n" in project.read(ANSWERS_FILE).replace("\r\n", "\n")
    at_once = {TAGS[-1]: case["conflicts at once"]} if "conflicts at once" in case else {}
    expected = case.get("conflicts", {}) if tags[1:] else at_once
    assert met == {tag: set(files) for tag, files in expected.items()}
    answers = recorded_answers(project.path)
    assert (answers["wait"], "nickname" in answers) == ("15", False)
    assert "There is no question color. " in update(project, "--data=color=blue", check=False).stderr
    check_end(case, history, project, tmp_path)
    assert all((project.path / name).exists() for name in CONTENT["renamed"])


@pytest.fixture(scope="module")
def released(history: Versions, template: Path, tmp_path_factory: pytest.TempPathFactory) -> Versions:
    """Every released version of the template, and then the working tree; the made-up history before the first one."""
    if not RELEASED:
        return history
    path = tmp_path_factory.mktemp("released") / "template"
    run("git", "clone", "--quiet", ROOT, path, cwd=ROOT)
    run("git", "rm", "--quiet", "-r", ".", cwd=path)
    shutil.copytree(template, path, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".git"))
    return Versions(path).tag("v9999")


@pytest.mark.slow
@pytest.mark.parametrize("tag", RELEASED or ["v1.4.0"])
def test_every_version_updates_to_the_newest(tag: str, released: Versions, tmp_path: Path) -> None:
    """Every version updates to the newest in one step, without a question or a conflict, to what a new project has."""
    project = released.project(tmp_path / "my-package", f"--vcs-ref={tag}")
    fresh = released.project(tmp_path / "fresh", "--data=repository=my-package")
    before = own_files(project)
    update(project)
    assert (conflicts(project), own_files(project)) == ([], before)
    project.commit()
    for name in fresh.run("git", "ls-files", ".github").stdout.split():
        if not is_own(name):
            assert project.read(name) == fresh.read(name), name
    assert recorded_answers(project.path) == recorded_answers(fresh.path)


def test_every_version_says_what_an_update_cannot_bring() -> None:
    """Every version has a section *By hand* in the changelog, which says so if nothing is to do by hand."""
    sections = re.split("^## ", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    assert sections
    for section in sections:
        assert re.search(r"^### By hand\n\n\w", section, re.MULTILINE), section.splitlines()[0]


def test_no_page_advises_to_take_one_side_of_a_file() -> None:
    """No page advises to take one side of a file, which would drop what git has merged outside the markers."""
    pages = [*DOCS.rglob("*.md"), *ROOT.glob("*.md"), *(ROOT / "template").rglob("*.md*"), ROOT / "copier.yml"]
    assert len(pages) > 20
    assert [path for path in pages if re.search(r"--(theirs|ours)\b", path.read_text(encoding="utf-8"))] == []
