"""Write what the page *What you get* shows: the files of a new tap, and those that an existing package gets.

The page is docs/reference/what-you-get.md; it includes what goes into the folder `site-parts`, which is not in git. A
file is closed at first, and one click shows its content.
"""

import html
import tempfile
from collections.abc import Iterator
from pathlib import Path

from copier import run_copy
from pygments.lexers import get_lexer_for_filename
from pygments.util import ClassNotFound

PAGE = "docs/reference/what-you-get.md"
PARTS = "site-parts"
OWNER = "YOUR-ACCOUNT"
PROJECTS: dict[str, dict[str, str]] = {  # by folder: the answers
    "tap-example": {"owner": OWNER},
    "my-library": {"owner": OWNER, "scope": "release"},
}
EXISTING = {  # what `my-library` has before
    "pyproject.toml": '[project]\nname = "my-library"\nversion = "1.2.3"\nrequires-python = ">=3.11"\n',
    "src/my_library/__init__.py": "",
}


def language(name: str) -> str:
    """Return what Pygments calls the language of a file, by its name."""
    try:
        return str(get_lexer_for_filename(name).aliases[0])
    except ClassNotFound:
        return "text"


def file_lines(path: Path) -> Iterator[str]:
    """Yield the Markdown for a file: its name and number of lines, and behind them its content."""
    content = path.read_text(encoding="utf-8")
    count = len(content.splitlines())
    fence = "`" * 8  # longer than any in a file
    yield f'<details markdown="1"><summary><code>{html.escape(path.name)}</code> {count} lines</summary>'
    yield from ("", f"{fence}{language(path.name)}", *content.splitlines(), fence, "", "</details>", "")


def tree_lines(folder: Path, without: set[Path]) -> Iterator[str]:
    """Yield the Markdown for a folder: its files and then its folders, which are open."""
    inside = sorted(folder.iterdir(), key=lambda path: (path.is_dir(), path.name.lower()))
    for path in inside:
        if path.is_file() and path not in without:
            yield from file_lines(path)
        elif path.is_dir() and path.name != ".git" and (lines := [*tree_lines(path, without)]):
            yield f'<details markdown="1" open><summary><code>{html.escape(path.name)}/</code></summary>'
            yield from ("", *lines, "</details>", "")


def write_trees(site: Path, template: Path, commit: str) -> None:
    """Render the projects of a commit of the template, and write their trees for the page of a site, if it has one.

    Raises:
        copier.errors.CopierError: The template cannot be rendered.
    """
    if not (site / PAGE).exists():
        return
    trees = site / PARTS
    trees.mkdir(exist_ok=True)
    for name, answers in PROJECTS.items():
        with tempfile.TemporaryDirectory() as parent:
            project = Path(parent) / name
            existing = {project / path: text for path, text in EXISTING.items() if answers.get("scope") == "release"}
            for path, text in existing.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            run_copy(str(template), project, data=answers, defaults=True, vcs_ref=commit, quiet=True)
            text = "\n".join(tree_lines(project, set(existing))).rstrip("\n") + "\n"
            (trees / f"{name}.md").write_text(text, encoding="utf-8")
