"""The publisher doctor: would PyPI trust a release of this repository?

Usage: python .github/release/doctor.py

Compares `publisher.json` with the workflow, the git remote, GitHub's environment and its rules, the tags, and PyPI;
it changes nothing, and says what is right, what is wrong with the command that fixes it, and what it could not see.
The exit code is 1 if something is wrong.

Standard library, git and `gh` only. Owned by the template: `copier update` refreshes this file.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any, NamedTuple
from urllib.parse import quote

from publisher import (
    FILE,
    WORKFLOWS,
    NotCheckedError,
    environments,
    find_files,
    form_url,
    is_release_tag,
    read_publisher,
)

Json = Any


class Finding(NamedTuple):
    """What a check found: `right`, `wrong` or `unseen`, a sentence, and the command or address that mends it."""

    state: str
    sentence: str
    remedy: str = ""


def ask(*command: str) -> str:
    """Return what a command prints; raise `NotCheckedError` if it is missing or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        message = f"`{command[0]}` is not installed"
        raise NotCheckedError(message) from error
    if done.returncode:
        raise NotCheckedError((done.stderr.strip() or f"`{' '.join(command)}` failed").splitlines()[-1])
    return done.stdout.strip()


def ask_github(path: str) -> Json:
    """Return an answer of GitHub's API, None for a 404; raise `NotCheckedError` for any other failure."""
    try:
        return json.loads(ask("gh", "api", path))
    except NotCheckedError as error:
        if "HTTP 404" in str(error):
            return None
        raise


def check_workflow(publisher: dict[str, str]) -> list[Finding]:
    """Compare the publisher with the workflow files on disk."""
    file, wanted = WORKFLOWS / publisher["workflow_filename"], publisher["environment"]
    if not file.is_file():
        others = [
            path for path in sorted(WORKFLOWS.glob("*.y*ml")) if "gh-action-pypi-publish" in path.read_text("utf-8")
        ]
        if others:
            sentence = f"There is no {file}; {others[0].name} publishes instead"
            return [Finding("wrong", sentence, f"git mv {others[0]} {file}")]
        return [Finding("wrong", f"There is no {file}", "copier update")]
    found = environments(file)
    if found != {wanted}:
        named = ", ".join(sorted(found))
        return [Finding("wrong", f"{file} names the environment {named}, and the publisher {wanted}", "copier update")]
    return [Finding("right", f"{file} is the publisher's workflow, and its environment is {wanted}")]


def check_remote(publisher: dict[str, str]) -> list[Finding]:
    """Compare the publisher with the git remote, to the letter."""
    address = ask("git", "remote", "get-url", "origin")
    match = re.search(r"github\.com[:/]([^/]+)/([^/]+?)(?:\.git)?/?$", address)
    if not match:
        message = f"the git remote origin, which is not on GitHub ({address})"
        raise NotCheckedError(message)
    wanted = f"{publisher['owner']}/{publisher['repository']}"
    found = f"{match[1]}/{match[2]}"
    if found != wanted:
        remedy = f"git remote set-url origin https://github.com/{wanted}.git"
        return [Finding("wrong", f"The git remote is {found}, and the publisher {wanted}: case counts", remedy)]
    return [Finding("right", f"The git remote is {wanted}")]


