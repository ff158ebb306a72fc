"""The Python interpreters of this machine."""

import functools
import os
import shutil
import sys
from pathlib import Path

from meltano_release.pythons import KNOWN_PYTHONS
from tests.support.commands import run
from tests.support.paths import ROOT

PYTHONS = KNOWN_PYTHONS[:-1]  # tested where the machine has them; CI has them all


@functools.cache
def interpreters() -> dict[str, Path]:
    """Return the Pythons that rendered projects support, by minor version; at least the one that runs the tests."""
    found = {}
    folders = sorted(Path(os.environ.get("PYENV_ROOT", "/nowhere")).glob("versions/*/bin"))
    for version in PYTHONS:
        candidate = shutil.which(f"python{version}", path=os.pathsep.join([*map(str, folders), os.environ["PATH"]]))
        if candidate and run(candidate, "--version", cwd=ROOT, check=False).returncode == 0:  # pyenv's may not work
            found[version] = Path(candidate)
    return found or {"{}.{}".format(*sys.version_info): Path(sys.executable)}


def newest_interpreter() -> Path:
    """Return the newest supported Python of this machine."""
    return list(interpreters().values())[-1]
