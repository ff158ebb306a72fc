"""The page that lists the adopted repositories, with what the tests run for each.

`python -m tests.adoption.table` writes it.
"""

from tests.support.paths import DOCS
from tests.support.reports import with_rows
from tests.support.repositories import REPOSITORIES

ADOPTED = [repository for repository in REPOSITORIES.values() if repository.adopted]
PAGE = DOCS / "reference/adopted.md"


def page() -> str:
    """Return the page; what has a message and no remedy is not supported."""
    rows = []
    for one in ADOPTED:
        linted = [f"{name} {result}" for name, result in one.lint.items()]
        refused = one.message and not one.remedy
        ran = ["copied, refused by the build" if refused else "copied, built, gate passed, updated", one.on_act]
        rows.append((one.cause, one.advice, ", ".join(linted), ", ".join(filter(None, ran))))
    return with_rows(PAGE, rows)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
