"""The report of a release or a dry run: what happened, in words, for the summary of the job.

Usage: python .github/release/report.py DIST UV_OUTPUT

Prints Markdown. It says what it saw and nothing else: the results of the jobs, from `$NEEDS` (GitHub's context `needs`
as JSON); the distributions in the folder DIST; what uv printed at a dry run, in the file UV_OUTPUT; PyPI's index.
The exit code is 1 if the build succeeded and DIST holds nothing, because then it is not known what was to be uploaded.

Standard library only. Owned by the template: `copier update` refreshes this file.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from pathlib import Path

from publisher import FIELDS, FILE, PENDING_URL, NotCheckedError, code, find_files, form_table, form_url, read_publisher

STATUS_URL = "https://status.python.org"
AGAIN = "*Re-run failed jobs*: PyPI accepts a file that it already has, if it is byte-identical."


def read_claims(uv_output: str) -> dict[str, str]:
    """Return the form's fields as the token claimed them, from what uv prints; empty if it printed none."""
    repository = re.search(r'\brepository: "([^"/]+)/([^"]+)"', uv_output)
    workflow = re.search(r'job_workflow_ref: "[^"@]*/([^"@/]+)@', uv_output)
    environment = re.search(r'environment: (?:Some\(\s*"(.*)",?\s*\)|None)', uv_output)
    if not (repository and workflow and environment):
        return {}
    names = ("owner", "repository", "workflow_filename", "environment")
    return dict(zip(names, (repository[1], repository[2], workflow[1], environment[1] or "(none)"), strict=True))


def explain_form(publisher: dict[str, str], claims: dict[str, str]) -> list[str]:
    """Return paragraphs on why PyPI may know no publisher for a token, as far as it can be seen from here."""
    name, table = publisher["package_name"], form_table(publisher, claims)
    differing = [FIELDS[key] for key in FIELDS if claims.get(key) not in (None, publisher[key])]
    if differing:
        return [f"This run differs from `{FILE}` in: {', '.join(differing)}. Correct that first.", table]
    try:
        files = find_files(name)
    except NotCheckedError as error:
        return [f"{error}, so it is not known whether {name} exists. The form must read:", table]
    if files is None:
        sentences = (
            f"PyPI has no project {name}, and no pending publisher that reads as below. A pending publisher expires "
            "after 30 days, and one with another project name creates that project instead. "
            f"Register it at <{PENDING_URL}>, or on your organization's page:"
        )
    else:
        sentences = (
            f"PyPI has the project {name}, and no publisher of it reads as below. Compare line by line: owner, "
            "repository, and workflow are case-sensitive, and the publisher must be registered under this project and "
            f"no other. [This link fills in the form]({form_url(publisher)}):"
        )
    return [sentences, table]


def report_release(  # noqa: PLR0911 - one outcome each
    publisher: dict[str, str], results: dict[str, str], dist: list[Path]
) -> list[str]:
    """Return the report of a release whose build passed: which of its files are on PyPI, and how to go on."""
    name, result = publisher["package_name"], results["publish"]
    try:
        files = find_files(name) or {}
    except NotCheckedError as error:
        return [
            "## It is not known what was uploaded",
            f"{error}. The job *Publish to PyPI* ended in *{result}*. If it failed: {AGAIN}",
        ]
    same = [path.name for path in dist if files.get(path.name) == hashlib.sha256(path.read_bytes()).hexdigest()]
    other = [path.name for path in dist if path.name in files and path.name not in same]
    if other:
        return [
            "## PyPI has other files of this version",
            (
                f"PyPI has other content under the name {', '.join(other)}, and a file name never changes its content "
                "there: nothing of this build can replace it. Release the next version."
            ),
        ]
    if len(same) == len(dist):
        failed = f" The job *Publish to PyPI* ended in *{result}* all the same." if result != "success" else ""
        return [f"## Released: {name}", f"PyPI has {' and '.join(same)}, byte-identical.{failed}"]
    missing = ", ".join(path.name for path in dist if path.name not in same)
    if result == "success":  # the index may lag behind the upload
        return [f"## Uploaded: {name}", f"The upload succeeded; PyPI's index does not show {missing} yet."]
    if same:
        return [
            f"## PyPI has {len(same)} of {len(dist)} files",
            f"The job *Publish to PyPI* ended in *{result}*. PyPI has {', '.join(same)}, and not {missing}. {AGAIN}",
        ]
    if result == "cancelled":
        return ["## Cancelled: PyPI shows no file", f"The job *Publish to PyPI* was cancelled. To go on: {AGAIN}"]
    return [
        "## Not released: PyPI shows no file",
        "If the log of the job *Publish to PyPI* says",
        (
            "- that the environment does not admit this tag: give it a rule for tags `v*`, as RELEASING.md says;\n"
            "- `invalid-pending-publisher`: run it again; PyPI has deleted the pending publisher that was left over;\n"
            f"- a time-out, or a status from 500: PyPI had a problem, see <{STATUS_URL}>;\n"
            "- 400 or 403: PyPI gives the reason there;\n"
            "- `invalid-publisher`: see below."
        ),
        *explain_form(publisher, {}),
        f"If the cause was outside the repository, {AGAIN}",
    ]


def report_attach(results: dict[str, str]) -> list[str]:
    """Return a paragraph if the files of a published release could not be attached to the GitHub release."""
    if results["attach"] in ("failure", "cancelled"):
        return [
            (
                f"*Attach to the GitHub release* ended in *{results['attach']}*: the GitHub release may lack files. "
                "*Re-run failed jobs* attaches them; what is on PyPI stays as it is."
            )
        ]
    return []


