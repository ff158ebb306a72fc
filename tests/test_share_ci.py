"""A repository that exists gets the shared CI actions with the release setup, and its own workflows call them."""

import json
import re
from pathlib import Path

import pytest
import yaml

from tests.support.commands import run
from tests.support.composite import Machine
from tests.support.editing import replace_hashes
from tests.support.interpreters import interpreters
from tests.support.paths import (
    ACTIONS,
    ANSWERS_FILE,
    DOCS,
    GITATTRIBUTES,
    POETRY_LOCK,
    PYTHONS_SCRIPT,
    RELEASING,
    TEST_WORKFLOW,
    UV_LOCK,
    WORKFLOWS,
)
from tests.support.projects import Project, Render
from tests.support.repositories import REPOSITORIES, Repository
from tests.support.versions import Versions, changed_files, conflicts, recorded_answers, text_changes, update

SHARED = [f"{ACTIONS}/pythons/action.yml", f"{ACTIONS}/setup/action.yml", PYTHONS_SCRIPT]
MANAGERS = {"poetry.lock and its own CI": "poetry", "hatch-vcs with uv.lock": "uv", "hatch-vcs with tox": "uv"}
EXAMPLES = re.findall(
    r'^```yaml title="(\S+)"\n(.*?)^```',
    (DOCS / "how-to/share-ci.md").read_text(encoding="utf-8"),
    re.MULTILINE | re.DOTALL,
)


def share(repository: Repository, manager: str, template: Path, folder: Path) -> tuple[Project, str]:
    """Write a repository below a folder and copy the setup with the shared actions into it.

    Return the project, uncommitted, and what copier printed, on one line.
    """
    project = repository.write(folder / repository.repository)
    answers = project.answers | {"scope": "ci", "package_manager": manager}
    options = [f"--data={question}={answer}" for question, answer in answers.items()]
    done = project.run("copier", "copy", "--defaults", "--overwrite", *options, template, ".")
    return project, " ".join(done.stderr.split())


def expected_files(render: Render, manager: str) -> list[str]:
    """Return what the release setup has, and the files of the shared actions."""
    release = render(scope="release")
    files = [path.relative_to(release.path).as_posix() for path in release.path.rglob("*") if path.is_file()]
    return sorted([*files, *SHARED, *([POETRY_LOCK] if manager == "poetry" else [])])


@pytest.mark.parametrize(
    "like",
    [pytest.param(like, marks=pytest.mark.slow if like == "hatch-vcs with uv.lock" else []) for like in MANAGERS],
)
def test_a_repository_gets_the_actions_and_keeps_its_own_files(
    like: str, template: Path, render: Render, tmp_path: Path
) -> None:
    """A repository keeps its files, even with `--overwrite`, and gets the template's test workflow if it has none."""
    project, printed = share(REPOSITORIES[like], MANAGERS[like], template, tmp_path)
    assert "If .github/workflows/test.yaml is new and another workflow tests this repository already" in printed
    assert '- ".github/actions/pythons/**" - ".github/actions/setup/**"' in printed
    own = [] if (project.run("git", "ls-files", TEST_WORKFLOW).stdout) else [TEST_WORKFLOW]
    assert changed_files(project) == sorted([*expected_files(render, MANAGERS[like]), *own])
    assert text_changes(project) == []
    assert recorded_answers(project.path).items() >= {"created_as": "ci", "package_manager": MANAGERS[like]}.items()
    if own:
        assert f"{'poetry run' if MANAGERS[like] == 'poetry' else 'uv run --no-sync'} pytest" in project.read(*own)


