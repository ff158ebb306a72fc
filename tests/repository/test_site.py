"""The documentation's site: its build is strict, and every page can be read on a desktop and on a phone."""

import json
import re
import shutil
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.commands import run
from tests.support.folder_cache import FolderCache
from tests.support.npm import npm_folder
from tests.support.paths import BROWSER, DOCS, ROOT

SITE_SETTINGS = "zensical.toml"
SMALL_SITE = """\
[project]
site_name = "Small"
site_url = "https://example.com/small/"
use_directory_urls = false
extra_javascript = ["assets/mermaid.tiny.js"]
nav = ["index.md", "page.md"]
theme.font = false
"""
EXTENSIONS = "[project.markdown_extensions]"
GOOD_PAGE = """\
# A page

[Home](index.md), [a part of this page](#a-part), ![a picture](picture.svg)

## A part

```python
print()
```

```mermaid
graph LR
  a --> b
```
"""
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'


def small_site(folder: Path, page: str, *, mermaid: bool = False) -> Path:
    """Write a site of two pages, with a stand-in for Mermaid unless a browser will draw; return its folder."""
    (folder / "docs/assets").mkdir(parents=True)
    extensions = (ROOT / SITE_SETTINGS).read_text(encoding="utf-8").partition(EXTENSIONS)[2]
    (folder / SITE_SETTINGS).write_text(SMALL_SITE + EXTENSIONS + extensions, encoding="utf-8")
    (folder / "docs/index.md").write_text("# Home\n", encoding="utf-8")
    (folder / "docs/page.md").write_text(page, encoding="utf-8")
    (folder / "docs/picture.svg").write_text(PICTURE, encoding="utf-8")
    if not mermaid:
        (folder / "docs/assets/mermaid.tiny.js").touch()
    return folder


def test_a_good_page_is_built(tmp_path: Path) -> None:
    """A page without mistakes is built, and the output does not mention it."""
    site = small_site(tmp_path, GOOD_PAGE)
    done = run(sys.executable, ROOT / "scripts/build_docs.py", site, cwd=tmp_path)
    assert "docs/page.md" not in done.stdout
    assert (site / "site/page.html").exists()


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        pytest.param("(index.md)", "(nowhere.md)", "page does not exist", id="link"),
        pytest.param("(#a-part)", "(#no-part)", "anchor does not exist", id="anchor"),
        pytest.param("(picture.svg)", "(no.svg)", "site/page.html: loads no.svg, which does not exist", id="picture"),
        pytest.param(
            "(picture.svg)",
            "(https://example.com/x.svg)",
            "loads https://example.com/x.svg from another host",
            id="host",
        ),
        pytest.param("\nprint()\n```\n", "\nprint()\n", "line 7: this fence is not closed", id="fence before another"),
        pytest.param("a --> b\n```\n", "a --> b\n", "line 11: this fence is not closed", id="last fence"),
        pytest.param("a --> b\n```\n", "a --> b\n  ```\n", "line 11: this fence is not closed", id="indented end"),
        pytest.param("```python", "```pylon", "line 7: unknown language 'pylon'", id="language"),
    ],
)
def test_a_broken_page_fails_the_build(before: str, after: str, message: str, tmp_path: Path) -> None:
    """A mistake on a page fails the build, and the output names the page and says what is wrong."""
    assert before in GOOD_PAGE
    site = small_site(tmp_path, GOOD_PAGE.replace(before, after))
    done = run(sys.executable, ROOT / "scripts/build_docs.py", site, cwd=tmp_path, check=False)
    assert done.returncode == 1
    assert message in done.stdout + done.stderr
    assert re.search(r"\bpage\.(md|html)\b", done.stdout + done.stderr)


def test_a_page_outside_the_navigation_fails_the_build(tmp_path: Path) -> None:
    """A page outside the navigation, which nobody would find, fails the build, and so does an entry without a page."""
    site = small_site(tmp_path, GOOD_PAGE)
    (site / "docs/page.md").rename(site / "docs/other.md")
    done = run(sys.executable, ROOT / "scripts/build_docs.py", site, cwd=tmp_path, check=False)
    assert done.returncode == 1
    assert "docs/other.md: not in the navigation of zensical.toml" in done.stdout
    assert "zensical.toml: docs/page.md does not exist" in done.stdout


