"""How many texts Jinja compiles in one run of Copier: most of its cost, and the same on every machine."""

from pathlib import Path
from typing import Any
from unittest.mock import patch

import jinja2

from tests.support.copier import run_copier

BOUNDS = {"copy a library": 620, "copy a tap": 760, "update a library": 900, "update a tap": 1000}


def compilations(*arguments: str | Path, cwd: Path) -> int:
    """Run Copier with these arguments; return how often it lets Jinja compile a text, which may be known already.

    Text that is not a template, such as an answer's type, is compiled as well.
    """
    count = 0
    compile_text = jinja2.Environment.compile

    def counted(*text: Any, **options: Any) -> Any:  # noqa: ANN401 - whatever Jinja takes and returns
        nonlocal count
        count += 1
        return compile_text(*text, **options)

    with patch.object(jinja2.Environment, "compile", counted):
        run_copier(*arguments, cwd=cwd)
    return count
