"""What the checks of the doctor find, how they ask git and GitHub, and how findings are printed."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text

from meltano_release.pypi import NotCheckedError

Json = Any

COLORS = {"ok": "green", "error": "bold red", "note": "cyan", "not checked": "yellow"}  # of the states
INDENT = " " * 13  # of what belongs to a finding


class Finding(NamedTuple):
    """What a check found: `ok`, `error`, `note` or `not checked`, a sentence, and the command or URL that helps."""

    state: str
    sentence: str
    remedy: str = ""


def run(*command: str) -> str:
    """Return what a command prints; raise `NotCheckedError` if it is missing or fails."""
    try:
        done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
    except FileNotFoundError as error:
        message = f"`{command[0]}` is not installed"
        raise NotCheckedError(message) from error
    if done.returncode:
        raise NotCheckedError((done.stderr.strip() or f"`{' '.join(command)}` failed").splitlines()[-1])
    return done.stdout.strip()


def get(path: str) -> Json:
    """Return the response of GitHub's API, None for a 404; raise `NotCheckedError` if there is no valid one."""
    try:
        response = run("gh", "api", path)
    except NotCheckedError as error:
        if "HTTP 404" in str(error):
            return None
        raise
    try:
        return json.loads(response)
    except ValueError as error:
        message = f"`gh api {path}` did not print JSON"
        raise NotCheckedError(message) from error


def show(findings: list[Finding]) -> None:
    """Print a line for each finding, which a terminal wraps between words, and its remedy on one line, to be copied."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # where the terminal has no arrow
    console = Console() if sys.stdout.isatty() else None
    for state, sentence, remedy in findings:
        if console:
            line = Table.grid()
            line.add_column(width=len(INDENT))
            line.add_column()
            line.add_row(Text(state, COLORS.get(state, "")), Text(f"{sentence}."))
            console.print(line)
        else:
            print(f"{state:<12} {sentence}.")
        if remedy:
            print(f"{INDENT}→ {remedy}")
