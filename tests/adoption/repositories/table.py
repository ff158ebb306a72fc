"""All adopted repositories, and the page that lists them with what was run for each."""

import sys
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.adoption.repositories.backends import BACKENDS
from tests.adoption.repositories.case import Case
from tests.adoption.repositories.surroundings import SURROUNDINGS
from tests.support.paths import DOCS

CASES = [*BACKENDS, *SURROUNDINGS]
PAGE = DOCS / "reference/adopted.md"
RAN = "copied, built, gate passed, updated"
NOT_SUPPORTED = "copied, refused by the build"
INTRODUCTION = """\
# Adopted repositories

Repositories that exist before the template come in many forms. The template's tests have one for
each form that caused trouble in real repositories, and carry out for each: `copier copy` with
`scope: release`, the build and the gate for a pull request and for a release, by the steps of the
[actions](actions.md), and a later `copier update`. None of the repository's own files may change, and
the update may not conflict.

Where the table says *released*, the whole release workflow has run, too: on
[act](https://github.com/nektos/act), up to the upload to a simulated PyPI. *Pull request checked* is
the same for a pull request. `nox -s adopted` runs it all and writes this table; `nox -s slow`
compares it.

*By hand* is what the maintainer does, as the tutorial or a message says; the test does just that.
Empty means nothing.

| Repository | By hand | Ran |
| --- | --- | --- |
"""


def expected(case: Case) -> list[str]:
    """Return what the tests run for a repository, in the order of the tests."""
    if case.message and not case.remedy:
        return [NOT_SUPPORTED]
    return [RAN, case.on_act] if case.on_act else [RAN]


def page(ran: dict[str, list[str]]) -> str:
    """Return the page, from what was run for each repository, by its cause."""
    rows = [f"| {case.cause} | {case.advice} | {', '.join(ran.get(case.cause, []))} |\n" for case in CASES]
    return INTRODUCTION + "".join(rows)


def read_reports(*reports: Path) -> dict[str, list[str]]:
    """Return what tests that passed have run for each repository; the reports are in JUnit's format."""
    ran: dict[str, list[str]] = {}
    for test in (test for report in reports for test in ET.parse(report).iter("testcase")):  # noqa: S314 - pytest's own
        properties = {item.get("name", ""): item.get("value", "") for item in test.iter("property")}
        if "adopted" in properties and not any(test.findall(name) for name in ("failure", "error", "skipped")):
            ran.setdefault(properties["adopted"], []).append(properties["ran"])
    return {cause: sorted(done, key=lambda part: part != RAN) for cause, done in ran.items()}


if __name__ == "__main__":
    PAGE.write_text(page(read_reports(*map(Path, sys.argv[1:]))), encoding="utf-8")
