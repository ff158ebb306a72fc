"""What the doctor sees in the clone: its remote, and its tags."""

from __future__ import annotations

import re

from meltano_release.doctor.findings import Finding, run
from meltano_release.pypi import NotCheckedError

VERSION = r"([1-9]\d*!)?\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?(\.dev\d+)?"  # public and canonical, PEP 440
BEFORE_RELEASE = (".dev", "a", "b", "rc")  # what begins the rest of a version that comes before the release


def check_remote(publisher: dict[str, str]) -> list[Finding]:
    """Compare the publisher with the git remote, exactly."""
    url = run("git", "remote", "get-url", "origin")
    match = re.search(r"github\.com[:/]([^/]+)/([^/]+?)(?:\.git)?/?$", url)
    if not match:
        message = f"the git remote origin is not on GitHub ({url})"
        raise NotCheckedError(message)
    wanted, found = f"{publisher['owner']}/{publisher['repository']}", f"{match[1]}/{match[2]}"
    if found != wanted:
        remedy = f"git remote set-url origin https://github.com/{wanted}.git"
        return [Finding("error", f"The git remote is {found}, and the publisher {wanted}: case counts", remedy)]
    return [Finding("ok", f"The git remote is {wanted}")]


def version_tags() -> tuple[list[str], list[str]]:
    """Return the tags that releases can be made from, the newest version first, and those that only look like it."""
    settings = [part for suffix in BEFORE_RELEASE for part in ("-c", f"versionsort.suffix={suffix}")]
    tags = run("git", *settings, "tag", "--list", "--sort=-version:refname").split()
    versions = [tag for tag in tags if re.fullmatch(f"v{VERSION}", tag)]
    return versions, [tag for tag in tags if re.match(r"v?\d", tag) and tag not in versions]


def check_tags(_: dict[str, str]) -> list[Finding]:
    """Look at the tags: which of them are versions."""
    if run("git", "rev-parse", "--is-shallow-repository") == "true":
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
