"""The tools of a GitHub machine."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.folder_cache import FolderCache


def execute(command: list[str], folder: Path, variables: Mapping[str, str]) -> tuple[int, str]:
    """Run a command; return its exit code and all that it printed."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def bare_python(version: str, pythons: Mapping[str, Path], once: FolderCache) -> Path:
    """Return an environment of a Python with pip alone, as a fresh machine has it.

    GitHub has every version; where this machine lacks one, its newest is used instead.
    """

    def make(folder: Path) -> None:
        python = pythons.get(version, list(pythons.values())[-1])
        subprocess.run([python, "-m", "venv", folder], check=True, capture_output=True)

    return once(f"bare Python {version}", make)


def stub_folder(once: FolderCache) -> Path:
    """Return a folder with stubs of commands: `gh`, and a `python` without packages."""

    def make(folder: Path) -> None:
        stub = Path(__file__).with_name("gh.py")
        (folder / "gh").write_text(f'#!/bin/sh\nexec "{sys.executable}" "{stub}" "$@"\n', encoding="utf-8")
        (folder / "gh").chmod(0o755)
        for name in ("python", "python3"):
            (folder / name).symlink_to(Path(sys.executable).resolve())

    return once("stubs", make)


def link(path: Path, target: Path) -> None:
    """Make a symbolic link, instead of the one that is there."""
    path.unlink(missing_ok=True)
    path.symlink_to(target)
