"""Measure `copier copy` and `copier update` beside a template of one file, and the fleet script beside its commands.

Usage: python scripts/bench.py [--runs N] [--projects N]

What is compared takes turns, so that both sides meet the same machine; medians are compared. Prints a table; the exit
code is 1 if a bound is broken:

- copy 1.7, and update with one changed workflow 2.0 times the template of one file;
- the fleet script 0.5 times the processor time of `copier check-update` and `copier update` for each clone;
- the last third of a fleet 1.25 times the first: the time grows with the number of clones and no faster.

Run it on a machine that is at rest.
"""

import argparse
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
from itertools import chain
from pathlib import Path
from typing import NamedTuple, TypeAlias

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "scripts/update_fleet.py"
PARTS = ("copier.yml", "includes", "template")
WORKFLOW = "template/.github/workflows/release-build.yaml"
BOUNDS = {"copy": 1.7, "update": 2.0, "fleet": 0.5, "growth": 1.25}
OUTDATED = 2  # the exit code of `copier check-update` if there is a newer version
GROUP = 10  # clones that one run of the fleet script updates
COMPARED = 3  # clones that Copier's commands update after each group
IDENTITY = {f"GIT_{role}_{part}": "bench@example.com" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}

Row: TypeAlias = tuple[str, str, str, float, float]


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


def make_project(template: Path | str, destination: Path) -> Path:
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
    projects = {name: make_project(template, folder / name) for name, template in templates.items()}
    for name, project in projects.items():
        for number in range(runs + 1):
            shutil.copytree(project, folder / f"{name}-{number}")

    def update(name: str) -> Callable[[int], None]:
        command = ["copier", "update", "--quiet", "--skip-answered", "--defaults"]
        return lambda number: run(*command, cwd=folder / f"{name}-{number}")

    return medians(runs, {name: update(name) for name in templates})


def update_one_by_one(clone: Path, tree: Path) -> None:
    """Update one clone with Copier's commands in a worktree, as the fleet script did before it used Copier's library.

    Args:
        clone: The clone, a git repository.
        tree: The folder for the worktree, which is removed again.
    """
    run("git", "worktree", "prune", cwd=clone)
    run("git", "worktree", "add", "--quiet", "--detach", tree, "HEAD", cwd=clone)
    checked = subprocess.run(["copier", "check-update", "--quiet"], cwd=tree, check=False, capture_output=True)
    if checked.returncode != OUTDATED:
        sys.exit(f"copier check-update: exit code {checked.returncode}\n{checked.stderr.decode()}")
    run("git", "switch", "--quiet", "--force-create", "template-update", cwd=tree)
    run("copier", "update", "--quiet", "--skip-answered", "--defaults", cwd=tree)
    run("git", "diff", "--name-only", "--diff-filter=U", cwd=tree)
    subprocess.run(["git", "grep", "-lI", "^<<<<<<< "], cwd=tree, check=False, capture_output=True)
    run("git", "ls-files", "--cached", "--others", "*.rej", cwd=tree)
    run("git", "add", "--all", cwd=tree)
    run("git", "commit", "--quiet", "--no-verify", "--message", "Update the template", cwd=tree)
    run("git", "worktree", "remove", "--force", tree, cwd=clone)


class Fleet(NamedTuple):
    """What the updates of a fleet cost.

    Attributes:
        groups: The cost of the script for each `GROUP` of clones, in order.
        others: The cost of Copier's commands for `COMPARED` other clones, after each group.
    """

    groups: list[Cost]
    others: list[Cost]


def measure_fleet(folder: Path, template: Path, projects: int) -> Fleet:
    """Measure the fleet script beside Copier's commands, with a template behind a URL; the two take turns.

    Args:
        folder: The folder to make everything in.
        template: The template's repository.
        projects: How many clones the script updates, in groups of `GROUP`.
    """
    folder.mkdir()
    os.environ["COPIER_CACHE_DIR"] = str(folder / "cache")
    run("git", "clone", "--quiet", "--bare", template, "template.git", cwd=folder)
    original = make_project(f"file://{folder / 'template.git'}", folder / "original")
    groups = range(projects // GROUP)
    names = [[f"project-{group}-{number}" for number in range(GROUP)] for group in groups]
    others = [[f"other-{group}-{number}" for number in range(COMPARED)] for group in groups]
    for name in chain(*names, *others):
        shutil.copytree(original, folder / name)

    def update(group: int) -> None:
        run(sys.executable, SCRIPT, "--work", "fleet", *names[group], cwd=folder)

    def update_others(group: int) -> None:
        for name in others[group]:
            update_one_by_one(folder / name, folder / f"tree-of-{name}")

    update_one_by_one(original, folder / "tree-of-original")  # fills the cache of Copier's commands
    fleet = Fleet([], [])
    for group in groups:
        fleet.groups.append(cost(partial(update, group)))
        fleet.others.append(cost(partial(update_others, group)))
    return fleet


def rows_of_fleet(folder: Path, template: Path, projects: int) -> Iterator[Row]:
    """Measure the fleet script; yield its rows as `rows` does."""
    fleet = measure_fleet(folder, template, projects)
    clock = sum(group.clock for group in fleet.groups)
    count = len(fleet.groups) * GROUP
    print(f"A fleet of {count} took {clock:.0f} s, {clock / count:.2f} s each.")
    this = sum(group.processor for group in fleet.groups) / count
    other = sum(group.processor for group in fleet.others) / (len(fleet.others) * COMPARED)
    yield "fleet, processors, a clone", f"{this:.2f} s", f"{other:.2f} s", this / other, BOUNDS["fleet"]
    third = max(1, len(fleet.groups) // 3)
    first, last = (
        statistics.mean(group.processor for group in some) for some in (fleet.groups[:third], fleet.groups[-third:])
    )
    yield "fleet, processors, last third", f"{last:.1f} s", f"first: {first:.1f} s", last / first, BOUNDS["growth"]


def rows(runs: int, projects: int) -> Iterator[Row]:
    """Measure; yield a row for each comparison: what, the two figures, their ratio and its bound."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        templates = make_templates(folder)
        for what, measure in (("copy", measure_copy), ("update", measure_update)) if runs else ():
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
        yield from rows_of_fleet(folder / "fleet", templates["whole"], projects)


def main() -> int:
    """Print the table row by row; return 1 if a ratio is over its bound, else 0."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=9, help="runs of copy and update; 0 measures the fleet alone")
    parser.add_argument("--projects", type=int, default=100, help=f"clones in the fleet, a multiple of {GROUP}")
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
