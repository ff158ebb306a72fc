"""How to craft distributions of a project my-package 1.2.3: good ones, and ones with something wrong in them."""

import base64
import hashlib
import io
import tarfile
import warnings
import zipfile
from collections.abc import Mapping

from tests.support.projects import VERSION

STEM = f"my_package-{VERSION}"
DIST_INFO = f"{STEM}.dist-info"
MODULE = "my_package/__init__.py"
WHEEL_FILE = b"Wheel-Version: 1.0\nGenerator: crafted\nRoot-Is-Purelib: true\nTag: py3-none-any\n"

Files = Mapping[str, bytes]
Entry = tuple[tarfile.TarInfo, bytes]


def metadata(text: str = "") -> bytes:
    """Return good core metadata, changed by a text: fields, one per line, and after an empty line the description.

    A field replaces the one of its name that good metadata has, `-NAME` removes it, and another field is added.
    """
    fields = {"Metadata-Version": "2.4", "Name": "my-package", "Version": VERSION, "Summary": "A summary"}
    fields["Description-Content-Type"] = "text/markdown"
    head, described, body = text.partition("\n\n")
    added = []
    for line in head.split("\n"):
        name, _, value = line.partition(": ")
        if line.startswith("-"):
            del fields[line[1:]]
        elif name in fields:
            fields[name] = value
        elif line:
            added.append(line)
    lines = [*(f"{name}: {value}" for name, value in fields.items()), *added]
    description = body if described else "# Title\n\nText\n"
    return ("\n".join(lines) + f"\n\n{description}").encode("utf-8", "surrogateescape")


GOOD = metadata()


def record(files: Files, folder: str = DIST_INFO) -> bytes:
    """Return the content of RECORD."""
    lines = []
    for name, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        lines.append(f"{name},sha256={digest},{len(content)}\n")
    return "".join([*lines, f"{folder}/RECORD,,\n"]).encode()


def wheel_files(text: bytes = GOOD, folder: str = DIST_INFO, files: Files | None = None) -> dict[str, bytes]:
    """Return the members of a wheel with some metadata; further files replace those of their names."""
    members = {MODULE: b"", f"{folder}/METADATA": text, f"{folder}/WHEEL": WHEEL_FILE} | dict(files or {})
    return members | ({} if f"{folder}/RECORD" in members else {f"{folder}/RECORD": record(members, folder)})


class Unseekable(io.BytesIO):
    """A file that can only be written from its start to its end, so that zipfile adds data descriptors."""

    def seek(self, *_: int) -> int:
        """Refuse to go anywhere."""
        raise OSError


def zip_file(
    members: Files, *, compression: int = zipfile.ZIP_DEFLATED, twice: str = "", file: io.BytesIO | None = None
) -> bytes:
    """Return a zip file; one member may be there twice."""
    written = file or io.BytesIO()
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(written, "w", compression) as archive:
        for name in [*members, *([twice] if twice else [])]:
            archive.writestr(name, members[name])
    return written.getvalue()


def replace(archive: bytes, *texts: bytes) -> bytes:
    """Replace bytes of an archive by as many others: each of an even number of texts by the one behind it."""
    for old, new in zip(texts[::2], texts[1::2], strict=True):
        assert len(old) == len(new)
        assert old in archive
        archive = archive.replace(old, new)
    return archive


LOCAL, CENTRAL = b"PK\3\4\x14\0", b"PK\1\2\x14\3\x14\0"  # how the headers of members begin, before flags and method


def encrypted(archive: bytes) -> bytes:
    """Say of every member of a zip file that it is encrypted."""
    return replace(archive, LOCAL + b"\0", LOCAL + b"\1", CENTRAL + b"\0", CENTRAL + b"\1")


def compressed_by_method_99(archive: bytes) -> bytes:
    """Say of every member of a zip file that it is compressed in an unknown way."""
    methods = (LOCAL + b"\0\0\x08", LOCAL + b"\0\0c", CENTRAL + b"\0\0\x08", CENTRAL + b"\0\0c")
    return replace(archive, *methods)


def rename_at_the_end(archive: bytes) -> bytes:
    """Give the module another name in the directory at the end of a zip file."""
    at = archive.rindex(MODULE.encode())
    return archive[:at] + b"my_package/__evil__.py"[: len(MODULE)] + archive[at + len(MODULE) :]


def comment(archive: bytes) -> bytes:
    """Put a comment into a zip file."""
    return archive[:-2] + b"\5\0hello"


def append(archive: bytes, text: bytes) -> bytes:
    """Put bytes behind an archive."""
    return archive + text


def prepend(archive: bytes, text: bytes) -> bytes:
    """Put bytes in front of an archive."""
    return text + archive


def double(archive: bytes) -> bytes:
    """Return an archive twice."""
    return archive * 2


def halve(archive: bytes) -> bytes:
    """Return the first half of an archive."""
    return archive[: len(archive) // 2]


def write(_: bytes, text: bytes) -> bytes:
    """Return other bytes."""
    return text


def put_before_a_zip_file(archive: bytes) -> bytes:
    """Put a zip file behind an archive."""
    return archive + zip_file(wheel_files())


def put_behind_a_tar_file(archive: bytes) -> bytes:
    """Put a tar file in front of an archive."""
    return tar_file(sdist_files(), compression="") + archive


def sdist_files(text: bytes = GOOD, folder: str = STEM, files: Files | None = None) -> dict[str, bytes]:
    """Return the members of a source distribution with some metadata."""
    inside = {"PKG-INFO": text, "pyproject.toml": b"[build-system]\n"} | dict(files or {})
    return {f"{folder}/{name}": content for name, content in inside.items()}


def tar_file(members: Files, *more: Entry, compression: str = "gz", form: int = tarfile.PAX_FORMAT) -> bytes:
    """Return a compressed tar file; further members may be of any type."""
    written = io.BytesIO()
    with tarfile.open(None, f"w:{compression}", written, format=form) as archive:  # type: ignore[call-overload]
        for info, content in [*(entry(name, content) for name, content in members.items()), *more]:
            archive.addfile(info, io.BytesIO(content))
    return written.getvalue()


def entry(name: str, content: bytes = b"", link: str = "", kind: bytes = tarfile.SYMTYPE) -> Entry:
    """Return a regular file of a tar file, or a link."""
    info = tarfile.TarInfo(name)
    info.size = len(content)
    if link:
        info.type, info.linkname = kind, link
    return info, content


def sparse(name: str) -> Entry:
    """Return a sparse file of a tar file: one byte behind a gap (GNU's format 1.0, in a pax header)."""
    info, content = entry(name, b"1\n1048576\n1\n".ljust(512, b"\0") + b"x")
    info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": name}
    info.pax_headers["GNU.sparse.realsize"] = "1048577"
    return info, content
