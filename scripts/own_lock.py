"""Lock what pyproject.toml names, the command's dependencies and every group of tools, with hashes, into uv.lock.

Usage: python scripts/own_lock.py

What is not pinned there is locked at versions that are at least a week old. The pins themselves are exempt:
`scripts/bump.py` has waited for them. The lock always names PyPI, even if uv is set to use a package mirror.
"""

import re
import subprocess
import tomllib
from collections.abc import Mapping
from typing import Any

from bump import COOLDOWN, PIN, ROOT

PYPI = "https://pypi.org/simple"
OPTIONS = re.compile(r"^\[options\].*?(?=^\[\[)", re.MULTILINE | re.DOTALL)


def pinned(pyproject: Mapping[str, Any]) -> list[str]:
    """Return the names of the packages that the project or its dependency groups pin to one version."""
    parts = [pyproject["project"]["dependencies"], *pyproject["dependency-groups"].values()]
    requirements = [requirement for part in parts for requirement in part if isinstance(requirement, str)]
    return sorted({match["name"] for match in map(PIN.match, requirements) if match})


def without_options(lock: str) -> str:
    """Return a lock without the options that it was made with: `uv lock --check` would ask for the same ones."""
    return OPTIONS.sub("", lock)


def main() -> None:
    """Write uv.lock."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    exempt = [option for name in pinned(pyproject) for option in ("--exclude-newer-package", f"{name}=false")]
    command = ["uv", "lock", "--upgrade", "--default-index", PYPI, "--exclude-newer", COOLDOWN, *exempt]
    subprocess.run(command, check=True, cwd=ROOT)
    lock = ROOT / "uv.lock"
    lock.write_text(without_options(lock.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
