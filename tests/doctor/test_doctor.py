"""The doctor finds what is wrong before a release, and changes nothing; test_cases.py has all that it finds."""

import io
import json
import re
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from meltano_release.commit import Commit
from meltano_release.doctor.findings import Finding, show
from meltano_release.doctor.pins import check_pins
from meltano_release.update import move_pins
from tests.doctor.cases import CASES
from tests.release.scenarios.changes import set_remote
from tests.release.scenarios.table import SCENARIOS, Scenario
from tests.simulation.sandbox import Sandbox
from tests.simulation.server import Fault
from tests.support.commands import run
from tests.support.paths import RELEASE_WORKFLOW, ROOT, WORKFLOWS
from tests.support.projects import Project
from tests.support.terminal import COLUMNS

DOCTOR = (sys.executable, "-c", "import sys; from meltano_release import doctor; sys.exit(doctor.run_doctor())")
PUBLISHER = {"workflow_filename": "release.yaml"}
FOUND_BY_DOCTOR = [scenario for scenario in SCENARIOS if scenario.action == "doctor"]


@pytest.mark.parametrize("scenario", FOUND_BY_DOCTOR, ids=[scenario.title for scenario in FOUND_BY_DOCTOR])
def test_the_doctor_finds_what_is_wrong_before_a_release(
    scenario: Scenario, sandbox: Sandbox, record_property: Callable[[str, object], None]
) -> None:
    """On the maintainer's machine, the doctor exits with 1, says what is wrong, and prints how to fix it."""
    scenario.change(sandbox)
    found = sandbox.run_doctor()
    assert found.exit_code == 1
    assert scenario.message in found.output
    assert "→" in found.output
    record_property("failure scenario", (scenario.title, "doctor", scenario.message))


def test_the_doctor_finds_no_error_and_changes_nothing(sandbox: Sandbox) -> None:
    """In a repository that is set up, the doctor exits with 0 and changes nothing there."""
    found = sandbox.run_doctor()
    assert found.exit_code == 0, found.output
    states = {line[:12].strip() for line in found.output.splitlines() if not line.startswith(("What", " "))}
    assert states == {"ok", "note", "not checked"}  # the tag of the next release has no release yet
    calls = sandbox.github.read_state()["calls"]
    assert {(call[0], len(call)) for call in calls} == {("api", 2)}
    assert not sandbox.project.run("git", "status", "--porcelain").stdout


def test_the_findings_can_be_read_by_a_script(sandbox: Sandbox) -> None:
    """With `--json`, the doctor prints the same findings as JSON, and nothing else; the exit code stays."""
    set_remote("https://me:secret@github.com/MeltanoLabs/My-Package")(sandbox)
    found, plain = sandbox.run_doctor("--json"), sandbox.run_doctor()
    findings = json.loads(found.output)
    assert found.exit_code == plain.exit_code == 1
    lines = [(f"{one['state']:<12} {one['sentence']}.", f"             → {one['remedy']}") for one in findings]
    printed = [line for pair in lines for line in pair if not line.endswith("→ ")]
    assert printed == plain.output.splitlines()[:-1]
    assert "secret" not in found.output


def test_the_doctor_says_what_it_cannot_check(sandbox: Sandbox) -> None:
    """Without `gh` and PyPI, the doctor says what it did not check, checks the rest, and exits with 0."""
    sandbox.loopback.faults.append(Fault("pypi.org", 503))
    found = sandbox.run_doctor(gh=False)
    assert found.exit_code == 0, found.output
    assert "not checked  The repository on GitHub: `gh` is not installed" in found.output
    assert "not checked  PyPI: PyPI answered with status 503" in found.output


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"files": [{}]}', b"<html>"])
def test_an_invalid_response_of_pypi_is_not_checked(body: bytes, sandbox: Sandbox) -> None:
    """If PyPI's response is invalid, as from a proxy, the doctor says so and exits with 0, without a traceback."""
    sandbox.loopback.faults.append(Fault("pypi.org", body=body))
    found = sandbox.run_doctor()
    assert found.exit_code == 0, found.exception
    assert "not checked  PyPI: PyPI returned an invalid response for my-package." in found.output


