"""The commands that a GitHub machine has and that are stubs here."""

import sys
from pathlib import Path

from tests.support.folder_cache import FolderCache


def stub_folder(once: FolderCache) -> Path:
    """Return a folder with stubs of commands: `gh`, `pipx`, and a `python` without packages."""

    def make(folder: Path) -> None:
        stub = Path(__file__).with_name("gh.py")
        (folder / "gh").write_text(f'#!/bin/sh\nexec "{sys.executable}" "{stub}" "$@"\n', encoding="utf-8")
        (folder / "gh").chmod(0o755)
        pipx = Path(__file__).with_name("pipx.py")
        (folder / "pipx").write_text(f'#!/bin/sh\nexec "$ACT_ENGINE/python" "{pipx}" "$@"\n', encoding="utf-8")
        (folder / "pipx").chmod(0o755)
        for name in ("python", "python3"):
            (folder / name).symlink_to(Path(sys.executable).resolve())

    return once("stubs", make)
