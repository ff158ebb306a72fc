"""The records of a zip file, read from its first byte to its last, as a program reads it that has no seek.

A zip file describes each member twice: in a header before its content, and in the directory at the end. Installers that
read one of them must find the same members as those that read the other. PyPI refuses a wheel where they may differ
(warehouse, `utils/zipfiles.py`; https://docs.pypi.org/archives), and so does this module.

The layout is that of APPNOTE.TXT, https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT; the numbers in
comments are its sections.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from struct import Struct
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zipfile import ZipInfo

LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
END_64, LOCATOR_64 = b"PK\x06\x06", b"PK\x06\x07"
LOCAL_FIELDS = Struct("<2xHH8xLLHH")  # 4.3.7: flags, method, both sizes, lengths of the name and of the extras
CENTRAL_FIELDS = Struct("<24xHHH12x")  # 4.3.12: lengths of the name, of the extras, and of the comment
END_FIELDS = Struct("<4xHHLLH")  # 4.3.16: records on this disk and in all, size, offset, length of the comment
END_64_FIELDS = Struct("<Q12xQQQQ")  # 4.3.14: its own size, then as above
LOCATOR_64_FIELDS = Struct("<4xQ4x")  # 4.3.15: where the record before stands
EXTRA_FIELDS = Struct("<HH")  # 4.5.1: identifier, length
SIZE_64 = Struct("<Q")
ZIP_64, UNICODE_PATH = 0x0001, 0x7075  # extras that may not be repeated
DATA_DESCRIPTOR = 0x08  # a flag
UNKNOWN_SIZE = 0xFFFFFFFF  # the extra ZIP_64 has it
CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
MALFORMED = "its records contradict each other"


class RecordError(ValueError):
    """A zip file is not what PyPI accepts; the text is a clause that says why."""


@dataclass
class Directory:
    """What the records say: the members before their contents, those of the directory, and where that is."""

    local: set[bytes] = field(default_factory=set)
    central: set[bytes] = field(default_factory=set)
    records: int = 0
    size: int = 0
    offset: int | None = None
    end_64: tuple[int, int, int] | None = None
    located_64: bool = False


def check_records(file: IO[bytes], members: list[ZipInfo]) -> None:
    """Compare all records of a zip file with each other, and with the members that Python's zipfile has found.

    Args:
        file: The zip file, open for reading; its position changes.
        members: What `ZipFile.infolist()` has read from the directory.

    Raises:
        RecordError: PyPI refuses the file (warehouse, `validate_zipfile`).
    """
    sizes = {member.orig_filename: (member.compress_size, member.file_size) for member in members}
    found = Directory()
    file.seek(0)
    while (signature := read(file, 4)) != END:
        if signature == LOCAL:
            add_local(file, found, sizes)
        elif signature == CENTRAL:
            add_central(file, found)
        elif signature == END_64:
            found.end_64 = read_end_64(file)
        elif signature == LOCATOR_64:
            LOCATOR_64_FIELDS.unpack(read(file, LOCATOR_64_FIELDS.size))
            found.located_64 = True
        else:
            where = "before" if not found.local else "between"
            message = f"bytes that belong to no member stand {where} its members"
            raise RecordError(message)
    check_end(file, found)


def read(file: IO[bytes], count: int) -> bytes:
    """Return the next bytes of a file; raise `RecordError` if there are fewer."""
    content = file.read(count)
    if len(content) != count:
        message = "it ends in the middle of a record"
        raise RecordError(message)
    return content


def read_name(file: IO[bytes], length: int) -> bytes:
    """Return the name of a member; raise `RecordError` if it has a control character."""
    name = read(file, length)
    check_name(name)
    return name


def check_name(name: bytes) -> None:
    """Raise `RecordError` if the name of a member has a control character."""
    if CONTROL.search(name):
        message = f"the name of a member has a control character ({name.decode('utf-8', 'replace')!r})"
        raise RecordError(message)


def add_local(file: IO[bytes], found: Directory, sizes: dict[str, tuple[int, int]]) -> None:
    """Read the header of a member, compare it with the directory, and skip the content (4.3.7)."""
    flags, method, compressed, uncompressed, name_length, extra_length = LOCAL_FIELDS.unpack(
        read(file, LOCAL_FIELDS.size)
    )
    name, extra = read_name(file, name_length), read(file, extra_length)
    compressed, uncompressed = read_extras(extra, method, compressed, uncompressed)
    if flags & DATA_DESCRIPTOR:
        message = "its members have data descriptors, as a zip has that is written to a stream"
        raise RecordError(message)
    try:
        text = name.decode()
    except UnicodeDecodeError as error:
        message = f"the name of a member is not UTF-8 ({name!r})"
        raise RecordError(message) from error
    if sizes.get(text) != (compressed, uncompressed):
        message = f"the header of {text!r} and the directory at the end differ"
        raise RecordError(message)
    if name in found.local:
        message = f"it has the member {text!r} twice"
        raise RecordError(message)
    found.local.add(name)
    file.seek(compressed, os.SEEK_CUR)


def split_extras(extra: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the extras of a header: the identifier and the content of each (4.5.1)."""
    seen = set()
    while extra:
        if len(extra) < EXTRA_FIELDS.size:
            raise RecordError(MALFORMED)
        identifier, length = EXTRA_FIELDS.unpack_from(extra)
        end = EXTRA_FIELDS.size + length
        if end > len(extra) or (identifier in seen and identifier in (ZIP_64, UNICODE_PATH)):
            raise RecordError(MALFORMED)
        seen.add(identifier)
        yield identifier, extra[EXTRA_FIELDS.size : end]
        extra = extra[end:]


