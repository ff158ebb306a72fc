# /// script
# requires-python = ">=3.11"
# dependencies = ["copier>=9.19.1,<10", "filelock>=3.12", "packaging>=24", "pyyaml>=6", "rich>=13.9"]
# ///
"""Update many clones of projects to the newest version of their template.

Usage: uv run scripts/update_fleet.py [OPTIONS] CLONE…

Each outdated clone gets a branch with one commit, made in a worktree under the work folder: what is checked out or
unfinished in the clone stays as it is. A clone ends up in one of these states:

    current     it has the newest version; nothing was done
    updated     the branch has the commit; with --push it was pushed, with --pull-request it has a pull request
    conflicted  the worktree holds files to resolve; nothing was committed or pushed
    failed      the message says why and what to do

The branch is the script's own: it replaces commits that it made itself, and refuses to replace any other, in the clone
and on `origin`. The same command again continues where a run stopped. The exit code is 0 if every clone is current or
updated, 1 if not, 2 if the command line is wrong, and 130 after an interrupt.

Copier runs as a library in worker processes, which start once for all clones. The script looks at each template URL
once, with a clone into a temporary folder, and Git's `url.<base>.insteadOf` sends Copier there. No template is ever
trusted, whatever the user's Copier settings say.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import importlib.util
import io
import json
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections import Counter
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

try:
    if not importlib.util.find_spec("copier"):
        raise ModuleNotFoundError(name="copier")  # noqa: TRY301 - only the workers import it
    import yaml
    from filelock import FileLock, Timeout
    from packaging.version import InvalidVersion, Version
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.table import Table
except ModuleNotFoundError as missing:
    sys.exit(
        f"The Python package {missing.name} is missing. Run the script with `uv run scripts/update_fleet.py`, or first "
        "`python -m pip install copier filelock packaging pyyaml rich`."
    )

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping

ANSWERS = ".copier-answers.yml"
DONE = ("current", "updated", "would update")
ALWAYS_COUNTED = ("current", "updated", "conflicted", "failed")
STATES = ("current", "updated", "would update", "outdated", "would conflict", "conflicted", "failed")
COLUMNS = ("Project", "Template version", "Newest version", "State")
MARKERS = ("<<<<<<< before updating", ">>>>>>> after updating")  # as Copier writes them
NO_HOOKS = ("-c", f"core.hooksPath={os.devnull}")
OWN_MESSAGE = "Update the template to {version}\n\nTemplate-Update: {version}\nTemplate-Tree: {tree}"
NOISE = re.compile(r"(To \S*[/:]|hint:|remote:\s*$|error: failed to push some refs|Everything up-to-date)|\s*$")
LONGEST = 600


class ProblemError(Exception):
    """A clone cannot be updated; the message names the cause and the fix."""


@dataclass(frozen=True)
class Template:
    """What one look at a template URL showed.

    Attributes:
        newest: The tag of the newest version, or `HEAD` if no tag is a version.
        head: The commit ID of the template's `HEAD`.
        tags: All tags.
    """

    newest: str
    head: str
    tags: frozenset[str]


@dataclass(frozen=True)
class Result:
    """What became of one clone; a line of the report.

    Attributes:
        clone: The clone's path.
        state: One of `STATES`.
        detail: The versions, or the cause and the fix.
        version: The template's version at the commit where the update starts.
        newest: The template's newest version.
        commit: The commit on the branch, as soon as there is one.
        pull_request: The URL of the pull request, as soon as there is one.
    """

    clone: str
    state: str
    detail: str
    version: str = "?"
    newest: str = "?"
    commit: str = ""
    pull_request: str = ""


@dataclass(frozen=True)
class Job:
    """What a worker has to do for one clone.

    Attributes:
        clone: The clone's folder.
        tree: The folder for the worktree.
        branch: The branch that gets the commit.
        start: The commit ID where the update starts.
        tip: The commit ID of the branch, empty if there is no such branch.
        version: The template's version at `start`.
        newest: The template's newest version.
        commit: The commit that an earlier run made; empty if the update is still to be made.
        pull_request: The URL of the pull request that an earlier run opened for `commit`.
        base: The branch that the pull request is for; empty for the repository's default branch.
        answers: The answers file, relative to the clone.
        actions: `dry-run`, or any of `push` and `pull-request`.
    """

    clone: Path
    tree: Path
    branch: str
    start: str
    tip: str
    version: str
    newest: str
    commit: str
    pull_request: str
    base: str
    answers: str
    actions: frozenset[str]

    def result(self, state: str, detail: str, **more: str) -> Result:
        """Return a result for this job's clone.

        Args:
            state: One of `STATES`.
            detail: What to show beside the state.
            more: Other fields of the result.
        """
        fields = {"commit": self.commit, "pull_request": self.pull_request} | more
        return Result(str(self.clone), state, detail, self.version, self.newest, **fields)


# Commands


def cause(output: str) -> str:
    """Return the informative lines of a failed command's output as one line, the end of it if it is long."""
    lines = [line.strip() for line in output.splitlines() if not NOISE.match(line)]
    text = "; ".join(line.removeprefix("remote:").strip().rstrip(";") for line in lines).rstrip(".")
    return text if len(text) <= LONGEST else f"…{text[-LONGEST:]}"


