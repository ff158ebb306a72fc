"""The troubleshooting page: an index of messages, and the table of failure scenarios as Markdown."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

from tests.release.scenarios.publisher import NO_PUBLISHER
from tests.release.scenarios.table import SCENARIOS
from tests.support.paths import DOCS

if TYPE_CHECKING:
    from tests.release.scenarios.scenario import Scenario

PAGE = DOCS / "how-to/troubleshoot.md"
SHARED = {NO_PUBLISHER: "The form differs from the run"}  # headings of messages with several causes and one fix
INTRODUCTION = """\
# When a release fails

The messages of a release or a dry run that failed, with the cause and the fix. *N of M files* means
that something was uploaded; after any other message here, nothing was, unless the fix says so.

Find the message in the index. If it is not there, do what the message says:
[The release gate](../reference/gate.md) lists all that the gate refuses.

Other messages are explained elsewhere: those of [`copier update`](update.md#when-copier-refuses),
and those of Poetry [behind a package mirror](mirror.md), such as `JSONDecodeError` or *Unable to
find installation candidates*.

## Index of messages

| message | cause |
| --- | --- |
"""


def anchor(title: str) -> str:
    """Return the anchor of a heading."""
    return re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", title).strip().lower())


def sections() -> list[tuple[str, str, str, str]]:
    """Return what the page explains: heading, message, cause and fix; scenarios that share the last are one section."""
    rows: dict[tuple[str, str], list[Scenario]] = {}
    for row in SCENARIOS:
        if row.listed:
            rows.setdefault((row.message, row.fix), []).append(row)
    found = []
    for (message, fix), group in rows.items():
        if len(group) == 1:
            found.append((group[0].title, message, wrapped(group[0].cause), wrapped(fix)))
        else:
            causes = "\n".join(f"- {wrapped(row.cause, '  ')}" for row in group)
            found.append((SHARED[message], message, f"One of these:\n\n{causes}", wrapped(fix)))
    return found


def index() -> str:
    """Return the rows of the index: each message once, in alphabetical order, with the sections that explain it."""
    links: dict[str, list[str]] = {}
    for heading, message, _, _ in sections():
        links.setdefault(message, []).append(f"[{heading}](#{anchor(heading)})")
    ordered = sorted(links, key=lambda message: re.sub(r"\W", "", message).lower())
    return "".join(f"| {message} | {', '.join(links[message])} |\n" for message in ordered)


def troubleshooting_page() -> str:
    """Return the text of the page."""
    explained = [f"\n## {heading}\n\n> {message}\n\n{cause}\n\n{fix}\n" for heading, message, cause, fix in sections()]
    return INTRODUCTION + index() + "".join(explained)


def wrapped(text: str, indent: str = "") -> str:
    """Return a paragraph in lines of at most 100 columns, the later ones indented; no word is broken."""
    columns = 100 - len(indent)
    return textwrap.fill(text, columns, break_long_words=False, break_on_hyphens=False).replace("\n", f"\n{indent}")
