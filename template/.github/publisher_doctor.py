"""The publisher doctor: would PyPI trust a release of this repository?

Usage: python .github/publisher_doctor.py                 look around, before a release
       python .github/publisher_doctor.py --report DIST   say what a run proved; the release workflow does

The first compares `.github/publisher.json` with the workflow, the git remote, GitHub's environment and its rules,
the tags, and PyPI; it changes nothing, and says what is right, what is wrong with the command that mends it, and what
it could not see. The exit code is 1 if something is wrong. The second prints Markdown for a job summary, from the
distributions in DIST, what uv said in `$SAID` and the job's result in `$RESULT`; the exit code is 0.

Standard library, git and `gh` only. Owned by the template: `copier update` refreshes this file.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

WORKFLOWS = Path(".github/workflows")
FORM = {
    "package_name": "PyPI Project Name",
    "owner": "Owner",
    "repository": "Repository name",
    "workflow_filename": "Workflow name",
    "environment": "Environment name",
}
PYPI_SECONDS = 20  # to wait for an answer
CANONICAL_TAG = re.compile(r"v([1-9]\d*!)?\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?(\.dev\d+)?")

Json = Any


class Finding(NamedTuple):
    """What a check found: `right`, `wrong` or `unseen`, a sentence, and the command or address that mends it."""

    state: str
    sentence: str
    remedy: str = ""


class UnseenError(Exception):
    """Something could not be looked at; the text says what and why."""


def ask(*command: str) -> str:
    """Return what a command prints; raise `UnseenError` if it is missing or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        message = f"`{command[0]}` is not installed"
        raise UnseenError(message) from error
    if done.returncode:
        raise UnseenError((done.stderr.strip() or f"`{' '.join(command)}` failed").splitlines()[-1])
    return done.stdout.strip()


def ask_github(path: str) -> Json:
    """Return an answer of GitHub's API, None for a 404; raise `UnseenError` for any other failure."""
    try:
        return json.loads(ask("gh", "api", path))
    except UnseenError as error:
        if "HTTP 404" in str(error):
            return None
        raise


def ask_pypi(package_name: str) -> dict[str, str] | None:
    """Return a project's files and their SHA-256 sums, None for no such project; raise `UnseenError` without PyPI.

    PyPI's JSON index (PEP 691) knows a project that has no files yet, too.
    """
    address = f"https://pypi.org/simple/{package_name}/"
    request = urllib.request.Request(address, headers={"Accept": "application/vnd.pypi.simple.v1+json"})
    try:
        with urllib.request.urlopen(request, timeout=PYPI_SECONDS) as answer:  # noqa: S310 - https, see above
            files = json.load(answer)["files"]
    except urllib.error.HTTPError as error:
        if error.code == 404:  # noqa: PLR2004 - HTTP's *not found*
            return None
        message = f"PyPI answers {error.code}"
        raise UnseenError(message) from error
    except (OSError, ValueError) as error:
        message = f"PyPI cannot be reached ({error})"
        raise UnseenError(message) from error
    return {file["filename"]: file["hashes"].get("sha256", "") for file in files}


def form_address(publisher: dict[str, str]) -> str:
    """Return the address that fills the form of a project that exists."""
    names = ("owner", "repository", "workflow_filename", "environment")
    values = urlencode({"provider": "github"} | {name: publisher[name] for name in names})
    return f"https://pypi.org/manage/project/{publisher['package_name']}/settings/publishing/?{values}"


# On your own machine.


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
    text = file.read_text(encoding="utf-8")
    names = re.findall(r"^ +environment:(?:\n +name:)? *([^#\n]+?)$", text, re.MULTILINE)
    found = sorted({name.strip("\"'") for name in names})
    if found != [wanted]:
        named = ", ".join(found) or "none"
        return [Finding("wrong", f"{file} names the environment {named}, and the publisher {wanted}", "copier update")]
    return [Finding("right", f"{file} is the publisher's workflow, and its environment is {wanted}")]


