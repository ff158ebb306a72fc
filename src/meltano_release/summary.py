"""What a reviewer looks at before approving a release: the summary of the release gate's job, as Markdown."""

from __future__ import annotations

import hashlib
import tomllib
from typing import TYPE_CHECKING, Any

from meltano_release.git import git
from meltano_release.markdown import code, details, fenced

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.metadata import Metadata

    from meltano_release.distributions import Distribution

MEANING = {
    "release": "Approving *Publish to PyPI* publishes these files, and no others.",
    "workflow_dispatch": "This is a dry run: approving it publishes nothing.",
}
BUILT_AGAIN = "Nothing is published here: a release would be built again at its tag."
MOST_FILES = 1000  # that are listed of an archive; GitHub accepts 1 MiB of summary


def summarize(distributions: list[Distribution], package_name: str, environ: Mapping[str, str]) -> str:
    """Return what the gate has judged, and what changed since the last version.

    Args:
        distributions: The source distribution and the wheels, which passed.
        package_name: The publisher's project.
        environ: The variables that GitHub sets for a run.
    """
    first = distributions[0]
    paragraphs = [
        f"## {package_name} {first.version}",
        MEANING.get(environ.get("GITHUB_EVENT_NAME", ""), BUILT_AGAIN),
        list_files(distributions),
        *describe_changes(environ),
        details("Metadata", describe_metadata(first.metadata)),
        *(details(f"Contents of {one.path.name}", list_contents(one)) for one in distributions),
    ]
    return "\n\n".join(paragraphs) + "\n"


def list_files(distributions: list[Distribution]) -> str:
    """Return a table of the files, each with its size and its SHA-256, as PyPI shows it."""
    rows = ["| file | bytes | SHA-256 |", "| --- | ---: | --- |"]
    for one in distributions:
        content = one.path.read_bytes()
        rows.append(f"| {code(one.path.name)} | {len(content)} | `{hashlib.sha256(content).hexdigest()}` |")
    return "\n".join(rows)


def list_contents(distribution: Distribution) -> str:
    """Return the names of the files in an archive, one per line."""
    names = sorted(name for name in distribution.files if not name.endswith("/"))
    more = [f"… and {len(names) - MOST_FILES} more"] if len(names) > MOST_FILES else []
    return "\n".join([*map(ascii_if_odd, names[:MOST_FILES]), *more])


def ascii_if_odd(name: str) -> str:
    """Return a name as it is, or with escapes if a character of it is invisible."""
    return name if name.isprintable() else ascii(name)


def describe_metadata(metadata: Metadata) -> str:
    """Return the core metadata that a release decides, without the description, as lines of `Field: value`."""
    fields: dict[str, Any] = {
        "Name": metadata.name,
        "Version": metadata.version,
        "Summary": metadata.summary,
        "Author": metadata.author or metadata.author_email,
        "License": metadata.license_expression or metadata.license,
        "Requires-Python": metadata.requires_python,
        "Requires-Dist": metadata.requires_dist,
        "Project-URL": [f"{label}, {url}" for label, url in (metadata.project_urls or {}).items()],
    }
    lines = []
    for name, value in fields.items():
        values = value if isinstance(value, list) else [value]
        lines += [f"{name}: {ascii_if_odd(str(one))}" for one in values if one]
    return "\n".join(lines)


def describe_changes(environ: Mapping[str, str]) -> list[str]:
    """Return what changed since the last version: a link that compares, and what decides how the release is built."""
    before = git("describe", "--tags", "--abbrev=0", "--match=v[0-9]*", "HEAD~1")
    if not before:
        return ["There is no earlier version among the tags of this commit's history."]
    commits = git("rev-list", "--count", f"{before}..HEAD")
    server, repository = environ.get("GITHUB_SERVER_URL", "https://github.com"), environ.get("GITHUB_REPOSITORY", "")
    commit = environ.get("GITHUB_SHA") or git("rev-parse", "HEAD")
    link = f"[{before}…{commit[:7]}]({server}/{repository}/compare/{before}...{commit})"
    changed = git("diff", "--name-status", before, "HEAD", "--", ".github")
    files = fenced(changed) if changed else ""
    requirements = build_system(before), build_system("HEAD")
    return [
        f"Since {before}: {commits} commit{'' if commits == '1' else 's'}, {link}.",
        *([f"**`.github` changed since {before}:**", files] if changed else [f"`.github` is as in {before}."]),
        "The build requirements are the same."
        if requirements[0] == requirements[1]
        else f"**The build requirements changed**, from {code(requirements[0])} to {code(requirements[1])}.",
    ]


def build_system(commit: str) -> str:
    """Return the table `[build-system]` of pyproject.toml in a commit, as one line; empty if there is none."""
    try:
        table = tomllib.loads(git("show", f"{commit}:pyproject.toml")).get("build-system", {})
    except (tomllib.TOMLDecodeError, RecursionError):
        return "not valid TOML"
    return repr(table) if table else ""
