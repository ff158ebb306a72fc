"""`copier update` refreshes a project for years; nobody's work is lost, and nothing clashes that need not."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import copier
import pytest
import yaml
from conftest import ENVIRONMENT, ROOT, Project, asked, build, run
from versions import Versions, changed, commit, conflicts, recorded, replace, update

BUILD = ".github/workflows/build.yaml"
TEST = ".github/workflows/test.yaml"
RECORDED = yaml.safe_load((ROOT / "tests/recorded.yml").read_text(encoding="utf-8"))
RELEASED = run("git", "tag", "--list", "v*", "--sort=version:refname", cwd=ROOT).stdout.split()
PIN = ("timeout-minutes: 15", "timeout-minutes: 25")  # stands for any line of a workflow that the template moves on
TOP = "# Builds what a release would publish"


@pytest.fixture(scope="module")
def bumped(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Versions:
    """Two versions of the template, between which one line of a workflow changed; leave them unchanged."""
    versions = Versions.begin(template, tmp_path_factory.mktemp("bumped") / "template")
    return versions.replace(f"template/{BUILD}", *PIN).tag("v1.1.0")


@pytest.fixture(scope="module")
def born(bumped: Versions, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project of the first of the two versions; leave it unchanged."""
    return bumped.project(tmp_path_factory.mktemp("born") / "my-package", "--vcs-ref=v1.0.0")