def test_the_doctor_prints_where_there_is_no_arrow(sandbox: Sandbox) -> None:
    """Where the output's encoding has no arrow, as in a pipe on Windows, the doctor prints a question mark instead.

    It runs as a process, with a process of `gh`.
    """
    sandbox.github.write_state(sandbox.github.read_state())
    found = sandbox.run_as_maintainer("env", "PYTHONIOENCODING=cp1252", f"PYTHONPATH={ROOT / 'src'}", *DOCTOR)
    assert found.stderr == ""
    assert "\n             ? " in found.stdout
    assert "ok           The environment publishing requires a reviewer." in found.stdout
    assert found.returncode == 0


@pytest.mark.parametrize("message", ["gh: API rate limit exceeded (HTTP 403)", "error connecting to api.github.com"])
def test_what_gh_refuses_is_not_checked(message: str, sandbox: Sandbox) -> None:
    """A request that `gh` refuses is not an error: the doctor shows the reason and exits with 0."""
    found = sandbox.run_doctor(failure=message)
    assert found.exit_code == 0, found.output
    for subject in ("repository", "environment", "rules for tags", "required checks", "releases"):
        assert f"not checked  The {subject} on GitHub: {message.removeprefix('gh: ')}." in found.output


def test_a_response_that_is_not_json_is_not_checked(sandbox: Sandbox) -> None:
    """If `gh` does not print JSON, as behind a proxy that asks for a login, the doctor says so and exits with 0."""
    found = sandbox.run_doctor(output="<html>")
    assert found.exit_code == 0, found.output
    message = "The repository on GitHub: `gh api repos/MeltanoLabs/my-package` did not print JSON."
    assert f"not checked  {message}" in found.output


@pytest.mark.parametrize(("folder", "sentence"), [("package", "The release setup is in package/, and"), ("src", "")])
def test_below_the_top_the_doctor_says_where_it_is(folder: str, sentence: str, sandbox: Sandbox) -> None:
    """In a folder of the repository, the doctor says that the setup is in the wrong place, or that it is."""
    if sentence:
        CASES["a setup below the top of the repository"].fault(sandbox)
    below = Sandbox(Project(sandbox.project.path / folder, {}), sandbox.github, sandbox.loopback)
    found = below.run_doctor()
    assert found.exit_code == 1
    expected = sentence or "This is the folder src/: run the doctor at the top of the repository."
    assert found.output.startswith(f"error        {expected}")


def test_the_doctor_fits_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a terminal, a sentence wraps between words and is indented; a command stays on one line, to be copied.

    In a pipe, each finding is one line.
    """
    url = f"https://pypi.org/{'a' * 2 * COLUMNS}"
    findings = [Finding("not checked", f"PyPI [red] has {'a-b ' * 30}end", url), Finding("error", "It is broken")]
    plain, terminal = io.StringIO(), io.StringIO()
    with redirect_stdout(plain):
        show(findings)
    sentence = f"not checked  {findings[0].sentence}."
    assert plain.getvalue().splitlines() == [sentence, f"             → {url}", "error        It is broken."]
    for name, value in {"COLUMNS": str(COLUMNS), "TERM": "dumb"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    with redirect_stdout(terminal):
        show(findings)
    shown = [line.rstrip() for line in terminal.getvalue().splitlines()]
    assert all(len(line) <= COLUMNS for line in shown if "→" not in line)
    assert re.sub(r"\n {13}(?!→)", " ", "\n".join(shown)) == plain.getvalue().rstrip()
    assert shown[0].startswith("not checked  PyPI [red] has a-b a-b")
    assert len(shown) == 5


def test_a_state_has_a_color_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a terminal, an error is red."""
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    with redirect_stdout(terminal):
        show([Finding("error", "It is broken")])
    assert terminal.getvalue().startswith("\x1b[1;31merror")


