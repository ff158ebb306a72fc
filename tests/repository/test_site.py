"""The documentation's site: its build is strict, and every page can be read on a desktop and on a phone."""

import json
import re
import shutil
import tomllib
from pathlib import Path

import build_docs
import project_trees
import publish_docs
import pytest

from tests.support.combinations import REPOSITORIES
from tests.support.commands import run
from tests.support.folder_cache import FolderCache
from tests.support.npm import npm_folder
from tests.support.paths import DOCS, ROOT
from tests.support.projects import Project, Render

SETTINGS = "zensical.toml"
SMALL_SITE = """\
[project]
site_name = "Small"
site_url = "https://example.com/small/"
use_directory_urls = false
extra_javascript = ["assets/mermaid.tiny.js"]
nav = ["index.md", "page.md"]
theme.font = false
"""
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


def small_site(tmp_path: Path, page: str) -> Path:
    """Write a site of two pages, without Mermaid."""
    folder = tmp_path / "small"
    (folder / "docs/assets").mkdir(parents=True)
    extensions = (ROOT / SETTINGS).read_text(encoding="utf-8").partition("[project.markdown_extensions]")
    (folder / SETTINGS).write_text(SMALL_SITE + "".join(extensions[1:]), encoding="utf-8")
    files = {"index.md": "# Home\n", "page.md": page, "picture.svg": PICTURE, "assets/mermaid.tiny.js": ""}
    for name, text in files.items():
        (folder / "docs" / name).write_text(text, encoding="utf-8")
    return folder


def test_a_good_page_is_built(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A page without mistakes is built, and the output does not mention it."""
    site = small_site(tmp_path, GOOD_PAGE)
    assert build_docs.main(site) == 0
    assert "docs/page.md" not in capsys.readouterr().out
    assert (site / "site/page.html").exists()


def test_broken_links_fail_the_build(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A link, an anchor or a picture that leads nowhere, another host, and a page outside the navigation are errors."""
    page = GOOD_PAGE.replace("(index.md)", "(nowhere.md)").replace("(#a-part)", "(#no-part)")
    site = small_site(tmp_path, page.replace("(picture.svg)", "(no.svg) ![x](https://example.com/x.svg)"))
    (site / "docs/page.md").rename(site / "docs/other.md")
    assert build_docs.main(site) == 1
    output = capsys.readouterr().out
    assert "page does not exist" in output
    assert "anchor does not exist" in output
    assert "docs/other.md: not in the navigation of zensical.toml" in output
    assert "zensical.toml: docs/page.md does not exist" in output
    assert "site/other.html: loads no.svg, which does not exist" in output
    assert "site/other.html: loads https://example.com/x.svg from another host" in output


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("\nprint()\n```\n", "\nprint()\n", "line 7: this fence is not closed before the next one begins in line 10"),
        ("a --> b\n```\n", "a --> b\n", "line 11: this fence is not closed"),
        ("a --> b\n```\n", "a --> b\n  ```\n", "line 11: this fence is not closed"),
        ("```python", "```pylon", "line 7: unknown language 'pylon'"),
        ("```python", "```", ""),
    ],
)
def test_a_broken_fence_is_found(before: str, after: str, message: str) -> None:
    """A fence that is not closed, or in an unknown language, is found by its line."""
    assert before in GOOD_PAGE
    assert "\n".join(build_docs.fence_faults(GOOD_PAGE.replace(before, after))) == message


@pytest.mark.slow
def test_every_page_can_be_read_on_a_desktop_and_on_a_phone(once: FolderCache, tmp_path: Path) -> None:
    """On a desktop and a phone no page is cut, diagrams are drawn, the console is empty, and no other host is asked."""
    shutil.copytree(DOCS, tmp_path / "docs", ignore=shutil.ignore_patterns("*.js"))
    shutil.copy(ROOT / SETTINGS, tmp_path)
    assert build_docs.main(tmp_path) == 0
    done = run("node", npm_folder("browser", once) / "check.mjs", tmp_path / "site", cwd=tmp_path)
    assert f"{len(list(DOCS.rglob('*.md')))} pages" in done.stdout


