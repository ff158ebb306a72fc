"""Print the Pythons that the package supports, for the matrix of the test workflow.

They are the minor versions among the classifiers of `pyproject.toml`, oldest first, as `pythons=["3.11", …]`.
Without such a classifier the exit code is 1, and the message says what to add. Needs Python 3.11 (tomllib).
Owned by the template: `copier update` refreshes this file.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from pathlib import Path

CLASSIFIER = re.compile(r"Programming Language :: Python :: (3\.(\d+))")


def supported_pythons(classifiers: list[str]) -> list[str]:
    """Return the minor versions that the classifiers name, oldest first."""
    matches = [match for match in map(CLASSIFIER.fullmatch, classifiers) if match]
    return [match[1] for match in sorted(matches, key=lambda match: int(match[2]))]


def main() -> int:
    """Read `pyproject.toml` in the working directory, print the line, return the exit code."""
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8")).get("project", {})
    pythons = supported_pythons(project.get("classifiers", []))
    if not pythons:
        print(
            "pyproject.toml names no Python among its classifiers: add, for example, "
            '"Programming Language :: Python :: 3.13" to `classifiers` in [project].',
            file=sys.stderr,
        )
        return 1
    print(f"pythons={json.dumps(pythons)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