@pytest.fixture(scope="module")
def dist(born: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with what the release workflow would build of it."""
    project = born.copy(tmp_path_factory.mktemp("dist") / "my-package")
    build(project)
    return project.path / "dist"


@pytest.fixture
def project(born: Project, tmp_path: Path) -> Project:
    """A project of the first of the two versions."""
    return born.copy(tmp_path / "my-package")


def text_changes(project: Project) -> list[str]:
    """Return the files whose text differs from the last commit, whatever their line endings are in the folder."""
    return project.run("git", "-c", "core.safecrlf=false", "diff", "--name-only").stdout.split()


def work_on_sources(project: Project) -> None:
    """Sources, tests and README are written anew, one is deleted, one is new."""
    for file in project.path.glob("src/*/*.py"):
        file.write_text("# mine\n", encoding="utf-8")
    (project.path / "README.md").write_text("# Mine\n", encoding="utf-8")
    (project.path / "src/mine.py").write_text("# mine\n", encoding="utf-8")
    shutil.rmtree(project.path / "tests")


def work_on_metadata(project: Project) -> None:
    """Dependencies, classifiers, development tools and another tool's table."""
    pyproject = project.path / "pyproject.toml"
    replace(pyproject, "dependencies = []", 'dependencies = [\n  "requests>=2.32",\n]')
    replace(pyproject, "Development Status :: 3 - Alpha", "Development Status :: 5 - Production/Stable")
    replace(pyproject, "pytest==", "pytest>=")
    replace(pyproject, "[tool.mypy]", "[tool.coverage.run]\nbranch = true\n\n[tool.mypy]")
    replace(pyproject, 'style = "pep440"', 'style = "pep440"\nbump = true')


def work_on_workflows(project: Project) -> None:
    """A workflow of one's own, a job changed in the template's, one deleted."""
    (project.path / ".github/workflows/docs.yaml").write_text("on: push\njobs: {}\n", encoding="utf-8")
    replace(project.path / BUILD, 'python-version: "3.13"', 'python-version: "3.14"')
    (project.path / TEST).unlink()


def work_with_tools(project: Project) -> None:
    """A formatter with settings of one's own, a pre-commit hook, an update bot, a lock file."""
    replace(project.path / "pyproject.toml", "line-length = 120", "line-length = 60")
    for file in project.path.glob("*/**/*.py"):
        run("ruff", "format", "--line-length=60", file, cwd=project.path)
    hooks = project.path / ".pre-commit-config.yaml"
    hooks.write_text(
        hooks.read_text(encoding="utf-8").replace("repos:\n", "repos:\n  - repo: meta\n"), encoding="utf-8"
    )
    replace(hooks, "rev: v", "rev: v1")
    replace(project.path / "renovate.json", "before 6am on monday", "every weekend")
    replace(project.path / ".gitignore", ".DS_Store\n", ".DS_Store\n/mine/\n")
    (project.path / "poetry.lock").write_text("package = []\n", encoding="utf-8")


def work_on_windows(project: Project) -> None:
    """Line endings are those of Windows in the folder, as git makes them there."""
    project.run("git", "config", "core.autocrlf", "true")
    for name in project.run("git", "ls-files").stdout.split():
        (project.path / name).unlink()
    project.run("git", "checkout", "--", ".")
    assert b"\r\n" in (project.path / BUILD).read_bytes()


def work_with_other_endings(project: Project) -> None:
    """A file of the project's own, and one that both own, are committed with line endings of Windows."""
    for name in ("README.md", "RELEASING.md", "pyproject.toml"):
        replace(project.path / name, "\n", "\r\n")


@pytest.mark.parametrize(
    "work",
    [work_on_sources, work_on_metadata, work_on_workflows, work_with_tools, work_on_windows, work_with_other_endings],
    ids=lambda work: work.__name__.removeprefix("work_"),
)
def test_a_bump_arrives_and_the_projects_work_stays(work: Callable[[Project], None], project: Project) -> None:
    """Clean: nothing differs but the bumped line and the recorded version."""
    work(project)
    commit(project)
    update(project)
    assert conflicts(project) == []
    assert text_changes(project) == [".copier-answers.yml", BUILD]
    difference = [
        line
        for line in project.run("git", "diff", "--unified=0", BUILD).stdout.splitlines()
        if re.match(r"[+-] ", line)
    ]
    assert [line[1:].strip() for line in difference] == list(PIN)
    assert {name for name in changed(project) if name not in text_changes(project)} <= set(
        project.run("git", "ls-files").stdout.split()
    )


def test_a_bump_that_the_project_made_itself_is_no_clash(project: Project) -> None:
    """The same line to the same value on both sides."""
    replace(project.path / BUILD, *PIN)
    commit(project)
    update(project)
    assert conflicts(project) == []
    assert text_changes(project) == [".copier-answers.yml"]


@pytest.mark.parametrize("conflict", ["inline", "rej"])
def test_a_clash_is_shown_and_never_released(conflict: str, dist: Path, project: Project) -> None:
    """Copier's exit code is 0; git knows of the conflict, the how-to's command finds it, and the gate refuses it."""
    replace(project.path / BUILD, PIN[0], "timeout-minutes: 99")
    commit(project)
    assert update(project, f"--conflict={conflict}").returncode == 0
    if conflict == "inline":
        assert conflicts(project) == [BUILD]
        assert "timeout-minutes: 99" in project.read(BUILD)
        assert PIN[1] in project.read(BUILD)
        assert "leftover conflict marker" in project.run("git", "diff", "--check", check=False).stdout
    else:
        assert changed(project) == [".copier-answers.yml", BUILD, f"{BUILD}.rej"]
        assert "timeout-minutes: 99" in project.read(f"{BUILD}.rej")
    project.run("git", "add", "--all")
    done = project.run(sys.executable, ".github/release_gate.py", dist, check=False)
    assert done.returncode == 1
    assert f"Refused: {BUILD}" in done.stdout


def test_a_clash_in_the_form_is_named_as_one(dist: Path, project: Project) -> None:
    """Although `publisher.json` cannot be read then."""
    replace(project.path / ".github/publisher.json", '"MeltanoLabs"', '"Acme"')
    commit(project)
    update(project, "--data=owner=Else")
    assert conflicts(project) == [".github/publisher.json"]
    done = project.run(sys.executable, ".github/release_gate.py", dist, check=False)
    assert done.stdout == (
        "Refused: .github/publisher.json holds conflict markers: keep the right side and delete them.\n"
    )


@pytest.fixture(scope="module")
def history(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Versions:
    """Every released version of the template, then the working tree as the newest; without releases, made-up ones."""
    path = tmp_path_factory.mktemp("history") / "template"
    if RELEASED:
        run("git", "clone", "--quiet", ROOT, path, cwd=ROOT)
        run("git", "rm", "--quiet", "-r", ".", cwd=path)
        shutil.copytree(template, path, dirs_exist_ok=True)
        return Versions(path).tag("v9999")
    older = Versions.begin(template, path, "v0.1.0")
    question = "description:\n  type: str\n"
    older.replace(
        "copier.yml", question, f"nickname:\n  type: str\n  default: none\n\n{question}"
    )  # dropped again later
    older.replace("template/pyproject.toml.jinja", "poetry-core>=2.1,<3", "poetry-core>=2.0,<3").tag("v0.2.0")
    (path / f"template/{BUILD}").rename(path / "template/.github/workflows/check.yaml")
    older.replace("template/renovate.json.jinja", "before 6am on monday", "before 4am on monday").tag("v0.10.0")
    shutil.rmtree(path / "template")
    shutil.copytree(template, path, dirs_exist_ok=True)
    return older.tag("v9999")


@pytest.mark.parametrize("tag", RELEASED or ["v0.1.0", "v0.2.0", "v0.10.0"])
def test_every_version_updates_to_the_newest(tag: str, history: Versions, tmp_path: Path) -> None:
    """In one step, over those between, without a question: all but the project's own files are as in a new project."""
    project = history.project(tmp_path / "my-package", f"--vcs-ref={tag}")
    fresh = history.project(tmp_path / "fresh", "--data=repository=my-package")
    (project.path / "README.md").write_text("# Mine\n", encoding="utf-8")
    commit(project)
    update(project)
    assert conflicts(project) == []
    commit(project)
    for name in project.run("git", "ls-files", ".github", "RELEASING.md", ".gitignore", "renovate.json").stdout.split():
        assert project.read(name) == fresh.read(name), name
    assert project.run("git", "ls-files", ".github").stdout == fresh.run("git", "ls-files", ".github").stdout
    assert (
        project.read("pyproject.toml").partition("[tool.poetry.requires-plugins]")[2]
        == (fresh.read("pyproject.toml").partition("[tool.poetry.requires-plugins]")[2])
    )
    assert recorded(project.path) == recorded(fresh.path)
    assert project.read("README.md") == "# Mine\n"


@pytest.mark.parametrize("answers", RECORDED, ids=lambda answers: f"{answers['_commit']} {answers['package_name']}")
def test_every_recorded_answer_is_still_accepted(answers: dict[str, str], template: Path, tmp_path: Path) -> None:
    """A validator never tightens: an update would replace the answer by the default, without a word."""
    answers_file = tmp_path / ".copier-answers.yml"
    answers_file.write_text(yaml.safe_dump({"_src_path": str(template)} | answers), encoding="utf-8")
    copier.run_copy(str(template), tmp_path, defaults=True, quiet=True, overwrite=True, skip_tasks=True)
    kept = recorded(tmp_path)
    assert {name: kept.get(name) for name in answers if name[0] != "_"} == {
        name: answer for name, answer in answers.items() if name[0] != "_"
    }


def test_every_question_has_a_default() -> None:
    """Else every unattended update fails."""
    assert [name for name, question in asked().items() if "default" not in question] == []


@pytest.mark.parametrize("scope", ["package", "release"])
def test_answering_the_form_anew_moves_the_workflow(scope: str, bumped: Versions, tmp_path: Path) -> None:
    """The old file goes, the new one comes, and RELEASING.md says what to do on PyPI."""
    project = bumped.project(tmp_path / "my-package", f"--data=scope={scope}")
    anew = {"environment": "pypi", "owner": "Acme", "workflow_filename": "publish.yml"}
    update(project, *(f"--data={question}={answer}" for question, answer in anew.items()))
    commit(project)
    assert json.loads(project.read(".github/publisher.json")).items() >= anew.items()
    workflows = [path.name for path in (project.path / ".github/workflows").glob("*.y*ml")]
    assert sorted(workflows) == ["build.yaml", "publish.yml", *(["test.yaml"] if scope == "package" else [])]
    jobs = yaml.safe_load(project.read(".github/workflows/publish.yml"))["jobs"]
    assert jobs["publish"]["environment"]["name"] == "pypi"
    assert "owner=Acme&repository=my-package&workflow_filename=publish.yml&environment=pypi" in project.read(
        "RELEASING.md"
    )
    assert "to PyPI that is another publisher" in project.read("RELEASING.md")
    if scope == "package":
        ignored = json.loads(project.read("renovate.json"))["ignorePaths"]
        assert ".github/workflows/publish.yml" in ignored
        assert ".github/workflows/release.yaml" not in ignored


def test_another_package_name_is_told_and_the_gate_insists(dist: Path, project: Project) -> None:
    """The form follows the answer; `name` in pyproject.toml is the project's, and no half-renamed package gets out."""
    said = update(project, "--data=package_name=another", "--data=repository=other", "--data=python_min=3.13").stderr
    message = " ".join(said.split())
    assert "pyproject.toml, the README and the sources are the project's own" in message
    assert "(python_min, package_name, owner, repository)" in message
    assert text_changes(project) == [
        ".copier-answers.yml",
        ".github/publisher.json",
        BUILD,
        ".github/workflows/release.yaml",
        "RELEASING.md",
    ]
    refused = project.run(sys.executable, ".github/release_gate.py", dist, check=False)
    assert refused.returncode == 1
    assert (
        "The package is called my-package and the publisher is registered for another: correct `name`" in refused.stdout
    )
    commit(project)
    replace(project.path / "pyproject.toml", 'name = "my-package"', 'name = "another"')
    commit(project)
    build(project)
    project.run(sys.executable, ".github/release_gate.py", "dist")


@pytest.mark.parametrize(("scope", "other"), [("package", "release"), ("release", "package")])
def test_another_scope_is_refused_and_nothing_is_lost(scope: str, other: str, bumped: Versions, tmp_path: Path) -> None:
    """In one sentence that says what to do instead, whether or not there is something to update."""
    project = bumped.project(tmp_path / "my-package", f"--data=scope={scope}", "--vcs-ref=v1.0.0")
    done = update(project, f"--data=scope={other}", check=False)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert f"'scope': \"{other}\" is not what this project was made with" in last
    assert f'keep "{scope}", or make another project' in last
    assert changed(project) == []


def test_another_kind_is_refused(project: Project) -> None:
    """A project that was made as something else says so by what it recorded."""
    replace(project.path / ".copier-answers.yml", "made_as: library", "made_as: tap")
    commit(project)
    done = update(project, check=False)
    assert done.returncode == 1
    assert '"library" is not what this project was made as' in done.stderr.strip().splitlines()[-1]
    assert changed(project) == []


def test_an_update_asks_again_only_what_an_update_can_change() -> None:
    """The questions whose answers shape the project's own files are asked at birth alone."""
    again = {name for name, question in asked().items() if question.get("ask") is None}
    assert again == {"repository", "owner", "package_name", "environment", "workflow_filename"}


DIRTY = "Destination repository is dirty; cannot continue. Please commit or stash your local changes and retry."
UNKNOWN = "TypeError: Template not found"


def leave_uncommitted(project: Project) -> None:
    """Work that is not committed."""
    (project.path / "README.md").write_text("# Mine\n", encoding="utf-8")


def lose_the_answers(project: Project) -> None:
    """The answers file was deleted."""
    (project.path / ".copier-answers.yml").unlink()
    commit(project)


def empty_the_answers(project: Project) -> None:
    """The answers file lost its first lines."""
    (project.path / ".copier-answers.yml").write_text("scope: package\n", encoding="utf-8")
    commit(project)


def break_the_answers(project: Project) -> None:
    """The answers file holds a conflict that was committed."""
    replace(project.path / ".copier-answers.yml", "_commit: v1.0.0", "<<<<<<<\n_commit: v1.0.0\n=======\n>>>>>>>")
    commit(project)


def point_to_nothing(project: Project) -> None:
    """The template's address is gone."""
    (line,) = re.findall("^_src_path: .*$", project.read(".copier-answers.yml"), re.MULTILINE)
    replace(project.path / ".copier-answers.yml", line, "_src_path: /nowhere/template.git")
    commit(project)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (leave_uncommitted, DIRTY),
        (lose_the_answers, UNKNOWN),
        (empty_the_answers, UNKNOWN),
        (break_the_answers, "mapping values are not allowed here"),
        (point_to_nothing, "does not appear to be a git repository"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_cannot_be_updated_is_left_alone(state: Callable[[Project], None], said: str, project: Project) -> None:
    """The how-to lists what copier says in each case."""
    state(project)
    before = project.run("git", "status", "--porcelain").stdout, project.run("git", "diff").stdout
    done = update(project, check=False)
    assert done.returncode != 0
    assert said in done.stderr
    assert (project.run("git", "status", "--porcelain").stdout, project.run("git", "diff").stdout) == before
    assert said in " ".join((ROOT / "docs/how-to/update.md").read_text(encoding="utf-8").split())


def test_a_downgrade_is_refused(project: Project) -> None:
    """Going back is `git revert`'s work."""
    update(project)
    commit(project)
    done = update(project, "--vcs-ref=v1.0.0", check=False)
    assert done.returncode != 0
    assert "Downgrades are not supported." in done.stderr
    assert changed(project) == []


def test_a_template_without_tags_updates_by_commit(template: Path, tmp_path: Path) -> None:
    """As a fork has it that never tagged."""
    path = tmp_path / "template"
    versions = Versions.begin(template, path)
    run("git", "tag", "--delete", "v1.0.0", cwd=path)
    project = versions.project(tmp_path / "my-package")
    versions.replace(f"template/{BUILD}", *PIN)
    run("git", "commit", "--quiet", "--all", "--message", "Bump", cwd=path)
    update(project)
    assert changed(project) == [".copier-answers.yml", BUILD]


def test_a_shallow_clone_of_a_project_can_be_updated(born: Project, tmp_path: Path) -> None:
    """As an update bot has it."""
    run("git", "clone", "--quiet", "--depth=1", born.path.as_uri(), tmp_path / "clone", cwd=tmp_path)
    clone = Project(tmp_path / "clone", born.answers)
    update(clone)
    assert changed(clone) == [".copier-answers.yml", BUILD]


def test_an_interrupted_update_can_be_repeated(project: Project, tmp_path: Path) -> None:
    """Killed while it writes, put back with two commands, repeated: the result is the same."""
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
    while PIN[1] not in project.read(BUILD):
        assert process.poll() is None
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert update(project, check=False).returncode != 0
    project.run("git", "reset", "--quiet", "--hard")
    project.run("git", "clean", "--quiet", "--force", "-d")
    update(project)
    assert changed(project) == changed(whole)
    assert project.run("git", "diff").stdout == whole.run("git", "diff").stdout


def test_a_new_question_takes_its_default_without_asking(template: Path, tmp_path: Path) -> None:
    """Also where what a project gets depends on it."""
    versions = Versions.begin(template, tmp_path / "template")
    project = versions.project(tmp_path / "my-package")
    versions.replace(
        "copier.yml", "environment:\n  type: str\n", "colour:\n  default: red\n\nenvironment:\n  type: str\n"
    )
    versions.replace("copier.yml", "    *\n", "    *\n    {{ '/' ~ colour | d('') }}\n")
    versions.tag("v1.1.0")
    update(project)
    assert changed(project) == [".copier-answers.yml"]
    assert recorded(project.path)["colour"] == "red"
