"""Build the documentation's site from docs/ into site/, strictly.

Usage: python scripts/build_docs.py [FOLDER]

FOLDER has zensical.toml and docs/; without it, this repository is built. Mermaid comes from npm, and the trees of what
the template creates from the template itself. These are errors, each printed as `file: what is wrong`: a link or an
anchor that leads nowhere, a page that the navigation lacks, a fence that is not closed or in an unknown language, a
missing picture, and anything that a page would load from another host.
"""

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from project_trees import write_trees
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

ROOT = Path(__file__).parent.parent
MERMAID = ROOT / "scripts/mermaid"
MERMAID_SCRIPT = "docs/assets/mermaid.tiny.js"  # not in git
FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,}|~{3,})[ ]*(?P<info>[^`\n]*)$")


def install_mermaid(script: Path) -> None:
    """Put the script that draws the diagrams among the files of a site, at the version and hash of the lock."""
    lock = MERMAID / "package-lock.json"
    if script.exists() and script.stat().st_mtime > lock.stat().st_mtime:
        return
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(["npm", "ci", *options], check=True, cwd=MERMAID, stdout=subprocess.DEVNULL)
    shutil.copyfile(MERMAID / "node_modules/@mermaid-js/tiny/dist/mermaid.tiny.js", script)


def fence_faults(page: str) -> Iterator[str]:
    """Yield what is wrong with the fences of a page: not closed, or in a language that cannot be highlighted."""
    opened: re.Match[str] | None = None
    begin = 0
    for number, line in enumerate(page.splitlines(), start=1):
        match = FENCE.match(line)
        if match is None:
            continue
        if opened is None:
            opened, begin = match, number
            language = (match["info"].split() or ["text"])[0]
            if language != "mermaid" and not is_known(language):
                yield f"line {number}: unknown language {language!r}"
        elif match["info"]:
            yield f"line {begin}: this fence is not closed before the next one begins in line {number}"
            opened, begin = match, number
        elif match["fence"].startswith(opened["fence"]) and match["indent"] == opened["indent"]:
            opened = None
    if opened:
        yield f"line {begin}: this fence is not closed"


def is_known(language: str) -> bool:
    """Return whether Pygments can highlight a language."""
    try:
        get_lexer_by_name(language)
    except ClassNotFound:
        return False
    return True


def pages_of(navigation: object) -> Iterator[str]:
    """Yield the pages that a navigation lists, at any depth."""
    if isinstance(navigation, str):
        yield navigation
    elif isinstance(navigation, list | dict):
        for part in navigation.values() if isinstance(navigation, dict) else navigation:
            yield from pages_of(part)


class Loaded(HTMLParser):
    """Collects in `urls` what a page loads: pictures, scripts, and styles."""

    def __init__(self, page: str) -> None:
        """Read a page."""
        super().__init__()
        self.urls: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect the URL of a tag that loads one."""
        values = dict(attrs)
        if tag in {"img", "script"} or (tag == "link" and values.get("rel") in {"stylesheet", "icon"}):
            self.urls += [url for url in [values.get("src" if tag != "link" else "href")] if url]


def page_faults(page: Path) -> Iterator[str]:
    """Yield what a built page loads without success, or from another host."""
    for url in Loaded(page.read_text(encoding="utf-8")).urls:
        parts = urlsplit(url)
        if parts.netloc:
            yield f"loads {url} from another host"
        elif parts.scheme != "data" and not (page.parent / unquote(parts.path)).is_file():
            yield f"loads {url}, which does not exist"


def faults(folder: Path) -> list[str]:
    """Return what is wrong with the pages of a folder, except for links, before the site is built."""
    docs = folder / "docs"
    pages = {path.relative_to(docs).as_posix(): path for path in sorted(docs.rglob("*.md"))}
    listed = set(pages_of(tomllib.loads((folder / "zensical.toml").read_text(encoding="utf-8"))["project"]["nav"]))
    found = [f"docs/{name}: not in the navigation of zensical.toml" for name in pages if name not in listed]
    found += [f"zensical.toml: docs/{name} does not exist" for name in sorted(listed - pages.keys())]
    for name, path in pages.items():
        found += [f"docs/{name}: {fault}" for fault in fence_faults(path.read_text(encoding="utf-8"))]
    return found


def readable(output: str) -> str:
    """Return what Zensical prints without its colors, which split every letter, and without its traceback."""
    return re.sub(r"\x1b\[[\d;]*m", "", output).partition("Traceback (most recent call last)")[0]


def main(folder: Path, template: Path = ROOT, commit: str = "HEAD") -> int:
    """Build the site of a folder, with what a commit of the template creates; return the exit code."""
    install_mermaid(folder / MERMAID_SCRIPT)
    write_trees(folder, template, commit)
    found = faults(folder)
    command = [sys.executable, "-m", "zensical", "build", "--clean", "--strict"]
    built = subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True)
    print(readable(built.stdout + built.stderr), end="")
    for page in sorted((folder / "site").rglob("*.html")):
        if page.name != "404.html":  # its URLs begin with that of the site
            found += [f"{page.relative_to(folder).as_posix()}: {fault}" for fault in page_faults(page)]
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found or built.returncode else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve() if sys.argv[1:] else ROOT))
