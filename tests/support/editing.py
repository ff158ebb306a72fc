"""Changing the text of files."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Changed = TypeVar("Changed")


def all_of(*changes: Callable[[Changed], object]) -> Callable[[Changed], None]:
    """Return a change that makes several, in this order."""

    def change(changed: Changed) -> None:
        for one in changes:
            one(changed)

    return change


def replace(file: Path, old: str, new: str) -> None:
    """Replace a text wherever the file holds it; line endings stay. A file without the text is an error."""
    content = file.read_bytes()
    assert old.encode() in content, f"{file} does not hold {old!r}"
    file.write_bytes(content.replace(old.encode(), new.encode()))


def replace_hashes(constraints: Path, package: str) -> None:
    """Replace every hash of one package of a constraints file by zeros."""
    text, count = re.subn(
        rf"(?<=\n{re.escape(package)}==).*?(?=\n    # via)",
        lambda pinned: re.sub("[0-9a-f]{64}", "0" * 64, pinned[0]),
        constraints.read_text(encoding="utf-8"),
        flags=re.DOTALL,
    )
    assert count == 1, f"{constraints} pins {package} {count} times"
    constraints.write_text(text, encoding="utf-8")
