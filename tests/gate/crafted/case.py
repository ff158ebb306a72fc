"""What a crafted case is: distributions in a folder, and who accepts them."""

import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.gate.crafted.archives import (
    GOOD,
    SDIST,
    STEM,
    WHEEL,
    Change,
    Files,
    sdist_files,
    wheel_files,
    write_sdist,
    write_wheel,
)

Write = Callable[[Path], object]
ACCEPTED, REFUSED = True, False


@dataclass(frozen=True)
class Case:
    """Distributions that somebody may build."""

    rule: str  # a name in `tests.gate.crafted.rules`
    pypi: bool  # whether PyPI accepts them
    write: Write  # them to a folder
    ours: str = ""  # why the gate decides differently

    @property
    def accepted(self) -> bool:
        """Whether the gate accepts the distributions."""
        return self.pypi != bool(self.ours)


def cases(rule: str, accepted: dict[str, Write], refused: dict[str, Write]) -> dict[str, Case]:
    """Return the cases of a rule, by what PyPI says."""
    return {
        name: Case(rule, verdict, write)
        for verdict, writes in ((ACCEPTED, accepted), (REFUSED, refused))
        for name, write in writes.items()
    }


def ours(rule: str, pypi: bool, reason: str, writes: dict[str, Write]) -> dict[str, Case]:  # noqa: FBT001 - a verdict
    """Return the cases that the gate judges differently from PyPI."""
    return {name: Case(rule, pypi, write, reason) for name, write in writes.items()}


def both(text: bytes, *, files: Files | None = None, licenses: tuple[str, ...] = ()) -> Write:
    """Write both distributions with the same metadata."""

    def write(folder: Path) -> None:
        inside = {f"{STEM}.dist-info/licenses/{name}": b"A license" for name in licenses}
        write_wheel(folder / WHEEL, wheel_files(text, files=inside | dict(files or {})))
        write_sdist(folder / SDIST, sdist_files(text, files=dict.fromkeys(licenses, b"A license")))

    return write


def wheel(  # noqa: PLR0913 - one for each thing that may be special
    name: str = WHEEL,
    *,
    text: bytes = GOOD,
    folder: str = "",
    files: Files | None = None,
    without: str = "",
    compression: int = zipfile.ZIP_DEFLATED,
    comment: bytes = b"",
    change: Change = bytes,
    twice: str = "",
) -> Write:
    """Write a good source distribution, and a wheel with something special about it."""

    def write(destination: Path) -> None:
        inside = folder or "-".join(name.split("-")[:2]) + ".dist-info"
        members = wheel_files(text, folder=inside, files=files)
        members = {file: content for file, content in members.items() if not without or not file.endswith(without)}
        write_wheel(destination / name, members, compression=compression, comment=comment, change=change, twice=twice)
        write_sdist(destination / SDIST, sdist_files())

    return write


def sdist(  # noqa: PLR0913 - one for each thing that may be special
    name: str = SDIST,
    *more: tuple[tarfile.TarInfo, bytes],
    text: bytes = GOOD,
    folder: str = STEM,
    files: Files | None = None,
    without: str = "",
    compression: str = "gz",
    form: int = tarfile.PAX_FORMAT,
    change: Change = bytes,
) -> Write:
    """Write a good wheel, and a source distribution with something special about it."""

    def write(destination: Path) -> None:
        members = sdist_files(text, folder=folder, files=files)
        members = {file: content for file, content in members.items() if not without or not file.endswith(without)}
        write_wheel(destination / WHEEL, wheel_files())
        write_sdist(destination / name, members, *more, compression=compression, form=form, change=change)

    return write


def version(spelled: str, inside: str = "", folder: str = "") -> Write:
    """Write both distributions with a version: as it is spelled in the names, in the metadata and in `.dist-info`."""

    def write(destination: Path) -> None:
        text = GOOD.replace(b"Version: 1.2.3", f"Version: {inside or spelled}".encode())
        stem = f"demo_lib-{spelled}"
        dist_info = f"demo_lib-{folder or spelled}.dist-info"
        write_wheel(destination / f"{stem}-py3-none-any.whl", wheel_files(text, folder=dist_info))
        write_sdist(destination / f"{stem}.tar.gz", sdist_files(text, folder=stem))

    return write
