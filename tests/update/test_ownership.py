"""Every file of a project has one owner, and an update respects it."""

import json
import re
from pathlib import Path

import pytest

from tests.support.combinations import variants
from tests.support.commands import run, tracked
from tests.support.editing import replace
from tests.support.paths import (
    ANSWERS_FILE,
    ANSWERS_SOURCE,
    DOCS,
    GITATTRIBUTES,
    GITIGNORE,
    LICENSE,
    PUBLISHER_JSON,
    PYPROJECT,
    PYPROJECT_SOURCE,
    README,
    RELEASE_WORKFLOW,
    RELEASING,
    RENOVATE_JSON,
    RENOVATE_SOURCE,
    ROOT,
    TEMPLATE,
    TEST_WORKFLOW,
    TEST_WORKFLOW_SOURCE,
    WORKFLOWS,
)
from tests.support.projects import Project, Render
from tests.support.questions import choices, settings
from tests.support.versions import LINE_CHANGE, Versions, changed_files, conflicts, update

TABLE = (DOCS / "reference/files.md").read_text(encoding="utf-8")
ROWS: list[tuple[str, str, str]] = re.findall(
    r"^\| `(.+?)` \| (the template|both|the project) \| (yes)? ?\|$", TABLE, re.MULTILINE
)
KINDS = choices("kind")
ONLY = re.compile(r"\{\{ only\.(\w+) \}\}/")  # a folder whose content only some projects get
ANSWERS_NAME = Path(ANSWERS_SOURCE).stem
SOME = {  # combinations of answers
    "each kind": [next(filter(lambda answers: answers["kind"] == kind, variants())) for kind in KINDS],
    "all": variants(),
}
MINE, THEIRS = "# a line of the project\n", "# a line of the template\n"


def files(project: Project) -> list[str]:
    """Return the files of a project, as git names them."""
    return tracked(project.path)


def row(file: str) -> tuple[str, str, str]:
    """Return the one row of the table that a file falls under."""
    name = file.replace(f"/{Path(RELEASE_WORKFLOW).name}", "/<workflow_filename>")
    found = [row for row in ROWS if name == row[0] or (row[0].endswith("/") and name.startswith(row[0]))]
    assert len(found) == 1, (file, found)
    return found[0]


def owned(project: Project, *owners: str) -> list[str]:
    """Return the files of a project that the table gives to one of the owners."""
    return [file for file in files(project) if row(file)[1] in owners]


def test_the_table_has_every_file_and_no_other(render: Render, tmp_path: Path) -> None:
    """The table has every file of a project of every kind, each under one row, and no row without a file."""
    projects = [render(kind=kind, ide="VSCode").copy(tmp_path / kind).init() for kind in KINDS]
    projects.append(render(update_bot="Dependabot").copy(tmp_path / "Dependabot").init())
    used = {row(file) for project in projects for file in files(project)}
    assert used == set(ROWS)
    assert len(set(ROWS)) == len(ROWS) > 10


def test_the_release_setup_is_what_the_table_says(render: Render, tmp_path: Path) -> None:
    """The release setup is exactly the rows with a `yes`, and nobody is asked what it does not need."""
    project = render(scope="release").copy(tmp_path / "release").init()
    assert {row(file) for file in files(project)} == {row for row in ROWS if row[2]}
    assert not {"kind", "description", "author_name", "author_email", "license", "python_min"} & set(project.answers)


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[] if kind in {"library", "tap"} else pytest.mark.slow) for kind in KINDS]
)
def test_an_update_respects_every_owner(kind: str, template: Path, tmp_path: Path) -> None:
    """An update appends the template's new lines to its files and moves the version that they name.

    It leaves the project's own files and deleted ones alone.
    """
    versions = Versions.create(template, tmp_path / "template")
    project = versions.project(tmp_path / "my-package", "--data", f"kind={kind}")
    before = files(project)
    own, merged = owned(project, "the project"), owned(project, "the template", "both")
    assert own
    assert merged
    for file in before:
        path = project.path / file
        if file != ANSWERS_FILE:
            path.write_bytes(MINE.encode() + path.read_bytes())
    deleted = [LICENSE, "tests/__init__.py", TEST_WORKFLOW]
    for file in deleted:
        (project.path / file).unlink()
    project.commit()
    written = {file: project.read(file) for file in files(project)}
    for path in (versions.path / "template").rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes() + THEIRS.encode())
    versions.tag("v1.1.0")
    update(project)
    assert conflicts(project) == []
    assert files(project) == [file for file in before if file not in deleted]
    for file in files(project):
        expected = versions.moved(written[file], "v1.0.0", "v1.1.0") + THEIRS if file in merged else written[file]
        if file != ANSWERS_FILE:
            assert project.read(file) == expected, file
    assert THEIRS in project.read(ANSWERS_FILE)
    assert "_commit: v1.1.0\n" in project.read(ANSWERS_FILE)


