"""The archives that distributions are: a wheel is a zip file, a source distribution is a compressed tar file.

Both are read once, from the first member to the last, in pieces. A member stays in memory only if PyPI reads it, too.
How large an archive may become is known before it is read, so that a small file cannot use up memory or time.

Rules have their source beside them. *warehouse* is PyPI's code at commit 6b621571, where the rules about archives stand
in `forklift/legacy.py`, in `_is_valid_dist_file` and below; *twine* is version 7.0.0, in the pinned publishing action.
"""

from __future__ import annotations

import gzip
import os
import re
import struct
import tarfile
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from meltano_release.zip_records import RecordError, check_records

if TYPE_CHECKING:
    from pathlib import Path

MIB = 2**20
BOMB, BOMB_RATIO = 64 * MIB, 50  # warehouse: COMPRESSION_RATIO_MIN_SIZE, COMPRESSION_RATIO_THRESHOLD
MAX_SDIST = 1024 * MIB  # ours: an sdist with the ratio of a bomb may have this size
MAX_MEMBERS = 100_000  # ours: of an sdist
MAX_TEXT = 64 * MIB  # ours: what is kept in memory, and the headers of a tar file
PIECE = MIB
ENCRYPTED = 0x1  # a flag of a member of a zip file
DAMAGED = (  # what Python's modules raise for a damaged, encrypted, or unknown archive
    ArithmeticError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    ValueError,
    struct.error,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
)
POINTER = re.compile(rb"version https://git-lfs\.github\.com/spec/v1\r?\n(?:.*\n)*oid sha256:")
AGAIN = "build it again with `uv build`."


class ArchiveError(ValueError):
    """An archive cannot be read, or is not safe to read; the text is a sentence."""


@dataclass
class Contents:
    """What is in an archive: the names of its members, the texts that PyPI reads, and what is wrong with others."""

    files: set[str] = field(default_factory=set)
    texts: dict[str, bytes] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def read_wheel_archive(path: Path, kept: re.Pattern[str]) -> Contents:
    """Read a wheel to its end.

    Args:
        path: The file, whose name ends in `.whl`.
        kept: What the whole name of a member matches if its content is returned.

    Raises:
        ArchiveError: The file is not a zip file that PyPI accepts.
    """
    try:
        check_kind(path)
        with zipfile.ZipFile(path) as wheel:
            members = wheel.infolist()
            check_wheel_sizes(path, members)
            with path.open("rb") as raw:
                check_records(raw, members)
            contents = Contents({member.filename for member in members})
            for member in members:
                if not member.is_dir():
                    with wheel.open(member) as file:
                        read_member(path, member.filename, file, contents, keep=bool(kept.fullmatch(member.filename)))
    except ArchiveError:
        raise
    except RecordError as error:
        message = f"PyPI refuses {path.name}, because {error}: {AGAIN}"
        raise ArchiveError(message) from error
    except DAMAGED as error:
        message = f"{path.name} is not a whole wheel ({explain(error)}): {AGAIN}"
        raise ArchiveError(message) from error
    return contents


def read_sdist_archive(path: Path, kept: re.Pattern[str]) -> Contents:
    """Read a source distribution to its end.

    Args:
        path: The file, whose name ends in `.tar.gz`.
        kept: What the whole name of a member matches if its content is returned; of two, the last counts.

    Raises:
        ArchiveError: The file is not a tar file that PyPI accepts.
    """
    contents = Contents()
    try:
        check_kind(path)
        with LimitedFile(path) as file, tarfile.open(fileobj=file, mode="r:") as sdist:
            for count, member in enumerate(sdist):
                check_sdist_member(path, member, count)
                file.check(member.offset_data + member.size)
                contents.files.add(member.name)
                if member.isreg() and member.size and (content := sdist.extractfile(member)):
                    read_member(path, member.name, content, contents, keep=bool(kept.fullmatch(member.name)))
                elif kept.fullmatch(member.name):
                    contents.texts.pop(member.name, None)  # the last of a name counts, and it is not a regular file
    except ArchiveError:
        raise
    except DAMAGED as error:
        message = f"{path.name} is not a whole .tar.gz ({explain(error)}): {AGAIN}"
        raise ArchiveError(message) from error
    return contents


def explain(error: BaseException) -> str:
    """Return the text of an exception in one line, or its name if it has none."""
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


def check_kind(path: Path) -> None:
    """Raise `ArchiveError` if a file is a zip file and a tar file, two distributions in one (warehouse)."""
    if zipfile.is_zipfile(path) and tarfile.is_tarfile(path):
        message = f"PyPI refuses {path.name}, because it is a zip file and a tar file at the same time: {AGAIN}"
        raise ArchiveError(message)


