"""The report says what happened to a release or a dry run, and no more than it saw."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from meltano_release.cli import main
from meltano_release.errors import NotCheckedError
from meltano_release.publisher import FILE, read_publisher
from meltano_release.report import report, run_report
from tests.simulation import sandbox
from tests.support.projects import SDIST, WHEEL

JOBS = ("build", "gate", "publish", "attach", "rehearse", "rehearse-without-environment")
FILES = {SDIST: b"sdist", WHEEL: b"wheel"}
FAILED = {"publish": "failure", "attach": "skipped"}
PUBLISHER = sandbox.PUBLISHER._asdict() | {"package_name": "my-package"}
UNREACHABLE = NotCheckedError("PyPI cannot be reached (timed out)")
BY_HAND = "workflow_dispatch"


def claims(**changes: str) -> str:
    """Return what uv prints if PyPI knows no publisher for a token with such claims."""
    values = PUBLISHER | changes
    slug = f"{values['owner']}/{values['repository']}"
    return (
        'error: PyPI says "invalid-publisher"\n'
        f'    repository: "{slug}",\n'
        f'    job_workflow_ref: "{slug}/.github/workflows/{values["workflow_filename"]}@refs/heads/main",\n'
        '    environment: Some(\n        "publishing",\n    ),\n'
    )


OnPyPI = dict[str, bytes] | NotCheckedError | None  # files; None for no such project
EMPTY: OnPyPI = {}


@dataclass
class Case:
    """What the report job sees, and what the report must say."""

    says: str
    results: dict[str, str] = field(default_factory=dict)  # of the jobs that did not succeed
    on_pypi: OnPyPI = field(default_factory=dict)
    event: str = "release"
    dist: dict[str, bytes] = field(default_factory=lambda: FILES)
    uv_output: str = ""
    answer: str = "refused"
    code: int = 0
    tag: str = "v1.2.3"


def rehearsed(says: str, answer: str = "refused", on_pypi: OnPyPI = EMPTY) -> Case:
    """Return a dry run whose exchange passed, and the answer to a token without the environment."""
    return Case(says, {}, on_pypi, BY_HAND, answer=answer)


def refused(says: str, uv_output: str = "", on_pypi: OnPyPI = None) -> Case:
    """Return a dry run whose exchange failed."""
    return Case(says, {"rehearse": "failure"}, on_pypi, BY_HAND, uv_output=uv_output)


CASES = {
    "all files are there": Case("## Released: my-package", on_pypi=FILES),
    "all are there, and the job failed": Case("Still, the job *Publish to PyPI* ended in *failure*.", FAILED, FILES),
    "all are there, and the job was cancelled": Case(
        "Still, the job *Publish to PyPI* ended in *cancelled*.", FAILED | {"publish": "cancelled"}, FILES
    ),
    "a part is there": Case("## PyPI has 1 of 2 files", FAILED, {WHEEL: b"wheel"}),
    "another content is there": Case("## PyPI has other files of this version", FAILED, {WHEEL: b"other"}),
    "none is there": Case("## Not released: PyPI shows no file", FAILED),
    **{
        f"none is there, {cause}": Case(cause, FAILED)
        for cause in ("its reviewer rejected it", "*Stale run*: the tag", "an error of Sigstore, Fulcio or Rekor")
    },
    "none is there, nor the project": Case("no pending publisher that reads as below", FAILED, None),
    "none is there, after a success": Case("## Uploaded: my-package"),
    "a part is there, after a success": Case("index does not show my_package-", on_pypi={WHEEL: b"wheel"}),
    "the upload was cancelled": Case("## Cancelled: PyPI shows no file", FAILED | {"publish": "cancelled"}),
    "the upload was cancelled between files": Case(
        "## PyPI has 1 of 2 files", FAILED | {"publish": "cancelled"}, {WHEEL: b"wheel"}
    ),
    "PyPI is not reached": Case("## It is not known what was uploaded\n\nPyPI cannot be", FAILED, UNREACHABLE),
    "attaching failed": Case("*Attach to the GitHub release* ended in *failure*", {"attach": "failure"}, FILES),
    "attaching was cancelled": Case("*Attach to the GitHub release* ended in *cancelled*", {"attach": "cancelled"}),
    "the build failed": Case("## Nothing was uploaded: the build failed", {"build": "failure"}, dist={}),
    "the build was cancelled": Case("## Nothing was uploaded: the build was cancelled", {"build": "cancelled"}),
    "the gate refused it": Case("## Nothing was uploaded: the release gate refused it", {"gate": "failure"}),
    "the gate was cancelled": Case("## Nothing was uploaded: the release gate was cancelled", {"gate": "cancelled"}),
    "where the gate says why": Case("annotations of the job *Release gate* say why", {"gate": "failure"}, dist={}),
    "where the build says why": Case("annotations of the job *Build* say why", {"build": "failure", "gate": "failure"}),
    "a gate that refused a dry run": Case("the release gate refused it", {"gate": "failure"}, event=BY_HAND),
    "a gate that the failed build stopped": Case("the build failed", {"build": "failure", "gate": "failure"}),
    "the build failed in a later attempt": Case(
        f"## This attempt uploaded nothing: the build failed\n\nPyPI has {WHEEL}", {"build": "failure"},
        {WHEEL: b"wheel", "my_package-1.2.2.tar.gz": b"", "notes.txt": b""}, dist={},
    ),
    "the gate refused it, with files of other versions": Case(
        "## Nothing was uploaded: the release gate", {"gate": "failure"}, {"my_package-1.2.2.tar.gz": b""},
    ),
    "the build failed and PyPI is not reached": Case(
        "Not checked: an earlier attempt. PyPI cannot be reached", {"build": "failure"}, UNREACHABLE, dist={},
    ),
    "the build failed under another tag": Case("## Nothing was uploaded", {"build": "failure"}, FILES, tag="next"),
    "a dry run whose build failed": Case("## Nothing was uploaded", {"build": "failure"}, FILES, event=BY_HAND),
    "a push": Case("the event `push` publishes nothing", event="push"),
    "nothing was fetched": Case("## It is not known what happened", FAILED, dist={}, code=1),
    "a dry run passed": rehearsed("## The dry run passed"),
    "a dry run that created the project": rehearsed("**my-package is empty on PyPI**"),
    "a dry run without an environment": rehearsed("## The publisher on PyPI has no environment", "accepted"),
    "a dry run with one answer": rehearsed("## Not checked: whether PyPI refuses", ""),
    "a dry run of another project": rehearsed("**PyPI has no project my-package**", on_pypi=None),
    "a dry run without PyPI's index": rehearsed("is not known whether my-package has", on_pypi=UNREACHABLE),
    "a dry run of a project with files": rehearsed("under this project and no other", on_pypi=FILES),
    "a dry run before uv ran": refused("before the exchange"),
    "another publisher": refused("Workflow name. Correct that first.", claims(workflow_filename="x.yaml")),
    "no environment": refused("(none)", claims().replace('Some(\n        "publishing",\n    )', "None")),
    "no publisher, and PyPI's index fails": refused("known whether my-package exists", claims(), UNREACHABLE),
    "no publisher, in other words": refused("PyPI knows no publisher for this run's token", '"invalid-publisher"'),
    "a pending publisher left over": refused("PyPI has deleted that publisher", "invalid-pending-publisher"),
    **{
        f"uv does not reach PyPI, {printed}": refused("says nothing about the publisher", printed)
        for printed in ("error sending request", "error code 503", "Failed to fetch", "server error", "timed out")
    },
    "no permission": refused("add `id-token: write`", "ACTIONS_ID_TOKEN_REQUEST_URL"),
    "a reason that is not known": refused("for another reason", "error: something else"),
    "an output with a fence": refused("\n`````text\n```\n`````", "```"),
}  # fmt: skip


Run = Callable[[Case], tuple[int, str]]


def context(case: Case) -> dict[str, Any]:
    """Return GitHub's context `needs`."""
    needs = {job: {"result": case.results.get(job, "success"), "outputs": {}} for job in JOBS}
    needs["rehearse-without-environment"]["outputs"] = {"answer": case.answer} if case.answer else {}
    return needs


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs the report in a folder with the publisher alone: the exit code and what it prints."""
    (tmp_path / FILE).parent.mkdir()
    (tmp_path / FILE).write_text(json.dumps(PUBLISHER), encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    def run(case: Case) -> tuple[int, str]:
        Path("dist/folder").mkdir(parents=True)
        for name, content in case.dist.items():
            Path("dist", name).write_bytes(content)
        if case.uv_output:
            Path("uv-output.txt").write_text(case.uv_output, encoding="utf-8")
        monkeypatch.setattr("meltano_release.report.find_files", lambda _: on_pypi(case))
        environ = {"GITHUB_EVENT_NAME": case.event, "GITHUB_REF_NAME": case.tag}
        code = run_report(Path("dist"), Path("uv-output.txt"), context(case), environ)
        return code, capsys.readouterr().out

    return run


def on_pypi(case: Case) -> dict[str, str] | None:
    """Return what PyPI's index has of the project: files and their digests."""
    if isinstance(case.on_pypi, NotCheckedError):
        raise case.on_pypi
    if case.on_pypi is None:
        return None
    return {name: hashlib.sha256(content).hexdigest() for name, content in case.on_pypi.items()}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_report_describes_what_is_there(case: Case, run: Run) -> None:
    """The report describes one state and no other: only a release whose files are all on PyPI is called released."""
    code, text = run(case)
    assert case.says in text
    assert code == case.code
    passed = not {"build", "gate"} & case.results.keys()
    assert ("Released" in text) == (case.on_pypi == FILES and case.event == "release" and passed)
    assert text.count("\n## ") == 0  # one heading


