"""Count what `copier copy` and `copier update` compile, and time both beside a plain template of the same size.

Usage: PYTHONPATH=. python scripts/bench.py [--runs N]

Jinja's compilations are most of the cost, and the same on every machine: a count over its bound is an error. Times
have no bound: they are shown beside those of a skeleton, which takes turns with the template in the same run. It has as
many files, files with Jinja in them and questions as a project, and no macros, rules or computed answers.

The last rows are `meltano-release update`, beside `copier check-update` and `copier update` together: here more than
the bound of the processors' time is an error.
"""

import argparse
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import jinja2
import yaml

from tests.support.adoption import maintain
from tests.support.commands import run, tracked
from tests.support.copier import run_copier
from tests.support.paths import ANSWERS_FILE, COPIER_READS, RELEASE_WORKFLOW, RELEASE_WORKFLOW_SOURCE, ROOT
from tests.support.projects import Project
from tests.support.questions import questions
from tests.support.versions import LINE_CHANGE, Versions, clone_from_origin

BOUNDS = {"copy a library": 620, "copy a tap": 760, "update a library": 900, "update a tap": 1000}
COMMAND_BOUND = 1.1  # of the processors' time of `meltano-release update`, by that of Copier's two commands
PROJECTS = {"library": "my-package", "tap": "tap-sample"}  # the folder of a project, by kind
COPY = ("copy", "--quiet", "--defaults")
UPDATE = ("update", "--quiet", "--skip-answered", "--defaults")
COLUMNS = ("measured", "template", "skeleton", "bound")


def compilations(*arguments: str | Path, cwd: Path) -> int:
    """Run Copier with these arguments; return how often it lets Jinja compile a text, which may be known already.

    Text that is not a template, such as an answer's type, is compiled as well.
    """
    compile_text = jinja2.Environment.compile
    with patch.object(jinja2.Environment, "compile", autospec=True, side_effect=compile_text) as compiled:
        run_copier(*arguments, cwd=cwd)
    return compiled.call_count


def make_template(folder: Path) -> Versions:
    """Make two versions of the working tree's template, between which one line of a workflow changed."""
    for name in tracked(ROOT, *COPIER_READS):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    return Versions.begin(folder).replace(RELEASE_WORKFLOW_SOURCE, *LINE_CHANGE).tag("v1.1.0")


def make_skeleton(template: Path, project: Path, skeleton: Path) -> Versions:
    """Make two versions of a template with the files of a project and the questions of its template.

    Each question has a plain default. A file that is rendered from one with Jinja in it is one here, too: one answer,
    and then the text as it is.
    """
    with_jinja = {path.name.removesuffix(".jinja") for path in (template / "template").rglob("*.jinja")}
    with_jinja.add(Path(RELEASE_WORKFLOW).name)  # an answer in the template
    for name in tracked(project):
        if name == ANSWERS_FILE:
            continue
        text, suffix = (project / name).read_text(encoding="utf-8"), ""
        if Path(name).name in with_jinja:
            text, suffix = "# {{ repository }}\n{% raw %}\n" + text + "{% endraw %}\n", ".jinja"
        file = skeleton / "template" / f"{name}{suffix}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    answers = skeleton / "template/{{ _copier_conf.answers_file }}.jinja"
    answers.write_text("{{ _copier_answers | to_nice_yaml }}", encoding="utf-8")
    plain = {name: {"type": "str", "help": asked["help"], "default": name} for name, asked in questions().items()}
    content = yaml.safe_dump({"_subdirectory": "template"} | plain, sort_keys=False)
    (skeleton / "copier.yml").write_text(content, encoding="utf-8")
    return Versions.begin(skeleton).replace(f"template/{RELEASE_WORKFLOW}.jinja", *LINE_CHANGE).tag("v1.1.0")


class Cost(NamedTuple):
    """What an action costs, in seconds: on the clock, and of the processors, which other work disturbs less."""

    clock: float
    processors: float


def cost(action: Callable[[], object]) -> Cost:
    """Return what one action costs, which runs commands."""

    def spent() -> Cost:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return Cost(time.perf_counter(), used.ru_utime + used.ru_stime)

    before = spent()
    action()
    return Cost(*(after - at for after, at in zip(spent(), before, strict=True)))


