"""The release gate: may these distributions become a release?

Always: a folder holds one source distribution and one or more wheels of one version, which agree with
`.github/publisher.json` and with what PyPI accepts, and no update of the template has left a conflict. For a release
also: the tag is `v` and the version, and the repository, the workflow, and the environment are the publisher's. For a
dry run: they are, too, and the name that was typed is the project's.

Every refusal is one sentence that names the cause and the fix.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from meltano_release.annotations import annotate
from meltano_release.distributions import Distribution, check_agreement, find_problems, read_distributions
from meltano_release.git import git, is_on_branch
from meltano_release.publisher import WORKFLOWS, read_publisher
from meltano_release.summary import summarize
from meltano_release.workflows import publishing_environments

if TYPE_CHECKING:
    from collections.abc import Mapping

SETUPTOOLS_PLUGINS = ("setuptools-scm", "setuptools-git", "vcs-versioning", "versioneer", "versioningit")  # read tags
PUBLISHING_ACTION = "pypa/gh-action-pypi-publish"
MARKERS = ("<<<<<<< before updating", ">>>>>>> after updating")  # as Copier writes them
ANSWER = "or change the answer with `copier update` and register the publisher again on PyPI."


@dataclass(frozen=True)
class Verdict:
    """What the gate found, in sentences: a problem refuses the distributions; without one there may be warnings."""

    problems: list[str]
    warnings: list[str]
    distributions: list[Distribution]  # empty if they cannot be read
    package_name: str = ""
    is_release: bool = False


# The repository.


def check_conflicts() -> list[str]:
    """Return a sentence for each file that an update of the template left in conflict; Copier's exit code is 0 then."""
    begun, ended = (set(git("grep", "-lI", f"^{mark}").splitlines()) for mark in MARKERS)
    rejected = git("ls-files", "--cached", "--others", "--exclude-standard", "*.rej").splitlines()
    return [
        *(f"{file} has conflict markers: keep what you need, delete the markers." for file in sorted(begun & ended)),
        *(
            f"{file} has changes that could not be applied: make them by hand and delete it."
            for file in rejected
            if Path(file).with_suffix("").exists()
        ),
    ]


def check_history() -> list[str]:
    """Return a sentence if the checkout may hide the tags that a version comes from."""
    shallow = git("rev-parse", "--is-shallow-repository")
    if not shallow:
        return ["git cannot read this repository, see `git status`: run this at the top of a checkout that you own."]
    if shallow == "true":
        return [
            "The checkout is shallow and may lack the tag that the version comes from: check out with `fetch-depth: 0`."
        ]
    return []


def check_package(distribution: Distribution, publisher: dict[str, str]) -> list[str]:
    """Return a sentence if the package is not the publisher's project; PyPI compares normalized names (PEP 503)."""
    name = distribution.metadata.name
    if canonicalize_name(name) == canonicalize_name(publisher["package_name"]):
        return []
    return [
        (
            f"The package is called {name} and the publisher is registered for {publisher['package_name']}: "
            "correct `name` in pyproject.toml, or change the answer `package_name` with `copier update`."
        )
    ]


# The version.


def find_static_causes(pyproject: dict[str, Any]) -> list[str]:
    """Return why the version of a project cannot come from a tag, each with the fix; nothing if it can or is not known.

    Args:
        pyproject: The content of `pyproject.toml`; empty if there is none.
    """
    system, tools = pyproject.get("build-system", {}), pyproject.get("tool", {})
    backend = system.get("build-backend", "setuptools.build_meta").partition(":")[0]
    source = {name: tools.get(name, {}).get("version", {}).get("source") for name in ("hatch", "pdm")}
    used = " ".join([*system.get("requires", []), *tools]).replace("_", "-")
    poetry = (
        "the build backend is poetry-core's own, which does not read tags: write `build-backend = "
        "'poetry_dynamic_versioning.backend'`, require poetry-dynamic-versioning, and enable it"
    )
    needs = {  # why a backend reads no tags and what makes it do so, empty if it does; others are not known
        "poetry_dynamic_versioning.backend": ""
        if tools.get("poetry-dynamic-versioning", {}).get("enable", False)
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
        if any(plugin in used for plugin in SETUPTOOLS_PLUGINS)
        else "setuptools does not read tags: require setuptools-scm in [build-system], and add [tool.setuptools_scm]",
        "flit_core.buildapi": "flit does not read tags: use hatchling with hatch-vcs",
        "uv_build": "uv's build backend does not read tags: use hatchling with hatch-vcs",
    }
    causes = []
    if "version" in pyproject.get("project", {}):
        causes.append("[project] of pyproject.toml has a static `version`: replace it with `dynamic = ['version']`")
    return [*causes, *filter(None, [needs.get(backend)])]


def read_pyproject() -> dict[str, Any]:
    """Return the content of `pyproject.toml`, empty if there is none that can be read."""
    try:
        return tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):  # a conflict, which is a problem by itself; nothing is built from another broken one
        return {}


def find_causes(tag: str) -> list[str]:
    """Return why a release was built with another version than its tag's, each with the fix; at least one."""
    causes = []
    if not git("tag", "--list", tag):
        causes.append(f"the checkout does not have the tag {tag}: push the tag, or check out with `fetch-depth: 0`")
    elif tag not in git("tag", "--points-at", "HEAD").split():
        causes.append(f"the tag {tag} was moved to another commit after the release was published: release that commit")
    causes += find_static_causes(read_pyproject())
    return causes or ["the version does not come from the tag: configure the build backend to read it from git"]


def check_version(version: Version, tag: str) -> list[str]:
    """Return why a version cannot be released under a tag; nothing if it can. Tags are `v` and a PEP 440 version."""
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


