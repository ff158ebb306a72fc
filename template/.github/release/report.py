"""The report of a release or a rehearsal: what happened, in words, for the summary of the job.

Usage: python .github/release/report.py DIST

Prints Markdown from the distributions in DIST, what uv printed in the file `$SAID`, the job's result in `$RESULT`, and
PyPI's index; the exit code is 0.

Standard library only. Owned by the template: `copier update` refreshes this file.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from pathlib import Path

from publisher import FIELDS, FILE, NotCheckedError, find_files, form_url, read_publisher


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
    for name, field in FIELDS.items():
        claim = claims.get(name)
        differs = " ← differs" if claim not in (None, publisher[name]) else ""
        shown = f"`{claim}`{differs}" if claim else ""
        lines.append(f"| {field} | `{publisher[name]}` | {shown} |".replace("`|`", "`\\|`"))
    return "\n".join(lines)


def explain_form(publisher: dict[str, str], claims: dict[str, str]) -> list[str]:
    """Say why PyPI may know no publisher for a token, as far as it can be seen from here."""
    name = publisher["package_name"]
    differing = [FIELDS[key] for key in FIELDS if claims.get(key) not in (None, publisher[key])]
    table = form_table(publisher, claims)
    if differing:
        return [
            f"This run differs from `.github/release/publisher.json` in: {', '.join(differing)}. Correct that first.",
            table,
        ]
    try:
        files = find_files(name)
    except NotCheckedError as error:
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
            f"project and no other. [This address fills the form]({form_url(publisher)}):"
        )
    return [sentences, table]


def report_passed(publisher: dict[str, str], dist: list[Path]) -> list[str]:
    """Say what a rehearsal proved, and what it cannot."""
    name = publisher["package_name"]
    try:
        files = find_files(name)
    except NotCheckedError as error:
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
        files = find_files(name) or {}
    except NotCheckedError as error:
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
    """Print the report, and return the exit code."""
    if len(arguments) != 1:
        print(__doc__)
        return 2
    try:
        publisher = read_publisher()
    except (OSError, ValueError, KeyError) as error:
        print(f"{FILE} cannot be read ({error}): run `copier update`.")
        return 1
    return report(publisher, Path(arguments[0]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
