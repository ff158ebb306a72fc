"""The troubleshooting page: the table of failure scenarios as Markdown."""

from tests.scenarios.table import SCENARIOS
from tests.support.paths import DOCS

PAGE = DOCS / "how-to/troubleshoot.md"
INTRODUCTION = """\
# When a release fails

Every way in which a release is known to fail, with the message that you see, the cause and the fix. The template's
tests carry out each of these, and this page is made from their table. Unless it says otherwise, nothing was uploaded.
"""


def troubleshooting_page() -> str:
    """Return the text of the page."""
    sections = [f"\n## {row.title}\n\n> {row.message}\n\n{row.cause}\n\n{row.fix}\n" for row in SCENARIOS]
    return INTRODUCTION + "".join(sections)