@pytest.fixture(scope="module")
def adopted(versions: Versions, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a repository with the release setup of the first version, and answers of its own; leave it unchanged."""
    answers = {"scope": "release", "owner": "Acme", "environment": "pypi", "workflow_filename": "publish.yml"}
    options = [f"--data={question}={answer}" for question, answer in answers.items()]
    return versions.project(tmp_path_factory.mktemp("adopted") / "tap-x", "--vcs-ref=v1.0.0", *options)


def test_an_update_adds_the_actions_to_the_release_setup(adopted: Project, tmp_path: Path) -> None:
    """An update to the scope `ci` adds the shared actions, keeps every recorded answer, and writes no test workflow."""
    project = adopted.copy(tmp_path / "tap-x")
    update(project, "--data=scope=ci", "--data=package_manager=uv", "--vcs-ref=v1.0.0")
    assert changed_files(project) == sorted([ANSWERS_FILE, GITATTRIBUTES, *SHARED])
    assert text_changes(project) == [ANSWERS_FILE, GITATTRIBUTES]
    expected = adopted.answers | {"scope": "ci", "package_manager": "uv", "created_as": "ci"}
    assert recorded_answers(project.path) == expected


@pytest.mark.slow
def test_later_updates_keep_the_actions_and_can_change_the_package_manager(adopted: Project, tmp_path: Path) -> None:
    """A later update without answers keeps the actions; one with another package manager rewrites the setup action."""
    project = adopted.copy(tmp_path / "tap-x")
    update(project, "--data=scope=ci", "--data=package_manager=uv", "--vcs-ref=v1.0.0")
    project.commit()
    before = recorded_answers(project.path)
    update(project)
    assert conflicts(project) == []
    assert recorded_answers(project.path) == before | {"_commit": "v1.1.0"}
    assert (project.path / f"{ACTIONS}/setup/action.yml").exists()
    project.commit()
    update(project, "--data=package_manager=poetry")
    assert changed_files(project) == [ANSWERS_FILE, f"{ACTIONS}/setup/action.yml", POETRY_LOCK]


@pytest.mark.parametrize("scope", ["release", "ci"])
def test_the_release_workflow_may_be_called_test_yaml(scope: str, render: Render) -> None:
    """PyPI may know the release workflow as `test.yaml`; then the template writes no test workflow in its place."""
    project = render(scope=scope, workflow_filename="test.yaml")
    other = render(scope=scope, workflow_filename="other.yaml")
    assert project.read(TEST_WORKFLOW) == other.read(f"{WORKFLOWS}/other.yaml")
    assert (other.path / TEST_WORKFLOW).exists() == (scope == "ci")


@pytest.mark.slow
def test_an_update_brings_a_release_workflow_called_test_yaml(versions: Versions, tmp_path: Path) -> None:
    """An update changes the release workflow `test.yaml`, although it leaves a test workflow of that name alone."""
    options = ("--data=scope=ci", "--data=workflow_filename=test.yaml", "--vcs-ref=v1.0.0")
    project = versions.project(tmp_path / "tap-x", *options)
    text = project.read(TEST_WORKFLOW)
    update(project, "--data=environment=pypi")
    assert conflicts(project) == []
    assert project.read(TEST_WORKFLOW) == text.replace('"publishing"', '"pypi"')


@pytest.mark.parametrize("scope", ["package", "release", "ci"])
def test_releasing_md_requires_the_checks_that_there_are(scope: str, render: Render) -> None:
    """RELEASING.md requires the check *Test* only in a whole package, and tells others to add checks of their own."""
    text = render(scope=scope).read(RELEASING)
    assert ('{"context": "Test"' in text) == (scope == "package")
    assert ("Add the checks of your own test workflow" in text) == (scope != "package")


def test_the_page_has_the_test_workflow_that_a_copy_adds(render: Render) -> None:
    """The page shows the test workflow of a copy for those who get the actions by an update, which adds none."""
    examples = dict(EXAMPLES)
    assert examples[TEST_WORKFLOW] == render(scope="ci", package_manager="uv").read(TEST_WORKFLOW)
    poetry = render(scope="ci", package_manager="poetry").read(TEST_WORKFLOW)
    assert poetry == examples[TEST_WORKFLOW].replace("uv run --no-sync pytest", "poetry run pytest")


def test_the_workflow_of_the_page_is_valid_and_safe(render: Render, language_service: Path, tmp_path: Path) -> None:
    """GitHub's language service, the schema of workflows, and zizmor's auditor persona accept the page's workflow."""
    project = render(scope="ci", package_manager="uv").copy(tmp_path / "project")
    ((name, text),) = [example for example in EXAMPLES if example[0] != TEST_WORKFLOW]
    project.write(name, text)
    project.run("node", language_service / "check.mjs", name)
    project.run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", name)
    project.run("zizmor", "--offline", "--quiet", "--persona=auditor", "--strict-collection", ".github")


@pytest.mark.slow
def test_a_tampered_hash_of_uv_stops_the_setup(render: Render, tmp_path: Path) -> None:
    """The unchanged setup step with the real pip fails if the lock has a wrong hash of uv."""
    project = render(scope="ci", package_manager="uv").copy(tmp_path / "project")
    replace_hashes(project.path / UV_LOCK, "uv")
    steps = yaml.safe_load(project.read(f"{ACTIONS}/setup/action.yml"))["runs"]["steps"]
    (script,) = [step["run"] for step in steps if UV_LOCK in step.get("run", "")]
    run("uv", "venv", "--quiet", "--seed", "tools", cwd=tmp_path)
    path = {"PATH": f"{tmp_path / 'tools/bin'}:/usr/bin:/bin"}
    stopped = project.run("bash", "-e", "-c", script, env=path, check=False)
    assert stopped.returncode
    assert "DO NOT MATCH THE HASHES" in stopped.stdout + stopped.stderr
    assert not (tmp_path / "tools/bin/uv").exists()


RUN = {  # what each repository runs after the setup, and what it prints
    "poetry.lock and its own CI": ("poetry run tap_delta", "{}"),
    "hatch-vcs with uv.lock": ("uv run --no-sync tap_gamma", "{}"),
    "hatch-vcs with tox": ("", "1 passed"),  # the page's workflow
}


@pytest.mark.slow
@pytest.mark.parametrize("like", MANAGERS)
def test_the_actions_set_up_a_real_repository(like: str, template: Path, tmp_path: Path) -> None:
    """Every command of both actions runs with the locked package manager, and then a command of the project itself."""
    manager = MANAGERS[like]
    project, _ = share(REPOSITORIES[like], manager, template, tmp_path)
    (project.path / f"{manager}.lock").unlink(missing_ok=True)  # the repository's is a stand-in
    project.run(manager, "lock")
    project.write(".python-version", "3.10\n")  # leads uv elsewhere; the workflow's Python counts
    project.commit("Share CI")
    machine = Machine(
        checkout(project, tmp_path),
        tmp_path / "machine",
        *(["poetry-plugin-pypi-mirror"] if manager == "poetry" else []),
    )
    pythons = json.loads(machine.run_action("pythons")["pythons"])
    (listing,) = yaml.safe_load(project.read(f"{ACTIONS}/pythons/action.yml"))["runs"]["steps"]
    assert pythons == listing["env"]["KNOWN_PYTHONS"].split()
    python = newest_python(pythons)
    machine.run_action("setup", {"python-version": python})
    command, printed = RUN[like]
    if not command:
        (text,) = [text for name, text in EXAMPLES if name != TEST_WORKFLOW]
        command = yaml.safe_load(text)["jobs"]["tests"]["steps"][-1]["run"]
    assert printed in machine.run_script(command, PYTHON=python)
    assert machine.project.run("git", "status", "--porcelain").stdout == ""


def checkout(project: Project, folder: Path) -> Project:
    """Clone a project below a folder, with its tags."""
    project.run("git", "clone", "--quiet", project.path, folder / "checkout")
    return Project(folder / "checkout", project.answers)


def newest_python(pythons: list[str]) -> str:
    """Return the newest of some Pythons that this machine has."""
    return [python for python in pythons if python in interpreters()][-1]
