"""The Pythons of the test workflow, for the actions in `.github/actions`.

Usage: python pythons.py list
       python pythons.py check

`list` is for the matrix. It takes the Pythons that the template knows from `$KNOWN_PYTHONS`, separated by spaces, and
writes those that `requires-python` of `pyproject.toml` admits (in Poetry's classic form, `python` among its
dependencies) to `$GITHUB_OUTPUT`, oldest first, as `pythons=["3.12", "3.13"]`. A Python without a classifier gets a
warning that names the line to add. If no Python is left, the exit code is 1, and the message says what to change.

`check` fails unless the interpreter that runs it is the one in `$PYTHON_VERSION`: a `.python-version` file, or another
Python on the PATH, could lead a package manager to another Python than the workflow set up.

Standard library only; `list` needs Python 3.11 or newer. Owned by the template: `copier update` refreshes this file.
"""

from __future__ import annotations

import json
import os
import platform
import re
import sys
from pathlib import Path
from typing import Any

Version = tuple[int, ...]

PATCHES = range(100)  # the patch numbers of a minor version, and more


def parse(text: str) -> Version:
    """Return the numbers of a version, `3.12` or `3.12.1`, as a tuple."""
    return tuple(map(int, re.findall(r"\d+", text)))


def satisfies(python: Version, specifier: str) -> bool:
    """Return whether a Python with three numbers satisfies one version specifier (PEP 440, or Poetry's `^`)."""
    match = re.fullmatch(r"(~=|===?|!=|<=|>=|<|>|\^|~|)\s*v?(\d+(?:\.\d+)*)(\.\*)?[a-z0-9]*", specifier.strip())
    if not match:
        message = f"the version specifier {specifier.strip()!r}"
        raise ValueError(message)
    operator, version, wildcard = match[1] or "==", parse(match[2]), match[3] is not None
    padded = (*version, 0, 0, 0)[:3]
    prefix = {"^": version[:1], "~=": version[:-1], "~": version[:2]}.get(operator, version)
    if operator in {"^", "~=", "~"}:
        return python >= padded and python[: len(prefix)] == prefix
    if operator in {"==", "===", "!="}:
        equal = python[: len(prefix)] == prefix if wildcard else python == padded
        return equal == (operator != "!=")
    return {"<": python < padded, "<=": python <= padded, ">": python > padded, ">=": python >= padded}[operator]


def admits(requires_python: str, python: Version) -> bool:
    """Return whether `requires-python` (with Poetry: also `a || b`, and spaces for commas) admits a Python."""
    joined = re.sub(r"([<>=!~^])\s+", r"\1", requires_python)
    alternatives = [
        [part for part in re.split(r"[\s,]+", text) if part.strip("*")] for text in re.split(r"\|\|?", joined)
    ]
    return any(all(satisfies(python, specifier) for specifier in specifiers) for specifiers in alternatives)


def read_project(pyproject: dict[str, Any]) -> tuple[str, list[str]]:
    """Return `requires-python` or Poetry's `python`, empty if there is neither, and the classifiers."""
    project, poetry = pyproject.get("project", {}), pyproject.get("tool", {}).get("poetry", {})
    python = poetry.get("dependencies", {}).get("python", "")
    requires_python = project.get("requires-python") or (python["version"] if isinstance(python, dict) else python)
    return requires_python, project.get("classifiers", []) + poetry.get("classifiers", [])


def list_pythons() -> int:
    """Read `pyproject.toml` in the working directory, write the list, return the exit code."""
    import tomllib  # noqa: PLC0415 - `check` runs on Python 3.10, too

    if not Path("pyproject.toml").is_file():
        print("::error title=Pythons::There is no pyproject.toml in this folder: run this at the top of the project.")
        return 1
    requires_python, classifiers = read_project(tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8")))
    known = os.environ["KNOWN_PYTHONS"].split()
    try:
        patches = {python: [n for n in PATCHES if admits(requires_python, (*parse(python), n))] for python in known}
    except ValueError as error:
        print(f"::error title=Pythons::`requires-python` in pyproject.toml cannot be read: {error}.")
        return 1
    pythons = [python for python in known if patches[python]]
    if not pythons:
        print(
            f"::error title=Pythons::`requires-python` in pyproject.toml is {requires_python!r} and admits none of the "
            f"Pythons that the template knows ({', '.join(known)}): change it, or run `copier update`."
        )
        return 1
    for python in pythons:
        if PATCHES[-1] not in patches[python]:
            print(
                f"::warning title=Pythons::`requires-python` in pyproject.toml is {requires_python!r} and does not "
                f"admit the newest release of Python {python}, which the workflow sets up: end the range below or "
                f"above {python}.*."
            )
        classifier = f"Programming Language :: Python :: {python}"
        if classifiers and classifier not in classifiers:
            print(
                f"::warning title=Pythons::pyproject.toml admits Python {python} and has no classifier for it: add "
                f'"{classifier}" to `classifiers`, or bound `requires-python`.'
            )
    print(f"Pythons: {', '.join(pythons)}")
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as output:
        output.write(f"pythons={json.dumps(pythons)}\n")
    return 0


def check_python() -> int:
    """Compare the versions, as far as the one asked for goes; return the exit code."""
    wanted, found = os.environ["PYTHON_VERSION"], platform.python_version()
    if f"{found}.".startswith(f"{wanted}."):
        print(f"Python {found}")
        return 0
    print(
        f"::error title=Python::The project runs on Python {found} and not on {wanted}: remove what chooses another "
        "one, such as `.python-version` or Poetry's setting `virtualenvs.use-poetry-python`."
    )
    return 1


def main(arguments: list[str]) -> int:
    """Run the command that the arguments name; return the exit code."""
    commands = {"list": list_pythons, "check": check_python}
    if len(arguments) != 1 or arguments[0] not in commands:
        print(__doc__)
        return 0 if arguments == ["--help"] else 2
    return commands[arguments[0]]()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