OLD, NEW = "1" * 40, "2" * 40
TEMPLATE = "MeltanoLabs/meltano-package-template"


def write_workflow(name: str, *actions: str, comment: str = "") -> None:
    """Write a workflow with a step for each action, into the working directory."""
    steps = "".join(f"      - uses: {action}{comment}\n" for action in actions)
    path = Path(WORKFLOWS, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"on: release\njobs:\n  a:\n    environment: publishing\n    steps:\n{steps}", encoding="utf-8")


def find_pin_notes(here: Path) -> list[Finding]:
    """Commit, and return what the doctor finds about the pins of the workflows in the working directory."""
    Project(here, {}).commit()
    return check_pins(PUBLISHER, Commit())


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty repository, which is the working directory."""
    monkeypatch.chdir(tmp_path)
    run("git", "init", "--quiet", cwd=tmp_path)
    return tmp_path


@pytest.mark.parametrize("version", ["v1.2.0", ""])
def test_a_pin_that_stayed_behind_is_noted_and_its_command_moves_it(version: str, here: Path) -> None:
    """A pin in a project's own workflow that differs from the release workflow's is noted; the command moves it."""
    comment = f" # {version}" if version else ""
    write_workflow("release.yaml", f"{TEMPLATE}/actions/gate@{NEW}", comment=comment)
    write_workflow(
        "test.yaml", f"{TEMPLATE}/actions/setup@{OLD}", f'"{TEMPLATE}/actions/pythons@{OLD}"', comment=" # v1"
    )
    write_workflow("new.yaml", f"{TEMPLATE}/actions/setup@{NEW}")
    (found,) = find_pin_notes(here)
    assert found.state == "note"
    assert found.sentence == f"{WORKFLOWS}/test.yaml uses {TEMPLATE} at 1111111, and {RELEASE_WORKFLOW} at 2222222"
    assert found.remedy == f"uvx --from git+https://github.com/{TEMPLATE}@{NEW} meltano-release update"
    move_pins(here, "", RELEASE_WORKFLOW)
    expected = [f"{TEMPLATE}/actions/setup@{NEW}{comment}", f'"{TEMPLATE}/actions/pythons@{NEW}"{comment}']
    text = Path(WORKFLOWS, "test.yaml").read_text(encoding="utf-8")
    assert re.findall("uses: (.*)", text) == expected
    assert find_pin_notes(here) == []
    assert sorted(path.name for path in Path(WORKFLOWS).iterdir()) == ["new.yaml", "release.yaml", "test.yaml"]


def test_the_pin_of_another_template_moves_with_its_repository(here: Path) -> None:
    """If the template moved to a fork, a pin of the old repository is noted, a version's name is shown as it is."""
    write_workflow("release.yaml", f"Acme/template/actions/gate@{NEW}")
    write_workflow("test.yaml", f"{TEMPLATE}/actions/setup@v1.0.0")
    (found,) = find_pin_notes(here)
    assert f"{TEMPLATE} at v1.0.0, and" in found.sentence
    move_pins(here, "", RELEASE_WORKFLOW)
    assert f"uses: Acme/template/actions/setup@{NEW}\n" in Path(WORKFLOWS, "test.yaml").read_text(encoding="utf-8")


def test_other_pins_are_not_noted(here: Path) -> None:
    """Actions of other repositories, other actions of the template, and the same pin in other case are not noted."""
    write_workflow("release.yaml", f"{TEMPLATE}/actions/gate@{NEW}")
    others = (f"apache/arrow/actions/setup@{OLD}", f"{TEMPLATE}/actions/gate@{OLD}", "./actions/setup")
    write_workflow("test.yaml", *others)
    write_workflow("lint.yaml", f"{TEMPLATE.upper()}/actions/setup@{NEW}")
    assert find_pin_notes(here) == []
    write_workflow("release.yaml", "actions/checkout@v7")
    write_workflow("test.yaml", f"{TEMPLATE}/actions/setup@{OLD}")
    assert find_pin_notes(here) == []
