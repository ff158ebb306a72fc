"""The scripts that maintainers of the template run."""

import re

import pytest
from bump import FILES, HOOK, PIN, bump
from release_notes import release_notes

from tests.support.commands import run
from tests.support.paths import CONSTRAINTS, ROOT, source

CHANGELOG = "# Changelog\n\n## 1.2.0 (2026-12-01)\n\n- New.\n\n## 1.2.0rc1\n\n- Newer.\n\n## 1.1.0\n"


@pytest.mark.parametrize(("tag", "notes"), [("v1.2.0", "- New.\n"), ("v1.2.0rc1", "- Newer.\n")])
def test_a_release_has_the_notes_of_its_version(tag: str, notes: str) -> None:
    """And no others."""
    assert release_notes(tag, CHANGELOG) == notes


@pytest.mark.parametrize(
    "tag", ["v1", "v1.2", "1.2.0", "latest", "v1.2.0-rc.1", "v1.02.0", "v1.2.0.0", "v1.2.0\n", "v1.2.0+x"]
)
def test_a_tag_that_is_no_full_version_is_refused(tag: str) -> None:
    """A floating tag would freeze updates."""
    with pytest.raises(ValueError, match="is no full version"):
        release_notes(tag, CHANGELOG)


@pytest.mark.parametrize("tag", ["v1.1.0", "v1.3.0", "v1.2.0b1"])
def test_a_release_without_notes_is_refused(tag: str) -> None:
    """The message says what to write."""
    with pytest.raises(ValueError, match=re.escape(tag[1:])):
        release_notes(tag, CHANGELOG)


def test_the_script_exits_with_1_for_a_bad_tag() -> None:
    """So that the workflow makes no release."""
    done = run("python", "scripts/release_notes.py", "v1", cwd=ROOT, check=False)
    assert done.returncode == 1
    assert "v1 is no full version" in done.stderr


def test_a_bump_finds_every_pin_of_what_is_rendered() -> None:
    """In every file, behind every expression."""
    pinning = re.compile(r"[=~]=\d|^ +rev: v", re.MULTILINE)
    for folder in ("template", "includes"):
        for path in (ROOT / folder).rglob("*"):
            name = path.relative_to(ROOT).as_posix()
            if path.is_file() and name != source(CONSTRAINTS) and pinning.search(path.read_text(encoding="utf-8")):
                assert name in FILES
    for file in FILES:
        text = (ROOT / file).read_text(encoding="utf-8")
        names = {match["name"] for match in PIN.finditer(text)} | {match["name"] for match in HOOK.finditer(text)}
        bumped = bump(text, dict.fromkeys(names, "9999"))
        assert len(pinning.findall(text)) == len(re.findall(r"[=~]=9999|^ +rev: v9999", bumped, re.MULTILINE))


def test_a_bump_moves_pins_and_hooks_forward_alone() -> None:
    """Also where one text pins a tool twice; never back."""
    text = 'lint = ["ruff==0.1.0", "x[y]==2.0"]\nrepo: https://h/ruff-pre-commit\n    rev: v0.1.0\nother==3'
    bumped = bump(text, {"ruff": "0.10.0", "x": "1.9"})
    assert bumped == text.replace("0.1.0", "0.10.0")
