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
    for version in PYTHONS:
        roots = sorted(Path(os.environ.get("PYENV_ROOT", "/nowhere")).glob(f"versions/{version}.*/bin/python"))
        candidates = [*map(str, roots), shutil.which(f"python{version}")]
        for candidate in filter(None, candidates):
            answer = run(candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2])", cwd=ROOT, check=False)
            if answer.stdout.strip() == version:
                found[version] = Path(candidate)
                break
    return found or {"{}.{}".format(*sys.version_info): Path(sys.executable)}


def newest_interpreter() -> Path:
    """Return the newest supported Python of this machine."""
    return list(interpreters().values())[-1]