def test_a_value_cannot_break_the_table(run: Run) -> None:
    """A `|` in the name of an environment is escaped, so it adds no cell to the table of the report."""
    FILE.write_text(json.dumps(PUBLISHER | {"environment": "a|b"}), encoding="utf-8")
    _, text = run(Case("", FAILED))
    (row,) = [line for line in text.splitlines() if line.startswith("| Environment name")]
    assert row.replace("\\|", "").count("|") == 4
    assert "a\\|b" in row


def test_without_the_publisher_nothing_is_claimed(run: Run) -> None:
    """If `publisher.json` is lost, the report says that nothing is known, and how to restore the file."""
    FILE.unlink()
    code, text = run(Case(""))
    assert code == 1
    assert text.startswith("## It is not known what happened")
    assert f"restore it from git (`git log -- {FILE}`" in text


@pytest.mark.usefixtures("run")
def test_the_command_prints_the_report_of_a_failed_gate_without_any_artifact() -> None:
    """`meltano-release report` takes the jobs from `NEEDS`; neither the folder nor the file of uv has to be there."""
    needs = context(Case("", {"gate": "failure", "publish": "skipped", "attach": "skipped", "rehearse": "skipped"}))
    environ = {"NEEDS": json.dumps(needs), "GITHUB_EVENT_NAME": "release"}
    done = CliRunner().invoke(main, ["report", "dist", "uv-output.txt"], env=environ)
    assert (done.exit_code, done.exception) == (0, None)
    assert done.stdout == "\n\n".join(report(read_publisher(), needs, [], "", {"GITHUB_EVENT_NAME": "release"})) + "\n"
    assert done.stdout.startswith("## Nothing was uploaded: the release gate refused it\n\nThe annotations of the job ")
