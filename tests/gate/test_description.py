"""A long description is refused if and only if PyPI cannot render it, and the sentence says where."""

import pytest

from meltano_release.description import find_markup_problems


@pytest.mark.parametrize(
    ("text", "content_type"),
    [
        ("Title\n=====\n\n* one\n* two\n\n.. code-block:: python\n\n    x = 1\n", None),
        ("# Title\n\n| a | b |\n| - | - |\n| 1 | `|x|` |\n\n```python\nx = 1\n```\n", "text/markdown"),
    ],
)
def test_what_pypi_renders_has_no_problem(text: str, content_type: str | None) -> None:
    """Code and tables are rendered; the crafted cases have every content type."""
    assert find_markup_problems(text, content_type) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Title\n=\n\n* a\nb\n", "line 5: Bullet list ends without a blank line; unexpected unindent"),
        (".. unknown::\n\n   x\n", 'line 1: Unknown directive type "unknown"'),
        ("|x|\n", 'line 1: Undefined substitution referenced: "x"'),
        (".. include:: /etc/passwd\n", 'line 1: "include" directive disabled'),
    ],
)
def test_the_first_message_of_docutils_is_named(text: str, message: str) -> None:
    """What docutils says first stands in the sentence, with its line, and the fix follows."""
    (typed,) = find_markup_problems(text, "text/x-rst")
    assert typed == (
        f"The README has syntax errors in markup, so PyPI cannot render it as reStructuredText ({message}): "
        "correct the README."
    )
    (untyped,) = find_markup_problems(text, None)
    assert f"({message}), which it assumes without a content type: " in untyped
    assert untyped.endswith("or let `readme` in pyproject.toml name a file that ends in .md.")