def test_what_the_template_drops_goes_unless_it_is_the_projects(template: Path, tmp_path: Path) -> None:
    """An update deletes the files that the template drops, but never the project's own."""
    versions = Versions.create(template, tmp_path / "template")
    project = versions.project(tmp_path / "my-package")
    own = owned(project, "the project")
    answers = versions.path / ANSWERS_SOURCE
    for path in (versions.path / "template").rglob("*"):
        if path.is_file() and path != answers:
            path.unlink()
    versions.tag("v2.0.0")
    update(project)
    assert files(project) == sorted([ANSWERS_FILE, *own])
    assert project.run("git", "diff", "--stat", "--", *own).stdout == ""


@pytest.mark.parametrize("of", ["each kind", pytest.param("all", marks=pytest.mark.slow)])
def test_every_file_is_found_in_the_template_by_its_name_and_place(of: str, render: Render) -> None:
    """Each rendered file has a source in the template at the same path, apart from one folder in front of it."""
    paths = [path.relative_to(TEMPLATE).as_posix() for path in TEMPLATE.rglob("*") if path.is_file()]
    sources = {re.sub(rf"\A{ONLY.pattern}", "", path).removesuffix(".jinja") for path in paths}
    for answers in SOME[of]:
        project = render(**answers)
        for path in filter(Path.is_file, project.path.rglob("*")):
            file = path.relative_to(project.path).as_posix()
            place = file.replace("src/my_package/", "src/{{ import_name }}/")
            place = place.replace(RELEASE_WORKFLOW, f"{WORKFLOWS}/{{{{ workflow_filename }}}}")
            assert place.replace(ANSWERS_FILE, ANSWERS_NAME) in sources, file


def test_every_folder_that_only_some_projects_get_has_its_name_in_the_questions() -> None:
    """The names of the answer `only` are those of the template's folders; each name also stands for one folder."""
    names = re.findall(r"^(\w+): ", settings()["only"]["default"], re.MULTILINE)
    folders = {f"{path.name}/" for path in TEMPLATE.rglob("*") if path.is_dir() and "only" in path.name}
    assert folders == {f"{{{{ only.{name} }}}}/" for name in names}
    assert len(set(names)) == len(names) > 20


def test_a_misspelled_folder_is_an_error(template: Path, tmp_path: Path) -> None:
    """A folder whose name is not among those of the answer `only` stops every copy with a sentence that names it."""
    versions = Versions.create(template, tmp_path / "template")
    folder = versions.path / "template/{{ only.libary }}"
    folder.mkdir()
    (folder / "file.txt").touch()
    versions.tag("v1.1.0")
    done = run("copier", "copy", "--quiet", "--defaults", versions.path, "my-package", cwd=tmp_path, check=False)
    assert done.returncode == 1
    assert "{{ only.libary }}: 'dict object' has no attribute 'libary'" in done.stderr
    assert not (tmp_path / "my-package").exists()


def test_the_names_of_files_say_which_hold_jinja() -> None:
    """In the template and in the includes, exactly the files that hold Jinja end in `.jinja`."""
    files = [path for folder in (TEMPLATE, ROOT / "includes") for path in folder.rglob("*") if path.is_file()]
    with_jinja = {path for path in files if re.search(r"\{\{[^{]|\{[%#]", path.read_text(encoding="utf-8"))}
    assert with_jinja == {path for path in files if path.suffix == ".jinja"}


@pytest.mark.parametrize("of", ["each kind", pytest.param("all", marks=pytest.mark.slow)])
def test_no_file_of_the_includes_is_a_whole_rendered_file(of: str, render: Render) -> None:
    """No file of the includes is a whole rendered file: they hold macros, and text that several files share."""
    includes = [path.read_text(encoding="utf-8").strip() for path in (ROOT / "includes").rglob("*") if path.is_file()]
    for answers in SOME[of]:
        for path in render(**answers).path.rglob("*"):
            if path.is_file() and path.stat().st_size:
                assert path.read_text(encoding="utf-8").strip() not in includes