def read_extras(extra: bytes, method: int, compressed: int, uncompressed: int) -> tuple[int, int]:
    """Return the sizes of a member, compressed and not, as the extras of its header correct them (4.5.3, 4.6.9)."""
    for identifier, content in split_extras(extra):
        if identifier == ZIP_64:
            if len(content) not in (0, 8, 16, 24, 28):
                raise RecordError(MALFORMED)
            if not content:
                if UNKNOWN_SIZE in (compressed, uncompressed):
                    raise RecordError(MALFORMED)
                continue
            if len(content) == SIZE_64.size and method:  # one size stands for both only if nothing is compressed
                raise RecordError(MALFORMED)
            if uncompressed == UNKNOWN_SIZE:
                (uncompressed,) = SIZE_64.unpack_from(content)
            (compressed,) = SIZE_64.unpack_from(content, 0 if len(content) == SIZE_64.size else SIZE_64.size)
        elif identifier == UNICODE_PATH:
            name = content[5:]
            check_name(name)
            if name != name.decode(errors="replace").encode():
                message = f"the name of a member is not UTF-8 ({name!r})"
                raise RecordError(message)
    return compressed, uncompressed


def add_central(file: IO[bytes], found: Directory) -> None:
    """Read one record of the directory (4.3.12)."""
    if found.offset is None:
        found.offset = file.tell() - len(CENTRAL)
    name_length, extra_length, comment_length = CENTRAL_FIELDS.unpack(read(file, CENTRAL_FIELDS.size))
    if comment_length:
        message = "a member has a comment"
        raise RecordError(message)
    name = read_name(file, name_length)
    read(file, extra_length)
    found.records += 1
    found.size += len(CENTRAL) + CENTRAL_FIELDS.size + name_length + extra_length
    if name in found.central or name not in found.local:
        raise RecordError(MALFORMED)
    found.central.add(name)


def read_end_64(file: IO[bytes]) -> tuple[int, int, int]:
    """Read the end of a large zip: the number of records, their size and their offset (4.3.14)."""
    own_size, on_disk, records, size, offset = END_64_FIELDS.unpack(read(file, END_64_FIELDS.size))
    if on_disk != records or own_size != END_64_FIELDS.size - SIZE_64.size:
        raise RecordError(MALFORMED)
    return records, size, offset


def check_end(file: IO[bytes], found: Directory) -> None:
    """Read the last record, and compare what it says with the directory; nothing may follow (4.3.16)."""
    if found.end_64 and not found.located_64:
        raise RecordError(MALFORMED)
    end = file.tell() - len(END)
    on_disk, records, size, offset, comment_length = END_FIELDS.unpack(read(file, END_FIELDS.size))
    if on_disk != records:
        raise RecordError(MALFORMED)
    counted = (found.records, found.size, end if found.offset is None else found.offset)
    if (found.end_64 or (records, size, offset)) != counted or found.local != found.central:
        raise RecordError(MALFORMED)
    file.seek(comment_length, os.SEEK_CUR)
    if file.tell() != file.seek(0, os.SEEK_END):
        message = "bytes follow the end of the zip"
        raise RecordError(message)
