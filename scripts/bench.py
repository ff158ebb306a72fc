"""Measure `copier copy` and `copier update` beside two other templates, and the fleet script beside its commands.

Usage: python scripts/bench.py [--runs N] [--projects N]

The other templates are one of a single file, and a skeleton of the same size: as many files, files with Jinja in them
and questions as a project has, and no macros, rules or computed answers.

What is compared takes turns, so that both sides meet the same machine; medians are compared. Prints a table; the exit
code is 1 if a bound is broken. The bounds are what the template takes today and a tenth more, so that growth is seen:

- copy 2.3, and update with one changed workflow 4.2 times the template of one file;
- copy 1.8, and update 2.1 times the skeleton, for a library and for a tap;
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

import yaml

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "scripts/update_fleet.py"
PARTS = ("copier.yml", "includes", "template")
WORKFLOW = "template/.github/workflows/{{ workflow_filename }}.jinja"
RENDERED_WORKFLOW = "release.yaml"
LINE = ("timeout-minutes: 10", "timeout-minutes: 20")  # of the workflow, from one version to the next
BOUNDS = {
    "copy a library: one file": 2.3,
    "update a library: one file": 4.2,
    "copy a library: skeleton": 1.8,
    "copy a tap: skeleton": 1.8,
    "update a library: skeleton": 2.1,
    "update a tap: skeleton": 2.1,
    "fleet": 0.5,
    "growth": 1.25,
}
PROJECTS = {"library": "my-package", "tap": "tap-sample"}  # the folder of a project, by kind
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
    """Make all templates with two versions each, between which one line changed; return them by name."""
    whole, one = folder / "whole", folder / "one"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *PARTS], cwd=ROOT, check=True, capture_output=True, text=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        (whole / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, whole / name)
    write_answers_file(one)
    (one / "copier.yml").write_text("_subdirectory: template\n", encoding="utf-8")
    (one / "template/file.yaml").write_text(f"a: 1\n{LINE[0]}\nb: 2\n", encoding="utf-8")
    make_versions(whole, WORKFLOW)
    make_versions(one, "template/file.yaml")
    templates = {"whole": whole, "one": one}
    for kind, name in PROJECTS.items():
        templates[f"skeleton of a {kind}"] = skeleton = folder / kind
        make_skeleton(whole, make_project(whole, folder / "rendered" / name), skeleton)
        make_versions(skeleton, f"template/.github/workflows/{RENDERED_WORKFLOW}.jinja")
    return templates


def write_answers_file(template: Path) -> None:
    """Write the template of the file that keeps the answers."""
    (template / "template").mkdir(parents=True)
    name = "{{ _copier_conf.answers_file }}.jinja"
    (template / "template" / name).write_text("{{ _copier_answers | to_nice_yaml }}", encoding="utf-8")


def make_versions(template: Path, file: str) -> None:
    """Make a template a git repository with two versions, between which one line of a file changed."""
    commit(template, "v1.0.0")
    text = (template / file).read_text(encoding="utf-8")
    if text.count(LINE[0]) != 1:
        sys.exit(f"{file} has not one line with {LINE[0]!r}")
    (template / file).write_text(text.replace(*LINE), encoding="utf-8")
    commit(template, "v1.1.0")


def make_skeleton(template: Path, project: Path, skeleton: Path) -> None:
    """Make a template with the files of a project and the questions of its template, each with a plain default.

    A file that is rendered from one with Jinja in it is one here, too: one answer, and then the text as it is.
    """
    with_jinja = {path.name.removesuffix(".jinja") for path in (template / "template").rglob("*.jinja")}
    with_jinja.add(RENDERED_WORKFLOW)  # where the template has an answer in its name
    write_answers_file(skeleton)
    for path in project.rglob("*"):
        name = path.relative_to(project)
        if path.is_dir() or name.parts[0] in {".git", ".copier-answers.yml"}:
            continue
        text, suffix = path.read_text(encoding="utf-8"), ""
        if name.name in with_jinja:
            text, suffix = "# {{ repository }}\n{% raw %}\n" + text + "{% endraw %}\n", ".jinja"
        (skeleton / "template" / name.parent).mkdir(parents=True, exist_ok=True)
        (skeleton / "template" / f"{name}{suffix}").write_text(text, encoding="utf-8")
    content = yaml.safe_load((template / "copier.yml").read_text(encoding="utf-8"))
    questions = {
        name: {"type": "str", "help": question["help"], "default": name}
        for name, question in content.items()
        if name[0] != "_" and question.get("when") is not False and question.get("ask") is not False
    }
    plain = yaml.safe_dump({"_subdirectory": "template"} | questions, sort_keys=False)
    (skeleton / "copier.yml").write_text(plain, encoding="utf-8")


def make_project(template: Path | str, destination: Path) -> Path:
    """Make a project of a template's first version, a git repository."""
    destination.parent.mkdir(parents=True, exist_ok=True)
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


