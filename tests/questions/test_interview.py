"""Every question, refusal and message can be read whole in a terminal of 80 columns."""

import json
from pathlib import Path

import pytest

from tests.support.paths import ANSWERS_FILE, PUBLISHER_JSON
from tests.support.questions import questions, settings
from tests.support.terminal import COLUMNS, open_terminal

REPOSITORIES = {"tap": "tap-x", "target": "target-x", "extension": "x-ext"}  # by kind: all questions in three runs
ANSWERS = {  # what is typed: an answer that is refused, the sentence that says what to do, and a good answer
    "repository": ("a b", 'Use A-Z, a-z, 0-9, "-", "_", ".".', ""),
    "owner": ("nadia/novak", 'Leave out the "/": give the name alone.', "me"),
    "package_name": ("requests", "Avoid the names of other packages.", "my-name"),
    "environment": ("it's", "Leave out quotes.", "pypi"),
    "workflow_filename": ("test.yaml", "Use another: this is taken.", "publish.yaml"),
    "display_name": ("日本", "Add a letter A-Z or a digit.", "My Service"),
    "wrapped_command": ("echo a", "Use a command, no arguments.", "cat"),
    "description": (" ", "Say what the package does.", "It does it."),
    "author_name": ("<a>", 'Leave out "<".', "Me"),
    "author_email": ("me", "Use an email like a@example.com.", "me@example.com"),
}


def asked(kind: str) -> list[str]:
    """Return the questions that a project of a kind is asked, in order."""
    only = {
        "display_name": {"tap", "target", "extension"},
        "stream_type": {"tap"},
        "auth_method": {"tap"},
        "sink_type": {"target"},
        "wrapped_command": {"extension"},
    }
    return [question for question in questions() if kind in only.get(question, {kind})]


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[] if kind == "tap" else pytest.mark.slow) for kind in REPOSITORIES]
)
def test_each_question_and_refusal_is_shown_whole(kind: str, template: Path, tmp_path: Path) -> None:
    """The terminal shows each question's help and each refusal whole, and Copier then accepts another answer."""
    name = REPOSITORIES[kind]
    with open_terminal("copier", "copy", str(template), name, folder=tmp_path) as terminal:
        for question in asked(kind):
            terminal.wait_for("🎤", questions()[question]["help"])
            if question not in ANSWERS:
                terminal.press_enter()
                continue
            refused, sentence, good = ANSWERS[question]
            terminal.type(refused)
            terminal.wait_for(f"Validation error for question '{question}': {sentence}")
            terminal.type(good or name)
        assert terminal.wait_for_end() == 0
    answers = (tmp_path / name / ANSWERS_FILE).read_text(encoding="utf-8")
    assert f"kind: {kind}\n" in answers
    publisher = json.loads((tmp_path / name / PUBLISHER_JSON).read_text(encoding="utf-8"))
    assert publisher["package_name"] == "my-name"


def test_each_question_of_a_repository_that_exists_is_shown_whole(template: Path, tmp_path: Path) -> None:
    """After `release` is chosen with the arrow key, each question of PyPI's form is shown whole, and no other."""
    with open_terminal("copier", "copy", str(template), ".", folder=tmp_path) as terminal:
        terminal.wait_for(questions()["scope"]["help"])
        terminal.process.send("\x1b[B")
        for question in ["scope", "repository", "owner", "package_name", "environment", "workflow_filename"]:
            terminal.wait_for("🎤", questions()[question]["help"])
            terminal.press_enter()
        assert terminal.wait_for_end() == 0
    assert "scope: release\n" in (tmp_path / ANSWERS_FILE).read_text(encoding="utf-8")


def test_the_banner_says_that_nothing_is_written_before_the_end(template: Path, tmp_path: Path) -> None:
    """The banner says that nothing is written before the end, and Control-C in the middle leaves nothing behind."""
    with open_terminal("copier", "copy", str(template), "my-package", folder=tmp_path) as terminal:
        terminal.wait_for(settings()["_message_before_copy"].strip(), questions()["scope"]["help"])
        terminal.press_enter()
        terminal.wait_for(questions()["repository"]["help"])
        terminal.process.send("\x03")
        assert terminal.wait_for_end() != 0
    assert list(tmp_path.iterdir()) == []


def test_a_kind_that_cannot_have_the_repositorys_name_cannot_be_chosen(template: Path, tmp_path: Path) -> None:
    """No kind of plugin can be chosen if Python could not import the repository's name, which a plugin has."""
    with open_terminal("copier", "copy", str(template), "json", folder=tmp_path) as terminal:
        terminal.wait_for(questions()["scope"]["help"])
        terminal.press_enter()
        terminal.wait_for(questions()["repository"]["help"])
        terminal.press_enter()
        *_, last = questions()["kind"]["choices"]
        reason = "(Rename the repository: its name is a module of Python."
        shown = terminal.wait_for(questions()["kind"]["help"], f"{last} {reason}")  # the terminal draws it last
        assert shown.count(reason) == len(questions()["kind"]["choices"]) - 1


@pytest.mark.parametrize("question", questions())
def test_no_line_of_a_question_is_wider_than_the_terminal(question: str) -> None:
    """Every line of a question fits the terminal, also behind the picture of a first line or the arrow of a choice."""
    lines = questions()[question]["help"].split("\n")
    assert all(len(line) <= COLUMNS - 4 for line in lines)
    choices = questions()[question].get("choices", [])
    assert all(len(choice) <= COLUMNS - 4 for choice in choices)