def check_in_browser(site: Path, once: FolderCache) -> tuple[int, str]:
    """Open every page of a built site in headless Chromium; return the exit code and what was found."""
    done = run("node", npm_folder(BROWSER, once) / "check.mjs", site, cwd=site, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
def test_every_page_can_be_read_on_a_desktop_and_on_a_phone(once: FolderCache, tmp_path: Path) -> None:
    """On a desktop and a phone no page is cut, diagrams are drawn, the console is empty, and no other host is asked."""
    shutil.copytree(DOCS, tmp_path / "docs", ignore=shutil.ignore_patterns("*.js"))
    shutil.copy(ROOT / SITE_SETTINGS, tmp_path)
    run(sys.executable, ROOT / "scripts/build_docs.py", tmp_path, cwd=tmp_path)
    code, found = check_in_browser(tmp_path / "site", once)
    assert code == 0, found
    assert f"{len(list(DOCS.rglob('*.md')))} pages" in found


@pytest.mark.slow
def test_a_page_that_cannot_be_read_is_found(once: FolderCache, tmp_path: Path) -> None:
    """The check of pages finds a cut table, a diagram with a mistake, a missing picture, an error, and another host."""
    page = GOOD_PAGE.replace("a --> b", "a --> --> b").replace("picture.svg", "no.svg")
    page += f"\n| {'very' * 80} | x |\n| --- | --- |\n| x | x |\n\n<script>throw Error('broken')</script>\n"
    page += '\n<script src="http://127.0.0.2:9/x.js"></script>\n'
    run(
        sys.executable,
        ROOT / "scripts/build_docs.py",
        small_site(tmp_path, page, mermaid=True),
        cwd=tmp_path,
        check=False,
    )
    code, found = check_in_browser(tmp_path / "site", once)
    assert code == 1
    for width in (1280, 390):
        for message in ("<table> ", "diagram not drawn", "missing picture", "error: broken", "asks another host"):
            assert f"page.html at {width} px: {message}" in found


def test_every_link_to_the_site_has_a_page() -> None:
    """Every link to the site leads to an existing page in the folder of the newest version.

    The documentation's own links are relative, so they are not among these.
    """
    start = tomllib.loads((ROOT / SITE_SETTINGS).read_text(encoding="utf-8"))["project"]["site_url"]
    files = [
        ROOT / "copier.yml",
        ROOT / "README.md",
        *(ROOT / "includes").rglob("*.*"),
        *(ROOT / "template").rglob("*.*"),
    ]
    texts = [path.read_text(encoding="utf-8") for path in files if path.is_file() and path.suffix != ".pyc"]
    pages = {page for text in texts for page in re.findall(rf"{re.escape(start)}([\w/.-]*)", text)} - {""}
    assert pages
    for page in pages:
        folder, _, name = page.partition("/")
        assert folder == "latest"
        assert (DOCS / name).with_suffix(".md").exists(), page


@pytest.mark.slow
def test_every_version_has_its_documentation(tmp_path: Path) -> None:
    """Every full version has its documentation, and `latest` is the newest by number, not by name.

    A pre-release and a floating tag have none.
    """
    repository = small_site(tmp_path / "repository", GOOD_PAGE)
    run("git", "init", "--quiet", cwd=repository)
    for tag in ("v1.0.0", "v1.10.0", "v1.9.0", "v2.0.0rc1", "v1"):
        (repository / "docs/index.md").write_text(f"# Home of {tag}\n", encoding="utf-8")
        run("git", "add", "--all", cwd=repository)
        run("git", "commit", "--quiet", "--message", tag, cwd=repository)
        run("git", "tag", tag, cwd=repository)
    run(sys.executable, ROOT / "scripts/publish_docs.py", tmp_path / "site", cwd=repository)
    names = {path.parent.name: path.read_text(encoding="utf-8") for path in tmp_path.glob("site/*/index.html")}
    assert names.keys() == {"v1.0.0", "v1.9.0", "v1.10.0", "dev", "latest"}
    assert {name for name, page in names.items() if "Home of v1.10.0" in page} == {"latest", "v1.10.0"}
    assert re.search(r"Home of v1\b(?!\.)", names["dev"])
    menu = json.loads((tmp_path / "site/versions.json").read_text(encoding="utf-8"))
    assert [(entry["version"], entry["aliases"]) for entry in menu] == [
        ("v1.10.0", ["latest"]),
        ("v1.9.0", []),
        ("v1.0.0", []),
        ("dev", []),
    ]
    assert 'rel="canonical" href="https://example.com/small/v1.9.0/index.html"' in names["v1.9.0"]
    assert "/small/v1.10.0/assets/" in (tmp_path / "site/404.html").read_text(encoding="utf-8")
    assert "url=latest/index.html" in (tmp_path / "site/index.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_version_that_cannot_be_built_is_named(tmp_path: Path) -> None:
    """If a version's documentation cannot be built, the script names the version and fails, so nothing is deployed."""
    repository = small_site(tmp_path / "repository", GOOD_PAGE.replace("(index.md)", "(nowhere.md)"))
    for command in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "--message=Begin"), ("tag", "v1.0.0")):
        run("git", *command, cwd=repository)
    done = run(sys.executable, ROOT / "scripts/publish_docs.py", tmp_path / "site", cwd=repository, check=False)
    assert done.returncode == 1
    assert "The documentation of v1.0.0 cannot be built" in done.stderr
