"""Every question, refusal and message can be read whole in a terminal of 80 columns."""

import json
from pathlib import Path

import pytest
import yaml

from tests.support.paths import ANSWERS_FILE, ANSWERS_TABLE, PUBLISHER_JSON
from tests.support.questions import questions, settings
from tests.support.terminal import COLUMNS, copier_in_terminal

REPOSITORIES = {"tap": "tap-x", "target": "target-x", "extension": "x-ext"}  # by kind: all questions in three runs
TYPED = yaml.safe_load(ANSWERS_TABLE.read_text(encoding="utf-8"))["typed"]
ASKED_OF = {"display_name": {"tap", "target", "extension"}, "stream_type": {"tap"}, "auth_method": {"tap"}}
ASKED_OF |= {"sink_type": {"target"}, "wrapped_command": {"extension"}}


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[] if kind == "tap" else pytest.mark.slow) for kind in REPOSITORIES]
)
def test_each_question_and_refusal_is_shown_whole(kind: str, template: Path, tmp_path: Path) -> None:
    """The terminal shows each question's help and each refusal whole, and Copier then accepts another answer."""
    name = REPOSITORIES[kind]
    with copier_in_terminal(template, name, tmp_path) as terminal:
        for question in [question for question in questions() if kind in ASKED_OF.get(question, {kind})]:
            terminal.wait_for("🎤", questions()[question]["help"])
            refused, sentence, good = TYPED.get(question, ("", "", ""))
            if refused:
                terminal.type(refused)
                terminal.wait_for(f"Validation error for question '{question}': {sentence}")
            terminal.type(good or (name if refused else ""))
        assert terminal.exit_code() == 0
    assert f"kind: {kind}\n" in (tmp_path / name / ANSWERS_FILE).read_text(encoding="utf-8")
    publisher = json.loads((tmp_path / name / PUBLISHER_JSON).read_text(encoding="utf-8"))
    assert publisher["package_name"] == "my-name"


def test_each_question_of_a_repository_that_exists_is_shown_whole(template: Path, tmp_path: Path) -> None:
    """After `release` is chosen with the arrow key, each question of PyPI's form is shown whole, and no other."""
    with copier_in_terminal(template, ".", tmp_path) as terminal:
        terminal.wait_for(questions()["scope"]["help"])
        terminal.process.send("\x1b[B")
        for question in ["scope", "repository", "owner", "package_name", "environment", "workflow_filename"]:
            terminal.wait_for("🎤", questions()[question]["help"])
            terminal.type("")
        assert terminal.exit_code() == 0
    assert "scope: release\n" in (tmp_path / ANSWERS_FILE).read_text(encoding="utf-8")


def test_the_banner_says_that_nothing_is_written_before_the_end(template: Path, tmp_path: Path) -> None:
    """The banner says that nothing is written before the end, and Control-C in the middle leaves nothing behind.

    No kind of plugin can be chosen if Python could not import the repository's name, which a plugin has.
    """
    with copier_in_terminal(template, "json", tmp_path) as terminal:
        terminal.wait_for(settings()["_message_before_copy"].strip(), questions()["scope"]["help"])
        terminal.type("")
        terminal.wait_for(questions()["repository"]["help"])
        terminal.type("")
        *_, last = questions()["kind"]["choices"]
        reason = "(Rename the repository: its name is a module of Python."
        shown = terminal.wait_for(questions()["kind"]["help"], f"{last} {reason}")  # the terminal draws it last
        assert shown.count(reason) == len(questions()["kind"]["choices"]) - 1
        terminal.process.send("\x03")
        assert terminal.exit_code() != 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("question", questions())
def test_no_line_of_a_question_is_wider_than_the_terminal(question: str) -> None:
    """Every line of a question fits the terminal, also behind the picture of a first line or the arrow of a choice."""
    lines = [*questions()[question]["help"].split("\n"), *questions()[question].get("choices", [])]
    assert all(len(line) <= COLUMNS - 4 for line in lines)
