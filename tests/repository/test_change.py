"""What CONTRIBUTING.md says of a change is true: these are all the places, and the command that tells exists."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
import yaml
from nox.registry import get as sessions

import noxfile
from meltano_release.pythons import KNOWN_PYTHONS
from tests.support.commands import tracked
from tests.support.paths import ACTIONS, COMMAND, PYPROJECT_SOURCE, ROOT
from tests.support.questions import choices, questions

CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
TABLE = CONTRIBUTING.partition("## To change something\n")[2].partition("\n## ")[0]
ROWS: dict[str, list[str]] = {
    name: cells for name, *cells in re.findall(r"^\| ((?:an?|the) .+?) \| (.+?) \| (.+?) \|$", TABLE, re.MULTILINE)
}
(SDK,) = set(re.findall(r"singer-sdk.*?~=([\d.]+)", (ROOT / PYPROJECT_SOURCE).read_text(encoding="utf-8")))
UNREAD = re.compile(r"\.(lock|txt|svg)$|package-lock\.json$|^CHANGELOG\.md$|^CONTRIBUTING\.md$")
ANSWERS = {"tests/answers.yml", "tests/support/any_answers.py"}  # those of the question itself
WRITTEN = {"docs/reference/combinations.md"}  # by a session


@cache
def texts() -> dict[str, str]:
    """Return what git tracks, by name, without locks and pictures."""
    return {name: (ROOT / name).read_text(encoding="utf-8") for name in tracked(ROOT) if not UNREAD.search(name)}


def naming(*parts: str, at_least: int = 0, without: str = r"\0") -> set[str]:
    """Return the files that have all texts, or at least as many as given, each as whole words."""
    whole = [re.compile(rf"(?<![\w.]){re.escape(part)}(?![\w.]*\w)") for part in parts]
    return {
        name
        for name, text in texts().items()
        if name not in WRITTEN and not re.search(without, name)
        if sum(bool(pattern.search(text)) for pattern in whole) >= (at_least or len(parts))
    }


def messages() -> list[str]:
    """Return the beginnings of the long texts in the modules of the gate that judge distributions."""
    modules = ("archives", "distributions", "metadata", "names", "wheel_files", "zip_records")
    trees = [ast.parse((COMMAND / f"{name}.py").read_text(encoding="utf-8")) for name in modules]
    nodes = [node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    long = [text for text in nodes if isinstance(text, str) and len(text) > 40 and "\n" not in text]
    return [text[:40].strip(" .,").rpartition(" ")[0] for text in long]


def steps() -> list[str]:
    """Return the names of the steps of the actions of a release."""
    contents = [yaml.safe_load((ACTIONS / name / "action.yml").read_bytes()) for name in ("build", "gate", "attach")]
    return [step["name"] for content in contents for step in content["runs"]["steps"]]


def test_the_table_has_every_place() -> None:
    """A real search finds no other place than those of the table: a Python stands in one file, and so on."""
    expected = {change: set(re.findall(r"`([^`]+)`", cells[0])) & texts().keys() for change, cells in ROWS.items()}
    newest = {file for python in KNOWN_PYTHONS[-2:] for file in naming(python, without="^tests/")}
    assert newest == expected["a Python"]
    assert naming(*choices("auth_method")[:-1]) == expected["a way to authenticate"]
    assert naming("auth_method", without="^(tests|docs)/|^copier.yml") == {"includes/authentication.jinja"}
    assert naming(*steps(), at_least=9, without="^actions/") == expected["a step of the release"]
    assert naming(*messages(), at_least=11, without="^src/") == expected["a message of the gate"]
    assert naming(*questions(), at_least=len(questions()) - 1) == expected["a question"] - ANSWERS
    assert naming(SDK, without="^tests/") == expected["the SDK"]
    assert expected["an action's pin"] == set()


@pytest.mark.parametrize("change", ROWS)
def test_the_command_that_tells_exists(change: str) -> None:
    """The command of each row names a session and tests that exist."""
    assert noxfile.__file__
    session, *arguments = ROWS[change][1].strip("`").removeprefix("nox -s ").replace("-- ", "").split()
    assert session in sessions()
    assert [path for path in arguments if path.startswith("tests/") and not (ROOT / Path(path)).exists()] == []
