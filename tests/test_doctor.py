"""The doctor finds what is wrong before a release, and changes nothing."""

import re
import sys
from collections.abc import Callable

import pytest

from tests.scenarios.changes import (
    Change,
    edit,
    make_own_fork,
    remove_environment_from_workflow,
    set_environment,
    set_remote,
)
from tests.scenarios.scenario import Scenario
from tests.scenarios.table import SCENARIOS
from tests.simulation.server import Fault
from tests.simulation.world import World
from tests.support.damage import make_shallow
from tests.support.paths import DOCTOR_SCRIPT, POETRY_LOCK, PUBLISHER_JSON, PYPROJECT, RELEASE_FOLDER, RELEASE_WORKFLOW
from tests.support.projects import TAG, Project
from tests.support.terminal import COLUMNS

FOUND_BY_DOCTOR = [scenario for scenario in SCENARIOS if scenario.action == "doctor"]


@pytest.mark.parametrize("scenario", FOUND_BY_DOCTOR, ids=[scenario.title for scenario in FOUND_BY_DOCTOR])
def test_the_doctor_finds_what_is_wrong_before_a_release(
    scenario: Scenario, world: World, record_property: Callable[[str, object], None]
) -> None:
    """On the maintainer's machine, the doctor exits with 1, says what is wrong, and prints how to fix it."""
    assert world.run_doctor().returncode == 0
    scenario.change(world)
    found = world.run_doctor()
    assert found.returncode == 1
    assert scenario.message in found.stdout
    assert "→" in found.stdout
    record_property("failure scenario", (scenario.title, "doctor", scenario.message))


def test_the_doctor_finds_no_error_and_changes_nothing(world: World) -> None:
    """In a repository that is set up as RELEASING.md says, the doctor exits with 0 and changes nothing there."""
    found = world.run_doctor()
    assert found.returncode == 0, found.stdout
    states = {line[:12].strip() for line in found.stdout.splitlines() if not line.startswith(("What", " "))}
    assert states == {"ok", "note", "not checked"}  # the tag of the next release has no release yet
    assert "not checked  PyPI has my-package without a file: whether it is yours" in found.stdout
    assert {call[0] for call in world.github.read_state()["calls"]} == {"api"}
    assert not world.project.run("git", "status", "--porcelain").stdout


def test_the_doctor_says_what_it_cannot_check(world: World) -> None:
    """Without `gh` and PyPI, the doctor says what it did not check, checks the rest, and exits with 0."""
    world.loopback.faults.append(Fault("pypi.org", 503))
    found = world.run_doctor(gh=False)
    assert found.returncode == 0, found.stdout
    assert "not checked  The repository on GitHub: `gh` is not installed" in found.stdout
    assert "not checked  PyPI: PyPI answers with status 503" in found.stdout


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"files": [{}]}', b"<html>"])
def test_an_answer_of_pypi_that_is_no_index_is_not_checked(body: bytes, world: World) -> None:
    """If PyPI's answer is no index, as from a proxy, the doctor says so and exits with 0, without a traceback."""
    world.loopback.faults.append(Fault("pypi.org", body=body))
    found = world.run_doctor()
    assert found.returncode == 0, found.stderr
    assert "not checked  PyPI: PyPI's answer for my-package is no index." in found.stdout


def test_the_doctor_prints_where_there_is_no_arrow(world: World) -> None:
    """Where the output's encoding has no arrow, as in a pipe on Windows, the doctor prints a question mark instead."""
    encoded = ("env", "PYTHONIOENCODING=cp1252", sys.executable, DOCTOR_SCRIPT)
    found = world.run_as_maintainer(*encoded)
    assert found.stderr == ""
    assert "\n             ? " in found.stdout


@pytest.mark.parametrize("message", ["gh: API rate limit exceeded (HTTP 403)", "error connecting to api.github.com"])
def test_what_gh_refuses_is_not_checked(message: str, world: World) -> None:
    """A request that `gh` refuses is no error of the repository: the doctor shows the reason and exits with 0."""
    found = world.run_doctor(failure=f"more\n{message}")
    assert found.returncode == 0, found.stdout
    for subject in ("repository", "environment", "releases"):
        assert f"not checked  The {subject} on GitHub: {message}." in found.stdout


def test_an_answer_that_is_no_json_is_not_checked(world: World) -> None:
    """If `gh` prints no JSON, as behind a proxy that asks for a login, the doctor says so and exits with 0."""
    found = world.run_doctor(output="<html>")
    assert found.returncode == 0, found.stdout
    assert (
        "not checked  The repository on GitHub: `gh api repos/MeltanoLabs/my-package` did not print JSON."
        in found.stdout
    )


