"""The doctor finds what is wrong before a release, and changes nothing; test_cases.py has all that it finds."""

import io
import json
import re
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from meltano_release.doctor.findings import Finding, show
from meltano_release.publisher import TEMPLATE
from meltano_release.update import move_pins
from tests.doctor.cases import CASES
from tests.release.scenarios.changes import set_remote
from tests.release.scenarios.table import SCENARIOS, Scenario
from tests.simulation.sandbox import Sandbox
from tests.support.paths import RELEASE_WORKFLOW, ROOT, TEST_WORKFLOW
from tests.support.projects import Project
from tests.support.terminal import COLUMNS

DOCTOR = (sys.executable, "-c", "import sys; from meltano_release import doctor; sys.exit(doctor.run_doctor())")
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
    record_property("failure scenario", (scenario.title, "doctor", scenario.message))


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


@pytest.mark.parametrize(
    ("simulated", "reason"),
    [
        ({"gh": False}, "`gh` is not installed"),
        ({"failure": "gh: API rate limit exceeded (HTTP 403)"}, r"API rate limit exceeded \(HTTP 403\)"),
        ({"failure": "error connecting to api.github.com"}, "error connecting to api.github.com"),
        ({"output": "<html>"}, "`gh api repos/MeltanoLabs/my-package.*` did not print JSON"),  # as behind a proxy
    ],
)
def test_what_github_does_not_answer_is_not_checked(simulated: dict[str, Any], reason: str, sandbox: Sandbox) -> None:
    """If `gh` gives no answer, the doctor shows the reason, checks the rest, and exits with 0."""
    found = sandbox.run_doctor(**simulated)
    assert found.exit_code == 0, found.output
    for subject in ("repository", "environment", "rules for tags", "required checks", "releases"):
        assert re.search(rf"^not checked  The {subject} on GitHub: {reason}\.$", found.output, re.MULTILINE)
    assert "not checked  PyPI has my-package" in found.output


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


def test_below_the_top_the_doctor_says_where_it_is(sandbox: Sandbox) -> None:
    """In a folder of the repository, the doctor says that it is there, or that the setup is in the wrong place."""
    below = Sandbox(Project(sandbox.project.path / "src", {}), sandbox.github, sandbox.loopback)
    sentence = "This is the folder src/: run the doctor at the top of the repository."
    assert below.run_doctor().output.startswith(f"error        {sentence}")
    CASES["a setup below the top of the repository"].fault(sandbox)
    below.project = Project(sandbox.project.path / "package", {})
    assert below.run_doctor().output.startswith("error        The release setup is in package/, and")


def test_the_doctor_fits_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a terminal, a sentence wraps between words and is indented; a command stays on one line, to be copied.

    There, a state has a color. In a pipe, each finding is one line.
    """
    url = f"https://pypi.org/{'a' * 2 * COLUMNS}"
    findings = [Finding("not checked", f"PyPI [red] has {'a-b ' * 30}end", url), Finding("error", "It is broken")]
    plain, terminal, colored = io.StringIO(), io.StringIO(), io.StringIO()
    with redirect_stdout(plain):
        show(findings)
    sentence = f"not checked  {findings[0].sentence}."
    assert plain.getvalue().splitlines() == [sentence, f"             → {url}", "error        It is broken."]
    monkeypatch.setenv("COLUMNS", str(COLUMNS))
    monkeypatch.delenv("NO_COLOR", raising=False)
    for output, kind in ((terminal, "dumb"), (colored, "xterm")):
        monkeypatch.setenv("TERM", kind)
        monkeypatch.setattr(output, "isatty", lambda: True)
        with redirect_stdout(output):
            show(findings)
    shown = [line.rstrip() for line in terminal.getvalue().splitlines()]
    assert all(len(line) <= COLUMNS for line in shown if "→" not in line)
    assert re.sub(r"\n {13}(?!→)", " ", "\n".join(shown)) == plain.getvalue().rstrip()
    assert shown[0].startswith("not checked  PyPI [red] has a-b a-b")
    assert len(shown) == 5
    assert "\n\x1b[1;31merror" in colored.getvalue()


@pytest.mark.parametrize("comment", [" # v1.2.0", ""])
def test_the_command_of_the_note_moves_the_pins(comment: str, tmp_path: Path) -> None:
    """`update` gives a pin the repository, the commit and the comment of the release workflow's, as after a fork."""
    files = {
        RELEASE_WORKFLOW: f"uses: Acme/template/actions/gate@{'2' * 40}{comment}\n",
        TEST_WORKFLOW: f"uses: {TEMPLATE}/actions/setup@v1.0.0 # v1\nuses: 'Acme/template/actions/pythons@v1.0.0'\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    move_pins(tmp_path, "", RELEASE_WORKFLOW)
    setup, pythons = (f"Acme/template/actions/{name}@{'2' * 40}" for name in ("setup", "pythons"))
    expected = f"uses: {setup}{comment}\nuses: '{pythons}'{comment}\n"
    assert (tmp_path / TEST_WORKFLOW).read_text(encoding="utf-8") == expected
