"""The report of a release or a dry run: what happened, in words, for the summary of the run.

It says what it saw and nothing else: the results of the jobs (GitHub's context `needs`), the distributions that the
gate judged, what uv printed at a dry run, and PyPI's index.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from meltano_release.errors import NotCheckedError
from meltano_release.markdown import code, details
from meltano_release.publisher import FIELDS, FILE, PENDING_URL, form_table, form_url, read_publisher
from meltano_release.pypi import find_files, is_of_version

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

STATUS_URL = "https://status.python.org"
WHERE = "The annotations of the job *{0}* say why; if it has none, its log does."
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
    """Return paragraphs on why PyPI may know no publisher for a token, from its index and the claims, if any."""
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
                "there: nothing of this build can replace it. Release the next version. (*Re-run all jobs* builds "
                "again, and not every build backend makes the same bytes twice; *Re-run failed jobs* takes what was "
                "built.)"
            ),
        ]
    if len(same) == len(dist):
        failed = f" Still, the job *Publish to PyPI* ended in *{result}*." if result != "success" else ""
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
            "- that the environment does not admit this tag: the command `setup` of `.github/RELEASING.md` adds a "
            "rule;\n"
            "- `invalid-pending-publisher`: run it again; PyPI has deleted the pending publisher that was left over;\n"
            f"- a time-out, or a status from 500: PyPI had a problem, see <{STATUS_URL}>;\n"
            "- that its reviewer rejected it: nothing else happens, and the release and its tag can be deleted;\n"
            "- *Stale run*: the tag was deleted or moved; cancel this run, and approve the run of the newer release;\n"
            "- an error of Sigstore, Fulcio or Rekor: the attestations could not be made; wait, and run it again;\n"
            "- 400 or 403: PyPI gives the reason there;\n"
            "- `invalid-publisher`: see below."
        ),
        *explain_form(publisher, {}),
        f"If the cause was outside the repository, {AGAIN}",
    ]


def report_stopped(publisher: dict[str, str], what: str, tag: str) -> list[str]:
    """Return the beginning of the report of a run that came to no upload; an earlier attempt of it may have.

    Args:
        publisher: The five answers of the form.
        what: What stopped it.
        tag: The tag of a release, empty for another run, which uploads nothing.
    """
    nothing = f"## Nothing was uploaded: the {what}"
    if not tag:
        return [nothing]
    try:
        files = [name for name in find_files(publisher["package_name"]) or {} if is_of_version(name, tag)]
    except NotCheckedError as error:
        return [f"## This attempt uploaded nothing: the {what}", f"Not checked: an earlier attempt. {error}."]
    if not files:
        return [nothing]
    return [
        f"## This attempt uploaded nothing: the {what}",
        f"PyPI has {' and '.join(sorted(files))}, from an earlier attempt or another run.",
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
            "the command `setup` of .github/RELEASING.md adds a rule for it; otherwise read the job's log."
        )
    elif "invalid-pending-publisher" in uv_output:
        why = (
            "A pending publisher with these values named a project that now exists. PyPI has deleted that publisher: "
            "register it under the project itself."
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
    quoted = details("What uv printed", uv_output.strip())
    return [
        "## The dry run failed; nothing was uploaded",
        why,
        *table,
        "Then do the dry run again.",
        *([quoted] if uv_output else []),
    ]


def report(
    publisher: dict[str, str],
    needs: Mapping[str, Any],
    dist: list[Path],
    uv_output: str,
    environ: Mapping[str, str],
) -> list[str]:
    """Return the paragraphs of the report of a run, in Markdown.

    Args:
        publisher: The five answers of the form.
        needs: GitHub's context `needs`: the result and the outputs of each job, by its name.
        dist: The distributions that the gate judged; empty if there are none.
        uv_output: What uv printed at the exchange of a dry run, empty if it did not run.
        environ: The variables that GitHub sets for a run: the event that started it, and the tag of a release.
    """
    event_name = environ["GITHUB_EVENT_NAME"]
    tag = environ.get("GITHUB_REF_NAME", "") if event_name == "release" else ""
    results = {job: str(values["result"]) for job, values in needs.items()}
    if results["build"] != "success":
        what = "build was cancelled" if results["build"] == "cancelled" else "build failed"
        return [*report_stopped(publisher, what, tag), WHERE.format("Build")]
    if results["gate"] != "success":
        what = "release gate was cancelled" if results["gate"] == "cancelled" else "release gate refused it"
        return [*report_stopped(publisher, what, tag), WHERE.format("Release gate")]
    if not dist:
        return [
            "## It is not known what happened",
            "The build passed the release gate, and its distributions are not here: read the logs.",
        ]
    if event_name == "release":
        return [*report_release(publisher, results, dist), *report_attach(results)]
    if event_name == "workflow_dispatch":
        outputs = needs["rehearse-without-environment"].get("outputs") or {}
        return report_rehearsal(publisher, results, str(outputs.get("answer", "")), dist, uv_output)
    return [
        "## Nothing was uploaded",
        f"The build passed the release gate, and the event `{event_name}` publishes nothing.",
    ]


def run_report(folder: Path, uv_output: Path, needs: Mapping[str, Any], environ: Mapping[str, str]) -> int:
    """Print the report, and return the exit code: 1 if it cannot be known what was to be uploaded.

    Args:
        folder: The folder with the distributions, which may be missing.
        uv_output: The file with what uv printed, which may be missing.
        needs: As for `report`.
        environ: As for `report`.
    """
    dist = sorted(path for path in folder.glob("*") if path.is_file())
    printed = uv_output.read_text(encoding="utf-8", errors="replace") if uv_output.is_file() else ""
    try:
        publisher = read_publisher()
    except ValueError as error:
        print(f"## It is not known what happened\n\n{error}")
        return 1
    print("\n\n".join(report(publisher, needs, dist, printed, environ)))
    return 1 if not dist and needs["build"]["result"] == needs["gate"]["result"] == "success" else 0
