"""Measure `copier copy`, `copier update` and the update of a fleet, beside a template of one file.

Usage: python scripts/bench.py [--runs N] [--projects N]

The runs of the two templates take turns, so that both meet the same machine; medians are compared. Prints a table;
the exit code is 1 if a bound is broken: copy 1.7, update with one changed workflow 2.0, and for the fleet, whose time
shall grow with its size and no faster, the last tenths beside the first, 1.25. Run it on a machine that is at rest.
"""

import argparse
import contextlib
import io
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import update_fleet

ROOT = Path(__file__).parent.parent
PARTS = ("copier.yml", "includes", "template")
WORKFLOW = "template/.github/workflows/release-build.yaml"
BOUNDS = {"copy": 1.7, "update": 2.0, "fleet": 1.25}
IDENTITY = {f"GIT_{role}_{part}": "bench@example.com" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}


def run(*command: str | Path, cwd: Path) -> None:
    """Run a command quietly; an error ends the measurement."""
    subprocess.run([str(part) for part in command], cwd=cwd, env=os.environ | IDENTITY, check=True, capture_output=True)


def commit(folder: Path, tag: str) -> None:
    """Commit everything in a folder, as a git repository, and tag it."""
    run("git", "init", "--quiet", "--initial-branch=main", cwd=folder)
    run("git", "add", "--all", cwd=folder)
    run("git", "commit", "--quiet", "--message", tag, cwd=folder)
    run("git", "tag", tag, cwd=folder)


def make_templates(folder: Path) -> dict[str, Path]:
    """Make both templates with two versions each, between which one line changed; return them by name."""
    whole, one = folder / "whole", folder / "one"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *PARTS], cwd=ROOT, check=True, capture_output=True, text=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        (whole / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, whole / name)
    (one / "template").mkdir(parents=True)
    (one / "copier.yml").write_text("_subdirectory: template\n", encoding="utf-8")
    (one / "template/{{ _copier_conf.answers_file }}.jinja").write_text(
        "{{ _copier_answers | to_nice_yaml }}", encoding="utf-8"
    )
    (one / "template/file.yaml").write_text("a: 1\ntimeout-minutes: 15\nb: 2\n", encoding="utf-8")
    for template, file in ((whole, WORKFLOW), (one, "template/file.yaml")):
        commit(template, "v1.0.0")
        changed = (template / file).read_text(encoding="utf-8").replace("timeout-minutes: 15", "timeout-minutes: 25")
        (template / file).write_text(changed, encoding="utf-8")
        commit(template, "v1.1.0")
    return {"whole": whole, "one": one}


def make_project(template: Path, destination: Path) -> Path:
    """Make a project of a template's first version, a git repository."""
    run("copier", "copy", "--quiet", "--defaults", "--vcs-ref=v1.0.0", template, destination, cwd=destination.parent)
    commit(destination, "v0.1.0")
    return destination


class Cost(NamedTuple):
    """What actions cost, in seconds: on the clock, and of the processors, which other work disturbs less."""

    clock: float
    processor: float


def spent() -> Cost:
    """Return the time until now, and that of the processors in the commands that were run."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(time.perf_counter(), used.ru_utime + used.ru_stime)


def cost(action: Callable[[], object]) -> Cost:
    """Return what one action costs."""
    before = spent()
    action()
    return Cost(*(after - at for after, at in zip(spent(), before, strict=True)))


def medians(runs: int, measured: dict[str, Callable[[int], None]]) -> dict[str, Cost]:
    """Return the medians of each action's costs; the actions take turns, and the first turn does not count."""
    costs: dict[str, list[Cost]] = {name: [] for name in measured}
    for number in range(runs + 1):
        for name, action in measured.items():
            costs[name].append(cost(partial(action, number)))
    return {name: Cost(*map(statistics.median, zip(*taken[1:], strict=True))) for name, taken in costs.items()}


def measure_copy(folder: Path, templates: dict[str, Path], runs: int) -> dict[str, Cost]:
    """Return the medians of `copier copy` with both templates."""
    folder.mkdir()

    def copy(name: str) -> Callable[[int], None]:
        command = ("copier", "copy", "--quiet", "--defaults", templates[name])
        return lambda number: run(*command, folder / f"{name}-{number}", cwd=folder)

    return medians(runs, {name: copy(name) for name in templates})


def measure_update(folder: Path, templates: dict[str, Path], runs: int) -> dict[str, Cost]:
    """Return the medians of `copier update` with both templates, where one line of one file changed."""
    folder.mkdir()
    born = {name: make_project(template, folder / name) for name, template in templates.items()}
    for name, project in born.items():
        for number in range(runs + 1):
            shutil.copytree(project, folder / f"{name}-{number}")

    def update(name: str) -> Callable[[int], None]:
        command = ["copier", "update", "--quiet", "--skip-answered", "--defaults"]
        return lambda number: run(*command, cwd=folder / f"{name}-{number}")

    return medians(runs, {name: update(name) for name in templates})


def measure_fleet(folder: Path, template: Path, projects: int) -> list[Cost]:
    """Return what each tenth of a fleet costs to update, in order."""
    folder.mkdir()
    born = make_project(template, folder / "born")
    clones = [folder / f"project-{number}" for number in range(projects)]
    for clone in clones:
        shutil.copytree(born, clone)
    os.environ.update(IDENTITY)

    def update(some: list[Path]) -> None:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            code = update_fleet.main(["--work", str(folder / "fleet"), *map(str, some)])
        if code or printed.getvalue().count(": updated, ") != len(some):
            sys.exit(printed.getvalue())

    tenth = projects // 10
    return [cost(partial(update, clones[start : start + tenth])) for start in range(0, projects, tenth)]


def rows(runs: int, projects: int) -> Iterator[tuple[str, str, str, float, float]]:
    """Measure; yield a row for each comparison: what, the two figures, their ratio and its bound."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        templates = make_templates(folder)
        for what, measure in (("copy", measure_copy), ("update", measure_update)):
            took = measure(folder / what, templates, runs)
            whole, one = took["whole"], took["one"]
            yield f"copier {what}", f"{whole.clock:.2f} s", f"{one.clock:.2f} s", whole.clock / one.clock, BOUNDS[what]
            label = f"copier {what}, processors"
            yield (
                label,
                f"{whole.processor:.2f} s",
                f"{one.processor:.2f} s",
                whole.processor / one.processor,
                BOUNDS[what],
            )
        tenths = measure_fleet(folder / "fleet", templates["whole"], projects)
        total = sum(tenth.clock for tenth in tenths)
        print(f"A fleet of {projects} took {total:.0f} s, {total / projects:.2f} s each.")
        first, last = (statistics.mean(tenth.processor for tenth in some) for some in (tenths[:3], tenths[-3:]))
        yield (
            "the fleet's last tenths, processors",
            f"{last:.1f} s",
            f"first: {first:.1f} s",
            last / first,
            BOUNDS["fleet"],
        )


def main() -> int:
    """Print the table row by row; return 1 if a ratio is over its bound, else 0."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--projects", type=int, default=100)
    options = parser.parse_args()
    print(f"| {'measured':36} | {'this template':13} | {'beside':13} | ratio | bound |")
    print(f"| {'-' * 36} | {'-' * 13} | {'-' * 13} | ----- | ----- |")
    broken = 0
    for what, this, beside, ratio, bound in rows(options.runs, options.projects):
        broken += ratio > bound
        print(
            f"| {what:36} | {this:13} | {beside:13} | {ratio:5.2f} | {bound:5.2f} |{' over' * (ratio > bound)}",
            flush=True,
        )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
