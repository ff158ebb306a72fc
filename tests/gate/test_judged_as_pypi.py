"""The gate accepts what PyPI accepts and refuses what PyPI refuses, except where the table has a reason."""

import gzip
import re
import tarfile
import time
import tracemalloc
import zipfile
from functools import partial
from pathlib import Path

import pytest
import yaml

from meltano_release import archives
from meltano_release.distributions import check_agreement, find_problems, read_distributions
from tests.gate.crafted.archives import DIST_INFO, STEM, replace
from tests.gate.crafted.case import CASES, MIB, Write, sdist, wheel, writers
from tests.gate.crafted.case import TABLE as RULES
from tests.support.pages import page
from tests.support.projects import SDIST, WHEEL

CAUSES = Path(__file__).with_name("crafted").joinpath("causes.yml").read_text(encoding="utf-8")
RULE = re.compile(  # with an example, if the gate checks it
    r"<!-- (?P<name>[^:]+?)(?:: (?P<case>.+))? -->\n\n\*\*(?P<owner>[^:]+):\*\* (?:.+\n)+"
    r"(?:\n```text\n(?P<message>(?:.+\n)+)```\n)?"
)


def find_refusals(folder: Path) -> list[str]:
    """Return why the gate refuses the distributions in a folder, without the repository around them."""
    try:
        distributions = read_distributions(folder)
    except ValueError as error:
        return [str(error)]
    problems = [problem for distribution in distributions for problem in find_problems(distribution)]
    return list(dict.fromkeys(problems + check_agreement(distributions)))


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


@pytest.mark.parametrize(("name", "cause"), yaml.safe_load(CAUSES).items())
def test_a_refusal_names_the_cause(name: str, cause: str, tmp_path: Path) -> None:
    """A refusal names what PyPI would find first, not what follows from it."""
    CASES[name].write(tmp_path)
    assert cause in find_refusals(tmp_path)[0]


def test_the_reference_has_the_rules_of_the_table(tmp_path: Path) -> None:
    """Each rule has cases, and an example that breaks it, of which the gate says what the reference does."""
    names = [name for groups in RULES.values() for group in groups.values() for name, _ in writers(group)]
    assert len(CASES) == len(names) > 250
    text = page("reference/gate.md")
    found = list(RULE.finditer(text))
    assert {match["name"] for match in found} == {case.rule for case in CASES.values()}
    assert len(found) == text.count("<!-- ")
    for number, match in enumerate(found):
        refused = [name for name, case in CASES.items() if case.rule == match["name"] and not case.accepted]
        if not match["case"]:
            assert (refused, match["message"]) == ([], None)
            continue
        assert match["case"] in refused
        assert match["owner"] == ("The template" if CASES[match["case"]].pypi else "PyPI")
        dist = tmp_path / str(number) / "dist"
        dist.mkdir(parents=True)
        CASES[match["case"]].write(dist)
        assert " ".join(match["message"].split()) == find_refusals(dist)[0].replace(f"{dist.parent}/", "")


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
