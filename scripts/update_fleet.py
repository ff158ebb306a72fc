"""Update many clones of projects to the newest version of their template.

Usage: python scripts/update_fleet.py [--work FOLDER] [--branch NAME] [--from REF] [--push] CLONE…

Each clone gets a branch with one commit, made in a worktree of its own under the work folder: whatever is checked
out or unfinished in the clone stays as it is. A clone ends up

    current     the newest version is there already, and nothing was done
    updated     the branch has the commit; with --push it was pushed, too
    conflicted  the worktree holds files to mend; nothing was committed, and nothing is ever pushed
    failed      the last line that a command printed says why

`report.tsv` in the work folder keeps the states. The same command again resumes: what is current or updated is
skipped, what was interrupted or failed begins anew, and a conflict that somebody mended and committed counts as
updated. A new round begins with a new work folder. The exit code is 0 if every clone is current or updated, else 1.

Needs git and copier on the PATH, and Python 3.11; no trust, no token.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import signal
import subprocess
import sys
import time
import zlib
from pathlib import Path
from typing import NamedTuple

ANSWERS = ".copier-answers.yml"
DONE = ("current", "updated")


class Result(NamedTuple):
    """What became of a clone: one of the four states, and a word on it."""

    state: str
    detail: str


class CommandError(Exception):
    """A command failed; the message is the last line that it printed."""


def run(*command: str, cwd: Path, success: tuple[int, ...] = (0,)) -> subprocess.CompletedProcess[str]:
    """Run a command without a terminal; raise `CommandError` unless its exit code is one that counts as success."""
    done = subprocess.run(
        command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    if done.returncode not in success:
        lines = (done.stdout + done.stderr).strip().splitlines()
        message = f"{' '.join(command[:2])}: {lines[-1].strip() if lines else f'exit code {done.returncode}'}"
        raise CommandError(message)
    return done


def git(*arguments: str, cwd: Path) -> str:
    """Return what a git command prints; raise `CommandError` if it fails."""
    return run("git", *arguments, cwd=cwd).stdout.strip()


def version(tree: Path) -> str:
    """Return the version of the template that a tree is of, as its answers file records it."""
    match = re.search(r"^_commit: *(.+?) *$", (tree / ANSWERS).read_text(encoding="utf-8"), re.MULTILINE)
    return match[1] if match else "?"


def conflicts(tree: Path) -> list[str]:
    """Return the files of a tree that an update left in conflict: unmerged, with markers, or rejected."""
    unmerged = git("diff", "--name-only", "--diff-filter=U", cwd=tree).splitlines()
    marked = run("git", "grep", "-lI", "^<<<<<<< ", cwd=tree, success=(0, 1)).stdout.splitlines()
    rejected = git("ls-files", "--cached", "--others", "*.rej", cwd=tree).splitlines()
    return sorted({*unmerged, *marked, *rejected})


def finish(tree: Path) -> Result:
    """Judge the tree of an earlier conflict: updated if it was mended and committed, else conflicted still."""
    left = conflicts(tree)
    if left or git("status", "--porcelain", cwd=tree):
        return Result("conflicted", f"mend and commit in {tree}: {', '.join(left) or 'not committed yet'}")
    return Result("updated", f"{version(tree)}, a conflict mended")


def update(clone: Path, tree: Path, branch: str, start: str) -> Result:
    """Update a clone from its commit `start` in a new worktree, on a branch that begins there; return the result."""
    if tree.exists():  # an interrupted run left it, and nobody has worked in it
        git("worktree", "remove", "--force", "--force", str(tree), cwd=clone)
    git("worktree", "prune", cwd=clone)
    git("worktree", "add", "--quiet", "--detach", str(tree), start, cwd=clone)
    result = None
    try:
        if run("copier", "check-update", "--quiet", cwd=tree, success=(0, 2)).returncode == 0:
            return Result("current", version(tree))
        before = version(tree)
        git("switch", "--quiet", "--force-create", branch, cwd=tree)
        run("copier", "update", "--quiet", "--skip-answered", "--defaults", cwd=tree)
        if left := conflicts(tree):
            result = Result("conflicted", f"mend and commit in {tree}: {', '.join(left)}")
            return result
        git("add", "--all", cwd=tree)
        git("commit", "--quiet", "--no-verify", "--message", f"Update the template to {version(tree)}", cwd=tree)
        return Result("updated", f"{before} → {version(tree)}")
    finally:
        if not result:
            with contextlib.suppress(CommandError):  # the next run removes it; an interruption is not to be lost here
                git("worktree", "remove", "--force", str(tree), cwd=clone)


def read_report(report: Path) -> dict[str, Result]:
    """Return the last result of each clone in a report, by the clone's path; nothing if there is no report."""
    lines = report.read_text(encoding="utf-8").splitlines() if report.exists() else []
    return {clone: Result(state, detail) for clone, state, detail in (line.split("\t") for line in lines)}


def process(clone: Path, earlier: Result | None, tree: Path, options: argparse.Namespace) -> Result:
    """Take one clone a step further than its earlier result; a command that fails makes the result `failed`."""
    try:
        if earlier and earlier.state in DONE:
            result = earlier
        elif earlier and earlier.state == "conflicted" and tree.exists():
            result = finish(tree)
        else:
            result = update(clone, tree, options.branch, options.start)
        if options.push and result.state == "updated":
            git("push", "--quiet", "--force-with-lease", "origin", options.branch, cwd=clone)
    except (CommandError, OSError) as error:
        return Result("failed", str(error))
    return result


def main(arguments: list[str]) -> int:
    """Update the clones that the arguments name, print a line for each and a summary, return the exit code."""
    parser = argparse.ArgumentParser(
        description="Update many clones of projects to the newest version of their template."
    )
    parser.add_argument("clones", nargs="+", type=Path, metavar="CLONE")
    parser.add_argument("--work", type=Path, default=Path("fleet"), help="folder of the worktrees and the report")
    parser.add_argument("--branch", default="template-update", help="branch that gets the commit")
    parser.add_argument("--from", dest="start", default="HEAD", metavar="REF", help="commit of each clone to begin at")
    parser.add_argument("--push", action="store_true", help="push the branch to origin, unless it is in conflict")
    options = parser.parse_args(arguments)
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    (work / ".gitignore").write_text("*\n", encoding="utf-8")
    report = work / "report.tsv"
    earlier = read_report(report)
    results = []
    clones = [clone.resolve() for clone in options.clones]
    for number, clone in enumerate(clones, start=1):
        began = time.monotonic()
        tree = work / f"{clone.name}-{zlib.crc32(bytes(clone)):08x}"  # two owners may have a repository of one name
        result = process(clone, earlier.get(str(clone)), tree, options)
        results.append(result)
        with report.open("a", encoding="utf-8") as lines:
            lines.write(f"{clone}\t{result.state}\t{' '.join(result.detail.split())}\n")
        took = f"{time.monotonic() - began:.1f} s"
        print(
            f"[{number:{len(str(len(clones)))}}/{len(clones)}] {clone.name}: {result.state}, {result.detail} ({took})",
            flush=True,
        )
    counts = {state: sum(result.state == state for result in results) for state in (*DONE, "conflicted", "failed")}
    print(", ".join(f"{count} {state}" for state, count in counts.items()))
    return 0 if all(result.state in DONE for result in results) else 1


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job would ignore it
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        print("\nStopped; the same command goes on from here.")
        sys.exit(130)
