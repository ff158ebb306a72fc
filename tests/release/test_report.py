"""The report says what happened to a release or a dry run, and no more than it saw."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from meltano_release.cli import main
from meltano_release.errors import NotCheckedError
from meltano_release.publisher import FILE, read_publisher
from meltano_release.report import report, run_report
from tests.simulation import sandbox
from tests.support.projects import SDIST, WHEEL

JOBS = ("build", "gate", "publish", "attach", "rehearse", "rehearse-without-environment")
FILES = {SDIST: "sdist", WHEEL: "wheel"}
FAILED = {"publish": "failure", "attach": "skipped"}
PUBLISHER = sandbox.PUBLISHER._asdict() | {"package_name": "my-package"}


@dataclass
class Case:
    """What the report job sees, and what the report must say."""

    says: str
    results: dict[str, str] = field(default_factory=dict)  # of the jobs that did not succeed
    on_pypi: dict[str, str] | str | None = field(default_factory=dict)  # files; a text says why PyPI is not reached
    event: str = "release"
    dist: dict[str, str] = field(default_factory=lambda: FILES)
    uv_output: str = ""
    answer: str = "refused"  # to a token without the environment
    code: int = 0
    tag: str = "v1.2.3"


DRY_RUN: dict[str, Any] = {"event": "workflow_dispatch"}
DEFAULTS: dict[str, dict[str, Any]] = {
    "a release": {},
    "a dry run": DRY_RUN,
    "a dry run whose exchange failed": DRY_RUN | {"results": {"rehearse": "failure"}, "on_pypi": None},
}
CONTENT = yaml.safe_load(Path(__file__).with_name("report.yml").read_text(encoding="utf-8"))
CASES = {
    f"{kind}: {title}": Case(**DEFAULTS[kind] | case)
    for kind, cases in CONTENT.items()
    for title, case in cases.items()
}


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
            Path("dist", name).write_text(content, encoding="utf-8")
        if case.uv_output:
            Path("uv-output.txt").write_text(case.uv_output, encoding="utf-8")
        monkeypatch.setattr("meltano_release.report.find_files", lambda _: on_pypi(case))
        environ = {"GITHUB_EVENT_NAME": case.event, "GITHUB_REF_NAME": case.tag}
        code = run_report(Path("dist"), Path("uv-output.txt"), context(case), environ)
        return code, capsys.readouterr().out

    return run


def on_pypi(case: Case) -> dict[str, str] | None:
    """Return what PyPI's index has of the project: files and their digests."""
    if isinstance(case.on_pypi, str):
        raise NotCheckedError(case.on_pypi)
    files = case.on_pypi
    return files and {name: hashlib.sha256(content.encode()).hexdigest() for name, content in files.items()}


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
