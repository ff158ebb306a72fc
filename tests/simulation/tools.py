"""The commands that a GitHub machine has and that are stubs here."""

import shlex
import sys
from pathlib import Path

from tests.support.folder_cache import FolderCache
from tests.support.online import index_variables

# `pipx run --spec NAME==VERSION COMMAND …` fetches the real tool from the package index. What the tool does then meets
# the services on loopback.
STUBS = {
    "gh": 'exec "{python}" "{gh}" "$@"',
    "pipx": """
[ "$1 $2" = "run --spec" ] || {{ echo "unknown arguments: $*" >&2; exit 1; }}
spec=$3
shift 3
uvx="{uv} --quiet --no-config --cache-dir {folder}/cache tool run --python {python} --from"
env -i PATH="$PATH" HOME="$HOME" {online} $uvx "$spec" "$1" --help > /dev/null
exec $uvx "$spec" --offline "$@"
""",
}


def stub_folder(once: FolderCache) -> Path:
    """Return a folder with stubs of commands: `gh`, `pipx`, and a `python` without packages."""

    def make(folder: Path) -> None:
        online = shlex.join(f"{name}={value}" for name, value in index_variables().items())
        commands = {"python": sys.executable, "uv": Path(sys.executable).with_name("uv")}
        for name, script in STUBS.items():
            text = script.format(**commands, folder=folder, online=online, gh=Path(__file__).with_name("gh.py"))
            (folder / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
            (folder / name).chmod(0o755)
        for name in ("python", "python3"):
            (folder / name).symlink_to(Path(sys.executable).resolve())

    return once("stubs", make)
