"""The version of a build: whether a tag may release it, and whether it comes from git at all.

What decides is the version that was built, and git. The configuration of build backends only helps to word the fix:
there are more ways to take a version from a tag than a table can have.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version

from meltano_release.git import git

SETUPTOOLS_PLUGINS = ("setuptools-scm", "setuptools-git", "vcs-versioning", "versioneer", "versioningit")  # read tags
TAG = re.compile(r"(?:.*[-_/])?v?(\d.*)", re.IGNORECASE)  # as setuptools-scm finds the version in a tag
TAGS = [f"--match={before}{start}" for before in ("", "*[-_/]") for start in ("[0-9]*", "[vV][0-9]*")]
DECLARED = (  # where a static version stands
    "pyproject.toml",
    "setup.cfg",
    "setup.py",
    ":(glob)**/__about__.py",
    ":(glob)**/__init__.py",
    ":(glob,icase)**/*version*",
)
CONFIGURE = "configure the build backend to read it from git"


# The tag of a release.


def check_version(version: Version, tag: str) -> list[str]:
    """Return why a version cannot be released under a tag; nothing if it can.

    Ours: tags are `v` and the canonical form of a PEP 440 version, which is the built one, and not zero. PyPI's: the
    version has no local part (warehouse, `forklift/metadata.py`).

    Args:
        version: The version that was built.
        tag: The tag of the release.
    """
    again = "delete the release and its tag, and release"
    try:
        wanted = Version(tag.removeprefix("v"))
    except InvalidVersion:
        guess = tag.rpartition("-v")[2]
        if is_canonical(guess):
            example, several = f"v{guess}", " Several packages in one repository are not supported."
        else:
            example, several = "v1.2.3 or v1.0.0rc1", ""
        return [f"The tag {tag} is not `v` and a version (PEP 440): {again}, for example as {example}.{several}"]
    if tag != f"v{wanted}":
        return [
            f"The tag {tag} is not `v` and the canonical form of its version (PEP 440): {again} as v{wanted.public}."
        ]
    if wanted.local:
        return [f"The tag {tag} has a local part ({wanted.local}), which PyPI refuses: {again} as v{wanted.public}."]
    if wanted == Version("0"):
        return [f"The tag {tag} means a project without a version: {again} as v0.0.1 or later."]
    if version != wanted:
        return [f"The tag is {tag} and the built version {version}: {cause}." for cause in find_causes(tag)]
    return []


def is_canonical(text: str) -> bool:
    """Return whether a text is a version in its canonical form (PEP 440)."""
    try:
        return str(Version(text)) == text
    except InvalidVersion:
        return False


def find_causes(tag: str) -> list[str]:
    """Return why a release was built with another version than its tag's, each with the fix; at least one."""
    causes = []
    if not git("tag", "--list", tag):
        causes.append(f"the checkout does not have the tag {tag}: push the tag, or check out with `fetch-depth: 0`")
    elif tag not in git("tag", "--points-at", "HEAD").split():
        causes.append(f"the tag {tag} was moved to another commit after the release was published: release that commit")
    causes += find_static_causes(read_toml("pyproject.toml"))
    return causes or [f"the version does not come from the tag: {CONFIGURE}"]


# Where a version comes from.


def doubt_version(version: Version) -> list[str]:
    """Return a sentence for each cause if a built version does not come from git; nothing if it does, or may.

    - The commit has a tag `v` and a version: one of its tags must name the built version, as it would in a release.
    - The commit has none: a development, post-release, or local version names the commit, which a static one does not.
    - Any other version is doubtful if no tag before has it. If the last tag has it, a backend may have read it there,
      so it is only doubtful if it stands in a file of the project that declares versions.

    Args:
        version: The version that was built from the commit that is checked out.
    """
    here = read_tags("--points-at=HEAD")
    if version in here.values():
        return []
    causes = find_static_causes(read_toml("pyproject.toml")) or [CONFIGURE]
    exact = [tag for tag, named in here.items() if tag == f"v{named}"]
    if exact:
        sentence = f"This commit has the tag {exact[0]} and the built version is {version}, so a release would fail"
    elif version.is_devrelease or version.is_postrelease or version.local:
        return []
    else:
        last = git("describe", "--tags", "--abbrev=0", *TAGS)
        if last and version in read_tags(f"--points-at={last}").values() and not find_declaration(version):
            return []
        sentence = f"The version does not come from the git tag, so a release passes only under the tag v{version}"
    return [f"{sentence}: {cause}." for cause in causes]


