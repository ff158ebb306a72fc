"""The edits that the AGENTS.md of a rendered project describes, made as a person would make them."""

import ast
import re
import textwrap
from pathlib import Path

from tests.support.projects import Project


def code(project: Project, heading: str) -> list[str]:
    """Return the blocks of Python under a heading of AGENTS.md."""
    sections = re.split(r"^##+ (.+)$", project.read("AGENTS.md"), flags=re.MULTILINE)
    (section,) = [text for title, text in zip(sections[1::2], sections[2::2], strict=True) if title == heading]
    return re.findall(r"^```python\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)


def paste(block: str, file: Path, into: str) -> None:
    """Put a block of code into a file: its methods, and a schema, into a class, where they replace what has their name.

    Imports go to the imports of the file, classes and constants before its first class, a whole module into a new file.
    """
    if not file.exists():
        file.write_text(block, encoding="utf-8")
        return
    for node in ast.parse(block).body:
        source = "\n".join(block.splitlines()[first_line(node) - 1 : node.end_lineno])
        lines = file.read_text(encoding="utf-8").splitlines()
        module = ast.parse("\n".join(lines))
        classes = [part for part in module.body if isinstance(part, ast.ClassDef)]
        if isinstance(node, ast.Import | ast.ImportFrom):
            position = next(part.lineno for part in module.body if isinstance(part, ast.Import | ast.ImportFrom)) - 1
            lines[position:position] = [source]
        elif isinstance(node, ast.FunctionDef) or name(node) == "schema":
            (target,) = [part for part in classes if part.name == into]
            start, end = place(target, name(node))
            lines[start:end] = textwrap.indent(source if start < end else f"\n{source}", "    ").splitlines()
        else:
            position = first_line(classes[0]) - 1
            lines[position:position] = f"{source}\n\n\n".splitlines()
        file.write_text("\n".join([*lines, ""]), encoding="utf-8")


def place(target: ast.ClassDef, wanted: str) -> tuple[int, int]:
    """Return the range of lines that a member of a class has, or the empty one after the last member."""
    for member in target.body:
        if name(member) == wanted:
            return first_line(member) - 1, member.end_lineno or 0
    end = target.end_lineno or 0
    return end, end


def first_line(node: ast.stmt) -> int:
    """Return the number of a statement's first line, its decorators included."""
    decorators = node.decorator_list if isinstance(node, ast.FunctionDef | ast.ClassDef) else []
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def name(node: ast.stmt) -> str:
    """Return the name that a statement defines, or an empty text."""
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    return str(getattr(node, "name", ""))
