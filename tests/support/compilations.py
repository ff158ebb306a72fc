"""How many texts Jinja compiles in one run of Copier: most of its cost, and the same on every machine.

Usage: python tests/support/compilations.py copy|update [OPTION]…

Runs Copier with these arguments, and prints the number as the last line.
"""

import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import jinja2

BOUNDS = {"copy a library": 620, "copy a tap": 760, "update a library": 900, "update a tap": 1000}


def compilations(*arguments: str | Path, cwd: Path) -> int:
    """Run Copier in a new process, where nothing is compiled yet; return how often Jinja compiled a text."""
    command = [sys.executable, __file__, *map(str, arguments)]
    return int(subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def main() -> None:
    """Run Copier's command and count; text that is not a template, such as an answer's type, is compiled as well."""
    count = 0
    compile_text = jinja2.Environment.compile

    def counted(*text: Any, **options: Any) -> Any:  # noqa: ANN401 - whatever Jinja takes and returns
        nonlocal count
        count += 1
        return compile_text(*text, **options)

    jinja2.Environment.compile = counted  # type: ignore[method-assign]
    try:
        runpy.run_module("copier", run_name="__main__", alter_sys=True)
    finally:
        print(count)


if __name__ == "__main__":
    main()
