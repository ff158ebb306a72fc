"""How to craft distributions of a project my-package 1.2.3: good ones, and ones with something wrong in them."""

import base64
import hashlib
import io
import tarfile
import warnings
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

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


def record_of(files: Files, folder: str = DIST_INFO) -> bytes:
    """Return the content of RECORD."""
    lines = []
    for name, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        lines.append(f"{name},sha256={digest},{len(content)}\n")
    return "".join([*lines, f"{folder}/RECORD,,\n"]).encode()


def wheel_files(text: bytes = GOOD, folder: str = DIST_INFO, files: Files | None = None) -> dict[str, bytes]:
    """Return the members of a wheel with some metadata; further files replace those of their names."""
    members = {MODULE: b"", f"{folder}/METADATA": text, f"{folder}/WHEEL": WHEEL_FILE} | dict(files or {})
    return members | ({} if f"{folder}/RECORD" in members else {f"{folder}/RECORD": record_of(members, folder)})


class Unseekable(io.BytesIO):
    """A file that can only be written from its start to its end, so that zipfile adds data descriptors."""

    def seek(self, *_: int) -> int:
        """Refuse to go anywhere."""
        raise OSError


def zip_file(
    members: Files, *, compression: int = zipfile.ZIP_DEFLATED, twice: str = "", streamed: bool = False
) -> bytes:
    """Return a zip file; one member may be there twice."""
    written = Unseekable() if streamed else io.BytesIO()
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


def entry(name: str, content: bytes = b"", **header: Any) -> Entry:  # noqa: ANN401
    """Return a member of a tar file: a regular file, or what its header says otherwise."""
    info = tarfile.TarInfo(name)
    info.size = len(content)
    info.type = header.pop("type", "0").encode()
    info.linkname, info.pax_headers = header.pop("linkname", ""), header.pop("pax_headers", {})
    return info, content


CHANGES: dict[str, Callable[..., bytes]] = {  # what may be done to a whole archive, some with a text
    "append": lambda archive, text: archive + text,
    "prepend": lambda archive, text: text + archive,
    "write": lambda _, text: text,
    "replace": replace,
    "double": lambda archive: archive * 2,
    "halve": lambda archive: archive[: len(archive) // 2],
    "comment": lambda archive: archive[:-2] + b"\5\0hello",
    "encrypted": lambda archive: replace(archive, LOCAL + b"\0", LOCAL + b"\1", CENTRAL + b"\0", CENTRAL + b"\1"),
    "compressed_by_method_99": lambda archive: replace(
        archive, LOCAL + b"\0\0\x08", LOCAL + b"\0\0c", CENTRAL + b"\0\0\x08", CENTRAL + b"\0\0c"
    ),
    "rename_at_the_end": lambda archive: b"my_package/__evil__.py".join(archive.rsplit(MODULE.encode(), 1)),
    "put_before_a_zip_file": lambda archive: archive + zip_file(wheel_files()),
    "put_behind_a_tar_file": lambda archive: tar_file(sdist_files(), compression="") + archive,
}
