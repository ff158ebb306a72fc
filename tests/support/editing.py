"""Changing the text of files."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

Changed = TypeVar("Changed")


def all_of(*changes: Callable[[Changed], object]) -> Callable[[Changed], None]:
    """Return a change that makes several, in this order."""

    def change(changed: Changed) -> None:
        for one in changes:
            one(changed)

    return change


def change_of(described: Any, known: Mapping[str, Any]) -> Callable[[Any], object]:  # noqa: ANN401 - a part of a table
    """Return the change that a table describes: the name of a known one, names and their arguments, or several."""
    if isinstance(described, str):
        return known[described]  # type: ignore[no-any-return]
    if isinstance(described, list):
        return all_of(*(change_of(one, known) for one in described))
    made = []
    for name, given in described.items():
        if isinstance(given, dict):
            made.append(known[name](**given))
        else:
            made.append(known[name](*(given if isinstance(given, list) else [given])))
    return all_of(*made)


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
