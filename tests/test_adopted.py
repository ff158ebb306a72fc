"""A repository that exists adopts the release setup, releases, and is updated; what it needs by hand, it is told."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.adopted.case import Case
from tests.adopted.table import CASES, NOT_SUPPORTED, PAGE, RAN, page
from tests.support.adoption import RELEASE_SETUP, adopt
from tests.support.commands import tracked
from tests.support.paths import ANSWERS_FILE, BUILD_WORKFLOW, DOCTOR_SCRIPT, PUBLISHER_JSON, WORKFLOWS
from tests.support.projects import TAG, VERSION, Project, build
from tests.support.steps import CHECKING, JUDGING, script, steps
from tests.support.versions import Versions, changed_files, conflicts, update

REPAIR = (BUILD_WORKFLOW, "build", "Give the wheel a platform tag that PyPI accepts")


def try_release(project: Project, tag: str = "") -> tuple[bool, str]:
    """Run the steps of the build workflow, for a pull request or a release; return whether they pass, and the output.

    The tools are those of the tests, which the workflow would install before.
    """
    project.run("git", "clean", "--force", "-d", "-x", "--quiet", "dist")
    name = f"{project.answers['owner']}/{project.answers['repository']}"
    workflow = f"{WORKFLOWS}/{project.answers['workflow_filename']}"
    claims = {"GITHUB_EVENT_NAME": "pull_request"}
    if tag:
        project.run("git", "tag", tag)
        claims = {"GITHUB_EVENT_NAME": "release", "GITHUB_REF_NAME": tag, "GITHUB_REPOSITORY": name}
        claims |= {"GITHUB_EVENT_PATH": ".event", "GITHUB_WORKFLOW_REF": f"{name}/{workflow}@refs/tags/{tag}"}
    built = build(project, check=False)
    output = built.stdout + built.stderr
    if built.returncode:
        return False, output
    if REPAIR in steps(project.path):
        project.run("bash", "-e", "-c", script(project.path, REPAIR), env=repair_environment(project))
    project.write(".event", json.dumps({"repository": {"default_branch": "main"}}))
    for step in (CHECKING, JUDGING):
        done = project.run("bash", "-e", "-c", script(project.path, step), env=claims, check=False)
        output += done.stdout + done.stderr
        if done.returncode:
            break
    (project.path / ".event").unlink()
    return not done.returncode, output


def repair_environment(project: Project) -> dict[str, str]:
    """Return the variables of a machine with a Python of its own, for a step that installs tools."""
    folder = project.path.parent / "machine"
    if not folder.exists():
        project.run("uv", "venv", "--quiet", "--seed", "--python", sys.executable, folder)
    return {"PATH": f"{folder}/bin:/usr/bin:/bin"}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.cause)
def test_a_repository_adopts_the_release_setup(
    case: Case, versions: Versions, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """A repository adopts the release setup, which changes none of its own files; it releases, and is updated.

    If a change by hand is needed, a message says so, and doing what it says is enough. A repository that is not
    supported is refused with a message.
    """
    project = case.repository.write(tmp_path / case.repository.repository)
    if case.prepare:
        case.prepare(project)
    own = set(tracked(project.path))
    workflow = f"{WORKFLOWS}/{project.answers['workflow_filename']}"
    setup = {case.answers_file if file == ANSWERS_FILE else file for file in RELEASE_SETUP} | {workflow}
    adopt(project, versions, "--vcs-ref=v1.0.0", "--overwrite", f"--answers-file={case.answers_file}")
    assert changed_files(project) == sorted(setup)
    assert json.loads(project.read(PUBLISHER_JSON)).items() >= project.answers.items()
    project.commit("Adopt the release setup")
    before = project.run("git", "ls-tree", "-r", "HEAD", "--", *own - setup).stdout

    passed, output = try_release(project)
    output += project.run(sys.executable, DOCTOR_SCRIPT, check=False).stdout
    if case.tag != TAG:
        assert passed, output
        passed, output = try_release(project, case.tag)
        assert not passed
    assert case.message or not re.search("Warning|seems to publish", output), output
    assert case.message in output, output
    record_property("adopted", case.cause)
    if case.message and not case.remedy:
        assert not passed
        record_property("ran", NOT_SUPPORTED)
        return
    if case.remedy:
        case.remedy(project)
        project.commit("Do what the message says")
        passed, output = try_release(project)
        output += project.run(sys.executable, DOCTOR_SCRIPT, check=False).stdout
        assert not re.search("Warning|seems to publish", output)
    else:
        assert project.run("git", "ls-tree", "-r", "HEAD", "--", *own - setup).stdout == before
    assert passed, output

    passed, output = try_release(project, TAG)
    assert passed, output
    assert f"{project.answers['package_name']} {VERSION} may be released: " in output
    assert "Warning" not in output
    project.run("git", "restore", ".")  # a build may rewrite pyproject.toml, which happens in CI's own checkout
    if case.check:
        case.check(project)
    assert changed_files(project) == []
    update(project, f"--answers-file={case.answers_file}")
    assert changed_files(project) == sorted([case.answers_file, BUILD_WORKFLOW])
    assert conflicts(project) == []
    record_property("ran", RAN)


def test_the_page_of_adopted_repositories_is_current() -> None:
    """The page of adopted repositories is as `nox -s adopted` writes it after all tests have passed."""
    ran = {case.cause: NOT_SUPPORTED if case.message and not case.remedy else RAN for case in CASES}
    assert PAGE.read_text(encoding="utf-8") == page(ran)