@pytest.mark.parametrize("scope", ["package", "release"])
@pytest.mark.parametrize("moved", [False, True], ids=["deleted", "moved"])
def test_a_file_that_the_project_removed_never_stops_an_update(
    scope: str, *, moved: bool, template: Path, tmp_path: Path
) -> None:
    """Each file of the template can be deleted or moved: it stays so, and an update changes the others."""
    versions = Versions.create(template, tmp_path / "template")
    project = versions.project(tmp_path / "my-package", "--data", f"scope={scope}")
    removed = [file for file in owned(project, "the template", "both") if file != ANSWERS_FILE]
    assert len(removed) > 3
    for file in removed:
        place = project.path / "elsewhere" / file
        place.parent.mkdir(parents=True, exist_ok=True)
        (project.path / file).rename(place) if moved else (project.path / file).unlink()
    project.commit()
    kept = files(project)
    for path in (versions.path / "template").rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes() + THEIRS.encode())
    versions.tag("v1.1.0")
    update(project)
    assert conflicts(project) == []
    assert files(project) == kept
    assert changed_files(project) == [ANSWERS_FILE]
    assert "_commit: v1.1.0\n" in project.read(ANSWERS_FILE)


@pytest.mark.parametrize("command", ["recopy", "copy"])
def test_to_copy_again_leaves_a_project_its_files(command: str, versions: Versions, tmp_path: Path) -> None:
    """`copier recopy`, or `copier copy` to the same folder, refreshes the template's files and touches no other."""
    project = versions.project(tmp_path / "my-package", "--vcs-ref=v1.0.0")
    for file in ("src/my_package/cli.py", README, TEST_WORKFLOW, RELEASING):
        project.write(file, MINE)
    for file in (LICENSE, "tests/test_cli.py"):
        (project.path / file).unlink()
    project.commit()
    options: list[str | Path] = [
        "--quiet",
        "--defaults",
        "--overwrite",
        *([] if command == "recopy" else [versions.path]),
    ]
    project.run("copier", command, *options, ".")
    assert changed_files(project) == [ANSWERS_FILE, RELEASING, RELEASE_WORKFLOW]
    assert LINE_CHANGE[1] in project.read(RELEASE_WORKFLOW)
    assert MINE not in project.read(RELEASING)


def test_what_a_project_has_of_its_own_no_update_touches(template: Path, tmp_path: Path) -> None:
    """New versions of tools and of the build backend, and other timeouts, reach new projects and no others."""
    versions = Versions.create(template, tmp_path / "template")
    project = versions.project(tmp_path / "my-package")
    pyproject = versions.path / PYPROJECT_SOURCE
    replace(pyproject, "ruff==", "ruff>=")
    replace(pyproject, "poetry-core>=2.1,<3", "poetry-core>=2.2,<4")
    replace(versions.path / TEST_WORKFLOW_SOURCE, "timeout-minutes: 30", "timeout-minutes: 60")
    replace(versions.path / f"template/{GITIGNORE}.jinja", ".coverage", ".coverage.*")
    replace(versions.path / RENOVATE_SOURCE, "7 days", "8 days")
    versions.tag("v1.1.0")
    moved = {file: versions.moved(project.read(file), "v1.0.0", "v1.1.0") for file in (RELEASING, RELEASE_WORKFLOW)}
    update(project)
    assert changed_files(project) == [ANSWERS_FILE, *moved]
    assert {file: project.read(file) for file in moved} == moved
    fresh = versions.project(tmp_path / "fresh")
    assert "ruff>=" in fresh.read(PYPROJECT)
    assert "timeout-minutes: 60" in fresh.read(TEST_WORKFLOW)


def test_the_update_bot_leaves_the_templates_pins_alone(default: Project) -> None:
    """Every file that the template owns is under a path that Renovate ignores, except those without pins."""
    ignored = json.loads(default.read(RENOVATE_JSON))["ignorePaths"]
    folders = tuple(path.removesuffix("**") for path in ignored if path.endswith("**"))
    seen = [file for file in owned(default, "the template") if not file.startswith(folders) and file not in ignored]
    assert seen == [ANSWERS_FILE, GITATTRIBUTES, PUBLISHER_JSON]