def check_remote(publisher: dict[str, str]) -> list[Finding]:
    """Compare the publisher with the git remote, to the letter."""
    address = ask("git", "remote", "get-url", "origin")
    match = re.search(r"github\.com[:/]([^/]+)/([^/]+?)(?:\.git)?/?$", address)
    if not match:
        message = f"the git remote origin, which is not on GitHub ({address})"
        raise UnseenError(message)
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
    odd = [tag for tag in tags if re.match(r"v?\d", tag) and not CANONICAL_TAG.fullmatch(tag)]
    findings = [
        Finding(
            "wrong",
            f"The tag {tag} is not `v` and a canonical version: no release can come from it",
            f"git tag --delete {tag}",
        )
        for tag in odd
    ]
    here = [tag for tag in ask("git", "tag", "--points-at", "HEAD").split() if CANONICAL_TAG.fullmatch(tag)]
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
    files = ask_pypi(name)
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
    return [Finding("right", f"PyPI has {name}: it needs a publisher, registered by an owner", form_address(publisher))]


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
        except UnseenError as error:
            findings.append(Finding("unseen", f"Could not see {subject}: {error}"))
    for state, sentence, remedy in findings:
        print(f"{state:<7} {sentence}." + (f"\n        → {remedy}" if remedy else ""))
    print("The form on PyPI itself only a rehearsal can see: RELEASING.md says how.")
    return int(any(finding.state == "wrong" for finding in findings))


# In a run.


def read_claims(said: str) -> dict[str, str]:
    """Return the form's fields as the token claimed them, read off what uv prints; empty if it printed none."""
    repository = re.search(r'\brepository: "([^"/]+)/([^"]+)"', said)
    workflow = re.search(r'job_workflow_ref: "[^"@]*/([^"@/]+)@', said)
    environment = re.search(r'environment: (?:Some\(\s*"(.*)",?\s*\)|None)', said)
    if not (repository and workflow and environment):
        return {}
    names = ("owner", "repository", "workflow_filename", "environment")
    return dict(zip(names, (repository[1], repository[2], workflow[1], environment[1] or "(none)"), strict=True))


def form_table(publisher: dict[str, str], claims: dict[str, str]) -> str:
    """Return the form as a Markdown table, beside what the token claimed."""
    lines = ["| field of the form | must be | this run claimed |", "| --- | --- | --- |"]
    for name, field in FORM.items():
        claim = claims.get(name)
        differs = " ← differs" if claim not in (None, publisher[name]) else ""
        shown = f"`{claim}`{differs}" if claim else ""
        lines.append(f"| {field} | `{publisher[name]}` | {shown} |".replace("`|`", "`\\|`"))
    return "\n".join(lines)


def explain_form(publisher: dict[str, str], claims: dict[str, str]) -> list[str]:
    """Say why PyPI may know no publisher for a token, as far as it can be seen from here."""
    name = publisher["package_name"]
    differing = [FORM[key] for key in FORM if claims.get(key) not in (None, publisher[key])]
    table = form_table(publisher, claims)
    if differing:
        return [
            f"This run differs from `.github/publisher.json` in: {', '.join(differing)}. Correct that first.",
            table,
        ]
    try:
        files = ask_pypi(name)
    except UnseenError as error:
        return [f"{error}, so it is not known whether {name} exists. The form must read:", table]
    if files is None:
        sentences = (
            f"PyPI has no project {name}, and no pending publisher that reads as below. A pending publisher expires "
            "after 30 days, and one with another project name creates that project instead. "
            "Register it at <https://pypi.org/manage/account/publishing/>, or on your organisation's page:"
        )
    else:
        sentences = (
            f"PyPI has the project {name}, and no publisher of it reads as below. Compare line by line: owner, "
            "repository and workflow count to the letter, case included, and the publisher must stand under this "
            f"project and no other. [This address fills the form]({form_address(publisher)}):"
        )
    return [sentences, table]


def report_passed(publisher: dict[str, str], dist: list[Path]) -> list[str]:
    """Say what a rehearsal proved, and what it cannot."""
    name = publisher["package_name"]
    try:
        files = ask_pypi(name)
    except UnseenError as error:
        known = f"{error}, so it is not known whether {name} has files."
    else:
        known = "Not to be seen from here: that the publisher stands under this project and no other."
        if files is None:
            known = (
                f"**PyPI has no project {name}**: the publisher is registered under another. Register it under {name}."
            )
        elif not files:
            known = f"**{name} is empty on PyPI**, created by this exchange or an earlier one: release soon."
    built = " and ".join(f"`{path.name}`" for path in dist)
    return [
        "## The rehearsal passed: PyPI trusts this workflow",
        (
            f"- The build gives {built}, and the release gate lets them through.\n"
            "- Owner, repository, workflow and environment are those that PyPI knows.\n"
            "- PyPI gave a token for GitHub's, and the token was thrown away. Nothing was uploaded."
        ),
        known,
    ]


