"""The report says what happened to a release or a dry run, and no more than it saw."""

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.simulation.server import Fault, Loopback
from tests.support.paths import GATE_SCRIPT, PUBLISHER_JSON, REPORT_SCRIPT
from tests.support.projects import SDIST, WHEEL, Project

SUCCESS = dict.fromkeys(("build", "publish", "attach", "rehearse", "rehearse-without-environment"), "success")
FILES = {SDIST: b"sdist", WHEEL: b"wheel"}
FAILED = {"publish": "failure", "attach": "skipped"}
PUBLISHER = {  # what a token claims if all is as the form says
    "owner": "MeltanoLabs", "repository": "my-package", "workflow_filename": "release.yaml",
}  # fmt: skip
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


@dataclass
class Case:
    """What the report job sees, and what the report must say."""

    says: str
    results: dict[str, str] = field(default_factory=dict)  # of the jobs that did not succeed
    on_pypi: dict[str, bytes] | None = field(default_factory=dict)  # None for no such project
    event: str = "release"
    dist: dict[str, bytes] = field(default_factory=lambda: FILES)
    uv_output: str = ""
    answer: str = "refused"
    pypi_status: int | None = None  # instead of an answer; 0 for none at all
    code: int = 0


def rehearsed(says: str, answer: str = "refused", on_pypi: dict[str, bytes] | None = None) -> Case:
    """Return a dry run whose exchange passed, and the answer to a token without the environment."""
    return Case(says, on_pypi=on_pypi or {}, event=BY_HAND, answer=answer)


def refused(says: str, uv_output: str = "") -> Case:
    """Return a dry run whose exchange failed."""
    return Case(says, {"rehearse": "failure"}, event=BY_HAND, uv_output=uv_output)


CASES = {
    "all files are there": Case("## Released: my-package", on_pypi=FILES),
    "all are there, and the job failed": Case("ended in *failure* all the same", FAILED, FILES),
    "a part is there": Case("## PyPI has 1 of 2 files", FAILED, {WHEEL: b"wheel"}),
    "another content is there": Case("## PyPI has other files of this version", FAILED, {WHEEL: b"other"}),
    "none is there": Case("## Not released: PyPI shows no file", FAILED),
    "none is there, nor the project": Case("no pending publisher that reads as below", FAILED, None),
    "none is there, after a success": Case("## Uploaded: my-package"),
    "a part is there, after a success": Case("index does not show my_package-", on_pypi={WHEEL: b"wheel"}),
    "the upload was cancelled": Case("## Cancelled: PyPI shows no file", FAILED | {"publish": "cancelled"}),
    "the upload was cancelled between files": Case(
        "## PyPI has 1 of 2 files", FAILED | {"publish": "cancelled"}, {WHEEL: b"wheel"}
    ),
    "PyPI has a problem": Case("## It is not known what was uploaded\n\nPyPI answers", FAILED, pypi_status=503),
    "PyPI gives no answer": Case("## It is not known what was uploaded\n\nPyPI cannot be", FAILED, pypi_status=0),
    "attaching failed": Case("*Attach to the GitHub release* ended in *failure*", {"attach": "failure"}, FILES),
    "attaching was cancelled": Case("*Attach to the GitHub release* ended in *cancelled*", {"attach": "cancelled"}),
    "the build failed": Case("## Nothing was uploaded: the build failed", {"build": "failure"}, dist={}),
    "the build was cancelled": Case("## Nothing was uploaded: the build was cancelled", {"build": "cancelled"}),
    "nothing was fetched": Case("## It is not known what happened", FAILED, dist={}, code=1),
    "a dry run passed": rehearsed("## The dry run passed"),
    "a dry run without an environment": rehearsed("## The publisher on PyPI has no environment", "accepted"),
    "a dry run with one answer": rehearsed("## Not checked: whether PyPI refuses", ""),
    "a dry run of another project": Case("**PyPI has no project my-package**", event=BY_HAND, on_pypi=None),
    "a dry run without PyPI's index": Case("is not known whether my-package has", event=BY_HAND, pypi_status=503),
    "a dry run of a project with files": rehearsed("under this project and no other", on_pypi=FILES),
    "a dry run before uv ran": refused("before the exchange"),
    "another publisher": refused("Workflow name. Correct that first.", claims(workflow_filename="x.yaml")),
    "no publisher, and PyPI's index fails": Case(
        "is not known whether my-package exists", {"rehearse": "failure"}, event=BY_HAND, uv_output=claims(),
        pypi_status=503,
    ),
    "no publisher, in other words": refused("PyPI knows no publisher for this run's token", '"invalid-publisher"'),
    "a pending publisher left over": refused("PyPI has deleted it", "invalid-pending-publisher"),
    "PyPI is not reached": refused("says nothing about the publisher", "error sending request"),
    "no permission": refused("add `id-token: write`", "ACTIONS_ID_TOKEN_REQUEST_URL"),
    "a reason that is not known": refused("for another reason", "error: something else"),
    "an output with a fence": refused("\n`````text\n```\n`````", "```"),
}  # fmt: skip


