"""The picture of the README: an interview, a package that passes its tests, and the summary of its release.

Usage: PYTHONPATH=. python scripts/picture.py SVG

All of it is a real run: copier in a terminal, Poetry's own install, and a release on the loopback servers of the tests.
What is left out is marked with a "⋮". The picture is narrow and its long lines wrap, so that a phone can show it.
"""

import io
import re
import shutil
import sys
import tempfile
from pathlib import Path

import pexpect
import pyte
import rich.console
from rich.markdown import Markdown
from rich.text import Text

from tests.simulation.sandbox import Sandbox
from tests.simulation.server import serve_loopback
from tests.support.commands import ENVIRONMENT, TEMPLATE_URL, redirect, run, tracked
from tests.support.folder_cache import FolderCache
from tests.support.paths import ACTIONS, COPIER_READS, ROOT
from tests.support.projects import Project
from tests.support.questions import questions

WIDTH = 56  # columns: on a phone of 390 px a letter is then 6 px wide
TERMINAL = (400, 400)  # rows and columns of the terminal that asks the questions: the picture wraps its lines
LAST_QUESTION_SHOWN = questions()["kind"]["help"].splitlines()[0]
COPY = f"uvx copier copy {TEMPLATE_URL} my-package"
CHECK = [
    "git init -q -b main && poetry install --quiet",
    "git add . && git commit -qm Begin",
    "poetry run pytest --quiet",
    "git tag v1.2.3 && poetry build --quiet && ls dist",
]
RELEASE = "gh release create v1.2.3 --generate-notes"


def interview(template: Path, folder: Path) -> list[str]:
    """Copy the template in a terminal, taking every default; return the lines of the screen at the end."""
    screen = pyte.Screen(TERMINAL[1], TERMINAL[0])
    stream = pyte.Stream(screen)
    env = ENVIRONMENT | redirect(template)
    options = {"cwd": folder, "env": env, "encoding": "utf-8", "dimensions": TERMINAL, "timeout": 60}
    terminal = pexpect.spawn("copier", ["copy", TEMPLATE_URL, "my-package"], **options)
    while terminal.expect(["🎤", pexpect.EOF]) == 0:
        stream.feed(terminal.before + terminal.after)
        terminal.send("\r")
    stream.feed(terminal.before)
    return [line.rstrip() for line in screen.display]


def shortened(lines: list[str]) -> list[str]:
    """Return an interview without its later questions, the list of files, and hints, each replaced by a "⋮"."""
    lines = [line for line in lines if "template version" not in line]
    first = next(number for number, line in enumerate(lines) if line.startswith("🎤"))
    last = next(number for number, line in enumerate(lines) if LAST_QUESTION_SHOWN in line)
    after = next(number for number in range(last + 1, len(lines)) if lines[number].startswith("🎤"))
    files = [number for number, line in enumerate(lines) if re.match(r" *(create|identical)  ", line)]
    answered = filter(None, lines[first:after])  # a fast terminal has fewer blank lines between them
    asked = "\n".join([*lines[:first], *answered])
    message = "\n".join(lines[files[-1] + 1 :])
    asked, message = (
        re.sub(r"(?<=\S)\n(?=[^\s🎤])", " ", text) for text in (asked, message)
    )  # the picture is narrower
    text = f"{asked}\n⋮\n{message}".strip("\n").replace("🎤", "?")  # not every reader has a font with emoji
    text = re.sub(r"(?s)(?<=\n)Next:.*(?=\.github/RELEASING\.md says)", "⋮\n\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).split("\n")


def check(folder: Path) -> list[str]:
    """Run the commands that check a package; return each behind a prompt, and what it printed."""
    script = "set -eu\n" + "".join(f"echo {prompt(line)!r}\n{line}\n" for line in CHECK)
    done = run("bash", "-c", script, cwd=folder)
    return re.sub(r" in [\d.]+s| +\[100%\]", "", done.stdout).rstrip("\n").split("\n")


def prompt(command: str) -> str:
    """Return a command as a terminal shows it."""
    return f"$ {command}"


def release(project: Project, folder: Path) -> str:
    """Release a package on loopback; return the summary of the run, Markdown as GitHub gets it."""
    tools = folder / "tools"
    launch = (sys.executable, "-I", ACTIONS / "launch.py", "run", "meltano-release", "--help")
    run(*launch, cwd=folder, env={"RUNNER_TEMP": str(tools)})
    with serve_loopback(folder / "loopback") as loopback:
        sandbox = Sandbox.create(project, folder, loopback, FolderCache(folder / "once"), tools)
        return sandbox.release().jobs["report"].summary


def perform() -> list[Text | Markdown]:
    """Run everything in a new folder; return what the picture shows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        template = folder / "template.git"
        for part in (template, folder / "loopback", folder / "once", folder / "tools"):
            part.mkdir()
        for file in tracked(ROOT, *COPIER_READS):
            (template / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / file, template / file)
        Project(template, {}).init("v1.0.0")
        asked = shortened(interview(template, folder))
        project = Project(folder / "my-package", {})
        checked = check(project.path)
        summary = release(project, folder)
    lines = [prompt(COPY), *asked, "", prompt("cd my-package"), *checked, "", prompt(RELEASE)]
    return [Text("\n".join(lines)), Text("\nThe summary of the run on GitHub:\n"), Markdown(summary)]


def draw(shown: list[Text | Markdown]) -> str:
    """Return an SVG of a terminal that shows it, and needs no font from elsewhere."""
    console = rich.console.Console(record=True, width=WIDTH, file=io.StringIO(), legacy_windows=False)
    for part in shown:
        if isinstance(part, Text):
            part.highlight_regex(r"(?m)^\$ .*$", "bold green")
            part.highlight_regex(r"(?m)^\? .*$", "bold")
        console.print(part)
    svg = console.export_svg(title="meltano package template", unique_id="session")
    return re.sub(r"\s*@font-face \{.*?\n    \}", "", svg, flags=re.DOTALL)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(draw(perform()), encoding="utf-8")
