"""How to craft distributions of a project demo-lib 1.2.3: good ones, and ones with something wrong in them."""

import base64
import hashlib
import io
import struct
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

NAME, VERSION = "demo-lib", "1.2.3"
STEM = f"demo_lib-{VERSION}"
WHEEL, SDIST = f"{STEM}-py3-none-any.whl", f"{STEM}.tar.gz"
DIST_INFO = f"{STEM}.dist-info"
MODULE = "demo_lib/__init__.py"
WHEEL_FILE = b"Wheel-Version: 1.0\nGenerator: crafted\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
DATE = (2020, 1, 1, 0, 0, 0)
NO_TYPE = ""

Files = Mapping[str, bytes]
Change = Callable[[bytes], bytes]  # of a whole archive


def metadata(  # noqa: PLR0913 - one for each field that cases change
    *fields: str,
    version: str = VERSION,
    name: str = NAME,
    metadata_version: str = "2.4",
    summary: str = "A summary",
    body: str = "# Title\n\nText\n",
    content_type: str = "text/markdown",
) -> bytes:
    """Return core metadata with some more fields, each `NAME: VALUE`."""
    lines = [f"Metadata-Version: {metadata_version}", f"Name: {name}", f"Version: {version}", f"Summary: {summary}"]
    lines += [*fields, *([f"Description-Content-Type: {content_type}"] if content_type else [])]
    return ("\n".join(lines) + f"\n\n{body}").encode()


GOOD = metadata()


def record(files: Files, folder: str) -> bytes:
    """Return the content of RECORD."""
    lines = []
    for name, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        lines.append(f"{name},sha256={digest},{len(content)}\n")
    return "".join([*lines, f"{folder}/RECORD,,\n"]).encode()


def wheel_files(text: bytes = GOOD, *, folder: str = DIST_INFO, files: Files | None = None) -> dict[str, bytes]:
    """Return the members of a wheel with some metadata; further files replace those of their names."""
    members = {MODULE: b"", f"{folder}/METADATA": text, f"{folder}/WHEEL": WHEEL_FILE} | dict(files or {})
    members.setdefault(f"{folder}/RECORD", record(members, folder))
    return members


def write_wheel(  # noqa: PLR0913 - one for each part of a zip file
    path: Path,
    members: Files,
    *,
    compression: int = zipfile.ZIP_DEFLATED,
    comment: bytes = b"",
    change: Change = bytes,
    twice: str = "",
) -> None:
    """Write a zip file; the change is made to its bytes, and one member may be there twice."""
    written, other = io.BytesIO(), f"{twice[:-1]}#"  # zipfile warns where it is to write a name again
    with zipfile.ZipFile(written, "w", compression) as wheel:
        for name, content in [*members.items(), *([(other, members[twice])] if twice else [])]:
            wheel.writestr(member(name, compression), content)
        wheel.comment = comment
    content = written.getvalue()
    path.write_bytes(change(content.replace(other.encode(), twice.encode()) if twice else content))


def member(name: str, compression: int) -> zipfile.ZipInfo:
    """Return a member of a zip file."""
    info = zipfile.ZipInfo(name, DATE)
    info.compress_type = compression
    info.external_attr = 0o644 << 16
    return info


class Stream(io.RawIOBase):
    """A file that can only be written, from its start to its end, so that zipfile adds data descriptors."""

    def __init__(self) -> None:
        """Begin empty."""
        self.written = bytearray()

    def writable(self) -> bool:
        """Say that it can be written."""
        return True

    def write(self, content: bytes) -> int:  # type: ignore[override] # of any buffer
        """Add some bytes."""
        self.written += content
        return len(content)


def write_streamed_wheel(path: Path, members: Files) -> None:
    """Write a zip file as a program does that cannot go back."""
    stream = Stream()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, content in members.items():
            wheel.writestr(member(name, zipfile.ZIP_DEFLATED), content)
    path.write_bytes(bytes(stream.written))


def set_in_headers(offset: int, value: int) -> Change:
    """Set two bytes of each header of a zip file: their offset is that in a local header."""

    def change(content: bytes) -> bytes:
        changed = bytearray(content)
        for signature, at in ((b"PK\x03\x04", offset), (b"PK\x01\x02", offset + 2)):
            start = changed.find(signature)
            while start >= 0:
                struct.pack_into("<H", changed, start + at, value)
                start = changed.find(signature, start + 4)
        return bytes(changed)

    return change


encrypted = set_in_headers(6, 0x1)  # a flag
compressed_by_method_99 = set_in_headers(8, 99)


def replaced(old: bytes, new: bytes) -> Change:
    """Replace bytes of an archive by as many others."""
    assert len(old) == len(new)
    return lambda content: content.replace(old, new)


def sdist_files(text: bytes = GOOD, *, folder: str = STEM, files: Files | None = None) -> dict[str, bytes]:
    """Return the members of a source distribution with some metadata."""
    inside = {"PKG-INFO": text, "pyproject.toml": b"[build-system]\n"} | dict(files or {})
    return {f"{folder}/{name}": content for name, content in inside.items()}


def write_sdist(
    path: Path,
    members: Files,
    *more: tuple[tarfile.TarInfo, bytes],
    compression: str = "gz",
    form: int = tarfile.PAX_FORMAT,
    change: Change = bytes,
) -> None:
    """Write a compressed tar file; further members may be of any type."""
    with tarfile.open(path, f"w:{compression}", format=form) as sdist:  # type: ignore[call-overload] # no literal
        for name, content in members.items():
            sdist.addfile(*regular(name, content))
        for info, content in more:
            sdist.addfile(info, io.BytesIO(content))
    path.write_bytes(change(path.read_bytes()))


def regular(name: str, content: bytes) -> tuple[tarfile.TarInfo, io.BytesIO]:
    """Return a regular file of a tar file."""
    info = tarfile.TarInfo(name)
    info.size = len(content)
    return info, io.BytesIO(content)


def link(name: str, target: str, kind: bytes) -> tuple[tarfile.TarInfo, bytes]:
    """Return a link of a tar file."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info, b""


def sparse(name: str) -> tuple[tarfile.TarInfo, bytes]:
    """Return a sparse file of a tar file: one byte behind a gap (GNU's format 1.0, in a pax header)."""
    content = b"1\n1048576\n1\n".ljust(512, b"\0") + b"x"
    info = tarfile.TarInfo(name)
    info.size = len(content)
    info.pax_headers = {
        "GNU.sparse.major": "1",
        "GNU.sparse.minor": "0",
        "GNU.sparse.name": name,
        "GNU.sparse.realsize": "1048577",
    }
    return info, content


def zip_of(members: Files) -> bytes:
    """Return a zip file."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return written.getvalue()
