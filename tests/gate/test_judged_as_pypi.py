"""The gate accepts what PyPI accepts and refuses what PyPI refuses, except where the table has a reason."""

import gzip
import tarfile
import time
import tracemalloc
import zipfile
from functools import partial
from pathlib import Path

import pytest

from meltano_release import archives
from tests.gate.crafted.archives import DIST_INFO, STEM, replace
from tests.gate.crafted.case import CASES, MIB, Write, sdist, wheel, writers
from tests.gate.crafted.case import TABLE as RULES
from tests.gate.crafted.page import PAGE, RULE, find_refusals, page
from tests.support.projects import SDIST, WHEEL


@pytest.mark.parametrize("name", CASES)
def test_the_gate_decides_as_the_table_says(name: str, tmp_path: Path) -> None:
    """The gate accepts or refuses each crafted case as the table says, and a refusal is made of sentences."""
    CASES[name].write(tmp_path)
    refusals = find_refusals(tmp_path)
    assert (refusals == []) == CASES[name].accepted, refusals
    for refusal in refusals:
        assert refusal.endswith(".")
        assert ": " in refusal
        assert refusal.isprintable()


CAUSES = {  # of cases that are not in the reference, or that another rule would refuse as well
    "a member twice": "it has the member 'my_package/__init__.py' twice",
    "another name at the end": "the header of 'my_package/__init__.py' and the directory at the end differ",
    "unknown compression": "by method 99",
    "no zip file": "is not a whole wheel (File is not a zip file)",
    "half a wheel": "is not a whole wheel (",
    "-Metadata-Version": "has no Metadata-Version in PKG-INFO",
    "Metadata-Version: garbage": "'garbage' is not a valid metadata",
    "a source distribution with a hyphen": "name, my_package-1.2.3.tar.gz and not my-package-1.2.3.tar.gz",
    "a source distribution without a version": "Invalid sdist filename",
    "a wheel that is a tar file": "a zip file and a tar file at the same time",
    "no METADATA": "has no METADATA in a .dist-info folder",
    "no RECORD": "has no RECORD",
    "no WHEEL": "has no WHEEL",
    "a summary that differs": "differ in summary",
    r"\n\n\n \n": "The description is blank",
    r"-Description-Content-Type\n\nTitle\n==\n\n:foo:`x`\n\n.. bar::\n": "which it assumes without a content type: ",
    r"\n\n[x]: https://x.org\n": "The README renders to nothing",
    "Project-URL: Home, //[::1": "The URL '//[::1' of Home begins with neither",
    "Maintainer-Email: A <a@b>": "'a@b' is not an email address",
}


@pytest.mark.parametrize(("name", "cause"), CAUSES.items())
def test_a_refusal_names_the_cause(name: str, cause: str, tmp_path: Path) -> None:
    """A refusal names what PyPI would find first, not what follows from it."""
    CASES[name].write(tmp_path)
    assert cause in find_refusals(tmp_path)[0]


def test_the_reference_has_the_rules_of_the_table() -> None:
    """Each rule has cases, its example breaks it, and owner and message are as the generator writes them."""
    names = [name for groups in RULES.values() for group in groups.values() for name, _ in writers(group)]
    assert len(CASES) == len(names) > 250
    text = PAGE.read_text(encoding="utf-8")
    rules = {match["name"]: match["case"] for match in RULE.finditer(text)}
    assert rules.keys() == {case.rule for case in CASES.values()}
    assert len(rules) == text.count("<!-- ")
    for rule, example in rules.items():
        refused = [name for name, case in CASES.items() if case.rule == rule and not case.accepted]
        assert example in refused or (example, refused) == (None, [])
    assert page(text) == text


def write_wheel_bomb(folder: Path) -> None:
    """Write a wheel with a file that would have 4 GiB."""
    wheel(folder, files={"my_package/zeros.bin": [1, ""]})
    size, larger = (number.to_bytes(4, "little") for number in (MIB, 2**32 - 2))
    (folder / WHEEL).write_bytes(replace((folder / WHEEL).read_bytes(), size, larger))


def write_sdist_bomb(folder: Path, size: int, kind: bytes = tarfile.REGTYPE) -> None:
    """Write a source distribution that unpacks to 4 GiB of zeros behind a header."""
    sdist(folder)
    info = tarfile.TarInfo(f"{STEM}/zeros")
    info.size, info.type = size, kind
    (folder / SDIST).write_bytes(gzip.compress(info.tobuf(tarfile.GNU_FORMAT)) + gzip.compress(bytes(64 * MIB), 1) * 64)


def write_many_files(folder: Path) -> None:
    """Write a source distribution with more empty files than any package has."""
    sdist(folder)
    block = tarfile.TarInfo(f"{STEM}/x").tobuf(tarfile.GNU_FORMAT)
    (folder / SDIST).write_bytes(gzip.compress(block * 1024) * 256)


LARGE = {"text": "\n\n" + "\0" * 65 * MIB}
BOMBS: dict[str, Write] = {  # by what the refusal says
    "unpacks to 4096 MiB, more than 50 times its size": write_wheel_bomb,
    "has 64 MiB of metadata": partial(wheel, files={f"{DIST_INFO}/METADATA": LARGE}, compression=zipfile.ZIP_STORED),
    "has 64 MiB of metadata ('my_package-1.2.3/PKG-INFO')": partial(sdist, files={"PKG-INFO": LARGE}),
    "becomes larger than": partial(write_sdist_bomb, size=16 * 1024 * MIB),
    "has a header of more than 64 MiB": partial(write_sdist_bomb, size=512 * MIB, kind=tarfile.XHDTYPE),
    "has more than 2000 files": write_many_files,
}


@pytest.mark.parametrize("message", BOMBS)
def test_a_bomb_ends_in_a_sentence(message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate refuses what unpacks to gigabytes in a sentence, quickly, and in little memory."""
    monkeypatch.setattr(archives, "MAX_MEMBERS", 2000)  # the memory of each is counted, which takes long
    BOMBS[message](tmp_path)
    tracemalloc.start()
    begun = time.process_time()
    (refusal,) = find_refusals(tmp_path)
    seconds = time.process_time() - begun
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert message in refusal
    assert refusal.endswith(".")
    assert seconds < 20
    assert peak < 512 * MIB
