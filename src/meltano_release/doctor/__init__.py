"""The publisher doctor: would PyPI trust a release of this repository?

Compares `publisher.json` with the workflows, the git remote, GitHub's repository, environment and rules, the tags, and
PyPI. It looks at the last commit, because GitHub gets nothing else of the folder, and changes nothing. Each line begins
with what was found: `ok`, `error` with what fixes it, `note` for what is worth knowing, or `not checked` with the
reason. `workflows` says how it finds other workflows that publish.

It needs git, and `gh`, signed in, for what is on GitHub.
"""

from __future__ import annotations

import shlex

from meltano_release.commit import Commit
from meltano_release.doctor.bots import check_bots
from meltano_release.doctor.clone import check_remote, check_tags
from meltano_release.doctor.files import check_conflicts, check_package_name, check_template_files
from meltano_release.doctor.findings import Finding, show, show_as_json
from meltano_release.doctor.github import (
    check_environment,
    check_releases,
    check_repository,
    check_required,
    check_tag_rules,
)
from meltano_release.doctor.linters import check_linters
from meltano_release.doctor.pins import check_pins, check_version
from meltano_release.doctor.sources import check_lfs, check_submodules
from meltano_release.doctor.workflows import check_names, check_workflows, suggest_answers
from meltano_release.errors import NotCheckedError
from meltano_release.git import git
from meltano_release.publisher import FILE, PENDING_URL, form_url, read_publisher
from meltano_release.pypi import find_files


def check_pypi(publisher: dict[str, str], _: Commit) -> list[Finding]:
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
    "the conflicts": check_conflicts,
    "the name of the package": check_package_name,
    "the workflows": check_workflows,
    "the names of workflows and jobs": check_names,
    "the bots": check_bots,
    "the pins": check_pins,
    "the version of the template": check_version,
    "the linters": check_linters,
    "the submodules": check_submodules,
    "the files of Git LFS": check_lfs,
    "the git remote": check_remote,
    "the repository on GitHub": check_repository,
    "the environment on GitHub": check_environment,
    "the rules for tags on GitHub": check_tag_rules,
    "the required checks on GitHub": check_required,
    "the tags": check_tags,
    "the releases on GitHub": check_releases,
    "PyPI": check_pypi,
}


def find_publisher(commit: Commit) -> dict[str, str]:
    """Return the publisher of the commit, or else of the folder; raise `ValueError` if neither has it."""
    file, folder = FILE.as_posix(), git("rev-parse", "--show-prefix")
    below = [path.removesuffix(file) for path in commit.modes if path.endswith(f"/{file}")]
    if file not in commit.modes and (folder in below or (below and not FILE.is_file())):
        folder = folder or below[0]
        message = (
            f"The release setup is in {folder}, and GitHub reads .github at the top of the repository alone: "
            "run `copier copy` there."
        )
        raise ValueError(message)
    if folder:
        message = f"This is the folder {folder}: run the doctor at the top of the repository."
        raise ValueError(message)
    return read_publisher(commit.read(file))


def find_all() -> list[Finding]:
    """Return what every check finds about the repository in the working directory."""
    commit = Commit()
    try:
        commit.modes  # noqa: B018 - fails without a commit
    except NotCheckedError as error:
        return [Finding("error", f"There is no commit that GitHub could get: {error}", "git add . && git commit")]
    try:
        publisher = find_publisher(commit)
    except ValueError as error:
        return [Finding("error", str(error).removesuffix(".")), *suggest_answers(commit)]
    findings = []
    for subject, check in CHECKS.items():
        try:
            findings += check(publisher, commit)
        except NotCheckedError as error:
            findings.append(Finding("not checked", f"{subject[0].upper()}{subject[1:]}: {error}"))
    return findings


def run_doctor(*, as_json: bool = False) -> int:
    """Print what every check finds; return the exit code, 1 if there is an error."""
    findings = find_all()
    if as_json:
        show_as_json(findings)
    else:
        show(findings)
        print("What PyPI's form holds, only a dry run can show: .github/RELEASING.md says how.")
    return int(any(finding.state == "error" for finding in findings))
