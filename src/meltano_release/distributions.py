"""The distributions that a build made: what they are, and what PyPI would refuse about them.

The rules stand in modules by subject: `archives` and `zip_records`, `wheel_files`, `names`, `metadata` and
`description`. Each names its source in PyPI's own code, as of commit 6b621571, or says that it is ours.
"""

from __future__ import annotations

import os.path
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename

from meltano_release.archives import AGAIN, read_sdist_archive, read_wheel_archive
from meltano_release.metadata import find_metadata_problems, parse_metadata
from meltano_release.names import check_names, check_platforms, check_spelling
from meltano_release.wheel_files import KEPT, check_wheel_files, find_dist_info, find_metadata

if TYPE_CHECKING:
    from pathlib import Path

    from packaging.metadata import Metadata
    from packaging.version import Version

PKG_INFO = re.compile(r"(.*/)?PKG-INFO", re.DOTALL)


@dataclass
class Distribution:
    """A built file: its name and version, its metadata, and the names of the files in it."""

    path: Path
    name: str  # normalized, as the file's name has it
    version: Version  # as the file's name has it
    metadata: Metadata
    files: set[str]
    licenses: str  # the folder in the archive that the license files are in
    platforms: set[str] = field(default_factory=set)  # of a wheel
    problems: list[str] = field(default_factory=list)  # of the files in the archive, a sentence each


def read_distributions(folder: Path) -> list[Distribution]:
    """Return the source distribution of a folder, then its wheels.

    That there is one of the former and at least one of the latter is our decision: PyPI accepts either alone.

    Raises:
        ValueError: The folder does not hold exactly one source distribution and at least one wheel, or holds anything
            else, or a file cannot be read; the message is a sentence, or several.
    """
    paths = sorted(path for path in folder.glob("*") if not path.name.startswith("."))
    sdists = [path for path in paths if path.name.endswith(".tar.gz")]
    wheels = [path for path in paths if path.suffix == ".whl"]
    if len(sdists) != 1 or not wheels or len(paths) != 1 + len(wheels):
        found = ", ".join(path.name for path in paths) or "nothing"
        message = (
            f"{folder} must hold one .tar.gz, one or more wheels, and nothing else, but holds {found}: "
            "empty it and run `uv build`."
        )
        raise ValueError(message)
    if folders := [path.name for path in paths if not path.is_file()]:
        message = f"{folder} has a folder {folders[0]} where a file must be: empty it and run `uv build`."
        raise ValueError(message)
    return [read_sdist(sdists[0]), *map(read_wheel, wheels)]


def read_wheel(path: Path) -> Distribution:
    """Read a wheel; raise `ValueError` with a sentence if its name or its content is not that of one."""
    try:
        name, version, _, tags = parse_wheel_filename(path.name)
    except InvalidWheelFilename as error:
        message = f"{error}: {AGAIN}"
        raise ValueError(message) from error
    contents = read_wheel_archive(path, KEPT)
    folder = find_dist_info(path.name, contents.files)
    problems = check_wheel_files(path.name, folder, contents)
    content = find_metadata(folder, contents.texts)
    if not content:
        problems = check_spelling(path.name, name, version) or problems  # the folder has the name of the file
        message = " ".join(problems) or f"{path.name} has no Metadata-Version in METADATA: {AGAIN}"
        raise ValueError(message)
    metadata = parse_metadata(path.name, content)
    platforms, problems = {tag.platform for tag in tags}, contents.problems + problems
    return Distribution(path, name, version, metadata, contents.files, f"{folder}/licenses", platforms, problems)


def read_sdist(path: Path) -> Distribution:
    """Read a source distribution; raise `ValueError` with a sentence if its name or its content is not that of one.

    Its files are in one folder, and PKG-INFO lies at its top (warehouse, `_is_valid_dist_file`; twine, `sdist.py`).
    """
    try:
        name, version = parse_sdist_filename(path.name)
    except InvalidSdistFilename as error:
        message = f"{error}: {AGAIN}"
        raise ValueError(message) from error
    contents = read_sdist_archive(path, PKG_INFO)
    try:
        folder = os.path.commonpath(contents.files)
    except ValueError:  # no files, or names with and without a slash before them
        folder = ""
    if folder in ("", "/", ".") or f"{folder}/PKG-INFO" not in contents.texts:
        message = f"{path.name} has no PKG-INFO in one folder at its top: {AGAIN}"
        raise ValueError(message)
    content = contents.texts[f"{folder}/PKG-INFO"]
    if b"Metadata-Version" not in content:
        message = f"{path.name} has no Metadata-Version in PKG-INFO: {AGAIN}"
        raise ValueError(message)
    metadata = parse_metadata(path.name, content)
    return Distribution(path, name, version, metadata, contents.files, folder, problems=contents.problems)


def find_problems(distribution: Distribution) -> list[str]:
    """Return what PyPI would refuse about a distribution, and what is wrong with its files, a sentence each."""
    file, metadata = distribution.path.name, distribution.metadata
    problems = [
        *distribution.problems,
        *check_names(file, distribution.name, distribution.version, metadata),
        *check_platforms(file, distribution.platforms),
        *check_license_files(distribution),
        *find_metadata_problems(metadata),
    ]
    return [" ".join(problem.split()) for problem in problems]  # a value may have line breaks


def check_license_files(distribution: Distribution) -> list[str]:
    """Check that each license file is in the archive (PEP 639; warehouse, `forklift/legacy.py`)."""
    file = distribution.path.name
    return [
        f"{file} names the license file {license_file} and does not have it: add the file, or correct `license-files`."
        for license_file in distribution.metadata.license_files or []
        if f"{distribution.licenses}/{license_file}" not in distribution.files
    ]


def check_agreement(distributions: list[Distribution]) -> list[str]:
    """Compare the metadata of all distributions with that of the first: they are one release.

    This is our decision: PyPI looks at each file alone, and shows the metadata of the one that it gets first.
    """
    first, problems = distributions[0], []
    for other in distributions[1:]:
        if other.version != first.version:
            problems.append(
                f"{first.path.name} and {other.path.name} have different versions: "
                f"empty {first.path.parent} and run `uv build`."
            )
            continue
        dynamic = set(first.metadata.dynamic or [])  # fields that a wheel may have otherwise (PEP 643)
        fields = {"summary", "requires-python", "requires-dist"} - dynamic
        differing = [name for name in sorted(fields) if value(first, name) != value(other, name)]
        if differing:
            problems.append(
                f"{first.path.name} and {other.path.name} differ in {', '.join(differing)}: "
                "build the wheel from the .tar.gz, as `uv build` does."
            )
    return problems


def value(distribution: Distribution, name: str) -> list[str]:
    """Return the values of a field as texts, sorted."""
    found = getattr(distribution.metadata, name.replace("-", "_")) or []
    return sorted(map(str, found)) if isinstance(found, list) else [str(found)]
