"""Poetry itself locks, installs and tests every kind of package: most other tests install with uv.

The two differ. Poetry looks for versions that suit every Python that the package admits, Python 4 included; uv ignores
the upper bounds that dependencies set.
"""

from pathlib import Path

import pytest

from tests.support.any_answers import metadata_of
from tests.support.combinations import POETRY, REPOSITORIES, Answers, RecordCells, has_own_packages, title, variants
from tests.support.commands import run
from tests.support.paths import PYPROJECT
from tests.support.projects import Project, Render
from tests.support.questions import copy_working_tree

PRINTED = ["cd", "git", "poetry", "git", "poetry"]


@pytest.mark.slow
@pytest.mark.parametrize("answers", [answers for answers in variants() if has_own_packages(answers)], ids=title)
def test_the_next_commands_work_as_they_are_printed(answers: Answers, tmp_path: Path, record: RecordCells) -> None:
    """The printed commands work as pasted into a shell, also below a folder with a space, and commit a valid lock.

    So the repository has the lock of what was tested. Plain nox tests a library with Poetry in test_package.py.
    """
    folder = f"with space/{REPOSITORIES[answers['kind']]}"
    data = [f"--data={name}={value}" for name, value in answers.items()]
    done = copy_working_tree(tmp_path, "--defaults", *data, destination=folder)
    assert done.returncode == 0, done.stderr
    commands = done.stderr.partition("\nNext:\n\n")[2].partition("\n\n")[0]
    assert [line.split()[0] for line in commands.splitlines()] == PRINTED, done.stderr
    run("bash", "-euc", commands, cwd=tmp_path)
    project = Project(tmp_path / folder, {})
    assert project.run("git", "status", "--porcelain").stdout == ""
    assert "poetry.lock" in project.run("git", "ls-files").stdout.splitlines()
    project.run("poetry", "check", "--lock")
    record(POETRY, f"{len(PRINTED)} commands", answers)


def test_a_bound_for_poetry_is_not_published(render: Render) -> None:
    """A state backend excludes Python 4 in Poetry alone: the metadata of its wheel has no upper bound."""
    project = render(kind="state-backend", python_min="3.12")
    assert '\npython = ">=3.12,<4"' in project.read(PYPROJECT)
    assert str(metadata_of(project).requires_python) == ">=3.12"
