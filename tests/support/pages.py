"""The pages of the documentation, and the code in them."""

from pathlib import Path

from markdown_it import MarkdownIt

from tests.support.paths import DOCS


def page(name: str) -> str:
    """Return the text of a page, by its path in `docs`."""
    return (DOCS / name).read_text(encoding="utf-8")


def code_blocks(markdown: str | Path, info: str = "shell", containing: str = "") -> list[str]:
    """Return the blocks of code in Markdown, in order: those whose first line is the info, and that contain a text."""
    text = markdown.read_text(encoding="utf-8") if isinstance(markdown, Path) else markdown
    fences = [token for token in MarkdownIt("commonmark").parse(text) if token.type == "fence"]
    return [token.content for token in fences if token.info == info and containing in token.content]
