"""The release gate: may these distributions become a release?

Always: a folder holds one source distribution and one or more wheels of one version, which agree with
`.github/publisher.json` and with what PyPI accepts, and no update of the template has left a conflict. For a release
also: the tag is `v` and the version, and the repository, the workflow, and the environment are the publisher's. For a
dry run: they are, too, and the name that was typed is the project's.

Every refusal is one sentence that names the cause and the fix.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from meltano_release.annotations import annotate
from meltano_release.distributions import Distribution, check_agreement, find_problems, read_distributions
from meltano_release.git import git, is_on_branch
from meltano_release.publisher import WORKFLOWS, read_publisher
from meltano_release.summary import summarize
from meltano_release.versions import check_version, doubt_version, table
from meltano_release.workflows import publishing_environments

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    """Return a sentence for each file that an update of the template left in conflict; Copier's exit code is 0 then.

    Every tracked file is read as a text: `.gitattributes` may call a kind of file binary, and git would skip those.
    """
    begun, ended = (set(git("grep", "--text", "-lz", f"^{mark}").split("\0")) - {""} for mark in MARKERS)
    rejected = git("ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.rej").split("\0")
    return [
        *(f"{file} has conflict markers: keep what you need, delete the markers." for file in sorted(begun & ended)),
        *(
            f"{file} has changes that could not be applied: make them by hand and delete it."
            for file in rejected
            if file and Path(file).with_suffix("").exists()
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


def find_warnings(distribution: Distribution, environ: Mapping[str, str]) -> list[str]:
    """Return what is not refused, but worth knowing, a sentence each.

    For a release, that its commit is not on the default branch; for anything else, that the version does not come from
    git, so that a release would need a tag that somebody remembers.
    """
    if environ.get("GITHUB_EVENT_NAME") != "release":
        return doubt_version(distribution.version)
    branch = table(read_event(environ), "repository").get("default_branch")
    if not isinstance(branch, str) or not branch.isprintable():
        return []
    if is_on_branch("HEAD", f"refs/remotes/origin/{branch}") is False:
        return [f"The released commit is not on the default branch {branch}: see that this is intended."]
    return []


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
    except (OSError, ValueError, RecursionError):
        return {}
    return payload if isinstance(payload, dict) else {}


def check_event(distribution: Distribution, publisher: dict[str, str], environ: Mapping[str, str]) -> list[str]:
    """Return the problems of a release or a dry run, a sentence each; for other events nothing more is checked."""
    event = environ.get("GITHUB_EVENT_NAME")
    if event == "release":
        return check_version(distribution.version, environ.get("GITHUB_REF_NAME", "")) + check_run(publisher, environ)
    if event == "workflow_dispatch":
        problems = check_run(publisher, environ)
        typed = table(read_event(environ), "inputs").get("package_name") or ""
        if typed != publisher["package_name"]:
            problems.append(
                f"{repr(typed) if typed else 'Nothing'} was typed and the project is called "
                f"{publisher['package_name']}: run the dry run again and type that name; no token was requested."
            )
        return problems
    return []


# The verdict.


def printable(sentence: str) -> str:
    """Return a sentence that can be printed: JSON and the names of files may hold half a character."""
    return sentence.encode(errors="backslashreplace").decode()


def judge(folder: Path, environ: Mapping[str, str]) -> Verdict:
    """Judge the distributions in a folder, and the repository in the working directory.

    Args:
        folder: The folder with the distributions.
        environ: The variables that GitHub sets for a run; without them this is neither a release nor a dry run.
    """
    problems = check_conflicts()
    try:
        publisher = read_publisher()
        distributions = read_distributions(folder)
    except ValueError as error:
        return Verdict(list(map(printable, problems or [str(error)])), [], [])
    problems += check_history()
    problems += [problem for distribution in distributions for problem in find_problems(distribution)]
    problems += check_agreement(distributions)
    problems += check_package(distributions[0], publisher)
    problems += check_event(distributions[0], publisher, environ)
    return Verdict(
        list(dict.fromkeys(map(printable, problems))),
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
