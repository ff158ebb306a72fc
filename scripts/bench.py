"""Count what `copier copy` and `copier update` compile, and time both beside a plain template of the same size.

Usage: python scripts/bench.py [--runs N]

Jinja's compilations are most of the cost, and the same on every machine: a count over its bound is an error. Times
have no bound: they are shown beside those of a skeleton, which takes turns with the template in the same run. It has as
many files, files with Jinja in them and questions as a project, and no macros, rules or computed answers.
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
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT))  # for the tests' own count
from tests.support.compilations import BOUNDS, compilations  # noqa: E402
from tests.support.paths import ANSWERS_FILE, COPIER_READS, RELEASE_WORKFLOW, RELEASE_WORKFLOW_SOURCE  # noqa: E402

LINE = ("timeout-minutes: 10", "timeout-minutes: 20")  # of the release workflow, from one version to the next
PROJECTS = {"library": "my-package", "tap": "tap-sample"}  # the folder of a project, by kind
COPY = ("copy", "--quiet", "--defaults")
UPDATE = ("update", "--quiet", "--skip-answered", "--defaults")
IDENTITY = {f"GIT_{role}_{part}": "bench@example.com" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}


def run(*command: str | Path, cwd: Path) -> None:
    """Run a command quietly; an error ends the measurement."""
    subprocess.run([str(part) for part in command], cwd=cwd, check=True, capture_output=True)


def commit(folder: Path, tag: str) -> None:
    """Commit everything in a folder, as a git repository, and tag it."""
    run("git", "init", "--quiet", "--initial-branch=main", cwd=folder)
    run("git", "add", "--all", cwd=folder)
    run("git", "commit", "--quiet", "--message", tag, cwd=folder)
    run("git", "tag", tag, cwd=folder)


def make_versions(template: Path, file: str) -> None:
    """Make a template a git repository with two versions, between which one line of a file changed."""
    commit(template, "v1.0.0")
    text = (template / file).read_text(encoding="utf-8")
    if text.count(LINE[0]) != 1:
        sys.exit(f"{file} has not one line with {LINE[0]!r}")
    (template / file).write_text(text.replace(*LINE), encoding="utf-8")
    commit(template, "v1.1.0")


def make_template(folder: Path) -> Path:
    """Make two versions of the working tree's template."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *COPIER_READS], cwd=ROOT, check=True, capture_output=True, text=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    make_versions(folder, RELEASE_WORKFLOW_SOURCE)
    return folder


def make_skeleton(template: Path, project: Path, skeleton: Path) -> Path:
    """Make two versions of a template with the files of a project and the questions of its template.

    Each question has a plain default. A file that is rendered from one with Jinja in it is one here, too: one answer,
    and then the text as it is.
    """
    with_jinja = {path.name.removesuffix(".jinja") for path in (template / "template").rglob("*.jinja")}
    with_jinja.add(Path(RELEASE_WORKFLOW).name)  # an answer in the template
    for path in project.rglob("*"):
        name = path.relative_to(project)
        if path.is_dir() or name.parts[0] in {".git", ANSWERS_FILE}:
            continue
        text, suffix = path.read_text(encoding="utf-8"), ""
        if name.name in with_jinja:
            text, suffix = "# {{ repository }}\n{% raw %}\n" + text + "{% endraw %}\n", ".jinja"
        (skeleton / "template" / name.parent).mkdir(parents=True, exist_ok=True)
        (skeleton / "template" / f"{name}{suffix}").write_text(text, encoding="utf-8")
    answers = skeleton / "template/{{ _copier_conf.answers_file }}.jinja"
    answers.write_text("{{ _copier_answers | to_nice_yaml }}", encoding="utf-8")
    content = yaml.safe_load((template / "copier.yml").read_text(encoding="utf-8"))
    questions = {
        name: {"type": "str", "help": question["help"], "default": name}
        for name, question in content.items()
        if name[0] != "_" and question.get("when") is not False and question.get("ask") is not False
    }
    plain = yaml.safe_dump({"_subdirectory": "template"} | questions, sort_keys=False)
    (skeleton / "copier.yml").write_text(plain, encoding="utf-8")
    make_versions(skeleton, f"template/{RELEASE_WORKFLOW}.jinja")
    return skeleton


