"""Markdown for the summary of a job, which no text from outside can break out of."""

from __future__ import annotations

import re


def code(text: str) -> str:
    """Return a text of one line as a code span that can stand in a cell of a table; its fence is as in `fenced`."""
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    space = " " if "`" in text else ""
    return f"{fence}{space}{text}{space}{fence}".replace("|", "\\|")


def fenced(text: str, language: str = "text") -> str:
    """Return a text as a fenced code block; the fence is longer than any in the text."""
    fence = "`" * (2 + max(map(len, re.findall("`+", text)), default=1))
    return f"{fence}{language}\n{text}\n{fence}"


def details(title: str, text: str) -> str:
    """Return a text as a code block that opens when its title is clicked."""
    return f"<details><summary>{title}</summary>\n\n{fenced(text)}\n\n</details>"
