"""The page that lists the adopted repositories with what was run for each.

Usage: python -m tests.adoption.table REPORT
"""

import sys

from tests.support.paths import DOCS
from tests.support.reports import recorded, with_rows
from tests.support.repositories import REPOSITORIES, Repository

ADOPTED = [repository for repository in REPOSITORIES.values() if repository.adopted]
PAGE = DOCS / "reference/adopted.md"
RAN = "copied, built, gate passed, updated"
NOT_SUPPORTED = "copied, refused by the build"
Ran = dict[str, dict[str, list[str]]]  # by cause: the linters, and what else was run


def expected(repository: Repository) -> list[str]:
    """Return what the tests run for a repository, in the order of the tests."""
    if repository.message and not repository.remedy:
        return [NOT_SUPPORTED]
    return [RAN, repository.on_act] if repository.on_act else [RAN]


def linted(repository: Repository) -> list[str]:
    """Return what the linters of a repository do."""
    return [f"{name} {result}" for name, result in repository.lint.items()]


def page(ran: Ran) -> str:
    """Return the page, from what was run for each repository, by its cause."""
    cells = {cause: [", ".join(found.get(column, [])) for column in ("lint", "ran")] for cause, found in ran.items()}
    return with_rows(PAGE, ((one.cause, one.advice, *cells.get(one.cause, ["", ""])) for one in ADOPTED))


def read(*reports: str) -> Ran:
    """Return what tests that passed have run for each repository, by its cause."""
    ran: Ran = {}
    for test in [test for test in recorded(*reports) if "adopted" in test]:
        found = ran.setdefault(test["adopted"][0], {"lint": [], "ran": []})
        for column, done in found.items():
            done.extend(test.get(column, []))
    for found in ran.values():
        found["ran"].sort(key=lambda part: part != RAN)
    return ran


if __name__ == "__main__":
    PAGE.write_text(page(read(*sys.argv[1:])), encoding="utf-8")
