"""The test workflow runs on the Pythons that the template knows and the package supports."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.specifiers import SpecifierSet

from tests.support.combinations import Answers, title, variants
from tests.support.commands import run
from tests.support.paths import ACTIONS, PYPROJECT, PYTHONS_SCRIPT, ROOT, source
from tests.support.projects import Render

KNOWN = "3.10 3.11 3.12 3.13 3.14 3.15"
SCRIPT = ROOT / source(PYTHONS_SCRIPT)


def list_pythons(folder: Path, pyproject: str, known: str = KNOWN) -> subprocess.CompletedProcess[str]:
    """List the Pythons of a project that consists of its pyproject.toml."""
    (folder / PYPROJECT).write_text(pyproject, encoding="utf-8")
    variables = {"KNOWN_PYTHONS": known, "GITHUB_OUTPUT": str(folder / "output")}
    return run(sys.executable, SCRIPT, "list", cwd=folder, env=variables, check=False)


def listed(folder: Path) -> list[str]:
    """Return what the script gave to the workflow."""
    name, _, value = (folder / "output").read_text(encoding="utf-8").partition("=")
    assert name == "pythons"
    pythons: list[str] = json.loads(value)
    return pythons


SPECIFIERS = [
    ">=3.10", ">=3.11,<3.14", ">=3.10, <4", "<3.13", "<=3.12", ">3.12", ">=3.12.4", "~=3.11", "~=3.12.2", "==3.12.*",
    "!=3.11.*,>=3.10", "!=3.12.0", ">=3.10,!=3.13.*,<3.15", ">=3", "==3.13.1", ">=3.13,<3.13.5", "",
]  # fmt: skip


@pytest.mark.parametrize("specifier", SPECIFIERS)
def test_the_list_is_what_packaging_admits(specifier: str, tmp_path: Path) -> None:
    """The script lists a minor version of Python if one of its releases is admitted, as `packaging` decides it."""
    done = list_pythons(tmp_path, f'[project]\nrequires-python = "{specifier}"\n')
    admitted = SpecifierSet(specifier)
    expected = [minor for minor in KNOWN.split() if any(f"{minor}.{patch}" in admitted for patch in range(100))]
    assert done.returncode == (0 if expected else 1)
    assert listed(tmp_path) == expected


@pytest.mark.parametrize(
    ("python", "expected"),
    [
        ("^3.11", ["3.11", "3.12", "3.13", "3.14", "3.15"]),
        ("~3.12", ["3.12"]),
        ("3.12", ["3.12"]),
        ("3.11.*", ["3.11"]),
        (">=3.10,<3.12 || >=3.14", ["3.10", "3.11", "3.14", "3.15"]),
        ("3.11.* | 3.13.*", ["3.11", "3.13"]),
        (">= 3.10 <3.12", ["3.10", "3.11"]),
        ("*", KNOWN.split()),
    ],
)
def test_poetrys_own_constraints_are_understood(python: str, expected: list[str], tmp_path: Path) -> None:
    """The script reads Poetry's own constraints in `[tool.poetry.dependencies]`, as a text and as a table."""
    for form in (f'"{python}"', f'{{ version = "{python}" }}'):
        (tmp_path / "output").unlink(missing_ok=True)
        done = list_pythons(tmp_path, f"[tool.poetry.dependencies]\npython = {form}\n")
        assert done.returncode == 0, done.stdout
        assert listed(tmp_path) == expected


def test_a_missing_classifier_is_a_warning_that_names_it(tmp_path: Path) -> None:
    """If a classifier is missing, a warning has the line to add; a project without any classifiers gets no warning."""
    classifier = "Programming Language :: Python :: 3."
    done = list_pythons(
        tmp_path, f'[project]\nrequires-python = ">=3.13"\nclassifiers = ["{classifier}13"]\n', "3.13 3.14"
    )
    (warning,) = [line for line in done.stdout.splitlines() if line.startswith("::warning")]
    assert f'add "{classifier}14" to `classifiers`' in warning
    assert "::warning" not in list_pythons(tmp_path, '[project]\nrequires-python = ">=3.13"\n').stdout


