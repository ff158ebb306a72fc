"""What git knows of the repository in the working directory."""

from __future__ import annotations

import subprocess


def git(*arguments: str) -> str:
    """Return what a git command prints, without the last line break; an empty text if git fails."""
    command = ["git", *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False).stdout.strip()


def is_on_branch(commit: str, branch: str) -> bool | None:
    """Return whether a commit is on a branch, None if git does not know one of them."""
    command = ["git", "merge-base", "--is-ancestor", commit, branch]
    code = subprocess.run(command, capture_output=True, check=False).returncode
    return {0: True, 1: False}.get(code)