def run(
    *command: str, cwd: Path | None = None, success: tuple[int, ...] = (0,), stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a command without a terminal.

    Args:
        command: The command and its arguments.
        cwd: The folder to run it in.
        success: The exit codes that are no error.
        stdin: What the command reads.

    Returns:
        The finished process, with its output.

    Raises:
        ProblemError: The exit code is an error; the message is what the command printed.
    """
    done = subprocess.run(
        command, cwd=cwd, input=stdin, capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    if done.returncode not in success:
        raise ProblemError(cause(done.stderr) or cause(done.stdout) or f"{command[0]}: exit code {done.returncode}")
    return done


def git(*arguments: str, cwd: Path | None = None, stdin: str = "") -> str:
    """Return what a git command prints, without hooks; raise `ProblemError` if it fails."""
    return run("git", *NO_HOOKS, *arguments, cwd=cwd, stdin=stdin).stdout.strip()


def clean_environment() -> None:
    """Make git ask nothing, and look at the repository that it is told to, even if a git hook started the script."""
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_PREFIX"):
        os.environ.pop(name, None)
    os.environ |= {"GIT_TERMINAL_PROMPT": "0", "GH_PROMPT_DISABLED": "1"}


# Templates


def git_url(source: str) -> str:
    """Return the URL that Copier gives to git for a template.

    Args:
        source: `_src_path` of an answers file, such as `gh:owner/name`.

    Returns:
        The URL, such as `https://github.com/owner/name.git`, or a path.
    """
    for alias, host in {"gh:": "https://github.com/", "gl:": "https://gitlab.com/"}.items():
        if source.startswith(alias):
            source = host + source.removeprefix(alias).lstrip("/")
    if source.startswith("git+"):
        return source.removeprefix("git+")
    if source.startswith(("https://github.com/", "https://gitlab.com/")) and not source.endswith(".git"):
        return f"{source}.git"
    return str(Path(source).expanduser()) if source.startswith("~") else source


def is_remote(url: str) -> bool:
    """Tell whether git reaches a template through a protocol, not as a folder or a bundle of this machine."""
    return not Path(url).exists()


def parsed(tag: str) -> Version | None:
    """Return the version that a tag names, or None if it names none."""
    with contextlib.suppress(InvalidVersion):
        return Version(tag)
    return None


def look_at_template(url: str, copy: Path | None) -> Template:
    """Look at a template once.

    Args:
        url: The URL that `git_url` returned.
        copy: Where to clone a remote template to; None only lists its tags.

    Returns:
        The newest version and what is needed to compare others with it.

    Raises:
        ProblemError: Git cannot read the template.
    """
    try:
        if copy and is_remote(url):
            git("clone", "--quiet", "--bare", "--", url, str(copy))
            listed = git("ls-remote", "--", str(copy), "HEAD", "refs/tags/*")
        else:
            listed = git("ls-remote", "--", url, "HEAD", "refs/tags/*")
    except ProblemError as error:
        message = (
            f"cannot read the template {url}: {error}. Check `_src_path` in the answers file and your access to it"
        )
        raise ProblemError(message) from error
    refs = {name: commit for commit, name in (line.split("\t") for line in listed.splitlines())}
    tags = {name.removeprefix("refs/tags/") for name in refs if name.startswith("refs/tags/") and name[-3:] != "^{}"}
    versions = {version: tag for tag in sorted(tags) if (version := parsed(tag)) and not version.is_prerelease}
    newest = versions[max(versions)] if versions else "HEAD"
    return Template(newest, refs.get("HEAD", ""), frozenset(tags))


def is_current(recorded: str, template: Template) -> bool:
    """Tell whether a project needs no update.

    Args:
        recorded: `_commit` of its answers file: a tag, a commit ID, or what `git describe` makes of both.
        template: The template.

    Returns:
        True if the version is the newest or newer; False also if only Copier can tell.
    """
    described = re.fullmatch(r"(?P<tag>.+)-(?P<count>\d+)-g(?P<commit>[0-9a-f]+)", recorded)
    tag = described["tag"] if described else recorded
    if template.newest == "HEAD":
        commit = described["commit"] if described else recorded
        return len(commit) >= len("1234567") and template.head.startswith(commit)
    version = parsed(tag) if tag in template.tags else None
    return version is not None and version >= Version(template.newest)


# What a clone looks like, before anything is done


def own_commit(message: str, tree: str) -> str:
    """Return the version that a commit of this script brought, or an empty string if the commit is not its own.

    The message holds the ID of the commit's files, so that a commit that somebody amended is theirs.

    Args:
        message: The commit's message.
        tree: The ID of the commit's tree.
    """
    match = re.search(r"^Template-Update: (.+)$", message, re.MULTILINE)
    own = match and message.strip() == OWN_MESSAGE.format(version=match[1], tree=tree)
    return match[1] if match and own else ""


def foreign_commit(clone: Path, tip: str, *known: str) -> str:
    """Find a commit that this script did not make.

    Args:
        clone: The repository.
        tip: The commit to start at.
        known: Commits that stay, with all that they build on.

    Returns:
        A commit under `tip` that would be lost, in words, or an empty string if there is none.
    """
    log = git("log", "--format=%h%x00%an%x00%s%x00%T%x00%B%x01", tip, "--not", *known, cwd=clone)
    for entry in filter(None, (part.strip() for part in log.split("\x01"))):
        commit, author, subject, tree, message = entry.split("\0")
        if not own_commit(message, tree):
            return f"{commit} by {author}, “{subject}”"
    return ""


def checked_out_at(clone: Path, branch: str) -> list[Path]:
    """Return the worktrees of a repository that stand on a branch, the clone itself included."""
    found = []
    for entry in git("worktree", "list", "--porcelain", cwd=clone).split("\n\n"):
        lines = entry.splitlines()
        if f"branch refs/heads/{branch}" in lines:
            found.append(Path(lines[0].removeprefix("worktree ")))
    return [path for path in found if path.exists()]


def conflicts(tree: Path) -> list[str]:
    """Return the files of a tree that an update left in conflict: unmerged, or with Copier's markers."""
    unmerged = git("diff", "--name-only", "--diff-filter=U", cwd=tree).splitlines()
    begun, ended = (
        {*run("git", "grep", "-lI", f"^{marker}", cwd=tree, success=(0, 1)).stdout.splitlines()} for marker in MARKERS
    )
    return sorted({*unmerged, *(begun & ended)})


def uncommitted(tree: Path) -> list[str]:
    """Return the files of a tree that differ from its last commit, new ones included."""
    changed = git("diff", "--name-only", "HEAD", cwd=tree).splitlines()
    new = git("ls-files", "--others", "--exclude-standard", cwd=tree).splitlines()
    return sorted({*changed, *new})


def object_ids(clone: Path, *names: str) -> list[str]:
    """Return the IDs of objects, each an empty string if there is no such object.

    Args:
        clone: The repository.
        names: What git resolves, without line breaks.
    """
    listed = git("cat-file", "--batch-check=%(objectname)", cwd=clone, stdin="".join(f"{name}\n" for name in names))
    return [line if re.fullmatch("[0-9a-f]{40,64}", line) else "" for line in listed.splitlines()]


@dataclass(frozen=True)
class Clone:
    """A clone as it was found.

    Attributes:
        path: Its folder.
        start: The commit ID where its update starts.
        tip: The commit ID of the branch for the update, empty if there is none.
        source: `_src_path` of its answers file.
        version: `_commit` of its answers file.
    """

    path: Path
    start: str
    tip: str
    source: str
    version: str


def read_clone(path: Path, start: str, branch: str, answers_file: str) -> Clone:
    """Read what a clone records about its template.

    Args:
        path: The clone's folder.
        start: The commit where its update starts, as the user names it.
        branch: The branch for the update.
        answers_file: The file that records the template, relative to the clone.

    Raises:
        ProblemError: The folder is no clone of a project.
    """
    try:
        top = git("rev-parse", "--show-toplevel", cwd=path)
    except (ProblemError, OSError) as error:
        message = f"{path} is not a git repository ({error}). Name the folder of a clone"
        raise ProblemError(message) from error
    if Path(top).resolve() != path:
        message = f"{path} is a folder inside the repository {top}. Name the folder of a clone"
        raise ProblemError(message)
    commit, answers, tip = object_ids(
        path, f"{start}^{{commit}}", f"{start}:{answers_file}", f"refs/heads/{branch}^{{commit}}"
    )
    if not commit:
        message = f"there is no commit {start}. Run `git fetch` in the clone (for origin/HEAD also `git remote set-head"
        message += " origin --auto`), or name another commit with --from"
        raise ProblemError(message)
    if not answers:
        message = f"{answers_file} is missing at {start}. Leave the clone out, or name another commit with --from"
        raise ProblemError(message)
    try:
        recorded = yaml.safe_load(git("cat-file", "blob", answers, cwd=path))
        source, version = str(recorded["_src_path"]), str(recorded["_commit"])
    except (yaml.YAMLError, TypeError, KeyError) as error:
        message = (
            f"{answers_file} does not record the template: {cause(str(error))}. Restore an older commit of that file"
        )
        raise ProblemError(message) from error
    return Clone(path, commit, tip, source, version)


# What the workers do


COPIER_VARIABLES: dict[str, str] = {}  # set once in each worker, for Copier and its git alone


def start_worker(scratch: Path, copies: Mapping[str, Path]) -> None:
    """Prepare a worker process.

    Args:
        scratch: The folder for temporary files, which the main process removes.
        copies: The local copies of templates, by URL.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process decides, and ends the workers
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=exit_with_parent, daemon=True).start()
    tempfile.tempdir = tempfile.mkdtemp(dir=scratch)
    COPIER_VARIABLES.update(copier_variables(Path(tempfile.tempdir), copies))


def share_checkouts() -> None:
    """Make Copier check out each version of a template once in this process, not five times for each clone.

    An update only reads the checkouts, and this halves its cost. The name is not public: a Copier without it works as
    well, and slower.
    """
    from copier import _template  # noqa: PLC0415 - as in run_copier

    check_out: Callable[..., str] | None = vars(_template).get("clone")
    if not check_out or hasattr(check_out, "cache_info"):
        return

    @functools.cache
    def check_out_once(url: str, ref: str) -> str:
        return check_out(url, ref, tempfile.mkdtemp())

    @functools.wraps(check_out)
    def shared(url: str, ref: str = "HEAD", location: str | None = None) -> str:  # noqa: ARG001 - Copier removes it
        return check_out_once(url, ref)

    shared.cache_info = check_out_once.cache_info  # type: ignore[attr-defined]
    vars(_template)["clone"] = shared


def exit_with_parent() -> None:
    """Wait for the end of the main process, and end this one: after a kill, nobody else would."""
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


def copier_variables(scratch: Path, copies: Mapping[str, Path]) -> dict[str, str]:
    """Return the environment variables for Copier: they send its git to the local copies.

    Args:
        scratch: A folder for Copier's cache of templates.
        copies: The local copies of templates, by URL.
    """
    settings = [(f"url.{copy}.insteadOf", url) for url, copy in copies.items()]
    settings += [("core.hooksPath", os.devnull), ("maintenance.auto", "false"), ("gc.auto", "0")]
    first = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
    variables = {"COPIER_CACHE_DIR": str(scratch / "templates"), "GIT_CONFIG_COUNT": str(first + len(settings))}
    for number, (key, value) in enumerate(settings, start=first):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return variables


def run_copier(tree: Path, version: str, answers_file: str) -> None:
    """Update a clean tree with Copier.

    Args:
        tree: The tree.
        version: The template's tag to update to.
        answers_file: The file that records the template, relative to the tree.

    Raises:
        ProblemError: Copier refused, or failed; the message says why.
    """
    saved = dict(os.environ)
    os.environ |= COPIER_VARIABLES
    try:
        import copier  # noqa: PLC0415 - takes half a second, and Copier copies the environment when it is imported

        share_checkouts()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            copier.run_update(
                tree,
                vcs_ref=version,
                answers_file=answers_file,
                settings=copier.Settings(),
                defaults=True,
                skip_answered=True,
                overwrite=True,
                quiet=True,
            )
    except Exception as error:
        reason = cause(str(getattr(error, "stderr", ""))) or cause(str(error)) or type(error).__name__
        command = "copier update" if answers_file == ANSWERS else f"copier update --answers-file {answers_file}"
        message = f"Copier: {reason}. Run `{command}` in the clone to see it, and fix it there"
        raise ProblemError(message) from error
    finally:
        os.environ.clear()
        os.environ |= saved


def remove_tree(clone: Path, tree: Path) -> None:
    """Remove a worktree in which nobody has worked, whatever state an interruption left it in."""
    if tree.exists():
        with contextlib.suppress(ProblemError):
            git("worktree", "remove", "--force", "--force", str(tree), cwd=clone)
        shutil.rmtree(tree, ignore_errors=True)
    git("worktree", "prune", cwd=clone)


def work(job: Job) -> Result:
    """Do a job; a problem makes the result `failed`, and what was done before it stays."""
    try:
        if "dry-run" in job.actions:
            return try_update(job)
        if not job.commit:
            result = update(job)
            if result.state != "updated":
                return result
            job = replace(job, commit=result.commit)
        return publish(job)
    except (ProblemError, OSError) as error:
        return job.result("failed", str(error))


def try_update(job: Job) -> Result:
    """Update a copy of the clone, and return what would happen to the clone, which stays as it is."""
    if job.commit:
        return job.result("updated", f"{job.version} → {job.newest}, by an earlier run")
    copy = Path(tempfile.mkdtemp()) / "clone"
    try:
        git("clone", "--quiet", "--shared", "--no-checkout", "--", str(job.clone), str(copy))
        git("checkout", "--quiet", "--detach", job.start, cwd=copy)
        run_copier(copy, job.newest, job.answers)
        if left := conflicts(copy):
            return job.result("would conflict", ", ".join(left))
        return job.result("would update", f"{job.version} → {job.newest}")
    finally:
        shutil.rmtree(copy.parent, ignore_errors=True)


def update(job: Job) -> Result:
    """Update a clone in a new worktree, and move its branch to the new commit.

    Returns:
        The result: updated with its commit, conflicted with the worktree left, or current if nothing changed.

    Raises:
        ProblemError: A command or Copier failed; the branch is as before.
    """
    remove_tree(job.clone, job.tree)
    git("worktree", "add", "--quiet", "--detach", str(job.tree), job.start, cwd=job.clone)
    keep = False
    try:
        run_copier(job.tree, job.newest, job.answers)
        if left := conflicts(job.tree):
            move_branch(job, job.start)
            git("symbolic-ref", "HEAD", f"refs/heads/{job.branch}", cwd=job.tree)
            keep = True
            return job.result("conflicted", f"resolve and commit in {job.tree}: {', '.join(left)}")
        git("add", "--all", cwd=job.tree)
        files = git("write-tree", cwd=job.tree)
        if files == git("rev-parse", f"{job.start}^{{tree}}", cwd=job.tree):
            return job.result("current", job.version)
        message = OWN_MESSAGE.format(version=job.newest, tree=files)
        git("commit", "--quiet", "--no-verify", "--message", message, cwd=job.tree)
        commit = git("rev-parse", "HEAD", cwd=job.tree)
        move_branch(job, commit)
        return job.result("updated", "", commit=commit)
    finally:
        if not keep:
            remove_tree(job.clone, job.tree)


def move_branch(job: Job, commit: str) -> None:
    """Make the job's branch point to a commit, unless somebody moved it since it was judged."""
    expected = job.tip or "0" * len(commit)
    git("update-ref", "-m", "update_fleet", f"refs/heads/{job.branch}", commit, expected, cwd=job.clone)


def publish(job: Job) -> Result:
    """Push the job's commit and open its pull request, as far as the job asks for it.

    Raises:
        ProblemError: The push or the pull request was refused; the same command again repeats just that.
    """
    done = [f"{job.version} → {job.newest}"]
    if "push" in job.actions:
        push(job)
        done.append("pushed")
    if "pull-request" in job.actions:
        if not job.pull_request:
            job = replace(job, pull_request=open_pull_request(job))
        done.append(job.pull_request)
    return job.result("updated", ", ".join(done))


def push(job: Job) -> None:
    """Push the job's commit to its branch on `origin`, unless a commit of somebody else would be lost there.

    Raises:
        ProblemError: The push was refused; the message says why.
    """
    name = f"refs/heads/{job.branch}"
    again = f"The update is on the branch {job.branch} of the clone; the same command again only pushes it"
    try:
        expected = run("git", "ls-remote", "origin", name, cwd=job.clone).stdout.partition("\t")[0].strip()
        if expected == job.commit:
            return
        if expected and not object_ids(job.clone, expected)[0]:
            fetch = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "origin", name)
            run("git", *fetch, cwd=job.clone)
    except ProblemError as error:
        message = f"cannot read origin: {error}. {again}"
        raise ProblemError(message) from error
    if expected and (other := foreign_commit(job.clone, expected, job.start, job.commit)):
        message = (
            f"{job.branch} on origin holds a commit that this script did not make: {other}. Merge or delete the branch "
            f"there, or use another --branch. {again}"
        )
        raise ProblemError(message)
    try:
        run(
            "git",
            "push",
            "--quiet",
            f"--force-with-lease={name}:{expected}",
            "origin",
            f"{job.commit}:{name}",
            cwd=job.clone,
        )
    except ProblemError as error:
        message = f"the push was refused: {error}. {again}"
        raise ProblemError(message) from error


