"""What many projects have of their template, as a table: `status`.

Each clone is read as it is on disk, except for the update branch: `origin` is asked for that, and the template for its
versions. Nothing is changed, not even fetched.
"""

from __future__ import annotations

import functools
import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from click import ClickException
from rich.console import Console
from rich.table import Table

from meltano_release.gate import MARKERS
from meltano_release.update import find_ignored, find_newer, find_versions, git, parse_answers, read, split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from packaging.version import Version

CONNECTIONS = 8  # at the same time
BRANCH = re.compile(r"refs/heads/(\S*template-update|renovate/\S*package-template\S*)$", re.MULTILINE)


class Status(NamedTuple):
    """What a project has: the fields of the table. `behind` is None if it is not known; `problem` says why."""

    project: str
    version: str = "?"
    behind: int | None = None
    conflicts: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    branch: str = ""
    problem: str = ""

    @property
    def is_well(self) -> bool:
        """Return whether there is nothing to do."""
        return self.behind == 0 and not (self.conflicts or self.ignored or self.problem)


def find_conflicts(clone: Path) -> list[str]:
    """Return the files that an update left in conflict: unmerged, with Copier's markers, or with a `.rej` beside it."""
    unmerged = split(git("diff", "--name-only", "--diff-filter=U", "-z", cwd=clone))
    listed = split(git("ls-files", "--cached", "--others", "-z", "--", ".github", ".copier-answers*", cwd=clone))
    marked = [name for name in listed if name.endswith(".rej") or all(mark in read(clone / name) for mark in MARKERS)]
    return sorted({*unmerged, *marked})


def find_branch(clone: Path) -> str:
    """Return the branch of an update that waits on `origin`, empty if there is none."""
    branches = BRANCH.findall(git("ls-remote", "--heads", "origin", cwd=clone, fails="origin cannot be read"))
    return " ".join(branches)


def read_status(clone: Path, find: Callable[[str], dict[str, Version]]) -> Status:
    """Return what a clone has; `find` returns the versions of a template."""
    status = Status(str(clone))
    try:
        top = Path(git("rev-parse", "--show-toplevel", cwd=clone, fails="not a clone"))
        files = sorted(top.glob(".copier-answers*.y*ml"))
        recorded = next(filter(None, (parse_answers(file.name, read(file)) for file in files)), None)
        if not recorded:
            return status._replace(problem="no answers file of this template")
        conflicts, ignored = find_conflicts(top), find_ignored(top, recorded)
        status = status._replace(version=recorded.version, conflicts=tuple(conflicts), ignored=tuple(ignored))
        newer = find_newer(recorded.version, find(recorded.source))
        status = status._replace(behind=None if newer is None else len(newer), branch=find_branch(top))
    except (ClickException, OSError) as error:
        return status._replace(problem=str(error))
    return status if newer is not None else status._replace(problem=f"the template has no tag {recorded.version}")


def cells(status: Status) -> tuple[str, ...]:
    """Return the row of a project."""
    behind = "?" if status.behind is None else str(status.behind)
    return (status.project, status.version, behind, *map(", ".join, status[3:5]), status.branch, status.problem)


def markdown(rows: Iterable[tuple[str, ...]]) -> str:
    """Return rows as a Markdown table, the first one as its head."""
    head, *others = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *others))


def show_status(clones: Iterable[Path], style: str) -> int:
    """Print the status of clones as a `table`, `markdown` or `json`; return the exit code, 1 if there is work to do."""
    cached, lock = functools.cache(find_versions), threading.Lock()

    def find(source: str) -> dict[str, Version]:
        with lock:  # one connection to each template
            return cached(source)

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        found = list(pool.map(lambda clone: read_status(clone, find), clones))
    head = tuple(name.replace("behind", "versions behind").capitalize() for name in Status._fields)
    if style == "json":
        print(json.dumps([status._asdict() for status in found], indent=2, ensure_ascii=False))
    elif style == "markdown":
        print(markdown([head, *map(cells, found)]))
    else:
        table = Table()
        for name in head:
            table.add_column(name, overflow="fold")
        for status in found:
            table.add_row(*cells(status), style="" if status.is_well else "yellow")
        Console(emoji=False, markup=False).print(table)
    return int(not all(status.is_well for status in found))