def check_github(publisher: dict[str, str]) -> list[Finding]:
    """Compare the publisher with the repository on GitHub, and look at the environment's rules."""
    wanted = f"{publisher['owner']}/{publisher['repository']}"
    repository = ask_github(f"repos/{wanted}")
    if repository is None:
        return [
            Finding("wrong", f"GitHub shows you no repository {wanted}", f"gh repo create {wanted} --source . --push")
        ]
    if repository["full_name"] != wanted:
        sentence = f"GitHub calls the repository {repository['full_name']}, and the publisher {wanted}"
        return [Finding("wrong", sentence, "copier update, and correct the publisher on PyPI")]
    name = publisher["environment"]
    path = f"repos/{wanted}/environments/{quote(name, safe='')}"
    environment = ask_github(path)
    findings = [Finding("right", f"GitHub calls the repository {wanted}")]
    if environment is None:
        sentence = f"GitHub has no environment {name}, and the first run would create it without protection"
        return [*findings, Finding("wrong", sentence, "the commands under “Once: the environment” in RELEASING.md")]
    rules = {rule["type"] for rule in environment.get("protection_rules", [])}
    if "required_reviewers" in rules:
        findings.append(Finding("right", f"The environment {name} asks a reviewer"))
    else:
        remedy = "the first command under “Once: the environment” in RELEASING.md"
        findings.append(Finding("wrong", f"The environment {name} asks no reviewer", remedy))
    policies = (ask_github(f"{path}/deployment-branch-policies") or {}).get("branch_policies", [])
    found = {(policy.get("type", "branch"), policy["name"]) for policy in policies}
    for kind, glob, purpose in (("tag", "v*", "releases"), ("branch", repository["default_branch"], "rehearsals")):
        if (kind, glob) in found:
            findings.append(Finding("right", f"The environment {name} lets {kind} {glob} in, for {purpose}"))
        else:
            remedy = f"gh api --method POST '{path}/deployment-branch-policies' -f 'name={glob}' -f type={kind}"
            findings.append(
                Finding("wrong", f"The environment {name} has no rule for {kind} {glob}: {purpose}", remedy)
            )
    return findings


def check_tags(_: dict[str, str]) -> list[Finding]:
    """Look for tags that no version can come from."""
    if ask("git", "rev-parse", "--is-shallow-repository") == "true":
        return [Finding("wrong", "The clone is shallow, so tags are out of sight", "git fetch --unshallow --tags")]
    tags = ask("git", "tag", "--list").split()
    odd = [tag for tag in tags if re.match(r"v?\d", tag) and not is_release_tag(tag)]
    findings = [
        Finding(
            "wrong",
            f"The tag {tag} is not `v` and a canonical version: no release can come from it",
            f"git tag --delete {tag}",
        )
        for tag in odd
    ]
    here = [tag for tag in ask("git", "tag", "--points-at", "HEAD").split() if is_release_tag(tag)]
    if len(here) > 1:
        sentence = f"This commit has {len(here)} versions ({', '.join(here)}) and can be released as one"
        findings.append(Finding("wrong", sentence, f"git tag --delete {here[0]}"))
    latest = ask("git", "tag", "--list", "--sort=-version:refname", "v*").split()
    return findings or [
        Finding("right", f"The tags are versions; the latest is {latest[0] if latest else 'still to come'}")
    ]


def check_pypi(publisher: dict[str, str]) -> list[Finding]:
    """See whether the project exists, and so which form it needs."""
    name = publisher["package_name"]
    files = find_files(name)
    if files is None:
        address = "https://pypi.org/manage/account/publishing/"
        return [
            Finding("right", f"PyPI has no {name} yet: register a pending publisher, at most 30 days ahead", address)
        ]
    if not files:
        return [
            Finding(
                "right",
                f"PyPI has {name} and no file of it: release soon",
                f"gh workflow run {publisher['workflow_filename']}",
            )
        ]
    return [Finding("right", f"PyPI has {name}: it needs a publisher, registered by an owner", form_url(publisher))]


CHECKS = {
    "the workflow": check_workflow,
    "the git remote": check_remote,
    "GitHub": check_github,
    "the tags": check_tags,
    "PyPI": check_pypi,
}


def look(publisher: dict[str, str]) -> int:
    """Print what every check finds; return 1 if something is wrong."""
    findings = []
    for subject, check in CHECKS.items():
        try:
            findings += check(publisher)
        except NotCheckedError as error:
            findings.append(Finding("unseen", f"Could not see {subject}: {error}"))
    for state, sentence, remedy in findings:
        print(f"{state:<7} {sentence}." + (f"\n        → {remedy}" if remedy else ""))
    print("The form on PyPI itself only a rehearsal can see: RELEASING.md says how.")
    return int(any(finding.state == "wrong" for finding in findings))


def main(arguments: list[str]) -> int:
    """Look, and return the exit code."""
    if arguments:
        print(__doc__)
        return 2
    try:
        publisher = read_publisher()
    except (OSError, ValueError, KeyError) as error:
        print(
            f"wrong   {FILE} cannot be read ({error}).\n"
            "        → run this at the top of the repository, or copier update"
        )
        return 1
    return look(publisher)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
