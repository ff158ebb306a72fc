"""Put a Python with pip alone on the PATH, as actions/setup-python v7.0.0 does (`src/setup-python.ts`).

GitHub has every version; where this machine lacks one, its newest stands in. The Python is a virtual environment that
all runs share. The Python that it comes from is behind it on the PATH, because uv takes no virtual environment for an
installed Python.
"""

import json
import os
import sys
from pathlib import Path

from tests.simulation.tools import bare_python, link
from tests.support.folder_cache import FolderCache


def main() -> None:
    """Set up."""
    settings = json.loads((Path(os.environ["ACT_ENGINE"]) / "settings.json").read_text(encoding="utf-8"))
    version = json.loads(os.environ["INPUTS"])["python-version"]
    if version not in settings["known pythons"]:
        sys.exit(f"::error::The version '{version}' with architecture 'x64' was not found")
    pythons = {name: Path(path) for name, path in settings["pythons"].items()}
    python = Path(os.environ["RUNNER_TEMP"]) / "python"
    link(python, bare_python(version, pythons, FolderCache(Path(settings["folders"]))))
    installed = python.with_name("installed")
    installed.mkdir(exist_ok=True)
    link(installed / f"python{version}", pythons.get(version, list(pythons.values())[-1]).resolve())
    installed = python.with_name("meltano-release")
    installed.mkdir(exist_ok=True)
    for tool in (Path(settings["tools"]) / "meltano-release").iterdir():  # which `launch.py` need not install again
        link(installed / tool.name, tool)
    with Path(os.environ["GITHUB_PATH"]).open("a", encoding="utf-8") as path:
        path.write(f"{installed}\n{python}/bin\n")
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as outputs:
        outputs.write(f"python-version={version}\n")


main()
