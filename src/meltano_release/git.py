"""What git knows of the repository in the working directory."""

from __future__ import annotations

import os
import subprocess

from meltano_release.errors import NotCheckedError


def git(*arguments: str) -> str:
    """Return what a git command prints, without the last line break; an empty text if git fails."""
    return run_git(*arguments).stdout.strip()


def ask_git(*arguments: str) -> str:
    """Return what a git command prints; raise `NotCheckedError` with git's reason if it fails."""
    done = run_git(*arguments)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"`git {' '.join(arguments)}` failed"]
        raise NotCheckedError(next((line for line in lines if line.startswith("fatal: ")), lines[-1]).rstrip("."))
    return done.stdout


def run_git(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run git, which asks for no password."""
    command, environment = ["git", *arguments], os.environ | {"GIT_TERMINAL_PROMPT": "0"}
    return subprocess.run(
        command, capture_output=True, encoding="utf-8", errors="replace", env=environment, check=False
    )


def is_on_branch(commit: str, branch: str) -> bool | None:
    """Return whether a commit is on a branch, None if git does not know one of them."""
    return {0: True, 1: False}.get(run_git("merge-base", "--is-ancestor", commit, branch).returncode)
