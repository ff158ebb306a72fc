"""The release gate: may these distributions become a release?

Usage: python .github/release/gate.py DIST

Always: DIST holds one wheel and one source distribution that agree with each other, with
`publisher.json` and with what PyPI takes, and no update of the template has left a conflict. For a
release also: the tag is `v` and the version, to the letter, and the repository and workflow that run are the
publisher's. For a rehearsal: they are, too, and the name that was typed is the project's.

Every refusal is one sentence that names the cause and the fix; all are printed, then the exit code is 1.
The built version goes to `$GITHUB_OUTPUT`. Standard library and git only.
Owned by the template: `copier update` refreshes this file.
"""

from __future__ import annotations

import email
import email.message
import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from publisher import CANONICAL_VERSION, WORKFLOWS, environments, normalized, read_publisher

LONGEST_SUMMARY = 512  # characters; PyPI's limit


class Distribution(NamedTuple):
    """A built file: its path, the name and version of the file name, and its core metadata."""

    path: Path
    name: str
    version: str
    metadata: email.message.Message


def read_wheel(path: Path) -> Distribution:
    """Read a wheel (`NAME-VERSION-….whl`); raise `ValueError` if it is none."""
    name, version, *_ = [*path.name.split("-"), ""]
    with zipfile.ZipFile(path) as wheel:
        inside = [file for file in wheel.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", file)]
        if len(inside) != 1:
            message = f"{path.name} holds {len(inside)} METADATA files, not one: build it again with `python -m build`."
            raise ValueError(message)
        return Distribution(path, name, version, email.message_from_bytes(wheel.read(inside[0])))


def read_sdist(path: Path) -> Distribution:
    """Read a source distribution (`NAME-VERSION.tar.gz`); raise `ValueError` if it is none."""
    name, _, version = path.name.removesuffix(".tar.gz").rpartition("-")
    with tarfile.open(path) as sdist:
        inside = [file for file in sdist.getnames() if re.fullmatch(r"[^/]+/PKG-INFO", file)]
        content = sdist.extractfile(inside[0]) if len(inside) == 1 else None
        if content is None:
            message = f"{path.name} holds no PKG-INFO at its top: build it again with `python -m build`."
            raise ValueError(message)
        return Distribution(path, name, version, email.message_from_bytes(content.read()))


def find_distributions(folder: Path) -> list[Distribution]:
    """Read the one wheel and the one source distribution in a folder; raise `ValueError` for anything else."""
    files = sorted(path for path in folder.glob("*") if not path.name.startswith("."))
    wheels = [path for path in files if path.suffix == ".whl"]
    sdists = [path for path in files if path.name.endswith(".tar.gz")]
    if len(wheels) != 1 or len(sdists) != 1 or files != sorted(wheels + sdists):
        found = ", ".join(path.name for path in files) or "nothing"
        message = (
            f"{folder} must hold one wheel and one .tar.gz and nothing else, but holds {found}: "
            "empty it and run `python -m build`."
        )
        raise ValueError(message)
    return [read_wheel(wheels[0]), read_sdist(sdists[0])]


def check_metadata(distribution: Distribution) -> list[str]:
    """Return where a file's metadata contradicts its name, a sentence each."""
    metadata, file = distribution.metadata, distribution.path.name
    problems = []
    if normalized(metadata.get("Name", "")) != normalized(distribution.name):
        problems.append(f"{file} says Name: {metadata.get('Name')} inside: build it again with `python -m build`.")
    if metadata.get("Version") != distribution.version:
        problems.append(
            f"{file} says Version: {metadata.get('Version')} inside: build it again with `python -m build`."
        )
    return problems


def check_fields(distribution: Distribution) -> list[str]:
    """Return what PyPI would refuse in the metadata, a sentence each."""
    metadata, file = distribution.metadata, distribution.path.name
    problems = []
    summary = str(metadata.get("Summary", ""))
    if len(summary) > LONGEST_SUMMARY:
        problems.append(
            f"The summary of {file} has {len(summary)} characters and PyPI takes {LONGEST_SUMMARY}: "
            "shorten `description` in pyproject.toml."
        )
    if metadata.get("License") and metadata.get("License-Expression"):
        problems.append(
            f"{file} has both License and License-Expression, which PyPI refuses: "
            "keep one SPDX expression as `license` in pyproject.toml."
        )
    problems.extend(
        f"{file} depends on an address ({requirement}), which PyPI refuses: depend on a released version."
        for requirement in metadata.get_all("Requires-Dist", [])
        if "@" in requirement.partition(";")[0]
    )
    return problems


def check_classifiers(distribution: Distribution) -> list[str]:
    """Return a sentence for each classifier that PyPI does not take; `trove-classifiers` judges it where installed."""
    known = subprocess.run([sys.executable, "-m", "trove_classifiers"], capture_output=True, text=True, check=False)
    if known.returncode:
        return []
    classifiers = set(distribution.metadata.get_all("Classifier", [])) - set(known.stdout.splitlines())
    return [
        f"PyPI does not take the classifier {name!r} (unknown, deprecated or private): "
        "replace it in pyproject.toml by one of https://pypi.org/classifiers/."
        for name in sorted(classifiers)
    ]


def check_agreement(wheel: Distribution, sdist: Distribution, publisher: dict[str, str]) -> list[str]:
    """Return where wheel, source distribution and `publisher.json` contradict each other, a sentence each."""
    problems = []
    if wheel.version != sdist.version:
        problems.append(
            f"The wheel has version {wheel.version} and the .tar.gz {sdist.version}: "
            f"empty {wheel.path.parent} and run `python -m build`."
        )
    fields = {*wheel.metadata.keys(), *sdist.metadata.keys()} - {"Version", "Dynamic", "Metadata-Version"}
    differing = [
        field
        for field in sorted(fields)
        if sorted(wheel.metadata.get_all(field, [])) != sorted(sdist.metadata.get_all(field, []))
    ]
    if differing:
        problems.append(
            f"The wheel and the .tar.gz differ in {', '.join(differing)}: "
            "build the wheel from the .tar.gz, as `python -m build` does."
        )
    name = str(wheel.metadata.get("Name", ""))
    if normalized(name) != normalized(publisher["package_name"]):
        problems.append(
            f"The package is called {name} and the publisher is registered for {publisher['package_name']}: "
            "correct `name` in pyproject.toml, or answer `package_name` anew with `copier update`."
        )
    return problems


def git(*arguments: str) -> str:
    """Return what a git command prints, without the last line break; nothing if git fails."""
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=False).stdout.strip()


