"""What a crafted case is: distributions in a folder, and who accepts them; cases.yml has them all."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from tests.gate.crafted.archives import (
    CHANGES,
    DIST_INFO,
    STEM,
    Files,
    entry,
    metadata,
    record_of,
    sdist_files,
    tar_file,
    wheel_files,
    zip_file,
)
from tests.support.projects import SDIST, VERSION, WHEEL

Write = Callable[[Path], object]
MIB = 2**20
VERDICTS = {  # what PyPI says, and what the gate does
    "accepted": (True, True),
    "refused": (False, False),
    "accepted by the gate": (False, True),
    "refused by the gate": (True, False),
}


@dataclass(frozen=True)
class Case:
    """Distributions that somebody may build."""

    rule: str  # as docs/reference/gate.md calls it
    pypi: bool  # whether PyPI accepts them
    accepted: bool  # whether the gate does
    write: Write  # them to a folder


def content(described: Any) -> bytes:  # noqa: ANN401 - a part of the table
    """Return the content of a file: a text, metadata, or some MiB of zeros before a text."""
    if isinstance(described, dict):
        return metadata(described["text"])
    if isinstance(described, list):
        return bytes(int(described[0]) * MIB) + str(described[1]).encode()
    return str(described).encode("utf-8", "surrogateescape")


def changed(archive: bytes, change: Any) -> bytes:  # noqa: ANN401 - a part of the table
    """Return a whole archive with something done to it, or nothing."""
    ((name, given),) = change.items() if isinstance(change, dict) else [(change, [])]
    texts = [text.encode() for text in (given if isinstance(given, list) else [given])]
    return CHANGES[name](archive, *texts) if name else archive


def without(members: Files, end: str) -> Files:
    """Return members without the one whose name ends in a text."""
    return {name: content for name, content in members.items() if not end or not name.endswith(end)}


def both(folder: Path, text: str, sdist_text: str | None = None, licenses: tuple[str, ...] = ()) -> None:
    """Write both distributions with the same metadata, or the source distribution with its own."""
    inside = {f"{DIST_INFO}/licenses/{name}": b"A license" for name in licenses}
    other = metadata(text if sdist_text is None else sdist_text)
    (folder / WHEEL).write_bytes(zip_file(wheel_files(metadata(text), files=inside)))
    (folder / SDIST).write_bytes(tar_file(sdist_files(other, files=dict.fromkeys(licenses, b"A license"))))


def wheel(  # noqa: PLR0913 - one for each thing that may be special
    destination: Path,
    *,
    name: str = WHEEL,
    text: str = "",
    folder: str = "",
    files: dict[str, Any] | None = None,
    record: tuple[str, ...] = (),
    missing: str = "",
    change: Any = "",  # noqa: ANN401 - as `changed` has it
    **zipped: Any,  # noqa: ANN401 - as `zip_file` has them
) -> None:
    """Write a good source distribution, and a wheel with something special about it."""
    inside = {name: content(described) for name, described in (files or {}).items()}
    if record:
        inside[f"{DIST_INFO}/RECORD"] = record_of(dict.fromkeys(record, b""))
    members = wheel_files(metadata(text), folder or "-".join(name.split("-")[:2]) + ".dist-info", inside)
    (destination / name).write_bytes(changed(zip_file(without(members, missing), **zipped), change))
    (destination / SDIST).write_bytes(tar_file(sdist_files()))


def sdist(  # noqa: PLR0913 - one for each thing that may be special
    destination: Path,
    *,
    name: str = SDIST,
    more: dict[str, Any] | None = None,
    folder: str = STEM,
    files: dict[str, Any] | None = None,
    missing: str = "",
    change: Any = "",  # noqa: ANN401 - as `changed` has it
    **packed: Any,  # noqa: ANN401 - as `tar_file` has them
) -> None:
    """Write a good wheel, and a source distribution with something special about it."""
    inside = {name: content(described) for name, described in (files or {}).items()}
    members = without(sdist_files(folder=folder, files=inside), missing)
    entries = [entry(name, **has | {"content": content(has.get("content", ""))}) for name, has in (more or {}).items()]
    (destination / WHEEL).write_bytes(zip_file(wheel_files()))
    (destination / name).write_bytes(changed(tar_file(members, *entries, **packed), change))


def version(destination: Path, spelled: str, inside: str = "", folder: str = "") -> None:
    """Write both distributions with a version: as it is spelled in the names, in the metadata and in `.dist-info`."""
    text, stem = metadata(f"Version: {inside or spelled}"), f"my_package-{spelled}"
    members = wheel_files(text, f"my_package-{folder or spelled}.dist-info")
    (destination / WHEEL.replace(VERSION, spelled)).write_bytes(zip_file(members))
    (destination / SDIST.replace(VERSION, spelled)).write_bytes(tar_file(sdist_files(text, stem)))


def folder(
    destination: Path,
    wheels: tuple[str, ...] = (),
    sdists: tuple[str, ...] = (SDIST,),
    files: tuple[str, ...] = (),
    subfolder: str = "",
) -> None:
    """Write good distributions of some names, further files, and a folder."""
    for name in wheels:
        (destination / name).write_bytes(zip_file(wheel_files()))
    for name in sdists:
        number = name.removesuffix(".tar.gz").rpartition("-")[2]
        packed = tar_file(sdist_files(metadata(f"Version: {number}"), f"my_package-{number}"))
        (destination / name).write_bytes(packed)
    for name in files:
        (destination / name).write_text("x", encoding="utf-8")
    if subfolder:
        (destination / subfolder).mkdir()


WRITERS: dict[str, Callable[..., None]] = {
    "both": both, "wheel": wheel, "sdist": sdist, "version": version, "folder": folder,
}  # fmt: skip


def named(text: str) -> str:
    """Return the name of a case that is a text: the text in one line, and the begin of a long one."""
    return repr(text)[1:-1] if len(text) < 100 else f"{text[:20]}… of {len(text)} characters"


def writers(group: Any) -> Iterator[tuple[str, Write]]:  # noqa: ANN401 - a part of the table
    """Yield the names of a group's cases, and what writes them."""
    for one in group if isinstance(group, list) else [group]:
        if isinstance(one, str):
            yield named(one), partial(both, text=one)
            continue
        for name, described in one.items():
            if name == "platform":
                yield from ((f"platform {tag}", partial(wheel, name=f"my_package-1.2.3-cp313-cp313-{tag}.whl"))
                            for tag in described)  # fmt: skip
            elif name == "entry points":
                file = f"{DIST_INFO}/entry_points.txt"
                yield from ((named(text), partial(wheel, files={file: text})) for text in described)
            elif name != "because":
                ((writer, given),) = described.items()
                yield name, partial(WRITERS[writer], **given)


TEXT = Path(__file__).with_name("cases.yml").read_text(encoding="utf-8")
TABLE = yaml.safe_load(re.sub(r"<([^<]+?)\*(\d+)>", lambda match: match[1] * int(match[2]), TEXT))
CASES = {
    name: Case(rule, *VERDICTS[verdict], write)
    for rule, groups in TABLE.items()
    for verdict, group in groups.items()
    for name, write in writers(group)
}
