"""What a crafted case is: distributions in a folder, and who accepts them."""

import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.gate.crafted.archives import (
    DIST_INFO,
    GOOD,
    STEM,
    Change,
    Entry,
    Files,
    metadata,
    sdist_files,
    tar_file,
    wheel_files,
    zip_file,
)
from tests.support.projects import SDIST, VERSION, WHEEL

Write = Callable[[Path], object]
ACCEPTED, REFUSED = True, False


@dataclass(frozen=True)
class Case:
    """Distributions that somebody may build."""

    rule: str  # as docs/reference/gate.md calls it
    pypi: bool  # whether PyPI accepts them
    write: Write  # them to a folder
    ours: str = ""  # why the gate decides differently

    @property
    def accepted(self) -> bool:
        """Whether the gate accepts the distributions."""
        return self.pypi != bool(self.ours)


def cases(rule: str, accepted: dict[str, Write], refused: dict[str, Write]) -> dict[str, Case]:
    """Return the cases of a rule, by what PyPI says."""
    found = {name: Case(rule, ACCEPTED, write) for name, write in accepted.items()}
    return found | {name: Case(rule, REFUSED, write) for name, write in refused.items()}


def ours(rule: str, pypi: bool, reason: str, writes: dict[str, Write]) -> dict[str, Case]:  # noqa: FBT001 - a verdict
    """Return the cases that the gate judges differently from PyPI."""
    return {name: Case(rule, pypi, write, reason) for name, write in writes.items()}


def both(text: str, sdist_text: str | None = None, *, licenses: tuple[str, ...] = ()) -> Write:
    """Write both distributions with the same metadata, or the source distribution with its own."""
    inside = {f"{DIST_INFO}/licenses/{name}": b"A license" for name in licenses}
    other = metadata(text if sdist_text is None else sdist_text)

    def write(folder: Path) -> None:
        (folder / WHEEL).write_bytes(zip_file(wheel_files(metadata(text), files=inside)))
        (folder / SDIST).write_bytes(tar_file(sdist_files(other, files=dict.fromkeys(licenses, b"A license"))))

    return write


def without(members: Files, end: str) -> Files:
    """Return members without the one whose name ends in a text."""
    return {name: content for name, content in members.items() if not end or not name.endswith(end)}


def wheel(  # noqa: PLR0913 - one for each thing that may be special
    name: str = WHEEL,
    *,
    text: str = "",
    folder: str = "",
    files: Files | None = None,
    missing: str = "",
    compression: int = zipfile.ZIP_DEFLATED,
    change: Change = bytes,
    twice: str = "",
) -> Write:
    """Write a good source distribution, and a wheel with something special about it."""

    def write(destination: Path) -> None:
        inside = folder or "-".join(name.split("-")[:2]) + ".dist-info"
        members = without(wheel_files(metadata(text), inside, files), missing)
        content = zip_file(members, compression=compression, twice=twice)
        (destination / name).write_bytes(change(content))
        (destination / SDIST).write_bytes(tar_file(sdist_files()))

    return write


def sdist(  # noqa: PLR0913 - one for each thing that may be special
    name: str = SDIST,
    *more: Entry,
    folder: str = STEM,
    files: Files | None = None,
    missing: str = "",
    compression: str = "gz",
    form: int = tarfile.PAX_FORMAT,
    change: Change = bytes,
) -> Write:
    """Write a good wheel, and a source distribution with something special about it."""

    def write(destination: Path) -> None:
        members = without(sdist_files(GOOD, folder, files), missing)
        (destination / WHEEL).write_bytes(zip_file(wheel_files()))
        (destination / name).write_bytes(change(tar_file(members, *more, compression=compression, form=form)))

    return write


def version(spelled: str, inside: str = "", folder: str = "") -> Write:
    """Write both distributions with a version: as it is spelled in the names, in the metadata and in `.dist-info`."""

    def write(destination: Path) -> None:
        text, stem = metadata(f"Version: {inside or spelled}"), f"my_package-{spelled}"
        members = wheel_files(text, f"my_package-{folder or spelled}.dist-info")
        (destination / WHEEL.replace(VERSION, spelled)).write_bytes(zip_file(members))
        (destination / SDIST.replace(VERSION, spelled)).write_bytes(tar_file(sdist_files(text, stem)))

    return write