def find_warnings(distribution: Distribution, environ: Mapping[str, str]) -> list[str]:
    """Return what is not refused, but worth knowing: a version that no tag decides, a commit off the default branch."""
    warnings = [
        f"The version does not come from the git tag, so a release passes only under the tag v{distribution.version}: "
        f"{cause}."
        for cause in find_static_causes(read_pyproject())
    ]
    if environ.get("GITHUB_EVENT_NAME") == "release":
        branch = (read_event(environ).get("repository") or {}).get("default_branch")
        if branch and is_on_branch("HEAD", f"refs/remotes/origin/{branch}") is False:
            warnings.append(f"The released commit is not on the default branch {branch}: see that this is intended.")
    return warnings


# The run.


def check_run(publisher: dict[str, str], environ: Mapping[str, str]) -> list[str]:
    """Return how what the run's token will claim differs from the publisher's form, a sentence each."""
    problems = []
    registered, repository = f"{publisher['owner']}/{publisher['repository']}", environ.get("GITHUB_REPOSITORY")
    if repository != registered:
        problems.append(
            f"This runs in {repository} and the publisher is registered for {registered}, which PyPI compares exactly "
            "(case-sensitive): change the answers `owner` and `repository` with `copier update`, and register the "
            "publisher again on PyPI."
        )
    workflow = PurePosixPath(environ.get("GITHUB_WORKFLOW_REF", "").partition("@")[0]).name
    if workflow != publisher["workflow_filename"]:
        problems.append(
            f"The workflow {workflow} runs and the publisher is registered for {publisher['workflow_filename']}: "
            f"give the file that name again, {ANSWER}"
        )
    environments = publishing_environments(WORKFLOWS / workflow)
    if not environments:
        problems.append(
            f"No job of {workflow} uses {PUBLISHING_ACTION}: restore the file from git "
            f"(`git log -- {WORKFLOWS / workflow}` shows its commits)."
        )
    problems.extend(
        f"The job {job} of {workflow} has {f'the environment {environment}' if environment else 'no environment'} "
        f"and the publisher is registered for {publisher['environment']}: correct the workflow, {ANSWER}"
        for job, environment in environments.items()
        if str(environment).lower() != publisher["environment"].lower()  # as PyPI compares it
    )
    return problems


def read_event(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the payload of the event that started the run, empty if there is none that can be read."""
    try:
        payload = json.loads(Path(environ.get("GITHUB_EVENT_PATH", "")).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return payload if isinstance(payload, dict) else {}


def check_event(distribution: Distribution, publisher: dict[str, str], environ: Mapping[str, str]) -> list[str]:
    """Return the problems of a release or a dry run, a sentence each; for other events nothing more is checked."""
    event = environ.get("GITHUB_EVENT_NAME")
    if event == "release":
        return check_version(distribution.version, environ["GITHUB_REF_NAME"]) + check_run(publisher, environ)
    if event == "workflow_dispatch":
        problems = check_run(publisher, environ)
        typed = (read_event(environ).get("inputs") or {}).get("package_name") or ""
        if typed != publisher["package_name"]:
            problems.append(
                f"{repr(typed) if typed else 'Nothing'} was typed and the project is called "
                f"{publisher['package_name']}: run the dry run again and type that name; no token was requested."
            )
        return problems
    return []


# The verdict.


def judge(folder: Path, environ: Mapping[str, str]) -> Verdict:
    """Judge the distributions in a folder, and the repository in the working directory.

    Args:
        folder: The folder with the distributions.
        environ: The variables that GitHub sets for a run; without them this is no release and no dry run.
    """
    problems = check_conflicts()
    try:
        publisher = read_publisher()
        distributions = read_distributions(folder)
    except ValueError as error:
        return Verdict(problems or [str(error)], [], [])
    problems += check_history()
    problems += [problem for distribution in distributions for problem in find_problems(distribution)]
    problems += check_agreement(distributions)
    problems += check_package(distributions[0], publisher)
    problems += check_event(distributions[0], publisher, environ)
    return Verdict(
        list(dict.fromkeys(problems)),
        [] if problems else find_warnings(distributions[0], environ),
        distributions,
        publisher["package_name"],
        environ.get("GITHUB_EVENT_NAME") == "release",
    )


def run_gate(folder: Path, environ: Mapping[str, str]) -> int:
    """Judge, print each sentence, and return the exit code: 1 if there are problems.

    In a workflow the sentences are annotations, and if there are no problems, the version goes to `$GITHUB_OUTPUT` and
    what a reviewer looks at to `$GITHUB_STEP_SUMMARY`.
    """
    verdict = judge(folder, environ)
    level, word = ("error", "Refused") if verdict.problems else ("warning", "Warning")
    for sentence in verdict.problems or verdict.warnings:
        if "GITHUB_ACTIONS" in environ:
            annotate(level, "Release gate", sentence)
        else:
            print(f"{word}: {sentence}")
    if verdict.problems:
        return 1
    version = verdict.distributions[0].version
    names = ", ".join(distribution.path.name for distribution in verdict.distributions)
    passes = "may be released" if verdict.is_release else "passes: a release would be built again at its tag"
    print(f"{verdict.package_name} {version} {passes}: {names}")
    append(environ, "GITHUB_OUTPUT", f"version={version}\n")
    append(environ, "GITHUB_STEP_SUMMARY", summarize(verdict.distributions, verdict.package_name, environ))
    return 0


def append(environ: Mapping[str, str], variable: str, text: str) -> None:
    """Append a text to the file that a variable names, if it names one."""
    if file := environ.get(variable):
        with Path(file).open("a", encoding="utf-8") as output:
            output.write(text)