def open_pull_request(job: Job) -> str:
    """Open a pull request for the job's branch with `gh`.

    Returns:
        The URL of the pull request, which may have been open before.

    Raises:
        ProblemError: `gh` failed; the message says why.
    """
    title = f"Update the template to {job.newest}"
    body = f"Updates the files of the template from {job.version} to {job.newest}."
    command = ["gh", "pr", "create", "--head", job.branch, "--title", title, "--body", body]
    command += ["--base", job.base] if job.base else []
    done = run(*command, cwd=job.clone, success=tuple(range(256)))
    urls = re.findall(r"https?://\S+/pull/\d+", done.stdout + done.stderr)
    if done.returncode and not (urls and "already exists" in done.stderr):
        reason = cause(done.stderr) or f"exit code {done.returncode}"
        message = (
            f"the branch is pushed, but `gh pr create` failed: {reason}. Fix it; the same command again only opens the "
            "pull request"
        )
        raise ProblemError(message)
    return urls[0] if urls else done.stdout.strip()


# The round


Outcomes: TypeAlias = "Generator[tuple[Result, float], None, None]"


@dataclass
class Round:
    """One run of the script: its options, and what it found out about templates and earlier runs.

    Attributes:
        options: The command line.
        work: The work folder.
        scratch: The folder for temporary files, None if the run only shows the status.
        earlier: The last results of earlier runs in the same work folder, by the clone's path.
        templates: The templates, by URL; a problem with one of them in its place.
        copies: The local copies of remote templates, by URL.
    """

    options: argparse.Namespace
    work: Path
    scratch: Path | None
    earlier: dict[str, Result]
    templates: dict[str, Template | ProblemError]
    copies: dict[str, Path]

    def template(self, source: str) -> Template:
        """Return what a look at a template shows; each URL is looked at once.

        Args:
            source: `_src_path` of an answers file.

        Raises:
            ProblemError: The template cannot be read.
        """
        url = git_url(source)
        if url not in self.templates:
            copy = self.scratch / f"template-{len(self.templates)}.git" if self.scratch else None
            try:
                self.templates[url] = look_at_template(url, copy)
            except ProblemError as error:
                self.templates[url] = error
            if copy and copy.exists():
                self.copies[url] = copy
        known = self.templates[url]
        if isinstance(known, ProblemError):
            raise known
        return known

    def tree(self, clone: Path) -> Path:
        """Return the folder for a clone's worktree; clones of one name have different ones."""
        return self.work / f"{clone.name}-{zlib.crc32(bytes(clone)):08x}"

    def plan(self, path: Path) -> Result | Job:
        """Judge a clone without changing it.

        Args:
            path: The clone's folder.

        Returns:
            Its result if there is nothing to do for it, else what there is to do.
        """
        result = Result(str(path), "failed", "")
        try:
            clone = read_clone(path, self.options.start, self.options.branch, self.options.answers_file)
            result = replace(result, version=clone.version)
            template = self.template(clone.source)
            result = replace(result, newest=template.newest)
            if self.options.status:
                return self.status(clone, template, result)
            return self.judge(clone, template, result)
        except (ProblemError, OSError) as error:
            return replace(result, detail=str(error))

    def status(self, clone: Clone, template: Template, result: Result) -> Result:
        """Return the state of a clone from its versions, and from earlier runs if they know the newest version."""
        if is_current(clone.version, template):
            return replace(result, state="current", detail=clone.version)
        earlier = self.earlier.get(result.clone)
        if earlier and earlier.newest == result.newest and earlier.state != "current":
            return replace(earlier, version=result.version)
        return replace(result, state="outdated", detail=f"{clone.version} → {template.newest}")

    def judge(self, clone: Clone, template: Template, result: Result) -> Result | Job:
        """Decide what there is to do for a clone.

        Args:
            clone: The clone.
            template: Its template.
            result: The result so far, with the versions.

        Returns:
            Its result if there is nothing to do for it, else what there is to do.

        Raises:
            ProblemError: The clone's branch is not the script's to move.
        """
        branch, tree = self.options.branch, self.tree(clone.path)
        standing = checked_out_at(clone.path, branch)
        if others := [path for path in standing if path.resolve() != tree]:
            message = (
                f"the branch {branch} is checked out in {others[0]}. Switch to another branch there, or use another "
                "--branch"
            )
            raise ProblemError(message)
        if is_current(clone.version, template):
            return replace(result, state="current", detail=clone.version)
        earlier = self.earlier.get(result.clone)
        job = Job(
            clone=clone.path,
            tree=tree,
            branch=branch,
            start=clone.start,
            tip=clone.tip,
            version=clone.version,
            newest=template.newest,
            commit="",
            pull_request="",
            base=self.base(),
            answers=self.options.answers_file,
            actions=frozenset(
                name for name in ("dry-run", "push", "pull-request") if vars(self.options)[name.replace("-", "_")]
            ),
        )
        made = clone.tip and git("rev-list", "--max-count=1", clone.tip, "--not", clone.start, cwd=clone.path)
        if standing and (made or git("status", "--porcelain", cwd=tree)):
            return self.judge_resolved(job, result)
        if made and earlier and earlier.commit == clone.tip and earlier.newest == template.newest:
            return replace(job, commit=clone.tip, pull_request=earlier.pull_request)
        if made and (other := foreign_commit(clone.path, clone.tip, clone.start)):
            message = (
                f"the branch {branch} holds a commit that this script did not make: {other}. Merge or delete the "
                "branch, or use another --branch"
            )
            raise ProblemError(message)
        if made and self.is_made(clone, template):
            return replace(job, commit=clone.tip)
        return job

    def judge_resolved(self, job: Job, result: Result) -> Result | Job:
        """Decide about a clone whose worktree was left with a conflict: it is resolved when it is committed."""
        if left := conflicts(job.tree):
            detail = f"resolve and commit in {job.tree}: {', '.join(left)}"
            return replace(result, state="conflicted", detail=detail)
        if left := uncommitted(job.tree):
            detail = f"resolved in {job.tree}, but not committed yet: {', '.join(left)}"
            return replace(result, state="conflicted", detail=detail)
        return replace(job, commit=job.tip)

    def is_made(self, clone: Clone, template: Template) -> bool:
        """Tell whether the clone's branch has the update already: one commit of this script on top of the start."""
        log = git("log", "--max-count=1", "--format=%P%x00%T%x00%B", clone.tip, cwd=clone.path)
        parents, tree, message = log.split("\0")
        return parents == clone.start and own_commit(message, tree) == template.newest

    def base(self) -> str:
        """Return the branch that pull requests are for, if `--from` names one of `origin`."""
        name: str = self.options.start.removeprefix("origin/")
        return "" if name in (self.options.start, "HEAD") else name

    def results(self, clones: list[Path]) -> Outcomes:
        """Take all clones through the round.

        Args:
            clones: The clones' folders.

        Yields:
            Each clone's result as soon as it is there, and the seconds that it took.
        """
        jobs = []
        for path in clones:
            began = time.monotonic()
            planned = self.plan(path)
            if isinstance(planned, Result):
                yield planned, time.monotonic() - began
            else:
                jobs.append(planned)
        if jobs and self.scratch:
            yield from self.work_on(jobs, self.scratch)

    def work_on(self, jobs: list[Job], scratch: Path) -> Outcomes:
        """Do jobs in worker processes; yields as `results` does. What stops this generator stops the workers."""
        pool = ProcessPoolExecutor(
            min(self.options.workers, len(jobs)),
            multiprocessing.get_context("spawn"),
            start_worker,
            (scratch, self.copies),
        )
        running: dict[Future[tuple[Result, float]], Job] = {}
        try:
            running = {pool.submit(timed, job): job for job in jobs}
            for future in as_completed(running):
                try:
                    yield future.result()
                except BrokenProcessPool:
                    detail = "a worker process was killed, perhaps for lack of memory. Run the same command again"
                    yield running[future].result("failed", detail), 0.0
        finally:
            if not all(future.done() for future in running):
                for process in multiprocessing.active_children():
                    process.terminate()
            pool.shutdown(cancel_futures=True)


