"""The test workflow runs on the Pythons that the template knows and the package supports."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.specifiers import SpecifierSet

from meltano_release.pythons import KNOWN_PYTHONS, find_pythons, list_pythons
from tests.support.combinations import Answers, title, variants
from tests.support.paths import PYPROJECT
from tests.support.projects import Render

KNOWN = ["3.10", "3.11", "3.12", "3.13", "3.14", "3.15"]  # in these tests, whatever the template knows
CLASSIFIER = "Programming Language :: Python :: 3."
CASES = yaml.safe_load(Path(__file__).with_name("pythons.yml").read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def _fixed_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a new Python change no test of this file."""
    monkeypatch.setattr("meltano_release.pythons.KNOWN_PYTHONS", tuple(KNOWN))


def find(requires_python: str, *classifiers: str) -> tuple[list[str], list[str]]:
    """Return the Pythons of a project, and the warnings."""
    return find_pythons({"project": {"requires-python": requires_python, "classifiers": list(classifiers)}})


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("specifier", CASES["specifiers"])
def test_a_python_is_listed_if_one_of_its_releases_is_admitted(specifier: str) -> None:
    """A minor version of Python is listed if one of its releases is admitted, as `packaging` decides it."""
    admitted = SpecifierSet(specifier)
    expected = [minor for minor in KNOWN if any(f"{minor}.{patch}" in admitted for patch in range(100))]
    assert expected
    assert find(specifier)[0] == expected


@pytest.mark.parametrize(("python", "expected"), CASES["poetry"].items())
def test_poetrys_own_constraints_are_understood(python: str, expected: list[str]) -> None:
    """Poetry's own constraints in `[tool.poetry.dependencies]` are read, as a text and as a table."""
    for form in (python, {"version": python}):
        assert find_pythons({"tool": {"poetry": {"dependencies": {"python": form}}}})[0] == expected


def test_requires_python_wins() -> None:
    """If a project has `requires-python` and Poetry's `python`, the former is what installers look at."""
    poetry = {"dependencies": {"python": "<3.12"}, "classifiers": [f"{CLASSIFIER}14"]}
    found = find_pythons({"project": {"requires-python": ">=3.14"}, "tool": {"poetry": poetry}})
    assert found[0] == ["3.14", "3.15"]
    assert "no classifier for it" in "".join(found[1])  # of 3.15


def test_the_list_is_an_output(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The list is appended to the outputs of the step as JSON, oldest first; without a workflow it is printed alone."""
    (here / PYPROJECT).write_text('[project]\nrequires-python = ">=3.13,<3.15"\n', encoding="utf-8")
    (here / "output").write_text("a=b\n", encoding="utf-8")
    assert list_pythons({"GITHUB_OUTPUT": str(here / "output")}) == 0
    assert list_pythons({}) == 0
    assert capsys.readouterr().out == "Pythons: 3.13, 3.14\n" * 2
    assert (here / "output").read_text(encoding="utf-8") == 'a=b\npythons=["3.13", "3.14"]\n'


def test_a_missing_classifier_is_a_warning_that_names_it(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If a classifier is missing, a warning has the line to add; a project without any classifiers gets no warning."""
    text = f'[project]\nrequires-python = ">=3.14"\nclassifiers = ["{CLASSIFIER}15"]\n'
    (here / PYPROJECT).write_text(text, encoding="utf-8")
    assert list_pythons({}) == 0
    (warning,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("::warning title=Pythons::")]
    assert f'add "{CLASSIFIER}14" to `classifiers`' in warning
    assert find(">=3.13")[1] == []


def test_a_range_that_ends_within_a_python_gets_a_warning() -> None:
    """A range that ends within a minor version gets a warning: CI sets up the newest release, which is not admitted."""
    (warning,) = find(">=3.11,<=3.12")[1]
    assert "does not admit the newest release of Python 3.12" in warning
    assert find(">=3.11,!=3.12.0")[1] == []


@pytest.mark.parametrize("case", CASES["refused"].values(), ids=CASES["refused"])
def test_a_project_without_a_python_gets_the_reason(
    case: dict[str, str], here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """If no known Python is admitted, or the project cannot be read, an error says why, and nothing is listed."""
    if case["pyproject"] is not None:
        (here / PYPROJECT).write_text(case["pyproject"], encoding="utf-8")
    assert list_pythons({"GITHUB_OUTPUT": str(here / "output")}) == 1
    (error,) = capsys.readouterr().out.splitlines()
    assert error.startswith("::error title=Pythons::")
    assert case["message"] in error
    assert not (here / "output").exists()


@pytest.mark.parametrize("answers", [{}, {"python_min": "3.13"}], ids=["default", "3.13"])
def test_the_classifiers_are_the_pythons_that_the_template_knows(answers: Answers, render: Render) -> None:
    """The classifiers name all Pythons that the template knows, from the oldest that the package supports."""
    project = render(**answers)
    oldest = project.answers["python_min"]
    classifiers = tomllib.loads(project.read(PYPROJECT))["project"]["classifiers"]
    named = [name.rpartition(" ")[2] for name in classifiers if re.search(r"Python :: 3\.\d+$", name)]
    assert named == [f"3.{minor}" for minor in range(int(oldest[2:]), int(KNOWN_PYTHONS[-1][2:]) + 1)]
    assert named == list(KNOWN_PYTHONS[KNOWN_PYTHONS.index(oldest) :])


@pytest.mark.slow
@pytest.mark.parametrize("answers", variants(), ids=title)
def test_every_dependency_has_a_wheel_for_the_newest_python(answers: Answers, render: Render) -> None:
    """All dependencies, those of development and of all extras included, have a wheel: none has to be built."""
    newest = ("--python-version", KNOWN_PYTHONS[-1], "--only-binary", ":all:")
    render(**answers).run("uv", "pip", "compile", "--quiet", *newest, "--group", "dev", "--all-extras", PYPROJECT)
