"""The Pythons of a project's test workflow: those of its matrix."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from meltano_release.annotations import annotate

if TYPE_CHECKING:
    from collections.abc import Mapping

KNOWN_PYTHONS: tuple[str, ...] = tuple(
    json.loads(files("meltano_release").joinpath("pythons.json").read_text(encoding="utf-8"))
)  # oldest first; the one list of them, which copier.yml, the template, the tests and CI read, too
PATCHES = range(100)  # the patch numbers of a minor version, and more
PYPROJECT = Path("pyproject.toml")
REQUIRES = "`requires-python` in pyproject.toml"
POETRY_REQUIRES = "`python` in [tool.poetry.dependencies] of pyproject.toml"


class PythonsError(ValueError):
    """The Pythons that a project admits cannot be read; the text is a sentence."""


def parse_requires_python(text: str) -> list[SpecifierSet]:
    """Return a `requires-python` as its alternatives, which is one; raise `InvalidSpecifier`.

    https://packaging.python.org/en/latest/specifications/pyproject-toml/#requires-python
    """
    return [SpecifierSet(text)]


def parse_poetry_python(text: str) -> list[SpecifierSet]:
    """Return Poetry's own constraint of Python as its alternatives; raise `InvalidSpecifier`.

    `^3.11` admits the major version from there on, `~3.11` the minor one, a bare version itself; `||` separates
    alternatives, and spaces or commas what must hold together.
    https://python-poetry.org/docs/dependency-specification/#version-constraints
    """
    joined = re.sub(r"([<>=!~^])\s+", r"\1", text)
    return [
        SpecifierSet(",".join(translate(part) for part in re.split(r"[\s,]+", alternative) if part.strip("*")))
        for alternative in re.split(r"\|\|?", joined)
    ]


def translate(constraint: str) -> str:
    """Return one constraint of Poetry's as specifiers of PEP 440; what is one already, or neither, stays as it is."""
    match = re.fullmatch(r"([~^]?)v?(\d+(?:\.\d+)*(?:\.\*)?)", constraint)
    if not match:
        return constraint
    operator, version = match[1], match[2]
    if not operator:
        return f"=={version}"
    major, *minor = version.split(".")
    same = f"{major}.{minor[0]}" if operator == "~" and minor else major
    return f">={version},=={same}.*"


def read_project(pyproject: Mapping[str, Any]) -> tuple[list[SpecifierSet], str, list[str]]:
    """Return what a project admits, as alternatives and in its own words, and its classifiers; raise `PythonsError`.

    That is `requires-python`, else Poetry's `python`; every Python is admitted if there is neither.
    """
    try:
        project, poetry = pyproject.get("project", {}), pyproject.get("tool", {}).get("poetry", {})
        classifiers = [*project.get("classifiers", []), *poetry.get("classifiers", [])]
        python = poetry.get("dependencies", {}).get("python", "")
        where, requires = REQUIRES, project.get("requires-python", "")
        if not requires and python:
            where, requires = POETRY_REQUIRES, python["version"] if isinstance(python, dict) else python
    except (AttributeError, KeyError, TypeError) as error:
        message = "pyproject.toml has a value of the wrong type in [project] or [tool.poetry]."
        raise PythonsError(message) from error
    message = f"{where} cannot be read: it is {requires!r}, which is not a version specifier."
    if not isinstance(requires, str):
        raise PythonsError(message)
    parse = parse_poetry_python if where == POETRY_REQUIRES else parse_requires_python
    try:
        return parse(requires), f"{where} is {requires!r}", classifiers
    except InvalidSpecifier as error:
        raise PythonsError(message) from error


def admitted_patches(alternatives: list[SpecifierSet], python: str) -> list[int]:
    """Return the patch numbers of a minor version of Python that one of the alternatives admits."""
    return [patch for patch in PATCHES if any(one.contains(f"{python}.{patch}") for one in alternatives)]


def find_pythons(pyproject: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Return the known Pythons that a project admits, oldest first, and a sentence for each thing that is odd.

    Raises `PythonsError` if what the project admits cannot be read or includes none of them.
    """
    alternatives, words, classifiers = read_project(pyproject)
    patches = {python: admitted_patches(alternatives, python) for python in KNOWN_PYTHONS}
    pythons = [python for python, admitted in patches.items() if admitted]
    if not pythons:
        message = (
            f"{words} and admits none of the Pythons that the template knows ({', '.join(KNOWN_PYTHONS)}): change it, "
            "or run `copier update`."
        )
        raise PythonsError(message)
    warnings = []
    for python in pythons:
        if PATCHES[-1] not in patches[python]:
            warnings.append(
                f"{words} and does not admit the newest release of Python {python}, which the workflow sets up: end "
                f"the range below or above {python}.*."
            )
        classifier = f"Programming Language :: Python :: {python}"
        if classifiers and classifier not in classifiers:
            warnings.append(
                f"pyproject.toml admits Python {python} and has no classifier for it: add "
                f'"{classifier}" to `classifiers`, or bound `requires-python`.'
            )
    return pythons, warnings


def list_pythons(environ: Mapping[str, str]) -> int:
    """Write the known Pythons that the project admits to `$GITHUB_OUTPUT`, as `pythons=["3.12", "3.13"]`.

    Return the exit code: 1, after an error that says what to change, if there is none or pyproject.toml cannot be
    read. A Python that lacks a classifier, or whose newest release is not admitted, gets a warning.
    """
    try:
        pythons, warnings = find_pythons(tomllib.loads(PYPROJECT.read_text(encoding="utf-8")))
    except FileNotFoundError:
        annotate("error", "Pythons", "There is no pyproject.toml in this folder: run this at the top of the project.")
        return 1
    except PythonsError as error:
        annotate("error", "Pythons", str(error))
        return 1
    except ValueError as error:  # not TOML, or not UTF-8
        annotate("error", "Pythons", f"pyproject.toml cannot be read: {error}.")
        return 1
    for warning in warnings:
        annotate("warning", "Pythons", warning)
    print(f"Pythons: {', '.join(pythons)}")
    if file := environ.get("GITHUB_OUTPUT"):
        with Path(file).open("a", encoding="utf-8") as output:
            output.write(f"pythons={json.dumps(pythons)}\n")
    return 0
