"""What the doctor sees of sources that are not in the repository itself: submodules, and files of Git LFS.

The build fetches both with the token of the workflow, which reads this repository and public ones alone.
"""

from __future__ import annotations

import configparser
import re
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from meltano_release.commit import SUBMODULE
from meltano_release.doctor.findings import Finding
from meltano_release.errors import NotCheckedError
from meltano_release.github import get, slug

if TYPE_CHECKING:
    from meltano_release.commit import Commit

ON_GITHUB = re.compile(r"(?:https?://(?:[^/@]*@)?|ssh://git@|git@)github\.com[/:]([\w.-]+/[\w.-]+?)(?:\.git)?/?")
LFS_ELSEWHERE = re.compile(r"^\s*(?:lfs)?url\s*=\s*(\S+)", re.MULTILINE)
REACHABLE = "make that repository public, or take the files into this one"


def check_submodules(publisher: dict[str, str], commit: Commit) -> list[Finding]:
    """Look whether the build can fetch each submodule."""
    modules = configparser.RawConfigParser()
    try:
        modules.read_string(commit.read(".gitmodules"))
    except configparser.Error as error:
        message = f".gitmodules cannot be read ({str(error).splitlines()[0]})"
        raise NotCheckedError(message) from error
    urls = {
        modules.get(name, "path", fallback=""): modules.get(name, "url", fallback="") for name in modules.sections()
    }
    return [
        check_submodule(path, urls.get(path, ""), publisher) for path, mode in commit.modes.items() if mode == SUBMODULE
    ]


def check_submodule(path: str, url: str, publisher: dict[str, str]) -> Finding:
    """Return whether the build can fetch a submodule."""
    if not url:
        return Finding("error", f"The build cannot fetch the submodule {path}: .gitmodules has no URL of it", REACHABLE)
    if url.startswith("../"):
        url = urljoin(f"https://github.com/{slug(publisher)}/", url)
    match = ON_GITHUB.fullmatch(url)
    if not match:
        if re.match("https?://", url):
            return Finding("not checked", f"Whether anybody can fetch the submodule {path} from {url}")
        return Finding("error", f"The build cannot fetch the submodule {path} from {url}: it has no key", REACHABLE)
    repository = get(f"repos/{match[1]}")
    if repository is None or repository["private"]:
        what = "is private" if repository else "is not there, or you cannot see it"
        return Finding("error", f"The build cannot fetch the submodule {path}: {match[1]} {what}", REACHABLE)
    return Finding("ok", f"The build can fetch the submodule {path}")


def check_lfs(_: dict[str, str], commit: Commit) -> list[Finding]:
    """Look whether files of Git LFS are stored elsewhere than on GitHub: the build has no login there."""
    stored = [
        path
        for path in commit.modes
        if path.rpartition("/")[2] == ".gitattributes" and "filter=lfs" in commit.read(path)
    ]
    if not stored:
        return []
    url = LFS_ELSEWHERE.search(commit.read(".lfsconfig"))
    if url and not ON_GITHUB.match(url[1]):
        sentence = f"The build fetches the files of Git LFS from {url[1]}, where it has no login"
        return [Finding("error", sentence, "store them on GitHub, and delete `url` from .lfsconfig")]
    return [Finding("ok", "The build fetches the files of Git LFS from GitHub")]