def report_refused(publisher: dict[str, str], said: str) -> list[str]:
    """Say why a rehearsal failed, from what uv said."""
    table = []
    if not said:
        why = (
            "The job did not come to the exchange. If the environment refused this branch or tag, "
            "give it a rule for the default branch, as RELEASING.md says; else read the job's log."
        )
    elif "invalid-pending-publisher" in said:
        why = (
            "A pending publisher with these values waits for a project that exists already: "
            "delete it at <https://pypi.org/manage/account/publishing/>."
        )
    elif '"invalid-publisher"' in said:
        why = "PyPI knows no publisher for this run's token."
        table = explain_form(publisher, read_claims(said))
    elif re.search(r"error code 5\d\d|server error|Failed to fetch|timed? ?out|error sending request", said):
        why = (
            "PyPI could not be reached or is in trouble, which says nothing about the publisher: "
            "see <https://status.python.org>."
        )
    elif "id-token" in said or "ACTIONS_ID_TOKEN_REQUEST" in said:
        why = "The job may not ask GitHub for a token: give it back `id-token: write`, as `copier update` does."
    else:
        why = "The exchange failed for a reason of its own, see below."
    quoted = ["<details><summary>What uv said</summary>", f"```text\n{said.strip()}\n```", "</details>"] if said else []
    return ["## The rehearsal failed; nothing was uploaded", why, *table, "Then rehearse again.", *quoted]


def report_release(publisher: dict[str, str], result: str, dist: list[Path]) -> list[str]:
    """Say what of a release is on PyPI, and how to go on."""
    name = publisher["package_name"]
    again = "*Re-run failed jobs*: PyPI takes a file that it has already, if it is the same to the byte."
    try:
        files = ask_pypi(name) or {}
    except UnseenError as error:
        return [f"## The upload ended in {result}", f"{error}, so it is not known what was uploaded. {again}"]
    same = [path.name for path in dist if files.get(path.name) == hashlib.sha256(path.read_bytes()).hexdigest()]
    other = [path.name for path in dist if path.name in files and path.name not in same]
    if other:
        sentence = (
            f"PyPI has other bytes under the name {', '.join(other)}, and a file name never changes its content there: "
            "nothing of this build can replace it. Release the next version."
        )
        return ["## This version is taken on PyPI", sentence]
    if len(same) == len(dist):
        return [f"## Released: {name}", f"PyPI has {' and '.join(same)}, the same to the byte."]
    if same:
        sentence = f"PyPI has {', '.join(same)} and not the rest. {again}"
        return [f"## {len(same)} of {len(dist)} files were uploaded", sentence]
    if result == "success":  # the index may lag behind the upload
        return [f"## Released: {name}", "PyPI took the files; its index does not show them yet."]
    return [
        "## Nothing was uploaded",
        "If the log of the job *Publish to PyPI* says",
        (
            "- that the environment does not let this tag in: give it a rule for tags `v*`, as RELEASING.md says;\n"
            "- `invalid-pending-publisher`: delete the pending publisher that was left beside the real one;\n"
            "- a time-out, or a number from 500: PyPI was in trouble, see <https://status.python.org>;\n"
            "- 400 or 403: PyPI gives the reason there;\n"
            "- `invalid-publisher`: see below."
        ),
        *explain_form(publisher, {}),
        f"If the cause was outside the repository, {again}",
    ]


def report(publisher: dict[str, str], folder: Path) -> int:
    """Print the job summary of a run."""
    dist = sorted(folder.glob("*"))
    result = os.environ["RESULT"]
    if os.environ["GITHUB_EVENT_NAME"] == "release":
        lines = report_release(publisher, result, dist)
    else:
        file = Path(os.environ["SAID"])
        said = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
        lines = report_passed(publisher, dist) if result == "success" else report_refused(publisher, said)
    print("\n\n".join(lines))
    return 0


def main(arguments: list[str]) -> int:
    """Look, or report; return the exit code."""
    try:
        publisher = json.loads(Path(".github/publisher.json").read_text(encoding="utf-8"))
        publisher = {name: publisher[name] for name in FORM}
    except (OSError, ValueError, KeyError) as error:
        print(
            f"wrong   .github/publisher.json cannot be read ({error}).\n"
            "        → run this at the top of the repository, or copier update"
        )
        return 1
    match arguments:
        case []:
            return look(publisher)
        case ["--report", folder]:
            return report(publisher, Path(folder))
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
