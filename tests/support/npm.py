"""Tools from npm."""

import shutil
from pathlib import Path

from tests.support.commands import run
from tests.support.once import Once


def npm_commands(package: Path, once: Once) -> Path:
    """Install what a `package.json` pins, once for all tests; return the folder of its commands."""

    def install(folder: Path) -> None:
        shutil.copy(package, folder)
        run("npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", cwd=folder)

    return once(f"npm {package.parent.name}", install) / "node_modules/.bin"