def explain_static() -> str:
    """Say why the project's version can come from no tag, and what mends it; an empty text if nothing is in its way."""
    pyproject = "\n".join(path.read_text(encoding="utf-8") for path in [Path("pyproject.toml")] if path.exists())
    project = re.search(r"^\[project\]\s*$(.*?)(?=^\[|\Z)", pyproject, re.MULTILINE | re.DOTALL)
    if project and re.search(r"^version\s*=", project[1], re.MULTILINE):
        return (
            "pyproject.toml has a static `version` in [project], which wins over the tag: delete that line, write "
            "`dynamic = ['version']`, and let poetry-dynamic-versioning, hatch-vcs or setuptools-scm read the tag."
        )
    if re.search(r"""^build-backend\s*=\s*["']poetry\.core""", pyproject, re.MULTILINE):
        return (
            "the build backend is poetry-core's own, which knows no tags: write `build-backend = "
            "'poetry_dynamic_versioning.backend'` in pyproject.toml, require poetry-dynamic-versioning and enable it."
        )
    return ""


def explain_version(tag: str) -> str:
    """Say why a build for a release got another version than the tag's, and what mends it."""
    tags = git("tag", "--points-at", "HEAD").split()
    causes = [
        (
            not git("tag", "--list", tag),
            f"the checkout has no tag {tag}",
            "check out with `fetch-depth: 0`, or push the tag.",
        ),
        (
            tag not in tags,
            f"the tag {tag} is on another commit than the one that was built",
            "delete the release and its tag, and release the right commit.",
        ),
        (
            len(tags) > 1,
            f"the commit has {len(tags)} tags ({', '.join(tags)}) and only one can be its version",
            "delete the others, or release from a new commit.",
        ),
        (
            True,
            "the version does not come from the tag",
            "write `enable = true` in [tool.poetry-dynamic-versioning] of pyproject.toml, or your backend's setting.",
        ),
    ]
    return explain_static() or next(f"{cause}: {fix}" for applies, cause, fix in causes if applies)


def check_version(version: str, tag: str) -> list[str]:
    """Return why a version cannot be released under a tag, in a sentence; nothing if it can."""
    again = "delete the release and its tag, and release"
    wanted = CANONICAL_VERSION.match(tag.removeprefix("v"))
    problem = ""
    if not tag.startswith("v"):
        problem = f"The tag {tag} does not begin with `v`: {again} as v{tag}."
    elif not wanted:
        problem = (
            f"The tag {tag} is not `v` and a canonical version (PEP 440): {again} as, for example, v1.2.3 or v1.0.0rc1."
        )
    elif wanted["local"]:
        problem = f"The tag {tag} has a local part ({wanted['local']}), which PyPI refuses: {again} without it."
    elif tag == "v0.0.0":
        problem = f"The tag {tag} stands for a project without a version: {again} as v0.0.1 or later."
    elif version != tag[1:]:
        problem = f"The tag is {tag} and the built version {version}: {explain_version(tag)}"
    return [problem] if problem else []