def test_a_range_that_ends_within_a_python_gets_a_warning(tmp_path: Path) -> None:
    """A range that ends within a minor version gets a warning: CI sets up the newest release, which is not admitted."""
    done = list_pythons(tmp_path, '[project]\nrequires-python = ">=3.11,<=3.12"\n')
    assert "does not admit the newest release of Python 3.12" in done.stdout
    assert done.stdout.count("::warning") == 1
    assert "::warning" not in list_pythons(tmp_path, '[project]\nrequires-python = ">=3.11,!=3.12.0"\n').stdout


def test_a_folder_without_a_project_and_other_arguments_are_explained(tmp_path: Path) -> None:
    """The script explains a missing pyproject.toml, and prints its usage for other arguments, without a traceback."""
    done = run(sys.executable, SCRIPT, "list", cwd=tmp_path, env={"KNOWN_PYTHONS": KNOWN}, check=False)
    assert done.returncode == 1
    assert "There is no pyproject.toml in this folder" in done.stdout
    for arguments, code in ((["--help"], 0), ([], 2), (["lists"], 2)):
        done = run(sys.executable, SCRIPT, *arguments, cwd=tmp_path, check=False)
        assert (done.returncode, done.stdout[:23]) == (code, "The Pythons of the test")


@pytest.mark.parametrize(
    ("specifier", "message"),
    [
        (">=3.16", "is '>=3.16' and admits none of the Pythons that the template knows (3.10, 3.11,"),
        ("three", "cannot be read: the version specifier 'three'."),
    ],
)
def test_a_project_without_a_python_is_told_why(specifier: str, message: str, tmp_path: Path) -> None:
    """If no known Python is admitted or the specifier is invalid, the script says why, exits with 1, and lists none."""
    done = list_pythons(tmp_path, f'[project]\nrequires-python = "{specifier}"\n')
    assert done.returncode == 1
    assert message in done.stdout
    assert not (tmp_path / "output").exists()


@pytest.mark.parametrize(("wanted", "code"), [("{}.{}", 0), ("{}.{}.{}", 0), ("{}", 0), ("3.1", 1), ("2.7", 1)])
def test_a_leg_fails_on_another_python(wanted: str, code: int, tmp_path: Path) -> None:
    """A job of the matrix fails if it runs on another Python than its own, which a `.python-version` may cause."""
    variables = {"PYTHON_VERSION": wanted.format(*sys.version_info[:3])}
    done = run(sys.executable, SCRIPT, "check", cwd=tmp_path, env=variables, check=False)
    assert done.returncode == code
    assert ("remove what chooses another one, such as `.python-version`" in done.stdout) == bool(code)


@pytest.mark.parametrize("oldest", ["3.10", "3.13"])
def test_the_classifiers_are_the_pythons_that_the_template_knows(oldest: str, render: Render) -> None:
    """The classifiers name all Pythons that the template knows, from the oldest that the package supports."""
    project = render(python_min=oldest)
    (step,) = yaml.safe_load(project.read(f"{ACTIONS}/pythons/action.yml"))["runs"]["steps"]
    assert step["env"]["KNOWN_PYTHONS"] == KNOWN
    classifiers = tomllib.loads(project.read(PYPROJECT))["project"]["classifiers"]
    named = [name.rpartition(" ")[2] for name in classifiers if re.search(r"Python :: 3\.\d+$", name)]
    assert named == KNOWN.split()[KNOWN.split().index(oldest) :]


@pytest.mark.slow
@pytest.mark.parametrize("answers", variants(), ids=title)
def test_every_dependency_has_a_wheel_for_the_newest_python(answers: Answers, render: Render) -> None:
    """All dependencies, those of development and of all extras included, have a wheel: none has to be built."""
    newest = ("--python-version", KNOWN.rsplit(maxsplit=1)[-1], "--only-binary", ":all:")
    render(**answers).run("uv", "pip", "compile", "--quiet", *newest, "--group", "dev", "--all-extras", PYPROJECT)
