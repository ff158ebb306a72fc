"""The files of a wheel that PyPI reads: those of its `.dist-info` folder.

PyPI finds that folder by the name of the wheel, and does not look at others (warehouse, `forklift/legacy.py`); what it
demands of RECORD and `entry_points.txt` stands in warehouse's `utils/wheel.py`. Both as of commit 6b621571.
"""

from __future__ import annotations

import configparser
import csv
import re

from packaging.version import InvalidVersion, Version

from meltano_release.archives import AGAIN, Contents

KEPT = re.compile(r".*METADATA.*|[^/]+\.dist-info/(RECORD|WHEEL|entry_points\.txt)", re.DOTALL)
SCRIPT_NAME = re.compile(r"[\w.-]+")  # warehouse: _ENTRY_POINT_NAME_RE
SCRIPTS = ("console_scripts", "gui_scripts")


class EntryPoints(configparser.ConfigParser):
    """Entry points: an INI file with only `=` between a name and its value, and with names as they are written.

    https://packaging.python.org/specifications/entry-points/#file-format
    """

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__(delimiters=("=",))

    def optionxform(self, optionstr: str) -> str:
        """Return the name of an entry point."""
        return optionstr


def find_dist_info(file: str, files: set[str]) -> str:
    """Return the `.dist-info` folder of a wheel: exactly NAME-VERSION of its file name (warehouse; PEP 427).

    A local version, which no release has, may be spelled differently: PEP 440 reads the local part `0344453` as the
    number 344453.
    """
    name, spelled = file.split("-")[:2]
    exact = f"{name}-{spelled}.dist-info"
    if "+" not in spelled or f"{exact}/METADATA" in files:
        return exact
    version = Version(spelled)
    for folder in {path.partition("/")[0] for path in files}:
        candidate, separator, rest = folder.removesuffix(".dist-info").rpartition("-")
        if folder.endswith(".dist-info") and separator and candidate == name and is_version(rest, version):
            return folder
    return exact


def is_version(text: str, version: Version) -> bool:
    """Return whether a text is a spelling of a version."""
    try:
        return Version(text) == version
    except InvalidVersion:
        return False


def find_metadata(folder: str, texts: dict[str, bytes]) -> bytes:
    """Return the metadata of a wheel that an upload sends: twine takes the file that lies highest (`twine/wheel.py`).

    Empty if there is none, or if the wheel's own folder has none, which PyPI requires.
    """
    candidates = sorted((name.split("/") for name in texts if "METADATA" in name), key=lambda path: (len(path), path))
    sent = [text for path in candidates if b"Metadata-Version" in (text := texts["/".join(path)])]
    return sent[0] if sent and f"{folder}/METADATA" in texts else b""


def check_wheel_files(file: str, folder: str, contents: Contents) -> list[str]:
    """Return what PyPI would refuse about the files of a wheel's `.dist-info` folder, a sentence each.

    Args:
        file: The name of the wheel.
        folder: The `.dist-info` folder.
        contents: What is in the wheel.
    """
    missing = [name for name in ("METADATA", "RECORD", "WHEEL") if f"{folder}/{name}" not in contents.texts]
    if missing:
        return [f"{file} has no {missing[0]} in a .dist-info folder that is called {folder}: {AGAIN}"]
    problems = check_record(file, contents.texts[f"{folder}/RECORD"])
    if entry_points := contents.texts.get(f"{folder}/entry_points.txt"):
        problems += check_entry_points(file, entry_points)
    return problems


def check_record(file: str, content: bytes) -> list[str]:
    """Check that PyPI can read RECORD (`_validate_record`); an empty line ends in an internal error of PyPI.

    Whether RECORD lists the files of the wheel is not checked: PyPI only sends an email about that.
    """
    try:
        rows = list(csv.reader(content.decode().splitlines()))
    except (UnicodeDecodeError, csv.Error) as error:
        return [f"PyPI cannot read RECORD in {file} ({error}): {AGAIN}"]
    return [] if all(rows) else [f"PyPI cannot read RECORD in {file}, which has an empty line: {AGAIN}"]


def check_entry_points(file: str, content: bytes) -> list[str]:
    """Check that `entry_points.txt` is an INI file in UTF-8, and the names of the scripts (`_validate_entrypoints`)."""
    parser = EntryPoints()
    try:
        parser.read_string(content.decode())
    except (UnicodeDecodeError, configparser.Error) as error:
        why = " ".join(str(error).split()).rstrip(".")
        return [f"PyPI cannot read entry_points.txt in {file} ({why}): correct the entry points in pyproject.toml."]
    return [
        f"PyPI refuses the name {name!r} in {section} of {file}: use letters, digits, `-`, `_`, and `.` only."
        for section in SCRIPTS
        if section in parser
        for name in parser[section]
        if not SCRIPT_NAME.fullmatch(name)
    ]