def medians(runs: int, actions: Sequence[Callable[[], object]]) -> list[Cost]:
    """Return the medians of each action's costs; the actions take turns, and the first turn does not count."""
    turns = [[cost(action) for action in actions] for _ in range(runs + 1)][1:]
    return [Cost(*map(statistics.median, zip(*taken, strict=True))) for taken in zip(*turns, strict=True)]


class Bench(NamedTuple):
    """A template, and a project of its first version: what is copied and updated."""

    template: Versions
    project: Project

    @classmethod
    def create(cls, template: Versions, folder: Path) -> "Bench":
        """Make a project of a template in a folder."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        return cls(template, template.project(folder, "--vcs-ref=v1.0.0"))

    def perform(self, what: str, act: Callable[..., int]) -> int:
        """Copy the newest version, or update the project, which is put back before; return what it gives."""
        if what == "update":
            self.project.run("git", "reset", "--quiet", "--hard")
            return act(*UPDATE, cwd=self.project.path)
        with tempfile.TemporaryDirectory() as folder:
            return act(*COPY, self.template.path, self.project.path.name, cwd=Path(folder))


def copier(*arguments: str | Path, cwd: Path) -> int:
    """Run Copier; return its exit code."""
    return run("copier", *arguments, cwd=cwd).returncode


def measure(folder: Path, runs: int) -> bool:
    """Print the table row by row; return whether a count is over its bound."""
    template, over = make_template(folder / "template"), False
    for kind, name in PROJECTS.items():
        benches = [Bench.create(template, folder / kind / name)]
        if runs:
            skeleton = make_skeleton(template.path, benches[0].project.path, folder / f"skeleton-{kind}")
            benches.append(Bench.create(skeleton, folder / f"skeleton-of-{kind}" / name))
        for what in ("copy", "update"):
            label = f"{what} a {kind}"
            counts = [bench.perform(what, compilations) for bench in benches]
            over |= counts[0] > BOUNDS[label]
            print_row(f"{label}: compilations", *counts, bound=str(BOUNDS[label]))
            if runs:
                times = medians(runs, [partial(bench.perform, what, copier) for bench in benches])
                for unit, found in zip(Cost._fields, zip(*times, strict=True), strict=True):
                    print_row(f"{label}: seconds, {unit}", *found)
    return over | (runs > 0 and measure_command(benches[0].project, folder / "command", runs))


def measure_command(project: Project, folder: Path, runs: int) -> bool:
    """Print what `meltano-release update` costs beside Copier's commands; return whether that is over its bound."""
    clone = clone_from_origin(project, folder)

    def update_with_copier() -> None:
        clone.run("git", "reset", "--quiet", "--hard")
        clone.run("copier", "check-update", "--quiet", check=False)  # exits with 2: there is an update
        clone.run("copier", *UPDATE)

    def update_with_command() -> None:
        clone.run("git", "reset", "--quiet", "--hard")
        maintain(clone, "update")

    ours, theirs = medians(runs, [update_with_command, update_with_copier])
    print_row("the command: seconds, clock", ours.clock, theirs.clock)
    print_row("the command: seconds, processors", ours.processors, theirs.processors, bound=f"x {COMMAND_BOUND}")
    return ours.processors > COMMAND_BOUND * theirs.processors


def print_row(label: str, *found: float, bound: str = "") -> None:
    """Print one row of the table."""
    shown = [str(value) if isinstance(value, int) else f"{value:.2f}" for value in found] + [""]
    print(f"| {label:38} | {shown[0]:>8} | {shown[1]:>8} | {bound:>8} |", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 1 if a count is over its bound, else 0."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5, help="runs that are timed; 0 counts alone, without the skeleton")
    runs = parser.parse_args(arguments).runs
    print(f"| {COLUMNS[0]:38} | {' | '.join(f'{name:>8}' for name in COLUMNS[1:])} |")
    print(f"| {'-' * 38} | {' | '.join(['-' * 8] * 3)} |")
    with tempfile.TemporaryDirectory() as folder:
        return 1 if measure(Path(folder), runs) else 0


if __name__ == "__main__":
    sys.exit(main())