def measure_copy(folder: Path, compared: dict[str, tuple[Path, str]], runs: int) -> dict[str, Cost]:
    """Return the medians of `copier copy`; what is compared is a template and the name of the project's folder."""
    folder.mkdir()

    def copy(name: str) -> Callable[[int], None]:
        template, project = compared[name]
        command = ("copier", "copy", "--quiet", "--defaults", template)
        return lambda number: run(*command, folder / f"{name}-{number}" / project, cwd=folder)

    return medians(runs, {name: copy(name) for name in compared})


def measure_update(folder: Path, compared: dict[str, tuple[Path, str]], runs: int) -> dict[str, Cost]:
    """Return the medians of `copier update`, where one line of one file changed; see `measure_copy`."""
    folder.mkdir()
    for name, (template, project) in compared.items():
        original = make_project(template, folder / name / project)
        for number in range(runs + 1):
            shutil.copytree(original, folder / f"{name}-{number}" / project)

    def update(name: str) -> Callable[[int], None]:
        command = ["copier", "update", "--quiet", "--skip-answered", "--defaults"]
        return lambda number: run(*command, cwd=folder / f"{name}-{number}" / compared[name][1])

    return medians(runs, {name: update(name) for name in compared})


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
        compared = {"one": (templates["one"], "my-package")}
        for kind, project in PROJECTS.items():
            compared[kind] = templates["whole"], project
            compared[f"skeleton of a {kind}"] = templates[f"skeleton of a {kind}"], project
        for what, measure in (("copy", measure_copy), ("update", measure_update)) if runs else ():
            took = measure(folder / what, compared, runs)
            yield from compare(f"{what} a library: one file", took["library"], took["one"])
            for kind in PROJECTS:
                yield from compare(f"{what} a {kind}: skeleton", took[kind], took[f"skeleton of a {kind}"])
        yield from rows_of_fleet(folder / "fleet", templates["whole"], projects)


def compare(label: str, this: Cost, other: Cost) -> Iterator[Row]:
    """Yield the rows of two costs: of the clock, and of the processors."""
    for kind, ours, theirs in (("clock", this.clock, other.clock), ("processors", this.processor, other.processor)):
        yield f"{label}, {kind}", f"{ours:.2f} s", f"{theirs:.2f} s", ours / theirs, BOUNDS[label]


def main() -> int:
    """Print the table row by row; return 1 if a ratio is over its bound, else 0."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=9, help="runs of copy and update; 0 measures the fleet alone")
    parser.add_argument("--projects", type=int, default=100, help=f"clones in the fleet, a multiple of {GROUP}")
    options = parser.parse_args()
    print(f"| {'measured':39} | {'this template':13} | {'beside':13} | ratio | bound |")
    print(f"| {'-' * 39} | {'-' * 13} | {'-' * 13} | ----- | ----- |")
    broken = 0
    for what, this, beside, ratio, bound in rows(options.runs, options.projects):
        broken += ratio > bound
        print(
            f"| {what:39} | {this:13} | {beside:13} | {ratio:5.2f} | {bound:5.2f} |{' over' * (ratio > bound)}",
            flush=True,
        )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