@pytest.mark.parametrize("tags", [("v*",), ("v*.*.*",), ("v[0-9]*",), ("v[^a-z]*",), ("v?.*", "v[0-9][0-9].*")])
def test_any_rules_that_admit_release_tags_are_fine(tags: tuple[str, ...], world: World) -> None:
    """The doctor accepts all rules of the environment that admit release tags, not only the pattern `v*`."""
    set_environment(branches=("main",), tags=tags, reviewed=True)(world)
    found = world.run_doctor()
    assert found.returncode == 0, found.stdout


def add_tags(*tags: str) -> Change:
    """Tag the commit."""

    def change(world: World) -> None:
        for tag in tags:
            world.project.run("git", "tag", tag)

    return change


def delete_repository(world: World) -> None:
    """Give the repository another name; nothing redirects there."""
    world.github.repository = "other"


OTHER_FINDINGS = {
    "a remote elsewhere": (set_remote("https://gitlab.com/a/b.git"), "not checked  The git remote: the git remote"),
    "another environment in the workflow": (
        edit(RELEASE_WORKFLOW, 'name: "publishing"', 'name: "pypi"'),
        'publishing.\n             → write `environment: "publishing"` into that job, or change',
    ),
    "no environment in the workflow": (
        remove_environment_from_workflow,
        f"error        The job publish of {RELEASE_WORKFLOW} has no environment, and the publisher publishing.",
    ),
    "a workflow that does not publish": (
        edit(RELEASE_WORKFLOW, "pypa/gh-action-pypi-publish", "a/b"),
        f"publishes to PyPI.\n             → restore the file from git: git log -- {RELEASE_WORKFLOW}",
    ),
    "no repository": (delete_repository, "error        GitHub shows you no repository MeltanoLabs/my-package"),
    "no release of an unknown repository": (
        delete_repository,
        "not checked  The releases on GitHub: GitHub shows you no",
    ),
    "no workflow": (
        lambda world: (world.project.path / RELEASE_WORKFLOW).unlink(),
        f"which the publisher names.\n             → restore the file from git: git log -- {RELEASE_WORKFLOW}\n",
    ),
    "a fork that is the publisher's": (make_own_fork, "note         MeltanoLabs/my-package is a fork"),
    "no project": (
        lambda world: world.loopback.pypi.projects.clear(),
        "register a pending publisher, at most 30 days before the first release or dry run.\n",
    ),
    "a project with files": (
        lambda world: world.loopback.pypi.projects["my-package"].update({"a": b"b"}),
        "not checked  PyPI has my-package: whether it is yours",
    ),
    "no tag": (
        lambda world: world.project.run("git", "tag", "--delete", TAG),
        "note         No tag is a release tag (`v1.2.3`) yet: the first release makes one.\n",
    ),
    "a pre-release of the same version": (
        add_tags("v1.2.3rc1", "v1.2.3a2", "v1.2.3.dev1"),
        f"ok           The latest version among the tags is {TAG}.\n",
    ),
    "a tag": (lambda _: None, f"ok           The latest version among the tags is {TAG}.\n"),
    "a shallow clone": (lambda world: make_shallow(world.project), "error        The clone is shallow"),
    "tags that are no versions": (add_tags("1.0.0", "v1.0-beta"), "note         No release can be made from"),
    "a pyproject.toml that is broken": (
        lambda world: world.project.write(PYPROJECT, "[project"),
        "not checked  The package manager: pyproject.toml cannot be read (",
    ),
    "no publisher": (lambda world: (world.project.path / PUBLISHER_JSON).unlink(), f"error        {PUBLISHER_JSON} is"),
}


@pytest.mark.parametrize(("change", "line"), OTHER_FINDINGS.values(), ids=OTHER_FINDINGS)
def test_the_doctor_finds_the_state_of_things(change: Change, line: str, world: World) -> None:
    """The doctor prints a line about each state of the project; only an error makes its exit code 1."""
    change(world)
    found = world.run_doctor()
    assert line in found.stdout
    assert found.returncode == int("error  " in found.stdout)


HATCHLING = "[build-system]\nrequires = ['hatchling']\nbuild-backend = 'hatchling.build'\n"
NOT_POETRY = (
    "note         The CI setup installs the project with Poetry, and nothing shows that it is managed with Poetry"
)


