"""A repository that exists adopts the release setup, releases, and is updated; what it needs by hand, it is told."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.adoption.repositories.case import CHECKED, Case
from tests.adoption.repositories.table import CASES, PAGE, expected, page
from tests.simulation.act import run_with_act
from tests.simulation.events import pull_request_event, release_event
from tests.simulation.pypi import Publisher
from tests.simulation.sandbox import Sandbox
from tests.simulation.server import Loopback
from tests.support.adoption import RELEASE_SETUP, adopt, maintain
from tests.support.commands import run, tracked
from tests.support.folder_cache import FolderCache
from tests.support.online import online_variables
from tests.support.paths import ANSWERS_FILE, PUBLISHER_JSON, RELEASING, WORKFLOWS
from tests.support.projects import TAG, VERSION, Project, build
from tests.support.steps import run_step, steps
from tests.support.versions import Versions, changed_files, conflicts, text_changes, update

DRY_RUN = {"rehearse", "rehearse-without-environment"}
REPAIR = "Give the wheel a platform tag that PyPI accepts"  # the step of the how-to for compiled packages


def workflow_of(project: Project) -> str:
    """Return the release workflow of a repository."""
    return f"{WORKFLOWS}/{project.answers['workflow_filename']}"


def try_release(project: Project, tools: Path, tag: str = "") -> tuple[bool, str]:
    """Run the steps of the actions that build and judge, for a pull request or a release, and the doctor.

    Return whether the steps pass, and all that is printed. The tag is made.
    """
    project.run("git", "clean", "--force", "-d", "-x", "--quiet", "dist")
    name = f"{project.answers['owner']}/{project.answers['repository']}"
    event, output = project.path.parent / "event.json", project.path.parent / "output"
    event.write_text(json.dumps({"repository": {"default_branch": "main"}}), encoding="utf-8")
    claims = {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_OUTPUT": str(output), "ARTIFACT_ID": "1"}
    if tag:
        project.run("git", "tag", tag)
        claims |= {"GITHUB_EVENT_NAME": "release", "GITHUB_REF_NAME": tag, "GITHUB_REPOSITORY": name}
        claims |= {"GITHUB_EVENT_PATH": str(event), "GITHUB_WORKFLOW_REF": f"{name}/{workflow_of(project)}@{tag}"}
    done = build(project, tools, check=False)
    printed = done.stdout + done.stderr
    if done.returncode:
        cause = "Say if the lock of the build backends is the cause"
        explained = run_step("build", cause, project.path, tools, check=False)
        return False, printed + explained.stdout + explained.stderr
    repair(project)
    done = run_step("gate", "Pass the release gate", project.path, tools, check=False, env=claims)
    printed += done.stdout + done.stderr + maintain(project, "doctor", check=False).stdout
    return not done.returncode, printed


def repair(project: Project) -> None:
    """Run the step that the how-to for compiled packages has added, if it has, with a Python of a fresh machine."""
    for (_, job, name), step in steps(project.path, workflow_of(project)).items():
        if (job, name) == ("build", REPAIR):
            folder = project.path.parent / "machine"
            if not folder.exists():
                run("uv", "venv", "--quiet", "--seed", "--python", sys.executable, folder, cwd=project.path)
            project.run("bash", "-e", "-c", step["run"], env={"PATH": f"{folder}/bin:/usr/bin:/bin"})


def write(case: Case, folder: Path) -> Project:
    """Write a repository below a folder, prepared as the tutorial says."""
    project = case.repository.write(folder / case.repository.repository)
    if case.prepare:
        case.prepare(project)
    return project


def copy_setup(case: Case, project: Project, versions: Versions) -> None:
    """Copy the release setup of the first version into a repository."""
    adopt(project, versions, "--vcs-ref=v1.0.0", "--overwrite", f"--answers-file={case.answers_file}")


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.cause)
def test_a_repository_adopts_the_release_setup(
    case: Case, versions: Versions, tools: Path, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """A repository adopts the release setup, which changes none of its own files; it releases, and is updated.

    If a change by hand is needed, a message says so, and doing what it says is enough. A repository that is not
    supported is refused with a message.
    """
    project = write(case, tmp_path)
    own = set(tracked(project.path))
    workflow = workflow_of(project)
    setup = {case.answers_file if file == ANSWERS_FILE else file for file in RELEASE_SETUP} | {workflow}
    copy_setup(case, project, versions)
    assert changed_files(project) == sorted(setup)
    assert json.loads(project.read(PUBLISHER_JSON)).items() >= project.answers.items()
    project.commit("Adopt the release setup")
    before = project.run("git", "ls-tree", "-r", "HEAD", "--", *own - setup).stdout

    passed, output = try_release(project, tools)
    if case.tag != TAG:
        assert passed, output
        passed, output = try_release(project, tools, case.tag)
        assert not passed
    assert case.message or not re.search("Warning|seems to publish", output), output
    assert case.message in output, output
    record_property("adopted", case.cause)
    record_property("ran", expected(case)[0])
    if case.message and not case.remedy:
        assert not passed
        return
    if case.remedy:
        case.remedy(project)
        project.commit("Do what the message says")
        passed, output = try_release(project, tools)
        assert not re.search("Warning|seems to publish", output)
    else:
        assert project.run("git", "ls-tree", "-r", "HEAD", "--", *own - setup).stdout == before
    assert passed, output

    passed, output = try_release(project, tools, TAG)
    assert passed, output
    assert f"{project.answers['package_name']} {VERSION} may be released: " in output
    assert "Warning" not in output
    project.run("git", "restore", ".")  # a build may rewrite pyproject.toml, which happens in CI's own checkout
    if case.check:
        case.check(project)
    assert changed_files(project) == []
    update(project, f"--answers-file={case.answers_file}")
    assert text_changes(project) == sorted([case.answers_file, RELEASING, workflow])
    assert changed_files(project) == text_changes(project)
    assert conflicts(project) == []


CASES_ON_ACT = [pytest.param(case, id=case.cause) for case in CASES if case.on_act]


@pytest.fixture
def publish(
    versions: Versions, tmp_path: Path, loopback: Loopback, once: FolderCache, tools: Path
) -> Callable[[Case], Sandbox]:
    """Return a function that adopts the setup in a repository, does what is done by hand, and pushes it to GitHub."""

    def published(case: Case) -> Sandbox:
        project = write(case, tmp_path)
        copy_setup(case, project, versions)
        if case.remedy:
            case.remedy(project)
        project.commit("Adopt the release setup")
        project.run("git", "tag", TAG)
        project.run("git", "update-ref", "refs/pull/1/merge", "HEAD")
        sandbox = Sandbox.create(project, tmp_path, loopback, once, tools)
        sandbox.github.owner, sandbox.github.repository = project.answers["owner"], project.answers["repository"]
        sandbox.github.fork = case.fork
        project.run("git", "push", "--quiet", "--mirror", sandbox.github.git)
        sandbox.github.create_release(TAG)
        loopback.pypi.publishers.clear()
        form = Publisher("Acme", project.answers["repository"], project.answers["workflow_filename"], "publishing")
        loopback.pypi.register(form, project.answers["package_name"])
        return sandbox

    return published


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES_ON_ACT)
def test_the_workflow_that_a_repository_adopts_runs_as_a_whole(
    case: Case,
    publish: Callable[[Case], Sandbox],
    once: FolderCache,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """The workflow that a repository adopts releases it as a whole: both files are on PyPI and at the release.

    A repository that is a fork on GitHub releases, too, if it is the publisher's; a contributor's fork of it runs
    nothing. The steps that a compiled package has added need the package index, so its pull request is run: the gate
    gets the wheel that they repaired.
    """
    sandbox = publish(case)
    answers = sandbox.project.answers
    file = answers["workflow_filename"]
    if case.on_act == CHECKED:
        done = run_with_act(sandbox.github, pull_request_event(), file, tmp_path / "act", online_variables(once))
        judged = re.search(r"passes: a release would be built again at its tag: (.*)", done.jobs["gate"].log)
        assert judged, done.log
        assert re.search(r"-manylinux\S+\.whl", judged[1]), done.log
    else:
        done = run_with_act(sandbox.github, release_event(TAG), file, tmp_path / "act")
        assert done.result == "success", done.log
        assert {name for name, result in done.results().items() if result == "skipped"} == DRY_RUN
        uploaded = set(sandbox.loopback.pypi.files(answers["package_name"]))
        assert {re.sub(r".*(?=\.(?:tar\.gz|whl)$)", "", name) for name in uploaded} == {".tar.gz", ".whl"}
        assert uploaded == sandbox.attached()
    if case.fork:
        sandbox.github.owner = "contributor"
        assert set(run_with_act(sandbox.github, pull_request_event(), file, tmp_path / "fork").results().values()) == {
            "skipped"
        }
    record_property("adopted", case.cause)
    record_property("ran", case.on_act)


def test_the_page_of_adopted_repositories_is_current() -> None:
    """The page of adopted repositories is as `nox -s adopted` writes it after all tests have passed."""
    assert PAGE.read_text(encoding="utf-8") == page({case.cause: expected(case) for case in CASES})
