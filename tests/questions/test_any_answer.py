"""Any answers together: what is accepted needs no edit afterwards, and what is refused leaves nothing."""

import itertools
import shutil
from pathlib import Path

import copier
import pytest
from hypothesis import given, reject, settings

from tests.support.any_answers import (
    MODEL,
    answers_for,
    assert_reads_back,
    assert_workflows_differ_by_the_answers_alone,
)
from tests.support.combinations import REPOSITORIES
from tests.support.commands import run
from tests.support.environments import assert_passes_all_checks
from tests.support.examples import examples
from tests.support.folder_cache import FolderCache
from tests.support.interpreters import interpreters
from tests.support.paths import ANSWERS_FILE, RELEASING, WORKFLOWS
from tests.support.projects import Project, Render
from tests.support.versions import Versions, changed_files, recorded_answers, update

MANY = 5  # answers that are given together
SETTINGS = examples(3)  # for each kind


def check_any_answers(answers: dict[str, str], template: Path, folder: Path, render: Render) -> bool:
    """Make a project from answers, or be refused; check what holds in each case, and return whether it was made."""
    destination = folder / "any"
    shutil.rmtree(destination, ignore_errors=True)
    refusal: Exception | None = None
    try:
        copier.run_copy(str(template), destination, data=answers, defaults=True, quiet=True)
    except (ValueError, TypeError) as error:
        refusal = error
    if refusal:
        assert any(f"'{question}'" in str(refusal) for question in answers), refusal
        assert not destination.exists()
        return False
    project = Project(destination, recorded_answers(destination))
    assert project.answers | {name: answers[name] for name in answers & project.answers.keys()} == project.answers
    assert_reads_back(project)
    model = render(**MODEL, scope=project.answers["scope"])
    assert_workflows_differ_by_the_answers_alone(project, model)
    for check in (("check", "--quiet"), ("format", "--check", "--quiet")):
        run("ruff", *check, cwd=destination)
    return True


@pytest.mark.parametrize("what", [*REPOSITORIES, "release"])
def test_any_answers_make_a_project_or_are_refused(what: str, template: Path, tmp_path: Path, render: Render) -> None:
    """Any answers make a project or are refused, and most of them make one.

    The examples for each kind are the same ones every time; at night there are many other ones.
    """
    created = []

    @SETTINGS
    @given(answers=answers_for(what))
    def check(answers: dict[str, str]) -> None:
        if check_any_answers(answers, template, tmp_path, render):
            created.append(len(answers))

    check()
    assert len(created) > SETTINGS.max_examples / 2
    assert max(created) > MANY


@pytest.mark.slow
@pytest.mark.parametrize("kind", REPOSITORIES)
def test_a_sample_of_any_answers_passes_all_checks(
    kind: str, versions: Versions, tmp_path: Path, once: FolderCache
) -> None:
    """A project of any answers can be built, linted, typed, tested and updated, on the machine's newest Python."""
    version, python = list(interpreters().items())[-1]
    numbers = itertools.count()

    @settings(SETTINGS, max_examples=2, derandomize=False)
    @given(answers=answers_for(kind))
    def check(answers: dict[str, str]) -> None:
        folder = tmp_path / str(next(numbers))
        answers["python_min"] = min(answers.get("python_min", version), version)
        data = [f"--data={name}={value}" for name, value in answers.items()]
        done = run(
            "copier", "copy", "--defaults", "--vcs-ref=v1.0.0", *data, versions.path, folder, cwd=tmp_path, check=False
        )
        if done.returncode:
            reject()
        project = Project(folder, recorded_answers(folder)).init()
        assert_passes_all_checks(project, python, tmp_path / f"venv-{folder.name}", once)
        update(project)
        workflow = f"{WORKFLOWS}/{project.answers['workflow_filename']}"
        assert changed_files(project) == [ANSWERS_FILE, RELEASING, workflow]

    check()


ELSEWHERE = [  # where the same answers are given: the umask, and variables
    ("022", {"LC_ALL": "C.UTF-8", "TZ": "UTC", "PYTHONHASHSEED": "1"}),
    ("077", {"LC_ALL": "POSIX", "TZ": "Asia/Kathmandu", "PYTHONHASHSEED": "2", "COLUMNS": "40"}),
]


def test_the_same_answers_give_the_same_bytes_everywhere(versions: Versions, tmp_path: Path) -> None:
    """The same answers give the same bytes under another locale, time zone, umask, folder and hash seed of Python."""
    answers = ("--defaults", "--data=description=Zürich 日本 🎵", "--data=license=MIT")
    for (umask, variables), folder in zip(ELSEWHERE, ("here", "some where/else"), strict=True):
        (tmp_path / folder).mkdir(parents=True)
        command = f'umask {umask} && exec copier copy "$@"'
        arguments = (*answers, versions.path, "tap-x")
        run("bash", "-c", command, "copier", *arguments, cwd=tmp_path / folder, env=variables)
    done = run("diff", "--recursive", "here", "some where/else", cwd=tmp_path, check=False)
    assert done.stdout == ""