def test_every_link_to_the_site_has_a_page(render: Render) -> None:
    """Every link to the site, in a message or a project, leads to an existing page of the newest or the own version.

    The documentation's own links are relative, so they are not among these.
    """
    start = tomllib.loads((ROOT / SETTINGS).read_text(encoding="utf-8"))["project"]["site_url"]
    projects = [render(kind=kind, repository=REPOSITORIES[kind]).path for kind in REPOSITORIES]
    files = [ROOT / "copier.yml", ROOT / "README.md", *(path for project in projects for path in project.rglob("*"))]
    text = "".join(path.read_text(encoding="utf-8") for path in files if path.is_file())
    pages = dict.fromkeys(re.findall(rf"{re.escape(start)}([\w.-]+)/([\w/.-]+)", text))
    assert {version for version, _ in pages} == {"latest", "v1.0.0"}
    assert [page for _, page in pages if not (DOCS / page).with_suffix(".md").exists()] == []


def test_every_version_has_its_documentation(tmp_path: Path) -> None:
    """Every full version has its documentation, and `latest` is the newest by number, not by name.

    A pre-release and a floating tag have none.
    """
    repository = small_site(tmp_path, GOOD_PAGE)
    run("git", "init", "--quiet", cwd=repository)
    for tag in ("v1.10.0", "v1.9.0", "v2.0.0rc1", "v1"):
        (repository / "docs/index.md").write_text(f"# Home of {tag}\n", encoding="utf-8")
        run("git", "add", "--all", cwd=repository)
        run("git", "commit", "--quiet", "--message", tag, cwd=repository)
        run("git", "tag", tag, cwd=repository)
    publish_docs.main(repository, tmp_path / "site")
    names = {path.parent.name: path.read_text(encoding="utf-8") for path in tmp_path.glob("site/*/index.html")}
    assert names.keys() == {"v1.9.0", "v1.10.0", "dev", "latest"}
    assert {name for name, page in names.items() if "Home of v1.10.0" in page} == {"latest", "v1.10.0"}
    assert re.search(r"Home of v1\b(?!\.)", names["dev"])
    menu = json.loads((tmp_path / "site/versions.json").read_text(encoding="utf-8"))
    versions = [(entry["version"], entry["aliases"]) for entry in menu]
    assert versions == [("v1.10.0", ["latest"]), ("v1.9.0", []), ("dev", [])]
    assert 'rel="canonical" href="https://example.com/small/v1.9.0/index.html"' in names["v1.9.0"]
    assert "/small/v1.10.0/assets/" in (tmp_path / "site/404.html").read_text(encoding="utf-8")
    assert "url=latest/index.html" in (tmp_path / "site/index.html").read_text(encoding="utf-8")


def test_a_version_that_cannot_be_built_is_named(tmp_path: Path) -> None:
    """If a version's documentation cannot be built, the script names the version and fails, so nothing is deployed."""
    site = small_site(tmp_path, GOOD_PAGE.replace("(index.md)", "(nowhere.md)"))
    repository = Project(site, {}).init("v1.0.0").path
    with pytest.raises(SystemExit, match=r"The documentation of v1\.0\.0 cannot be built"):
        publish_docs.main(repository, tmp_path / "site")


def test_what_you_get_shows_every_file(tmp_path: Path, template: Path) -> None:
    """The page *What you get* has each file of a new tap with its content, and of an existing package only the new."""
    page = tmp_path / project_trees.PAGE
    page.parent.mkdir(parents=True)
    page.touch()
    project_trees.write_trees(tmp_path, template, "HEAD")
    tap, library = ((tmp_path / f"site-parts/{name}.md").read_text(encoding="utf-8") for name in project_trees.PROJECTS)
    assert "<summary><code>src/</code></summary>" in tap
    assert "class ExampleStream(" in tap
    files = re.findall(r"<code>([^/]+)</code> \d+ lines", library)
    assert files == [".copier-answers.yml", ".gitattributes", "publisher.json", "RELEASING.md", "release.yaml"]
