"""Folders that are made once and shared by all processes of a test run."""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock


@dataclass(frozen=True)
class FolderCache:
    """Makes folders below `root`, each once, also if tests run in parallel."""

    root: Path

    def __call__(self, name: str, make: Callable[[Path], object]) -> Path:
        """Return the folder of that name; the first call gives a new, empty folder to `make`. Leave it unchanged."""
        folder = self.root / hashlib.sha256(name.encode()).hexdigest()[:16]
        done = folder.with_suffix(".done")
        with FileLock(folder.with_suffix(".lock")):
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                make(folder)
                done.touch()
        return folder
