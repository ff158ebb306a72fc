"""Whether PyPI can render a package's long description, which is usually its README.

PyPI refuses an upload whose description it cannot render (warehouse at commit 6b621571: `utils/readme.py`), with the
renderers used here.
"""

from __future__ import annotations

import io
import re
from email.message import EmailMessage
from functools import cache

from readme_renderer import markdown, rst

FIRST_MESSAGE = re.compile(r"<string>:(\d*): \(\w+/\d\) (.*?)\.?$", re.MULTILINE)  # as docutils prints it
REFUSED = "The README has syntax errors in markup, so PyPI cannot render it as reStructuredText"


@cache
def find_markup_problems(description: str, content_type: str | None) -> list[str]:
    """Return a sentence if PyPI cannot render a description.

    Args:
        description: The text; an empty one, which is the same as none, has no problem.
        content_type: `Description-Content-Type` of the metadata; PyPI reads a text without one as reStructuredText.
    """
    header = EmailMessage()
    header["content-type"] = content_type or "text/x-rst"
    kind, variant = header.get_content_type(), header.get_param("variant", "GFM")
    if kind == "text/plain" or not description:
        return []
    if not description.strip():
        return ["The description is blank, which PyPI refuses: write a README, or name none."]
    messages = io.StringIO()
    if kind == "text/markdown":
        rendered = markdown.render(description, variant=str(variant))
    else:
        rendered = rst.render(description, stream=messages)
    if rendered is not None:
        return []
    first = FIRST_MESSAGE.search(messages.getvalue())
    if not first:
        return ["The README renders to nothing, which PyPI refuses: write a text, or name no README."]
    where = f"line {first[1]}: {first[2]}"
    if content_type:
        return [f"{REFUSED} ({where}): correct the README."]
    return [
        (
            f"{REFUSED} ({where}), which it assumes without a content type: correct the README, or let `readme` in "
            "pyproject.toml name a file that ends in .md."
        )
    ]
