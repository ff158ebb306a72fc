"""The troubleshooting page: what it says of each failure scenario, and the index of messages in it."""

import re

from tests.support.paths import DOCS

PAGE = DOCS / "how-to/troubleshoot.md"
SECTION = re.compile(r"^## (.+)\n\n> (.+)\n\n\S", re.MULTILINE)  # its heading, and the message that it explains
INDEX = re.compile(r"(?<=^\| --- \| --- \|\n)(\|.*\n)*", re.MULTILINE)
MESSAGES: dict[str, str] = dict(SECTION.findall(PAGE.read_text(encoding="utf-8")))


def anchor(title: str) -> str:
    """Return the anchor of a heading."""
    return re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", title).strip().lower())


def page(old: str) -> str:
    """Return the page with its index as it must be: each message once, in alphabetical order, with its sections."""
    links: dict[str, list[str]] = {}
    for title, message in SECTION.findall(old):
        links.setdefault(message, []).append(f"[{title}](#{anchor(title)})")
    ordered = sorted(links, key=lambda message: re.sub(r"\W", "", message).lower())
    rows = "".join(f"| {message} | {', '.join(links[message])} |\n" for message in ordered)
    return INDEX.sub(lambda _: rows, old, count=1)
