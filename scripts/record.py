"""Record the session that the README shows, from a real run, as an SVG.

Usage: python scripts/record.py SVG

Runs the commands in a new folder, with the template of the working tree, and draws what they print. Needs copier, git
and Poetry with its versioning plugin on the PATH.
"""

import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import rich.console
from rich.text import Text

ROOT = Path(__file__).parent.parent
WIDTH = 100  # columns
SESSION = [
    'copier copy --defaults "$TEMPLATE" my-package 2>&1 | tail -n 17',
    "cd my-package",
    "git init -q -b main && git add . && git commit -qm Begin && git tag v1.2.3",
    "poetry build",
]


def perform(session: list[str]) -> str:
    """Run the commands in one shell, in a new folder; return each behind a prompt, and what it printed."""
    prompt = r"printf '\n\033[1;32m$\033[0m \033[1m%s\033[0m\n'"
    script = "set -eu\n" + "".join(f"{prompt} {shlex.quote(line)}\n{line}\n" for line in session)
    author = {f"GIT_{role}_{what}": "me@example.com" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            ["bash", "-c", script],
            check=True,
            cwd=folder,
            env=os.environ | author | {"TEMPLATE": str(ROOT), "POETRY_VIRTUALENVS_CREATE": "false"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    return re.sub(r"\n{3,}", "\n\n", done.stdout)


def draw(output: str) -> str:
    """Return a terminal's output as an SVG that needs no font from elsewhere."""
    console = rich.console.Console(record=True, width=WIDTH, file=io.StringIO(), legacy_windows=False)
    console.print(Text.from_ansi(output.strip("\n")))
    svg = console.export_svg(title="meltano package template", unique_id="session")
    return re.sub(r"\s*@font-face \{.*?\n    \}", "", svg, flags=re.DOTALL)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(draw(perform(SESSION)), encoding="utf-8")
