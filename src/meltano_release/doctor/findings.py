"""What the checks of the doctor find, and how it is printed."""

from __future__ import annotations

import io
import json
import re
import sys
from typing import NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text

COLORS = {"ok": "green", "error": "bold red", "note": "cyan", "not checked": "yellow"}  # of the states
INDENT = " " * 13  # of what belongs to a finding
CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")
DOCUMENTATION = "https://meltanolabs.github.io/meltano-package-template/latest"


class Finding(NamedTuple):
    """What a check found: `ok`, `error`, `note` or `not checked`, a sentence, and the command or URL that helps."""

    state: str
    sentence: str
    remedy: str = ""


def without_credentials(finding: Finding) -> Finding:
    """Return a finding whose URLs name no user and no password, either of which may be a token."""
    return Finding(finding.state, *(CREDENTIALS.sub("", text) for text in finding[1:]))


def show_as_json(findings: list[Finding]) -> None:
    """Print the findings as a JSON array of objects with `state`, `sentence` and `remedy`, which may be empty."""
    print(json.dumps([without_credentials(finding)._asdict() for finding in findings], indent=2))


def show(findings: list[Finding]) -> None:
    """Print a line for each finding, which a terminal wraps between words, and its remedy on one line, to be copied."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # where the terminal has no arrow
    console = Console() if sys.stdout.isatty() else None
    for state, sentence, remedy in map(without_credentials, findings):
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
