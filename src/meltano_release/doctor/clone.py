"""What the doctor sees in the clone: its remote, and its tags."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from meltano_release.doctor.findings import Finding
from meltano_release.errors import NotCheckedError
from meltano_release.git import ask_git
from meltano_release.github import slug

if TYPE_CHECKING:
    from meltano_release.commit import Commit

REMOTE = re.compile(r"github\.com(?::\d+/|[:/])([^/]+)/([^/]+?)(?:\.git)?/?$")
VERSION = r"([1-9]\d*!)?\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?(\.dev\d+)?"  # public and canonical, PEP 440
BEFORE_RELEASE = (".dev", "a", "b", "rc")  # what begins the rest of a version that comes before the release


def find_remote() -> tuple[str, str] | None:
    """Return the owner and the name of the repository on GitHub that `origin` is, None if it is elsewhere."""
    match = REMOTE.search(ask_git("remote", "get-url", "origin").strip())
    return (match[1], match[2]) if match else None


def check_remote(publisher: dict[str, str], _: Commit) -> list[Finding]:
    """Compare the publisher with the git remote, exactly."""
    remote = find_remote()
    if not remote:
        message = f"the git remote origin is not on GitHub ({ask_git('remote', 'get-url', 'origin').strip()})"
        raise NotCheckedError(message)
    wanted, found = slug(publisher), "/".join(remote)
    if found != wanted:
        remedy = f"git remote set-url origin https://github.com/{wanted}.git"
        return [Finding("error", f"The git remote is {found}, and the publisher {wanted}: case counts", remedy)]
    return [Finding("ok", f"The git remote is {wanted}")]


def version_tags() -> tuple[list[str], list[str]]:
    """Return the tags that releases can be made from, the newest version first, and those that only look like it."""
    settings = [part for suffix in BEFORE_RELEASE for part in ("-c", f"versionsort.suffix={suffix}")]
    tags = ask_git(*settings, "tag", "--list", "--sort=-version:refname").split()
    versions = [tag for tag in tags if re.fullmatch(f"v{VERSION}", tag)]
    return versions, [tag for tag in tags if re.match(r"v?\d", tag) and tag not in versions]


def check_tags(_: dict[str, str], __: Commit) -> list[Finding]:
    """Look at the tags: which of them are versions."""
    if ask_git("rev-parse", "--is-shallow-repository").strip() == "true":
        return [Finding("error", "The clone is shallow and may lack tags", "git fetch --unshallow --tags")]
    versions, others = version_tags()
    findings = [
        Finding("ok", f"The latest version among the tags is {versions[0]}")
        if versions
        else Finding("note", "No tag is a release tag (`v1.2.3`) yet: the first release makes one")
    ]
    if others:
        shown = ", ".join(others[:3]) + (", …" if others[3:] else "")
        sentence = f"No release can be made from {shown}: a release tag is `v` and a version. They can stay as they are"
        findings.append(Finding("note", sentence))
    return findings
