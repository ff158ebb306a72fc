"""`copier update` refreshes a project for years; no work is lost, and there is no conflict without need."""

import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from meltano_release.gate import judge
from tests.support.commands import ENVIRONMENT, run
from tests.support.editing import replace
from tests.support.paths import (
    ANSWERS_FILE,
    ANSWERS_SOURCE,
    DOCS,
    GITIGNORE,
    PRE_COMMIT,
    PUBLISHER_JSON,
    PYPROJECT,
    PYPROJECT_SOURCE,
    README,
    RELEASE_WORKFLOW,
    RELEASE_WORKFLOW_SOURCE,
    RELEASING,
    RENOVATE_JSON,
    RENOVATE_SOURCE,
    ROOT,
    TEST_WORKFLOW,
    UPDATED,
    WORKFLOWS,
)
from tests.support.projects import Project
from tests.support.versions import (
    LINE_CHANGE,
    MOVED,
    Versions,
    changed_files,
    conflicts,
    recorded_answers,
    text_changes,
    update,
)

RELEASED = run("git", "tag", "--list", "v*", "--sort=version:refname", cwd=ROOT).stdout.split()
OLDER = [  # until there are versions, made ones
    *RELEASED[:-1],
    *(pytest.param(tag, marks=pytest.mark.slow) for tag in ("v0.1.0", "v0.2.0") if not RELEASED),
    *(RELEASED[-1:] or ["v0.10.0"]),
]


def work_on_sources(project: Project) -> None:
    """Rewrite the sources and the README, add a source, and delete the tests."""
    for file in project.path.glob("src/*/*.py"):
        file.write_text("# mine\n", encoding="utf-8")
    project.write(README, "# Mine\n")
    project.write("src/mine.py", "# mine\n")
    shutil.rmtree(project.path / "tests")


def work_on_metadata(project: Project) -> None:
    """Change dependencies, classifiers, development tools and a tool's settings, and add another tool's table."""
    pyproject = project.path / PYPROJECT
    replace(pyproject, "dependencies = []", 'dependencies = [\n  "requests>=2.32",\n]')
    replace(pyproject, "Development Status :: 3 - Alpha", "Development Status :: 5 - Production/Stable")
    replace(pyproject, "pytest==", "pytest>=")
    replace(pyproject, "[tool.mypy]", "[tool.coverage.run]\nbranch = true\n\n[tool.mypy]")
    replace(pyproject, 'style = "pep440"', 'style = "pep440"\nbump = true')


def work_on_workflows(project: Project) -> None:
    """Add a workflow, change the triggers of the template's own, and add services to the test workflow."""
    project.write(f"{WORKFLOWS}/docs.yaml", "on: push\njobs: {}\n")
    replace(project.path / RELEASE_WORKFLOW, "branches: [main, master]", "branches: [main, next]")
    replace(project.path / TEST_WORKFLOW, "    runs-on: ubuntu-24.04\n", "    runs-on: ubuntu-24.04\n    services:\n")


def work_with_tools(project: Project) -> None:
    """Set another line length, format with it, and change pre-commit, the update bot, .gitignore and a lock file."""
    replace(project.path / PYPROJECT, "line-length = 120", "line-length = 60")
    for file in project.path.glob("*/**/*.py"):
        run("ruff", "format", "--line-length=60", file, cwd=project.path)
    hooks = project.path / PRE_COMMIT
    replace(hooks, "repos:\n", "repos:\n  - repo: meta\n")
    replace(hooks, "rev: v", "rev: v1")
    replace(project.path / RENOVATE_JSON, "before 6am on monday", "every weekend")
    replace(project.path / GITIGNORE, ".DS_Store\n", ".DS_Store\n/mine/\n")
    project.write("poetry.lock", "package = []\n")


