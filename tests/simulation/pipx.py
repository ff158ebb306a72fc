"""A `pipx` that installs the real tool, once for all runs, and runs it: `pipx run --spec NAME==VERSION COMMAND …`.

The tool alone comes from the package index; what it does then meets the services on loopback.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.support.folder_cache import FolderCache


def main() -> None:
    """Install and run it."""
    settings = json.loads((Path(os.environ["ACT_ENGINE"]) / "settings.json").read_text(encoding="utf-8"))
    match sys.argv[1:]:
        case ["run", "--spec", spec, command, *arguments]:
            pass
        case unknown:
            sys.exit(f"unknown arguments: {' '.join(unknown)}")

    def install(folder: Path) -> None:
        variables = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **settings["online"]}
        uv = [settings["uv"], "--quiet", "--no-config"]
        where = str(folder)
        for step in (["venv", "--python", sys.executable, where], ["pip", "install", "--python", where, spec]):
            subprocess.run([*uv, *step], env=variables, check=True)

    folder = FolderCache(Path(settings["folders"]))(f"pipx {spec}", install)
    os.execv(folder / "bin" / command, [command, *arguments])  # noqa: S606


main()
