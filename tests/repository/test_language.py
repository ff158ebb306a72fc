"""What a person reads is plain English: no phrase of `words.yml`, here or in what is rendered. It has no long lines."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.commands import tracked
from tests.support.paths import ROOT
from tests.support.projects import Render
from tests.support.questions import choices

WORDS: list[dict[str, str]] = yaml.safe_load((ROOT / "tests/words.yml").read_text(encoding="utf-8"))
UNREAD = re.compile(r"\.(lock|txt|svg|css|png)$|package-lock\.json$|^LICENSE$|/words\.yml$")
BREAK = r"\s+(?:[#>*|-]+\s+)?"  # a space of a phrase may be a line break, in a comment as well
ANY_PHRASE = "|".join(f"(?P<e{number}>{entry['words'].replace(' ', BREAK)})" for number, entry in enumerate(WORDS))
PHRASES = re.compile(rf"(?<![\w.$/-])(?:{ANY_PHRASE})(?![\w-])", re.IGNORECASE)
WIDTH = 110  # about 100, and a long answer
CODE = re.compile(r"^( *)(`{3,}).*?^\1\2$", re.DOTALL | re.MULTILINE)
# A table, an image, a badge, raw HTML, a quoted message; and a long word, which has no place to break.
UNWRAPPED = re.compile(r"^\s*(\||!?\[!|!\[|<|>)|\S{60}")


def phrases(text: str) -> list[str]:
    """Return what a text has of the list, each with the line and what to write instead."""
    found = []
    for match in PHRASES.finditer(text):
        entry = WORDS[int(str(match.lastgroup).removeprefix("e"))]
        found.append(f"line {text.count(chr(10), 0, match.start()) + 1}: {match[0]!r}: write {entry['write']}")
    return found


def faults(files: Iterable[Path], *, pages: bool) -> dict[str, list[str]]:
    """Return the phrases of the list in each file, and the wide lines of Markdown prose if the pages are checked."""
    found = {}
    for path in [path for path in files if path.is_file() and not UNREAD.search(path.as_posix())]:
        text = path.read_text(encoding="utf-8")
        lines = CODE.sub("", text).splitlines() if path.suffix == ".md" and pages else []
        found[str(path)] = phrases(text) + [line for line in lines if len(line) > WIDTH and not UNWRAPPED.search(line)]
    assert found
    return {name: lines for name, lines in found.items() if lines}


@pytest.mark.parametrize("entry", WORDS, ids=lambda entry: entry["write"])
def test_the_list_finds_its_examples(entry: dict[str, str]) -> None:
    """Each entry of the list finds its example, also over a line break in a comment."""
    assert phrases(entry["example"])
    assert phrases("# " + entry["example"].replace(" ", "\n# "))


def test_this_repository_is_written_in_plain_english() -> None:
    """No document, message, comment or template source has a phrase of the list, and no page has a wide line."""
    names = tracked(ROOT)
    assert faults((ROOT / name for name in names if not name.startswith("template/")), pages=True) == {}
    assert faults((ROOT / name for name in names if name.startswith("template/")), pages=False) == {}


@pytest.mark.parametrize("answers", [*({"kind": kind} for kind in choices("kind")), {"scope": "release"}], ids=str)
def test_what_is_rendered_is_written_in_plain_english(answers: dict[str, Any], render: Render) -> None:
    """No rendered page, comment or message has a phrase of the list, and no rendered page has a wide line."""
    assert faults(render(**answers).path.rglob("*"), pages=True) == {}