def work_on_windows(project: Project) -> None:
    """Line endings are those of Windows in the folder, as git makes them there, except in the template's files."""
    project.run("git", "config", "core.autocrlf", "true")
    for name in project.run("git", "ls-files").stdout.split():
        (project.path / name).unlink()
    project.run("git", "checkout", "--", ".")
    assert b"\r\n" in (project.path / README).read_bytes()
    for file in (RELEASE_WORKFLOW, RELEASING):
        assert b"\r\n" not in (project.path / file).read_bytes()


def work_with_other_endings(project: Project) -> None:
    """An editor writes every file with line endings of Windows, and all are committed."""
    for path in project.tracked_files():
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))


@pytest.mark.parametrize(
    "work",
    [
        work_on_sources,
        work_on_workflows,
        work_with_other_endings,
        pytest.param(work_on_metadata, marks=pytest.mark.slow),
        pytest.param(work_with_tools, marks=pytest.mark.slow),
        pytest.param(work_on_windows, marks=pytest.mark.slow),
    ],
    ids=lambda work: work.__name__.removeprefix("work_"),
)
def test_a_bump_arrives_and_the_projects_work_stays(
    work: Callable[[Project], None], versions: Versions, project: Project
) -> None:
    """After an update of a project with its own work, only the bumped line and what names the version differ."""
    work(project)
    project.commit()
    before = {file: project.read(file) for file in MOVED}
    update(project)
    assert conflicts(project) == []
    assert text_changes(project) == MOVED
    expected = {file: versions.moved(text, "v1.0.0", "v1.1.0") for file, text in before.items()}
    expected[RELEASE_WORKFLOW] = expected[RELEASE_WORKFLOW].replace(*LINE_CHANGE)
    assert {file: project.read(file) for file in MOVED} == expected
    assert {name for name in changed_files(project) if name not in text_changes(project)} <= set(
        project.run("git", "ls-files").stdout.split()
    )


def test_a_bump_that_the_project_made_itself_is_no_clash(project: Project) -> None:
    """An update does not conflict with a line that the project has already changed to the same value."""
    replace(project.path / RELEASE_WORKFLOW, *LINE_CHANGE)
    project.commit()
    update(project)
    assert conflicts(project) == []
    assert text_changes(project) == MOVED


