"""The tables of the documentation that a run of tests writes, from pytest's reports in JUnit's format."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.etree import ElementTree as ET


def recorded(*reports: str | Path) -> Iterator[dict[str, list[str]]]:
    """Yield the properties of every test in the reports that passed: the values by name."""
    for test in (test for report in reports for test in ET.parse(report).iter("testcase")):  # noqa: S314 - pytest's own
        if not any(test.findall(name) for name in ("failure", "error", "skipped")):
            found: dict[str, list[str]] = {}
            for item in test.iter("property"):
                found.setdefault(item.get("name", ""), []).append(item.get("value", ""))
            yield found


def with_rows(page: Path, rows: Iterable[Iterable[str]]) -> str:
    """Return the text of a page that ends in a table, with other rows in the table."""
    head, separator, _ = page.read_text(encoding="utf-8").rpartition("\n| --- |")
    columns = head.splitlines()[-1].count("|") - 1
    return head + separator + " --- |" * (columns - 1) + "\n" + "".join(f"| {' | '.join(row)} |\n" for row in rows)