def report_rehearsal(
    publisher: dict[str, str], results: dict[str, str], answer: str, dist: list[Path], uv_output: str
) -> list[str]:
    """Return the report of a dry run whose build passed.

    Args:
        publisher: The five answers of the form.
        results: The result of each job.
        answer: PyPI's answer to a token without the environment: `accepted`, `refused`, or empty if it is not known.
        dist: The distributions.
        uv_output: What uv printed at the exchange of the token with the environment.
    """
    if results["rehearse"] != "success":
        return report_refusal(publisher, results["rehearse"], uv_output)
    environment = code(publisher["environment"])
    if answer == "accepted":
        return [
            "## The publisher on PyPI has no environment",
            (
                f"PyPI also accepts a token from a job without the environment {environment}: anyone who can push a "
                "branch could publish, and no reviewer would be asked. "
                f"Register the publisher again [with the environment]({form_url(publisher)}), "
                "then delete the one without an environment, and do the dry run again."
            ),
            form_table(publisher, {}),
        ]
    if answer != "refused":
        return [
            "## Not checked: whether PyPI refuses a token without the environment",
            (
                "PyPI accepts this workflow. The second exchange, from a job without the environment, got no clear "
                "answer: read the log of *Ask for a token without the environment*, and do the dry run again."
            ),
        ]
    built = " and ".join(f"`{path.name}`" for path in dist)
    return [
        "## The dry run passed: PyPI trusts this workflow",
        (
            f"- The build makes {built}, and the release gate accepts them.\n"
            f"- Owner, repository, workflow, and the environment {environment} are those that PyPI knows; "
            "without the environment PyPI refuses the token.\n"
            "- PyPI gave a token in exchange for GitHub's, and it was discarded. Nothing was uploaded."
        ),
        describe_project(publisher["package_name"]),
    ]


def describe_project(name: str) -> str:
    """Return a sentence on what PyPI's index has of a project after a dry run."""
    try:
        files = find_files(name)
    except NotCheckedError as error:
        return f"{error}, so it is not known whether {name} has files."
    if files is None:
        return f"**PyPI has no project {name}**: the publisher is registered under another. Register it under {name}."
    if not files:
        return f"**{name} is empty on PyPI**, created by this exchange or an earlier one: release soon."
    return "Not checked: that the publisher is registered under this project and no other."


def report_refusal(publisher: dict[str, str], result: str, uv_output: str) -> list[str]:
    """Return the report of a dry run whose exchange failed, from what uv printed."""
    table = []
    if not uv_output:
        why = (
            f"The job ended in *{result}* before the exchange. If the environment refused this branch or tag, "
            "give it a rule for the default branch, as RELEASING.md says; else read the job's log."
        )
    elif "invalid-pending-publisher" in uv_output:
        why = (
            "A pending publisher with these values named a project that exists by now. PyPI has deleted it: "
            "register the publisher under the project itself."
        )
    elif '"invalid-publisher"' in uv_output:
        why = "PyPI knows no publisher for this run's token."
        table = explain_form(publisher, read_claims(uv_output))
    elif re.search(r"error code 5\d\d|server error|Failed to fetch|timed? ?out|error sending request", uv_output):
        why = f"PyPI could not be reached or had a problem, which says nothing about the publisher: see <{STATUS_URL}>."
    elif "id-token" in uv_output or "ACTIONS_ID_TOKEN_REQUEST" in uv_output:
        why = (
            "The job may not ask GitHub for a token: add `id-token: write` to its permissions, as the template has it."
        )
    else:
        why = "The exchange failed for another reason, see below."
    fence = "`" * (2 + max(map(len, re.findall("`+", uv_output)), default=1))
    quoted = ["<details><summary>What uv printed</summary>", f"{fence}text\n{uv_output.strip()}\n{fence}", "</details>"]
    return [
        "## The dry run failed; nothing was uploaded",
        why,
        *table,
        "Then do the dry run again.",
        *(quoted if uv_output else []),
    ]


def report(
    publisher: dict[str, str], needs: dict[str, dict[str, object]], dist: list[Path], uv_output: str
) -> list[str]:
    """Return the paragraphs of the report of a run."""
    results = {job: str(values["result"]) for job, values in needs.items()}
    release = os.environ["GITHUB_EVENT_NAME"] == "release"
    if results["build"] != "success":
        what = "was cancelled" if results["build"] == "cancelled" else "failed"
        return [f"## Nothing was uploaded: the build {what}", "The annotations of the jobs under *Build* say why."]
    if not dist:
        return [
            "## It is not known what happened",
            "The build succeeded, and its distributions are not here: read the logs.",
        ]
    if release:
        return [*report_release(publisher, results, dist), *report_attach(results)]
    outputs = needs["rehearse-without-environment"].get("outputs")
    answer = str(outputs.get("answer", "")) if isinstance(outputs, dict) else ""
    return report_rehearsal(publisher, results, answer, dist, uv_output)


def main(arguments: list[str]) -> int:
    """Print the report, and return the exit code."""
    if len(arguments) != 2:  # noqa: PLR2004 - as the usage says
        print(__doc__)
        return 2
    folder, file = map(Path, arguments)
    needs = json.loads(os.environ["NEEDS"])
    dist = sorted(path for path in folder.glob("*") if path.is_file())
    uv_output = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    try:
        publisher = read_publisher()
    except ValueError as error:
        print(f"## It is not known what happened\n\n{error}")
        return 1
    print("\n\n".join(report(publisher, needs, dist, uv_output)))
    return 1 if needs["build"]["result"] == "success" and not dist else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