def check_run(publisher: dict[str, str], environ: dict[str, str]) -> list[str]:
    """Return how the run's identity, which its token will claim, differs from the publisher form, a sentence each."""
    anew = "anew with `copier update`, and correct the publisher on PyPI."
    problems = []
    registered = f"{publisher['owner']}/{publisher['repository']}"
    repository = environ.get("GITHUB_REPOSITORY")
    if repository != registered:
        problems.append(
            f"This runs in {repository} and the publisher is registered for {registered}, "
            f"which PyPI compares to the letter: answer `owner` and `repository` {anew}"
        )
    workflow = PurePosixPath(environ.get("GITHUB_WORKFLOW_REF", "").partition("@")[0]).name
    if workflow != publisher["workflow_filename"]:
        problems.append(
            f"The workflow {workflow} runs and the publisher is registered for {publisher['workflow_filename']}: "
            f"give the file that name again, or answer `workflow_filename` {anew}"
        )
    problems.extend(
        f"The workflow {workflow} names the environment {environment} "
        f"and the publisher is registered for {publisher['environment']}: "
        f"correct the workflow, or answer `environment` {anew}"
        for environment in environments(WORKFLOWS / workflow)
        if environment != publisher["environment"]
    )
    return problems


def check_event(distribution: Distribution, publisher: dict[str, str], environ: dict[str, str]) -> list[str]:
    """Return what stands against a release or a rehearsal, a sentence each; of another event nothing is asked."""
    event = environ.get("GITHUB_EVENT_NAME")
    if event == "release":
        return check_version(distribution.version, environ["GITHUB_REF_NAME"]) + check_run(publisher, environ)
    if event == "workflow_dispatch":
        problems = check_run(publisher, environ)
        typed = json.loads(Path(environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))["inputs"]["package_name"]
        if typed != publisher["package_name"]:
            problems.append(
                f"{typed!r} was typed and the project is called {publisher['package_name']}: "
                "run the rehearsal again and type that name; no token was asked for."
            )
        return problems
    return []


def check_history() -> list[str]:
    """Return a sentence if the checkout may hide the tags that a version comes from."""
    if git("rev-parse", "--is-shallow-repository") == "true":
        return ["The checkout is shallow, so tags are out of sight: check out with `fetch-depth: 0`."]
    return []


def check_conflicts() -> list[str]:
    """Return a sentence for each file that an update of the template left in conflict; Copier's exit code is 0 then."""
    begun, ended = (set(git("grep", "-lIE", f"^{mark}{{7}} ").splitlines()) for mark in "<>")
    rejected = git("ls-files", "--cached", "--others", "--exclude-standard", "*.rej").splitlines()
    return [
        *(f"{file} holds conflict markers: keep the right side and delete them." for file in sorted(begun & ended)),
        *(f"{file} holds changes that found no place: make them by hand and delete it." for file in rejected),
    ]


def main(arguments: list[str]) -> int:
    """Judge the distributions in the folder that the arguments name; return the exit code."""
    if len(arguments) != 1:
        print(__doc__)
        return 2
    try:
        publisher = read_publisher()
        wheel, sdist = find_distributions(Path(arguments[0]))
    except (OSError, ValueError, KeyError, tarfile.TarError, zipfile.BadZipFile) as error:
        problems = check_conflicts() or [str(error)]
    else:
        problems = [
            *check_conflicts(),
            *check_history(),
            *check_metadata(wheel),
            *check_metadata(sdist),
            *check_fields(wheel),
            *check_classifiers(wheel),
            *check_agreement(wheel, sdist, publisher),
            *check_event(wheel, publisher, dict(os.environ)),
        ]
    for problem in problems:
        print(f"::error title=Release gate::{problem}" if "GITHUB_ACTIONS" in os.environ else f"Refused: {problem}")
    if problems:
        return 1
    if later := explain_static():  # long before the release that it would stop
        mark = "::warning title=Release gate::" if "GITHUB_ACTIONS" in os.environ else "Beware: "
        print(f"{mark}A release would be refused, since {later}")
    print(f"{wheel.metadata['Name']} {wheel.version} may be released: {wheel.path.name}, {sdist.path.name}")
    if "GITHUB_OUTPUT" in os.environ:
        with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as output:
            output.write(f"version={wheel.version}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
