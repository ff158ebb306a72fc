"""Print the notes of a release of the template: its section of CHANGELOG.md.

Usage: python scripts/release_notes.py TAG

A tag must be `v` and a full version of three numbers, with or without a pre-release (`v1.2.3`, `v2.0.0rc1`; PEP 440).
Anything else is refused: a floating tag such as `v1` would hide every later version from `copier update`.
"""

import re
import sys
from pathlib import Path

FULL_VERSION = re.compile(r"v(?P<version>(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}((a|b|rc)(0|[1-9]\d*))?)", re.ASCII)


def release_notes(tag: str, changelog: str) -> str:
    """Return the section of the changelog for a tag's version (`## 1.2.3 …`); raise `ValueError` if there is none."""
    full = FULL_VERSION.fullmatch(tag)
    if not full:
        message = f"The tag {tag} is not a full version: delete it, and tag vX.Y.Z or, for a pre-release, vX.Y.ZrcN."
        raise ValueError(message)
    section = re.search(
        rf"^## {re.escape(full['version'])}\b[^\n]*\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL
    )
    if not section or not section[1].strip():
        message = f"CHANGELOG.md has no notes for {full['version']}: write them, and move the tag {tag} to that commit."
        raise ValueError(message)
    return section[1].strip() + "\n"


def main(arguments: list[str]) -> int:
    """Print the notes for the tag that the arguments name; return the exit code."""
    (tag,) = arguments
    try:
        sys.stdout.write(release_notes(tag, Path("CHANGELOG.md").read_text(encoding="utf-8")))
    except ValueError as error:
        print(f"::error title=Release notes::{error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
