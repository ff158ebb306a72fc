"""What a person reads is plain English: no phrase of `words.yml`, here or in what is rendered. It has no long lines."""

import re
from typing import Any

import pytest
import yaml

from tests.support.commands import tracked
from tests.support.paths import ROOT
from tests.support.projects import Render
from tests.support.questions import choices

WORDS = ROOT / "tests/words.yml"
LIST: list[dict[str, str]] = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
UNREAD = re.compile(r"\.(lock|txt|svg|css|png)$|package-lock\.json$|^LICENSE$|/words\.yml$")
BREAK = r"\s+(?:[#>*|-]+\s+)?"  # a space of a phrase may be a line break, in a comment as well
WIDTH = 110  # about 100, and a long answer
CODE = re.compile(r"^( *)(`{3,}).*?^\1\2$", re.DOTALL | re.MULTILINE)
# A table, an image, a badge, raw HTML, a quoted message; and a long word, which has no place to break.
UNWRAPPED = re.compile(r"^\s*(\||!?\[!|!\[|<|>)|\S{60}")


def phrases(text: str) -> list[str]:
    """Return what a text has of the list, each with the line and what to write instead."""
    found = []
    for entry in LIST:
        pattern = rf"(?<![\w.$/-])(?:{entry['words'].replace(' ', BREAK)})(?![\w-])"
        for match in re.finditer(pattern, text, re.IGNORECASE):
            line = text.count("\n", 0, match.start()) + 1
            found.append(f"line {line}: {' '.join(match[0].split())!r}: write {entry['write']}")
    return found


def wide(text: str) -> list[str]:
    """Return the lines of Markdown prose that are wider than `WIDTH`."""
    lines = CODE.sub("", text).splitlines()
    return [line for line in lines if len(line) > WIDTH and not UNWRAPPED.search(line)]


@pytest.mark.parametrize("entry", LIST, ids=lambda entry: entry["write"])
def test_the_list_finds_its_examples(entry: dict[str, str]) -> None:
    """Each entry of the list finds its example, also over a line break in a comment."""
    assert phrases(entry["example"])
    assert phrases("# " + entry["example"].replace(" ", "\n# "))


def test_this_repository_is_written_in_plain_english() -> None:
    """No document, message, comment or template source has a phrase of the list, and no page has a wide line."""
    files = [ROOT / name for name in tracked(ROOT) if not UNREAD.search(name)]
    assert len(files) > 100
    found = {path.relative_to(ROOT).as_posix(): phrases(path.read_text(encoding="utf-8")) for path in files}
    assert {name: lines for name, lines in found.items() if lines} == {}
    pages = [path for path in files if path.suffix == ".md" and not path.is_relative_to(ROOT / "template")]
    assert len(pages) > 20
    assert {path.name: lines for path in pages if (lines := wide(path.read_text(encoding="utf-8")))} == {}


@pytest.mark.parametrize(
    "answers",
    [
        *({"kind": kind} for kind in choices("kind")),
        {"scope": "release"},
    ],
    ids=lambda answers: next(iter(answers.values())),
)
def test_what_is_rendered_is_written_in_plain_english(answers: dict[str, Any], render: Render) -> None:
    """No rendered page, comment or message has a phrase of the list, and no rendered page has a wide line."""
    project = render(**answers)
    files = [path for path in project.path.rglob("*") if path.is_file() and not UNREAD.search(path.name)]
    found = {path.name: phrases(path.read_text(encoding="utf-8")) for path in files}
    assert {name: lines for name, lines in found.items() if lines} == {}
    pages = {path.name: path.read_text(encoding="utf-8") for path in files if path.suffix == ".md"}
    assert "RELEASING.md" in pages
    assert {name: lines for name, text in pages.items() if (lines := wide(text))} == {}