def report(project: Project, case: Case, loopback: Loopback, folder: Path) -> tuple[int, str]:
    """Run the report as its job does; return the exit code and what it prints."""
    if case.on_pypi is not None:
        loopback.reset().pypi.projects["my-package"] = dict(case.on_pypi)
    else:
        loopback.reset()
    if case.pypi_status is not None:
        loopback.faults.append(Fault("pypi.org", case.pypi_status))
    (folder / "dist").mkdir()
    for name, content in case.dist.items():
        (folder / "dist" / name).write_bytes(content)
    if case.uv_output:
        (folder / "uv-output.txt").write_text(case.uv_output, encoding="utf-8")
    needs = {job: {"result": result, "outputs": {}} for job, result in (SUCCESS | case.results).items()}
    needs["rehearse-without-environment"]["outputs"] = {"answer": case.answer}
    variables = loopback.variables() | {"NEEDS": json.dumps(needs), "GITHUB_EVENT_NAME": case.event}
    command = (sys.executable, REPORT_SCRIPT, folder / "dist", folder / "uv-output.txt")
    done = project.run(*command, env=variables, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_report_says_what_it_saw(case: Case, default: Project, loopback: Loopback, tmp_path: Path) -> None:
    """The report describes one state and no other: only a release whose files are all on PyPI is called released."""
    code, text = report(default, case, loopback, tmp_path)
    assert case.says in text
    assert code == case.code
    whole = case.on_pypi == FILES and case.event == "release" and not case.results.get("build")
    assert ("Released" in text) == whole
    assert text.count("\n## ") == 0  # one heading


def test_a_value_cannot_break_the_table(default: Project, loopback: Loopback, tmp_path: Path) -> None:
    """A `|` in the name of an environment is escaped, so it adds no cell to the table of the report."""
    project = default.copy(tmp_path / "my-package")
    publisher = json.loads(project.read(PUBLISHER_JSON)) | {"environment": "a|b"}
    project.write(PUBLISHER_JSON, json.dumps(publisher))
    _, text = report(project, Case("", FAILED), loopback, tmp_path)
    (row,) = [line for line in text.splitlines() if line.startswith("| Environment name")]
    assert row.replace("\\|", "").count("|") == 4
    assert "a\\|b" in row


def test_without_the_publisher_nothing_is_claimed(default: Project, loopback: Loopback, tmp_path: Path) -> None:
    """If `publisher.json` is lost, the report says that nothing is known, and how to restore the file."""
    project = default.copy(tmp_path / "my-package")
    (project.path / PUBLISHER_JSON).unlink()
    code, text = report(project, Case(""), loopback, tmp_path)
    assert code == 1
    assert text.startswith("## It is not known what happened")
    assert f"restore it from git (`git log -- {PUBLISHER_JSON}`" in text


@pytest.mark.parametrize("script", [GATE_SCRIPT, REPORT_SCRIPT])
def test_without_its_arguments_a_script_says_how_it_is_used(script: str, default: Project) -> None:
    """Without arguments, the gate and the report print their usage and exit with 2."""
    done = default.run(sys.executable, script, check=False)
    assert done.returncode == 2
    assert f"Usage: python {script} " in done.stdout