def make_project(template: Path, destination: Path) -> Path:
    """Make a project of a template's first version, a git repository."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    run("copier", *COPY, "--vcs-ref=v1.0.0", template, destination, cwd=destination.parent)
    commit(destination, "v0.1.0")
    return destination


class Cost(NamedTuple):
    """What an action costs, in seconds: on the clock, and of the processors, which other work disturbs less."""

    clock: float
    processors: float


def cost(action: Callable[[], None]) -> Cost:
    """Return what one action costs, which runs commands."""

    def spent() -> Cost:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return Cost(time.perf_counter(), used.ru_utime + used.ru_stime)

    before = spent()
    action()
    return Cost(*(after - at for after, at in zip(spent(), before, strict=True)))


def medians(runs: int, actions: list[Callable[[], None]]) -> list[Cost]:
    """Return the medians of each action's costs; the actions take turns, and the first turn does not count."""
    turns = [[cost(action) for action in actions] for _ in range(runs + 1)][1:]
    return [Cost(*map(statistics.median, zip(*taken, strict=True))) for taken in zip(*turns, strict=True)]


class Bench(NamedTuple):
    """A template, and the folder of a project: what is copied and updated.

    Attributes:
        template: The template, with two versions.
        original: A project of its first version.
    """

    template: Path
    original: Path

    def copy(self) -> None:
        """Copy the template's newest version to a new folder."""
        with tempfile.TemporaryDirectory() as folder:
            run("copier", *COPY, self.template, self.original.name, cwd=Path(folder))

    def update(self) -> None:
        """Update the project; it is put back before each update."""
        run("git", "reset", "--quiet", "--hard", cwd=self.original)
        run("copier", *UPDATE, cwd=self.original)

    def count(self, what: str) -> int:
        """Return how many texts are compiled in a copy or an update."""
        if what == "copy":
            with tempfile.TemporaryDirectory() as folder:
                return compilations(*COPY, self.template, self.original.name, cwd=Path(folder))
        run("git", "reset", "--quiet", "--hard", cwd=self.original)
        return compilations(*UPDATE, cwd=self.original)


def measure(folder: Path, runs: int) -> bool:
    """Print the table row by row; return whether a count is over its bound."""
    template, over = make_template(folder / "template"), False
    for kind, name in PROJECTS.items():
        this = Bench(template, make_project(template, folder / kind / name))
        plain = make_skeleton(template, this.original, folder / f"skeleton-{kind}")
        skeleton = Bench(plain, make_project(plain, folder / f"skeleton-of-{kind}" / name))
        for what in ("copy", "update"):
            label = f"{what} a {kind}"
            count, bound = this.count(what), BOUNDS[label]
            over |= count > bound
            print_row(f"{label}: compilations", count, skeleton.count(what), str(bound))
            if runs:
                times = medians(runs, [partial(getattr(bench, what)) for bench in (this, skeleton)])
                for unit, ours, theirs in zip(Cost._fields, *times, strict=True):
                    print_row(f"{label}: seconds, {unit}", ours, theirs, "")
    return over


def print_row(label: str, this: float, skeleton: float, bound: str) -> None:
    """Print one row of the table."""
    shown = [f"{value:>10}" if isinstance(value, int) else f"{value:>10.2f}" for value in (this, skeleton)]
    print(f"| {label:38} | {shown[0]} | {shown[1]} | {this / skeleton:5.2f} | {bound:>5} |", flush=True)


def main() -> int:
    """Print the table; return 1 if a count is over its bound, else 0."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5, help="runs that are timed; 0 counts alone")
    options = parser.parse_args()
    os.environ.update(IDENTITY)
    print(f"| {'measured':38} | {'template':>10} | {'skeleton':>10} | ratio | bound |")
    print(f"| {'-' * 38} | {'-' * 10} | {'-' * 10} | ----- | ----- |")
    with tempfile.TemporaryDirectory() as folder:
        return 1 if measure(Path(folder), options.runs) else 0


if __name__ == "__main__":
    sys.exit(main())
