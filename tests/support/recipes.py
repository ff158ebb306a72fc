"""The edits that a page of the documentation describes, made in a rendered project as a reader would make them.

The title of a block of code says where it goes: `tests/source.py`, `client.py, in WeatherStream`, or
`streams.py, at the end`.
"""

import ast
import re
import textwrap
from pathlib import Path

from tests.support.paths import DOCS
from tests.support.projects import Project

BLOCK = re.compile(r'^```(\w+) title="([^",]+)(?:, (?:in )?([\w ]+))?"\n(.*?)^```$', re.MULTILINE | re.DOTALL)


def recipes(page: str) -> dict[str, list[tuple[str, str, str, str]]]:
    """Return the blocks of code under each heading of a page: language, file, place, and code."""
    _, *parts = re.split(r"^##+ (.+)$", (DOCS / page).read_text(encoding="utf-8"), flags=re.MULTILINE)
    found = {title: BLOCK.findall(text) for title, text in zip(parts[::2], parts[1::2], strict=True)}
    return {title: blocks for title, blocks in found.items() if blocks}


def follow(project: Project, page: str, *headings: str) -> None:
    """Make the edits under some headings of a page, then sort the imports and format, as the page says."""
    (package,) = (path for path in project.path.glob("src/*") if path.suffix != ".dist-info")
    for heading in headings:
        for language, name, place, code in recipes(page)[heading]:
            in_package = not name.startswith("tests/") and not (project.path / name).exists()
            file = (package if in_package else project.path) / name
            if not file.exists() or place == "the whole file":
                file.parent.mkdir(exist_ok=True)
                file.write_text(code, encoding="utf-8")
            elif language == "diff":
                change(file, code)
            else:
                paste(file, code, place)
    project.run("ruff", "check", "--quiet", "--fix", "--exit-zero")
    project.run("ruff", "format", "--quiet")


def change(file: Path, diff: str) -> None:
    """Replace texts of a file as a diff shows it; an empty line of the diff stands between two places."""
    for part in diff.strip("\n").split("\n\n"):
        old, new = ("".join(f"{line[1:]}\n" for line in part.splitlines() if line[0] != sign) for sign in "+-")
        text = file.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{file.name} has {text.count(old)} times:\n{old}"
        file.write_text(text.replace(old, new), encoding="utf-8")


def paste(file: Path, code: str, place: str) -> None:
    """Put code into a file: imports to the others, members into the class that is the place, all else before a class.

    What has the name of a member, class, or function there replaces it.
    """
    for node in ast.parse(code).body:
        source = "\n".join(code.splitlines()[slice(*lines_of(node))])
        lines = file.read_text(encoding="utf-8").splitlines()
        module = ast.parse("\n".join(lines)).body
        parents = [part for part in module if isinstance(part, ast.ClassDef) and part.name == place]
        same = [part for part in (parents[0].body if parents else module) if name(part) == name(node)]
        if isinstance(node, ast.Import | ast.ImportFrom):
            start = end = next(part.lineno for part in module if isinstance(part, ast.Import | ast.ImportFrom)) - 1
        elif parents:
            start, end = lines_of(same[0]) if same else (lines_of(parents[0])[1],) * 2
            source = textwrap.indent(source if same else f"\n{source}", "    ")
        elif same:
            start, end = lines_of(same[0])
        elif place == "at the end":
            start, end, source = len(lines), len(lines), f"\n\n{source}"
        else:
            start = end = next(lines_of(part)[0] for part in module if isinstance(part, ast.ClassDef))
            source = f"{source}\n\n\n"
        lines[start:end] = source.split("\n")
        file.write_text("\n".join([*lines, ""]), encoding="utf-8")


def lines_of(node: ast.stmt) -> tuple[int, int]:
    """Return where the lines of a statement begin, with its decorators, and end, both counted from 0."""
    decorators = node.decorator_list if isinstance(node, ast.FunctionDef | ast.ClassDef) else []
    return min([node.lineno, *(decorator.lineno for decorator in decorators)]) - 1, node.end_lineno or 0


def name(node: ast.stmt) -> str:
    """Return the name that a statement defines, or an empty text."""
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", node)]
    return str(getattr(node, "name", getattr(targets[0], "id", "")))
