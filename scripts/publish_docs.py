"""Build the documentation of every version, for GitHub Pages.

Usage: python scripts/publish_docs.py SITE

Writes to the folder SITE: a folder for each tag `vX.Y.Z`; `dev` for the commit that is checked out; `latest`, the same
as the newest version, or as `dev` if there is none; `versions.json`, for the menu of versions; a page that leads to
`latest`; and the page for URLs that do not exist. Run it in a clone that has the tags. A version whose documentation
cannot be built is an error.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from build_docs import main as build

MENU = '\n[project.extra.version]\nprovider = "mike"\ndefault = "latest"\n'  # the theme's name for versions.json
REDIRECT = '<!doctype html>\n<meta charset="utf-8">\n<meta http-equiv="refresh" content="0; url=latest/index.html">\n'
SITE_URL = re.compile(r'^site_url = "[^"]*', re.MULTILINE)  # for links to the page itself, and in 404.html
VERSION = re.compile(r"v(\d+)\.(\d+)\.(\d+)")


def versions(repository: Path) -> list[str]:
    """Return the tags of full versions, the newest first."""
    tags = subprocess.run(["git", "tag"], check=True, cwd=repository, capture_output=True, text=True).stdout.split()
    numbers = {tag: tuple(map(int, match.groups())) for tag in tags if (match := VERSION.fullmatch(tag))}
    return sorted(numbers, key=numbers.__getitem__, reverse=True)


def build_version(repository: Path, commit: str, target: Path) -> None:
    """Build the documentation of a commit into a new folder, with the menu of versions.

    Raises:
        SystemExit: The documentation of this version cannot be built.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        archive = ["git", "archive", commit, "docs", "zensical.toml"]
        packed = subprocess.run(archive, check=True, cwd=repository, capture_output=True).stdout
        subprocess.run(["tar", "--extract"], check=True, cwd=folder, input=packed)
        settings = folder / "zensical.toml"
        own_url = SITE_URL.sub(rf"\g<0>{target.name}/", settings.read_text(encoding="utf-8"))
        settings.write_text(own_url + MENU, encoding="utf-8")
        if build(folder, repository, commit):
            sys.exit(f"The documentation of {commit} cannot be built: see above.")
        shutil.copytree(folder / "site", target)


def main(repository: Path, site: Path) -> None:
    """Build the documentation of every version of a repository into a folder."""
    newest_first = versions(repository)
    for version in newest_first:
        build_version(repository, version, site / version)
    build_version(repository, "HEAD", site / "dev")
    latest = newest_first[0] if newest_first else "dev"
    shutil.copytree(site / latest, site / "latest")
    menu = [
        {"version": version, "title": version, "aliases": ["latest"] if version == latest else []}
        for version in [*newest_first, "dev"]
    ]
    (site / "versions.json").write_text(json.dumps(menu, indent=2) + "\n", encoding="utf-8")
    (site / "index.html").write_text(REDIRECT, encoding="utf-8")
    shutil.copyfile(site / latest / "404.html", site / "404.html")


if __name__ == "__main__":
    main(Path.cwd(), Path(sys.argv[1]).resolve())