def timed(job: Job) -> tuple[Result, float]:
    """Do a job; return its result and the seconds that it took."""
    began = time.monotonic()
    return work(job), time.monotonic() - began


# The report and the table


def read_report(report: Path) -> dict[str, Result]:
    """Return the last result of each clone in a report, by the clone's path; a line cut short is left out."""
    results = {}
    for line in report.read_text(encoding="utf-8").splitlines() if report.exists() else []:
        with contextlib.suppress(ValueError, TypeError):
            result = Result(**json.loads(line))
            results[result.clone] = result
    return results


def labels(clones: Iterable[str]) -> dict[str, str]:
    """Return short names of clones, by path: the folder's name, with its parent's if two have the same."""
    paths = {clone: Path(clone) for clone in clones}
    names = Counter(path.name for path in paths.values())
    return {
        clone: path.name if names[path.name] == 1 else f"{path.parent.name}/{path.name}"
        for clone, path in paths.items()
    }


def rows(results: Iterable[Result], names: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Return the rows of the status table, sorted by project, in the order of `COLUMNS`."""
    return sorted((names[result.clone], result.version, result.newest, result.state) for result in results)


def markdown(table: list[tuple[str, ...]]) -> str:
    """Return the status table in Markdown."""
    lines = [COLUMNS, ("---",) * len(COLUMNS), *table]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def show_table(console: Console, table: list[tuple[str, ...]]) -> None:
    """Print the status table: drawn on a terminal, else in Markdown."""
    if not console.is_terminal:
        console.print(markdown(table), end="", soft_wrap=True)
        return
    drawn = Table(*COLUMNS)
    for row in table:
        drawn.add_row(*row, style={"failed": "red", "conflicted": "yellow", "would conflict": "yellow"}.get(row[-1]))
    console.print(drawn)


# The command


def read_options(arguments: list[str]) -> argparse.Namespace:
    """Return the options of a command line; exit with 2 if it is wrong."""
    parser = argparse.ArgumentParser(
        description="Update many clones of projects to the newest version of their template.",
        epilog="Exit code: 0 if every clone is current or updated, 1 if not, 130 after an interrupt.",
    )
    parser.add_argument("clones", nargs="+", type=Path, metavar="CLONE")
    parser.add_argument("--work", type=Path, default=Path("fleet"), help="folder of the worktrees and the report")
    parser.add_argument("--branch", default="template-update", help="branch that gets the commit")
    parser.add_argument(
        "--answers-file",
        default=ANSWERS,
        metavar="FILE",
        help=f"file of each clone that records its template (default: {ANSWERS}); the branch and the work folder of "
        "another one end in its name",
    )
    parser.add_argument("--from", dest="start", default="HEAD", metavar="REF", help="commit of each clone to start at")
    parser.add_argument("--push", action="store_true", help="push the branch to origin, unless it has a conflict")
    parser.add_argument("--pull-request", action="store_true", help="push, and open a pull request with gh")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the status table to a file, too")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="clones to update at the same time")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--dry-run", action="store_true", help="show what would happen, and change no clone")
    only.add_argument("--status", action="store_true", help="only show the versions of all clones")
    options = parser.parse_args(arguments)
    options.push = options.push or options.pull_request
    if options.answers_file != ANSWERS:  # the updates of two templates in one clone must not replace each other
        name = re.sub(r"\.ya?ml$", "", options.answers_file).lstrip("./")
        options.branch += f"-{name}"
        options.work /= name
    if options.workers < 1:
        parser.error("--workers must be at least 1")
    if options.pull_request and not shutil.which("gh"):
        parser.error("--pull-request needs GitHub's command `gh`, which is not on the PATH: https://cli.github.com")
    if run("git", "check-ref-format", f"refs/heads/{options.branch}", success=(0, 1)).returncode:
        parser.error(f"git accepts no branch of the name {options.branch!r}")
    return options


def run_round(now: Round, clones: list[Path], console: Console) -> list[Result]:
    """Take all clones through a round, show the progress, and write the report.

    Args:
        now: The round.
        clones: The clones' folders.
        console: Where to print.

    Returns:
        The results, in the order in which they came.
    """
    names = labels(map(str, clones))
    writes = not (now.options.status or now.options.dry_run)
    width = len(str(len(clones)))
    results: list[Result] = []
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(compact=True),
        TextColumn("left"),
        console=console,
        transient=True,
        disable=not console.is_terminal,
        speed_estimate_period=600,
    )
    with progress, contextlib.closing(now.results(clones)) as coming:
        task = progress.add_task("Reading" if now.options.status else "Updating", total=len(clones))
        for result, seconds in coming:
            results.append(result)
            if writes:
                record(now, result)
            progress.advance(task)
            line = f"[{len(results):{width}}/{len(clones)}] {names[result.clone]}: {result.state}, {result.detail}"
            if not now.options.status or result.state == "failed":
                console.print(f"{line} ({seconds:.1f} s)", soft_wrap=True)
    return results


def record(now: Round, result: Result) -> None:
    """Add a result to the report; the worktree of a conflict that was resolved is needed no more."""
    with (now.work / "report.jsonl").open("a", encoding="utf-8") as report:
        report.write(f"{json.dumps(asdict(result), ensure_ascii=False)}\n")
    if result.state == "updated" and (tree := now.tree(Path(result.clone))).exists():
        with contextlib.suppress(ProblemError):  # a file that git does not know is left to its owner
            git("worktree", "remove", str(tree), cwd=Path(result.clone))


def unique(paths: Iterable[Path]) -> list[Path]:
    """Return resolved paths without the second mention of any."""
    return list(dict.fromkeys(path.resolve() for path in paths))


def main(arguments: list[str]) -> int:
    """Update the clones that the arguments name, print a line for each, the table and a summary.

    Args:
        arguments: The command line without the script's name.

    Returns:
        The exit code.
    """
    clean_environment()
    options = read_options(arguments)
    console = Console(emoji=False, highlight=False, markup=False)
    work = options.work.resolve()
    clones = unique(options.clones)
    earlier = read_report(work / "report.jsonl")
    with contextlib.ExitStack() as stack:
        scratch = None
        if not options.status:
            work.mkdir(parents=True, exist_ok=True)
            if any(work.iterdir()) and not (work / ".lock").exists():
                print(f"{work} has files of something else. Name a new or empty folder with --work.", file=sys.stderr)
                return 1
            (work / ".gitignore").write_text("*\n", encoding="utf-8")
            try:
                stack.enter_context(FileLock(work / ".lock", timeout=0))
            except Timeout:
                print(f"Another run uses the folder {work}. Wait for its end, or use another --work.", file=sys.stderr)
                return 1
            earlier = read_report(work / "report.jsonl")
            scratch = Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="update-fleet-", ignore_cleanup_errors=True))
            )
        results = run_round(Round(options, work, scratch, earlier, {}, {}), clones, console)
    table = rows(results, labels(map(str, clones)))
    show_table(console, table)
    if options.markdown:
        options.markdown.write_text(markdown(table), encoding="utf-8")
    counts = Counter(result.state for result in results)
    print(", ".join(f"{counts[state]} {state}" for state in STATES if counts[state] or state in ALWAYS_COUNTED))
    return 0 if all(result.state in DONE for result in results) else 1


def interrupt(*_: object) -> None:
    """Stop the script in an orderly way."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell's background job would ignore the first
        signal.signal(number, interrupt)
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        print("\nStopped. Run the same command again to continue.")
        sys.exit(130)
