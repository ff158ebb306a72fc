"""The publisher doctor: would PyPI trust a release of this repository?

Compares `publisher.json` with the workflows, the git remote, GitHub's repository and environment, the tags, and PyPI.
It changes nothing. Each line begins with what was found: `ok`, `error` with what fixes it, `note` for what is worth
knowing, or `not checked` with the reason. `workflows` says how it finds other workflows that publish.

It needs git, and `gh`, signed in, for what is on GitHub.
"""

from __future__ import annotations

import shlex

from meltano_release.doctor.clone import check_remote, check_tags
from meltano_release.doctor.files import check_commit, check_template_files, check_workflows
from meltano_release.doctor.findings import Finding, show
from meltano_release.doctor.github import check_environment, check_releases, check_repository
from meltano_release.publisher import PENDING_URL, form_url, read_publisher
from meltano_release.pypi import NotCheckedError, find_files


def check_pypi(publisher: dict[str, str]) -> list[Finding]:
    """Look whether PyPI has the project, and so which form it needs; who owns it cannot be seen."""
    name = publisher["package_name"]
    files = find_files(name)
    if files is None:
        sentence = (
            f"PyPI has no {name} yet: register a pending publisher, at most 30 days before the first release or dry run"
        )
        return [Finding("note", sentence, PENDING_URL)]
    if not files:
        remedy = f"gh workflow run {shlex.quote(publisher['workflow_filename'])}"
        return [Finding("not checked", f"PyPI has {name} without a file: whether it is yours, a dry run shows", remedy)]
    sentence = f"PyPI has {name}: whether it is yours and has this publisher, only an owner of it can see"
    return [Finding("not checked", sentence, form_url(publisher))]


CHECKS = {
    "the template's files": check_template_files,
    "the last commit": check_commit,
    "the workflows": check_workflows,
    "the git remote": check_remote,
    "the repository on GitHub": check_repository,
    "the environment on GitHub": check_environment,
    "the tags": check_tags,
    "the releases on GitHub": check_releases,
    "PyPI": check_pypi,
}


def find_all(publisher: dict[str, str]) -> list[Finding]:
    """Return what every check finds about the repository in the working directory."""
    findings = []
    for subject, check in CHECKS.items():
        try:
            findings += check(publisher)
        except NotCheckedError as error:
            findings.append(Finding("not checked", f"{subject[0].upper()}{subject[1:]}: {error}"))
    return findings


def run_doctor() -> int:
    """Print what every check finds; return the exit code, 1 if there is an error."""
    try:
        findings = find_all(read_publisher())
    except ValueError as error:
        show([Finding("error", str(error).removesuffix("."))])
        return 1
    show(findings)
    print("What PyPI's form holds, only a dry run can show: .github/RELEASING.md says how.")
    return int(any(finding.state == "error" for finding in findings))
