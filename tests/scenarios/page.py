"""The troubleshooting page: an index of messages, and the table of failure scenarios as Markdown."""

import re
import textwrap

from tests.scenarios.table import SCENARIOS
from tests.support.paths import DOCS

PAGE = DOCS / "how-to/troubleshoot.md"
INTRODUCTION = """\
# When a release fails

Every known way in which a release fails: the message that you see, the cause, and the fix. Unless
the fix says otherwise, nothing was uploaded.

Find the message in the index. If it is not there, the summary of the run and the log of the failed
job say what to do.

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


def index() -> str:
    """Return the rows of the index: each message once, in alphabetical order, with the sections that explain it."""
    titles: dict[str, list[str]] = {}
    for row in SCENARIOS:
        titles.setdefault(row.message, []).append(row.title)
    ordered = sorted(titles, key=lambda message: re.sub(r"\W", "", message).lower())
    links = {message: ", ".join(f"[{title}](#{anchor(title)})" for title in titles[message]) for message in ordered}
    return "".join(f"| {message} | {links[message]} |\n" for message in ordered)


def troubleshooting_page() -> str:
    """Return the text of the page."""
    sections = [
        f"\n## {row.title}\n\n> {row.message}\n\n{wrapped(row.cause)}\n\n{wrapped(row.fix)}\n" for row in SCENARIOS
    ]
    return INTRODUCTION + index() + "".join(sections)


def wrapped(text: str) -> str:
    """Return a paragraph in lines of at most 100 columns; a longer word stands on a line of its own."""
    return textwrap.fill(text, 100, break_long_words=False, break_on_hyphens=False)
