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


def expected(repository: Repository) -> list[str]:
    """Return what the tests run for a repository, in the order of the tests."""
    if repository.message and not repository.remedy:
        return [NOT_SUPPORTED]
    return [RAN, repository.on_act] if repository.on_act else [RAN]


def page(ran: dict[str, list[str]]) -> str:
    """Return the page, from what was run for each repository, by its cause."""
    return with_rows(PAGE, ((one.cause, one.advice, ", ".join(ran.get(one.cause, []))) for one in ADOPTED))


def read(*reports: str) -> dict[str, list[str]]:
    """Return what tests that passed have run for each repository, by its cause."""
    ran: dict[str, list[str]] = {}
    for test in [test for test in recorded(*reports) if "adopted" in test]:
        ran.setdefault(test["adopted"][0], []).extend(test["ran"])
    return {cause: sorted(done, key=lambda part: part != RAN) for cause, done in ran.items()}


if __name__ == "__main__":
    PAGE.write_text(page(read(*sys.argv[1:])), encoding="utf-8")
