"""All adopted repositories, and the page that lists them with what was run for each."""

import sys
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.adopted.backends import BACKENDS
from tests.adopted.surroundings import SURROUNDINGS
from tests.support.paths import DOCS

CASES = [*BACKENDS, *SURROUNDINGS]
PAGE = DOCS / "reference/adopted.md"
RAN = "copied, built, gate passed, released, updated"
NOT_SUPPORTED = "copied, refused by the build"
INTRODUCTION = """\
# Adopted repositories

Repositories that exist before the template come in many forms. The template's tests have one for
each form that caused trouble in real repositories, and carry out for each: `copier copy` with
`scope: release`, the build and the gate of its own rendered workflow for a pull request and for a
release, and a later `copier update`. Nothing of its own may change, and the update may not
conflict. `nox -s adopted` runs it all and writes this table; `nox -s slow` compares it.

*By hand* is what the maintainer does, as the tutorial or a message says; the test does just that.
Empty means nothing.

| Repository | By hand | Ran |
| --- | --- | --- |
"""


def page(ran: dict[str, str]) -> str:
    """Return the page, from what was run for each repository, by its cause."""
    rows = [f"| {case.cause} | {case.advice} | {ran.get(case.cause, '')} |\n" for case in CASES]
    return INTRODUCTION + "".join(rows)


def read_reports(*reports: Path) -> dict[str, str]:
    """Return what tests that passed have run for each repository; the reports are in JUnit's format."""
    ran = {}
    for case in (case for report in reports for case in ET.parse(report).iter("testcase")):  # noqa: S314 - pytest's own
        properties = {item.get("name", ""): item.get("value", "") for item in case.iter("property")}
        if "adopted" in properties and not any(case.findall(name) for name in ("failure", "error", "skipped")):
            ran[properties["adopted"]] = properties["ran"]
    return ran


if __name__ == "__main__":
    PAGE.write_text(page(read_reports(*map(Path, sys.argv[1:]))), encoding="utf-8")