@pytest.mark.parametrize(
    ("pyproject", "backend"), [(HATCHLING, "hatchling.build"), ("", "setuptools.build_meta")], ids=["hatchling", "none"]
)
def test_ci_that_uses_poetry_for_another_project_is_noted(pyproject: str, backend: str, world: World) -> None:
    """If the CI setup uses Poetry, but nothing in the project is Poetry's, the doctor prints a note and no error."""
    world.project.write(PYPROJECT, pyproject)
    found = world.run_doctor()
    assert f"{NOT_POETRY}: its build backend is {backend}, and there is neither" in found.stdout
    assert found.returncode == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda project: project.write(PYPROJECT, "[build-system]\nbuild-backend = 'poetry.core.masonry.api'\n"),
        lambda project: project.write(PYPROJECT, f"{HATCHLING}[tool.poetry]\n"),
        lambda project: project.write("poetry.lock", ""),
        lambda project: (project.path / POETRY_LOCK).unlink(),
    ],
    ids=["the backend", "a table", "the lock", "uv"],
)
def test_what_shows_the_package_manager_is_believed(change: Callable[[Project], object], world: World) -> None:
    """The doctor does not call Poetry a mismatch if anything in the project is Poetry's, or if the CI setup uses uv."""
    world.project.write(PYPROJECT, HATCHLING)
    change(world.project)
    assert NOT_POETRY not in world.run_doctor().stdout


def test_the_doctor_runs_on_a_python_without_tomllib(world: World) -> None:
    """On a Python without `tomllib`, such as 3.10, the doctor leaves out one check, which needs Python 3.11."""
    without = f"import runpy, sys; sys.modules['tomllib'] = None; sys.path.insert(0, {RELEASE_FOLDER!r}); "
    command = f"{without}runpy.run_path({DOCTOR_SCRIPT!r}, run_name='__main__')"
    found = world.run_as_maintainer(sys.executable, "-c", command)
    assert "not checked  The package manager: pyproject.toml cannot be read (" in found.stdout
    assert "Python 3.11 or newer.\n" in found.stdout
    assert found.returncode == int("error  " in found.stdout)


def test_the_doctor_fits_a_terminal(world: World) -> None:
    """In a terminal, a sentence wraps between words and is indented; a command stays on one line, to be copied."""
    world.project.run("git", "tag", "v1.0-beta")
    plain = world.run_doctor().stdout
    terminal = "import os, runpy, sys; os.environ['COLUMNS'] = '80'; sys.stdout.isatty = lambda: True; "
    command = (
        f"{terminal}sys.path.insert(0, {RELEASE_FOLDER!r}); runpy.run_path({DOCTOR_SCRIPT!r}, run_name='__main__')"
    )
    shown = world.run_as_maintainer(sys.executable, "-c", command).stdout
    assert max(len(line) for line in plain.splitlines()) > COLUMNS
    assert all(len(line) <= COLUMNS for line in shown.splitlines() if "→" not in line)
    assert re.sub(r"\n {13}(?!→)", " ", shown) == plain


@pytest.mark.parametrize(("argument", "code"), [("--help", 0), ("--fix", 2)])
def test_the_doctor_has_no_options(argument: str, code: int, default: Project) -> None:
    """The doctor prints its usage for `--help` and for an unknown option, and checks nothing."""
    done = default.run(sys.executable, DOCTOR_SCRIPT, argument, check=False)
    assert done.returncode == code
    assert "Usage: python .github/release/doctor.py" in done.stdout
    assert "ok  " not in done.stdout


def test_the_commands_that_the_doctor_prints_are_enough(world: World) -> None:
    """The commands that the doctor prints protect an environment that admits all refs; its reviewer and timer stay."""
    set_environment(reviewed=True)(world)
    world.run_doctor()
    prepared = world.github.read_state()
    path = "repos/MeltanoLabs/my-package/environments/publishing"
    prepared["answers"][f"{path}/deployment-branch-policies?per_page=100"] = {"branch_policies": []}
    prepared["answers"][path]["protection_rules"].append({"type": "wait_timer", "wait_timer": 5})
    world.github.write_state(prepared)
    found = world.run_as_maintainer(sys.executable, DOCTOR_SCRIPT)
    for _ in range(2):  # rules can be added only after the first command
        lines = [line for line in found.stdout.splitlines() if "→" in line and path in line]
        for remedy in (line.partition("→ ")[2] for line in lines):
            done = world.run_as_maintainer("/bin/sh", "-c", remedy)
            assert done.returncode == 0, done.stderr
        found = world.run_as_maintainer(sys.executable, DOCTOR_SCRIPT)
    assert found.returncode == 0, found.stdout
    assert "ok           The environment publishing requires a reviewer." in found.stdout
    reviewers, timer = world.github.read_state()["answers"][path]["protection_rules"]
    assert reviewers["prevent_self_review"]
    assert timer == {"type": "wait_timer", "wait_timer": 5}
