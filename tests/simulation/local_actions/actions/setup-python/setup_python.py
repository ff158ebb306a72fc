"""Put a Python with pip alone on the PATH, as actions/setup-python v7.0.0 does (`src/setup-python.ts`).

GitHub has every version; where this machine lacks one, its newest stands in. The Python is a virtual environment that
all runs share. The Python that it comes from is behind it on the PATH, because uv takes no virtual environment for an
installed Python.
"""

import os
import subprocess
from pathlib import Path

from tests.simulation.local_action import append, fail, inputs, settings
from tests.support.folder_cache import FolderCache


def link(path: Path, target: Path) -> None:
    """Make a symbolic link, instead of the one that is there."""
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def main() -> None:
    """Set up."""
    run, version, temp = settings(), inputs()["python-version"], Path(os.environ["RUNNER_TEMP"])
    if version not in run["known pythons"]:
        fail(f"The version '{version}' with architecture 'x64' was not found")
    source = Path(run["pythons"].get(version, list(run["pythons"].values())[-1]))

    def make(folder: Path) -> None:
        subprocess.run([source, "-m", "venv", folder], check=True, capture_output=True)

    link(temp / "python", FolderCache(Path(run["folders"]))(f"bare Python {version}", make))
    (temp / "installed").mkdir(exist_ok=True)
    link(temp / f"installed/python{version}", source.resolve())
    (temp / "meltano-release").mkdir(exist_ok=True)
    for tool in (Path(run["tools"]) / "meltano-release").iterdir():  # which `launch.py` need not install again
        link(temp / "meltano-release" / tool.name, tool)
    append("GITHUB_PATH", f"{temp}/installed\n{temp}/python/bin")


main()