@pytest.mark.parametrize("conflict", ["inline", pytest.param("rej", marks=pytest.mark.slow)])
def test_a_clash_is_shown_and_never_released(
    conflict: str, built: Path, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Copier exits with 0 after a conflict, but git and the how-to's command show it, and the gate refuses it."""
    replace(project.path / RELEASE_WORKFLOW, LINE_CHANGE[0], "timeout-minutes: 99")
    project.commit()
    assert update(project, f"--conflict={conflict}").returncode == 0
    if conflict == "inline":
        assert conflicts(project) == [RELEASE_WORKFLOW]
        assert "timeout-minutes: 99" in project.read(RELEASE_WORKFLOW)
        assert LINE_CHANGE[1] in project.read(RELEASE_WORKFLOW)
        assert "leftover conflict marker" in project.run("git", "diff", "--check", check=False).stdout
    else:
        assert changed_files(project) == [*MOVED, f"{RELEASE_WORKFLOW}.rej"]
        assert "timeout-minutes: 99" in project.read(f"{RELEASE_WORKFLOW}.rej")
    project.run("git", "add", "--all")
    assert any(problem.startswith(RELEASE_WORKFLOW) for problem in judged(project, built, monkeypatch))


def judged(project: Project, built: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return why the release gate refuses distributions in a project."""
    monkeypatch.chdir(project.path)
    return list(judge(built, {}).problems)


def test_a_clash_in_the_form_is_named_as_one(built: Path, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate names a conflict in `publisher.json` as one, although it cannot read the file then."""
    replace(project.path / PUBLISHER_JSON, '"MeltanoLabs"', '"Acme"')
    project.commit()
    update(project, "--data=owner=Else")
    assert conflicts(project) == [PUBLISHER_JSON]
    problems = judged(project, built, monkeypatch)
    assert problems == [f"{PUBLISHER_JSON} has conflict markers: keep what you need, delete the markers."]


ALL_IN_ONE = """\
  - |
    {% if _copier_operation == 'update' %}
    *
    !/.github/**
    !/{{ _copier_conf.answers_file }}
    /.github/workflows/test.yaml
    {% endif %}
"""  # patterns of `_exclude`


def lay_out_in_one_folder(template: Path) -> None:
    """Move the files that updates read beside all others, and let patterns say what an update may touch."""
    answers = template / ANSWERS_SOURCE
    answers.rename(answers.with_name("{{ _copier_conf.answers_file }}.jinja"))
    shutil.copytree(template / UPDATED, template / "template", dirs_exist_ok=True)
    shutil.rmtree(template / UPDATED)
    questions = template / "copier.yml"
    (line,) = re.findall("^_subdirectory: .*$", questions.read_text(encoding="utf-8"), re.MULTILINE)
    replace(questions, line, "_subdirectory: template")
    replace(questions, "_exclude:\n", f"_exclude:\n{ALL_IN_ONE}")


@pytest.fixture(scope="module")
def history(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Versions:
    """Every released version of the template, then the working tree as the newest.

    Without releases, the older versions are made up, with another layout of the template.
    """
    path = tmp_path_factory.mktemp("history") / "template"
    if RELEASED:
        run("git", "clone", "--quiet", ROOT, path, cwd=ROOT)
        run("git", "rm", "--quiet", "-r", ".", cwd=path)
        shutil.copytree(template, path, dirs_exist_ok=True)
        return Versions(path).tag("v9999")
    older = Versions.create(template, path, "v0.0.1")
    lay_out_in_one_folder(path)
    older.tag("v0.1.0")
    question = "description:\n  type: str\n"
    older.replace(
        "copier.yml", question, f"nickname:\n  type: str\n  default: none\n\n{question}"
    )  # dropped again later
    older.replace(PYPROJECT_SOURCE, "poetry-core>=2.1,<3", "poetry-core>=2.0,<3").tag("v0.2.0")
    (path / "template" / WORKFLOWS / "check.yaml").write_text("on: push\njobs: {}\n", encoding="utf-8")
    older.replace(RENOVATE_SOURCE, "before 6am on monday", "before 4am on monday").tag("v0.10.0")
    shutil.rmtree(path / "template")
    shutil.copytree(template, path, dirs_exist_ok=True)
    return older.tag("v9999")


@pytest.mark.parametrize("tag", OLDER)
def test_every_version_updates_to_the_newest(tag: str, history: Versions, tmp_path: Path) -> None:
    """Every version updates to the newest in one step, without a question or a conflict.

    All but the project's own files are then as in a new project.
    """
    project = history.project(tmp_path / "my-package", f"--vcs-ref={tag}")
    fresh = history.project(tmp_path / "fresh", "--data=repository=my-package")
    project.write(README, "# Mine\n")
    project.commit()
    update(project)
    assert conflicts(project) == []
    project.commit()
    for name in project.run("git", "ls-files", ".github").stdout.split():
        if name != TEST_WORKFLOW:
            assert project.read(name) == fresh.read(name), name
    assert project.run("git", "ls-files", ".github").stdout == fresh.run("git", "ls-files", ".github").stdout
    assert recorded_answers(project.path) == recorded_answers(fresh.path)
    assert project.read(README) == "# Mine\n"


DIRTY = "Destination repository is dirty; cannot continue. Please commit or stash your local changes and retry."
UNKNOWN = "TypeError: Template not found"


def leave_uncommitted(project: Project) -> None:
    """Leave work that is not committed."""
    project.write(README, "# Mine\n")


def lose_the_answers(project: Project) -> None:
    """The answers file was deleted."""
    (project.path / ANSWERS_FILE).unlink()
    project.commit()


def empty_the_answers(project: Project) -> None:
    """The answers file lost its first lines."""
    project.write(ANSWERS_FILE, "scope: package\n")
    project.commit()


def break_the_answers(project: Project) -> None:
    """The answers file holds a conflict that was committed."""
    replace(project.path / ANSWERS_FILE, "_commit: v1.0.0", "<<<<<<<\n_commit: v1.0.0\n=======\n>>>>>>>")
    project.commit()


def point_to_nothing(project: Project) -> None:
    """The template's URL is gone."""
    (line,) = re.findall("^_src_path: .*$", project.read(ANSWERS_FILE), re.MULTILINE)
    replace(project.path / ANSWERS_FILE, line, "_src_path: /nowhere/template.git")
    project.commit()


@pytest.mark.parametrize(
    ("break_project", "message"),
    [
        (leave_uncommitted, DIRTY),
        (lose_the_answers, UNKNOWN),
        (empty_the_answers, UNKNOWN),
        (break_the_answers, "mapping values are not allowed here"),
        (point_to_nothing, "does not appear to be a git repository"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_cannot_be_updated_is_left_alone(
    break_project: Callable[[Project], None], message: str, project: Project
) -> None:
    """An update that cannot be made changes no file, and the how-to lists what Copier says in each case."""
    break_project(project)
    before = project.run("git", "status", "--porcelain").stdout, project.run("git", "diff").stdout
    done = update(project, check=False)
    assert done.returncode != 0
    assert message in done.stderr
    assert (project.run("git", "status", "--porcelain").stdout, project.run("git", "diff").stdout) == before
    assert message in " ".join((DOCS / "how-to/update.md").read_text(encoding="utf-8").split())


def test_a_downgrade_is_refused(project: Project) -> None:
    """Copier refuses to go back to an older version and changes no file; `git revert` is the way back."""
    update(project)
    project.commit()
    done = update(project, "--vcs-ref=v1.0.0", check=False)
    assert done.returncode != 0
    assert "Downgrades are not supported." in done.stderr
    assert changed_files(project) == []


def test_a_template_without_tags_updates_by_commit(template: Path, tmp_path: Path) -> None:
    """A template without tags, as a fork may be, updates its projects to its newest commit."""
    path = tmp_path / "template"
    versions = Versions.create(template, path)
    run("git", "tag", "--delete", "v1.0.0", cwd=path)
    project = versions.project(tmp_path / "my-package")
    versions.replace(RELEASE_WORKFLOW_SOURCE, *LINE_CHANGE)
    run("git", "commit", "--quiet", "--all", "--message", "Bump", cwd=path)
    update(project)
    assert changed_files(project) == MOVED


def test_a_shallow_clone_of_a_project_can_be_updated(old_project: Project, tmp_path: Path) -> None:
    """A shallow clone of a project, as an update bot has it, can be updated."""
    run("git", "clone", "--quiet", "--depth=1", old_project.path.as_uri(), tmp_path / "clone", cwd=tmp_path)
    clone = Project(tmp_path / "clone", old_project.answers)
    update(clone)
    assert changed_files(clone) == MOVED


def test_an_interrupted_update_can_be_repeated(project: Project, tmp_path: Path) -> None:
    """An update that is killed while it writes is undone with two git commands, and repeated with the same result."""
    whole = project.copy(tmp_path / "whole")
    update(whole)
    process = subprocess.Popen(
        ["copier", "update", "--skip-answered", "--defaults"],
        cwd=project.path,
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while LINE_CHANGE[1] not in project.read(RELEASE_WORKFLOW):
        assert process.poll() is None
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert update(project, check=False).returncode != 0
    project.run("git", "reset", "--quiet", "--hard")
    project.run("git", "clean", "--quiet", "--force", "-d")
    update(project)
    assert changed_files(project) == changed_files(whole)
    assert project.run("git", "diff").stdout == whole.run("git", "diff").stdout