def read_tags(which: str) -> dict[str, Version]:
    """Return the tags that `git tag` lists with an option, and the version that each names, whatever stands before."""
    found = {}
    for tag in git("tag", "--list", which).splitlines():
        if match := TAG.fullmatch(tag):
            try:
                found[tag] = Version(match[1])
            except InvalidVersion:
                continue
    return found


def find_declaration(version: Version) -> str:
    """Return the files that declare a version, one per line, empty if there is none."""
    text = re.escape(str(version))
    assigned = rf"""(^|[^[:alnum:]_.-])_*version_*["']?[[:space:]]*[:=][[:space:]]*["']?{text}(["'[:space:],;)}}]|$)"""
    return git("grep", "--text", "-ilE", "-e", assigned, "-e", f"^{text}$", "--", *DECLARED)


# What a fix says.


def find_static_causes(pyproject: dict[str, Any]) -> list[str]:
    """Return why the version of a project may not come from a tag, each with the fix; nothing if that is not known.

    Args:
        pyproject: The content of `pyproject.toml`; empty if there is none. Any value may be of any type.
    """
    system, tools = table(pyproject, "build-system"), table(pyproject, "tool")
    backend = str(system.get("build-backend") or "setuptools.build_meta").partition(":")[0]
    source = {name: table(tools, name, "version").get("source") for name in ("hatch", "pdm")}
    source["hatch"] = source["hatch"] or table(read_toml("hatch.toml"), "version").get("source")
    requires = system.get("requires")
    used = " ".join([*map(str, requires if isinstance(requires, list) else []), *tools]).replace("_", "-")
    poetry = (
        "the build backend is poetry-core's own, which does not read tags: write `build-backend = "
        "'poetry_dynamic_versioning.backend'`, require poetry-dynamic-versioning, and enable it"
    )
    needs = {  # why a backend reads no tags and what makes it do so, empty if it does; others are not known
        "poetry_dynamic_versioning.backend": ""
        if table(tools, "poetry-dynamic-versioning").get("enable", False)
        else "poetry-dynamic-versioning is off: add [tool.poetry-dynamic-versioning] with `enable = true`",
        "poetry.core.masonry.api": poetry,
        "poetry.masonry.api": poetry,
        "hatchling.build": ""
        if source["hatch"] not in (None, "code", "env", "regex")  # hatchling's own; others come with a plugin
        else "hatchling does not read tags: require hatch-vcs, and add [tool.hatch.version] with `source = 'vcs'`",
        "pdm.backend": ""
        if source["pdm"] == "scm"
        else "pdm-backend does not read tags: add [tool.pdm.version] with `source = 'scm'`",
        "setuptools.build_meta": ""
        if any(plugin in used for plugin in SETUPTOOLS_PLUGINS) or reads_git("setup.py")
        else "setuptools does not read tags: require setuptools-scm in [build-system], and add [tool.setuptools_scm]",
        "flit_core.buildapi": "flit does not read tags: use hatchling with hatch-vcs",
        "uv_build": "uv's build backend does not read tags: use hatchling with hatch-vcs",
    }
    causes = []
    if "version" in table(pyproject, "project"):
        causes.append("[project] of pyproject.toml has a static `version`: replace it with `dynamic = ['version']`")
    return [*causes, *filter(None, [needs.get(backend)])]


def table(value: Any, *keys: str) -> dict[str, Any]:  # noqa: ANN401 - of TOML
    """Return the table that keys lead to, an empty one if anything on the way is missing or no table."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def read_toml(file: str) -> dict[str, Any]:
    """Return the content of a TOML file, empty if there is none that can be read."""
    try:
        return tomllib.loads(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):  # a conflict, which is a problem by itself; nothing builds another
        return {}


def reads_git(file: str) -> bool:
    """Return whether a script mentions what may read git."""
    try:
        return bool(re.search(r"\b(git|use_scm|versioneer)", Path(file).read_text(encoding="utf-8", errors="replace")))
    except OSError:
        return False
