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
from tests.gate.crafted import metadata_cases, sdist_cases, wheel_cases
from tests.gate.crafted.archives import DIST_INFO, GOOD, SDIST, STEM, replaced
from tests.gate.crafted.case import Write, sdist, wheel
from tests.gate.crafted.page import PAGE, find_refusals, page
from tests.gate.crafted.rules import RULES
from tests.gate.crafted.table import CASES

MIB = 2**20


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


CAUSES = {  # of cases that another rule would refuse as well
    "a streamed wheel": "its members have data descriptors",
    "a member twice": "it has the member 'demo_lib/__init__.py' twice",
    "another name at the end": "the header of 'demo_lib/__init__.py' and the directory at the end differ",
    "an encrypted wheel": "is encrypted",
    "unknown compression": "by method 99",
    "a folder": "has a folder demo_lib-1.2.3-cp313-cp313-win_amd64.whl",
    "no metadata version": "has no Metadata-Version in PKG-INFO",
    "a name with capitals": "PyPI requires a normalized name, demo_lib-1.2.3-….whl",
    "a wheel that is a tar file": "a zip file and a tar file at the same time",
    "no RECORD": "has no RECORD",
    "no WHEEL": "has no WHEEL",
}


@pytest.mark.parametrize(("name", "cause"), CAUSES.items())
def test_a_refusal_names_the_cause(name: str, cause: str, tmp_path: Path) -> None:
    """A refusal names what PyPI would find first, not what follows from it."""
    CASES[name].write(tmp_path)
    assert cause in find_refusals(tmp_path)[0]


def test_every_rule_is_broken_by_its_example() -> None:
    """Each rule of the reference has cases, its example breaks it, and each case has a rule."""
    assert len(CASES) == sum(len(module.CASES) for module in (metadata_cases, sdist_cases, wheel_cases))
    assert {rule.name for rule in RULES} == {case.rule for case in CASES.values()}
    assert len({rule.name for rule in RULES}) == len(RULES)
    for rule in RULES:
        refused = [name for name, case in CASES.items() if case.rule == rule.name and not case.accepted]
        assert rule.example in (refused or [""])


def test_the_reference_has_the_rules_of_the_table() -> None:
    """The reference of the gate is as `python -m tests.gate.crafted` writes it."""
    text = PAGE.read_text(encoding="utf-8")
    assert page(text) == text


def write_wheel_bomb(folder: Path) -> None:
    """Write a wheel with a file that would have 4 GiB."""
    size, larger = (number.to_bytes(4, "little") for number in (MIB, 2**32 - 2))
    wheel(files={"demo_lib/zeros.bin": bytes(MIB)}, change=replaced(size, larger))(folder)


def write_sdist_bomb(folder: Path, size: int, kind: bytes = tarfile.REGTYPE) -> None:
    """Write a source distribution that unpacks to 4 GiB of zeros behind a header."""
    sdist()(folder)
    info = tarfile.TarInfo(f"{STEM}/zeros")
    info.size, info.type = size, kind
    block = info.tobuf(tarfile.GNU_FORMAT) if size else b""
    (folder / SDIST).write_bytes(gzip.compress(block) + gzip.compress(bytes(64 * MIB), 1) * 64)


def write_many_files(folder: Path) -> None:
    """Write a source distribution with more empty files than any package has."""
    sdist()(folder)
    block = tarfile.TarInfo(f"{STEM}/x").tobuf(tarfile.GNU_FORMAT)
    (folder / SDIST).write_bytes(gzip.compress(block * 1024) * 256)


BOMBS = {
    "a wheel": write_wheel_bomb,
    "metadata in a wheel": wheel(
        files={f"{DIST_INFO}/METADATA": GOOD + bytes(65 * MIB)}, compression=zipfile.ZIP_STORED
    ),
    "a file in a source distribution": partial(write_sdist_bomb, size=16 * 1024 * MIB),
    "a header in a source distribution": partial(write_sdist_bomb, size=512 * MIB, kind=tarfile.XHDTYPE),
    "many files in a source distribution": write_many_files,
    "metadata in a source distribution": sdist(files={"PKG-INFO": GOOD + bytes(65 * MIB)}),
}


@pytest.mark.parametrize("write", BOMBS.values(), ids=BOMBS)
def test_a_bomb_ends_in_a_sentence(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate refuses what unpacks to gigabytes in a sentence, quickly, and in little memory."""
    monkeypatch.setattr(archives, "MAX_MEMBERS", 2000)  # the memory of each is counted, which takes long
    write(tmp_path)
    tracemalloc.start()
    begun = time.process_time()
    (refusal,) = find_refusals(tmp_path)
    seconds = time.process_time() - begun
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert refusal.endswith(".")
    assert seconds < 20
    assert peak < 512 * MIB