def check_wheel_sizes(path: Path, members: list[zipfile.ZipInfo]) -> None:
    """Raise `ArchiveError` for a bomb, for encryption, and for compression that not every installer has (warehouse).

    What the directory says of a member's size is true: zipfile reads no more of it.
    """
    size, packed = sum(member.file_size for member in members), path.stat().st_size
    if size > BOMB and size / packed > BOMB_RATIO:
        message = (
            f"{path.name} unpacks to {size // MIB} MiB, more than {BOMB_RATIO} times its size, which PyPI refuses "
            f"above {BOMB // MIB} MiB: leave out large files that compress that well, or let the package make them."
        )
        raise ArchiveError(message)
    for member in members:
        if member.flag_bits & ENCRYPTED:
            message = f"{path.name} is encrypted ({member.filename!r}), so that nobody can install it: {AGAIN}"
            raise ArchiveError(message)
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            message = (
                f"{path.name} compresses {member.filename!r} by method {member.compress_type} and PyPI accepts only "
                f"deflate (8): {AGAIN}"
            )
            raise ArchiveError(message)


def check_sdist_member(path: Path, member: tarfile.TarInfo, count: int) -> None:
    """Raise `ArchiveError` for a sparse member (warehouse), and for one too many (ours: PyPI has no limit)."""
    if member.issparse():
        message = (
            f"PyPI refuses {path.name}, because {member.name!r} is stored as a sparse file: build the .tar.gz with "
            "`uv build`, or with tar without `--sparse`."
        )
        raise ArchiveError(message)
    if count >= MAX_MEMBERS:
        message = f"{path.name} has more than {MAX_MEMBERS} files: leave out what is not needed to build the package."
        raise ArchiveError(message)


def read_member(path: Path, name: str, file: IO[bytes], contents: Contents, *, keep: bool) -> None:
    """Read a member to its end, keep its content if that is asked for, and add what is wrong with it."""
    pieces = [file.read(PIECE)]
    contents.problems += check_origin(path, name, pieces[0])
    size = len(pieces[0])
    while piece := file.read(PIECE):
        size += len(piece)
        if keep:
            pieces.append(piece)
            if size + sum(map(len, contents.texts.values())) > MAX_TEXT:
                message = f"{path.name} has {MAX_TEXT // MIB} MiB of metadata ({name!r}): {AGAIN}"
                raise ArchiveError(message)
    if keep:
        contents.texts[name] = b"".join(pieces)


def check_origin(path: Path, name: str, start: bytes) -> list[str]:
    """Return a sentence if a member is what git left in place of a file (ours: such a package does not work).

    That is the pointer of a file in Git LFS (https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md), and the file
    `.git` of a submodule, which Poetry packs.
    """
    if POINTER.match(start[:1024]):
        return [
            (
                f"{path.name} has a Git LFS pointer in place of the file {name!r}: fetch the file before the build "
                "(`git lfs pull`), or leave it out of the package."
            )
        ]
    if name.rpartition("/")[2] == ".git":
        return [
            (
                f"{path.name} has {name!r}, the file with which git marks a submodule: leave it out, with Poetry by "
                "`exclude = ['**/.git']` in [tool.poetry]."
            )
        ]
    return []


class LimitedFile(gzip.GzipFile):
    """A compressed file that ends in a sentence where its content becomes too large.

    PyPI sets no limit for source distributions. Ours is 1 GiB, or fifty times the size of a large file.
    """

    def __init__(self, path: Path) -> None:
        """Open a compressed file for reading."""
        super().__init__(path, "rb")
        self.path, self.limit = path, max(MAX_SDIST, BOMB_RATIO * path.stat().st_size)

    def check(self, position: int) -> None:
        """Raise `ArchiveError` if a position is behind the limit."""
        if position > self.limit:
            message = (
                f"{self.path.name} becomes larger than {self.limit // MIB} MiB when it is unpacked: leave out large "
                "files that compress that well, or let the tests make them."
            )
            raise ArchiveError(message)

    def read(self, size: int | None = -1) -> bytes:
        """Read the next bytes, not many at a time: tarfile reads contents in pieces, and headers at once."""
        if size is None or not 0 <= size <= MAX_TEXT:
            message = f"{self.path.name} has a header of more than {MAX_TEXT // MIB} MiB: {AGAIN}"
            raise ArchiveError(message)
        self.check(self.tell() + size)
        return super().read(size)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a position, counted from the start as tarfile does."""
        self.check(offset)
        return super().seek(offset, whence)
