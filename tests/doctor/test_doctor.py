"""The doctor finds what is wrong before a release, and changes nothing."""

import io
import re
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from meltano_release.doctor.files import check_pins, check_template_files, check_workflows
from meltano_release.doctor.findings import Finding, show
from meltano_release.workflows import read_workflow
from tests.release.scenarios.changes import (
    Change,
    edit,
    make_own_fork,
    remove_environment_from_workflow,
    set_environment,
    set_remote,
)
from tests.release.scenarios.scenario import Scenario
from tests.release.scenarios.table import SCENARIOS
from tests.simulation.sandbox import Sandbox
from tests.simulation.server import Fault
from tests.support.commands import run
from tests.support.damage import make_shallow
from tests.support.paths import ANSWERS_FILE, PUBLISHER_JSON, RELEASE_WORKFLOW, RELEASING, ROOT, WORKFLOWS
from tests.support.projects import TAG
from tests.support.terminal import COLUMNS

DOCTOR = (sys.executable, "-c", "import sys; from meltano_release import doctor; sys.exit(doctor.run_doctor())")
PUBLISHER = {
    "package_name": "my-package",
    "owner": "MeltanoLabs",
    "repository": "my-package",
    "workflow_filename": "release.yaml",
    "environment": "publishing",
}
FOUND_BY_DOCTOR = [scenario for scenario in SCENARIOS if scenario.action == "doctor"]


@pytest.mark.parametrize("scenario", FOUND_BY_DOCTOR, ids=[scenario.title for scenario in FOUND_BY_DOCTOR])
def test_the_doctor_finds_what_is_wrong_before_a_release(
    scenario: Scenario, sandbox: Sandbox, record_property: Callable[[str, object], None]
) -> None:
    """On the maintainer's machine, the doctor exits with 1, says what is wrong, and prints how to fix it."""
    assert sandbox.run_doctor().returncode == 0
    scenario.change(sandbox)
    found = sandbox.run_doctor()
    assert found.returncode == 1
    assert scenario.message in found.stdout
    assert "→" in found.stdout
    record_property("failure scenario", (scenario.title, "doctor", scenario.message))


def test_the_doctor_finds_no_error_and_changes_nothing(sandbox: Sandbox) -> None:
    """In a repository that is set up as RELEASING.md says, the doctor exits with 0 and changes nothing there."""
    found = sandbox.run_doctor()
    assert found.returncode == 0, found.stdout
    states = {line[:12].strip() for line in found.stdout.splitlines() if not line.startswith(("What", " "))}
    assert states == {"ok", "note", "not checked"}  # the tag of the next release has no release yet
    assert "not checked  PyPI has my-package without a file: whether it is yours" in found.stdout
    assert {call[0] for call in sandbox.github.read_state()["calls"]} == {"api"}
    assert not sandbox.project.run("git", "status", "--porcelain").stdout


def test_the_doctor_says_what_it_cannot_check(sandbox: Sandbox) -> None:
    """Without `gh` and PyPI, the doctor says what it did not check, checks the rest, and exits with 0."""
    sandbox.loopback.faults.append(Fault("pypi.org", 503))
    found = sandbox.run_doctor(gh=False)
    assert found.returncode == 0, found.stdout
    assert "not checked  The repository on GitHub: `gh` is not installed" in found.stdout
    assert "not checked  PyPI: PyPI answered with status 503" in found.stdout


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"files": [{}]}', b"<html>"])
def test_an_invalid_response_of_pypi_is_not_checked(body: bytes, sandbox: Sandbox) -> None:
    """If PyPI's response is invalid, as from a proxy, the doctor says so and exits with 0, without a traceback."""
    sandbox.loopback.faults.append(Fault("pypi.org", body=body))
    found = sandbox.run_doctor()
    assert found.returncode == 0, found.stderr
    assert "not checked  PyPI: PyPI returned an invalid response for my-package." in found.stdout


def test_the_doctor_prints_where_there_is_no_arrow(sandbox: Sandbox) -> None:
    """Where the output's encoding has no arrow, as in a pipe on Windows, the doctor prints a question mark instead."""
    sandbox.run_doctor()
    found = sandbox.run_as_maintainer("env", "PYTHONIOENCODING=cp1252", f"PYTHONPATH={ROOT / 'src'}", *DOCTOR)
    assert found.stderr == ""
    assert "\n             ? " in found.stdout
    assert found.returncode == 0


@pytest.mark.parametrize("message", ["gh: API rate limit exceeded (HTTP 403)", "error connecting to api.github.com"])
def test_what_gh_refuses_is_not_checked(message: str, sandbox: Sandbox) -> None:
    """A request that `gh` refuses is not an error: the doctor shows the reason and exits with 0."""
    found = sandbox.run_doctor(failure=f"more\n{message}")
    assert found.returncode == 0, found.stdout
    for subject in ("repository", "environment", "releases"):
        assert f"not checked  The {subject} on GitHub: {message}." in found.stdout


def test_a_response_that_is_not_json_is_not_checked(sandbox: Sandbox) -> None:
    """If `gh` does not print JSON, as behind a proxy that asks for a login, the doctor says so and exits with 0."""
    found = sandbox.run_doctor(output="<html>")
    assert found.returncode == 0, found.stdout
    assert (
        "not checked  The repository on GitHub: `gh api repos/MeltanoLabs/my-package` did not print JSON."
        in found.stdout
    )


@pytest.mark.parametrize("tags", [("v*",), ("v*.*.*",), ("v[0-9]*",), ("v[^a-z]*",), ("v?.*", "v[0-9][0-9].*")])
def test_any_rules_that_admit_release_tags_are_fine(tags: tuple[str, ...], sandbox: Sandbox) -> None:
    """The doctor accepts all rules of the environment that admit release tags, not only the pattern `v*`."""
    set_environment(branches=("main",), tags=tags, reviewed=True)(sandbox)
    found = sandbox.run_doctor()
    assert found.returncode == 0, found.stdout


def add_tags(*tags: str) -> Change:
    """Tag the commit."""

    def change(sandbox: Sandbox) -> None:
        for tag in tags:
            sandbox.project.run("git", "tag", tag)

    return change


def delete_repository(sandbox: Sandbox) -> None:
    """Give the repository another name; nothing redirects there."""
    sandbox.github.repository = "other"


def ignore_workflow(sandbox: Sandbox) -> None:
    """Let git ignore the release workflow, before it was ever committed."""
    sandbox.project.run("git", "rm", "--quiet", "--cached", RELEASE_WORKFLOW)
    sandbox.project.write(".gitignore", "release.yaml\n")
    sandbox.commit()


OTHER_FINDINGS = {
    "a remote elsewhere": (set_remote("https://gitlab.com/a/b.git"), "not checked  The git remote: the git remote"),
    "another environment in the workflow": (
        edit(RELEASE_WORKFLOW, 'name: "publishing"', 'name: "pypi"'),
        'publishing.\n             → write `environment: "publishing"` into that job, or change',
    ),
    "no environment in the workflow": (
        remove_environment_from_workflow,
        f"error        The job publish of {RELEASE_WORKFLOW} has no environment, and the publisher publishing.",
    ),
    "a workflow that does not publish": (
        edit(RELEASE_WORKFLOW, "pypa/gh-action-pypi-publish", "a/b"),
        f"publishes to PyPI.\n             → restore the file from git: git log -- {RELEASE_WORKFLOW}",
    ),
    "no repository": (delete_repository, "error        GitHub shows you no repository MeltanoLabs/my-package"),
    "no release of an unknown repository": (
        delete_repository,
        "not checked  The releases on GitHub: GitHub shows you no",
    ),
    "no workflow": (
        lambda sandbox: (sandbox.project.path / RELEASE_WORKFLOW).unlink(),
        f"which the publisher names.\n             → restore the file from git: git log -- {RELEASE_WORKFLOW}\n",
    ),
    "a fork that is the publisher's": (make_own_fork, "note         MeltanoLabs/my-package is a fork"),
    "no project": (
        lambda sandbox: sandbox.loopback.pypi.projects.clear(),
        "register a pending publisher, at most 30 days before the first release or dry run.\n",
    ),
    "a project with files": (
        lambda sandbox: sandbox.loopback.pypi.projects["my-package"].update({"a": b"b"}),
        "not checked  PyPI has my-package: whether it is yours",
    ),
    "no tag": (
        lambda sandbox: sandbox.project.run("git", "tag", "--delete", TAG),
        "note         No tag is a release tag (`v1.2.3`) yet: the first release makes one.\n",
    ),
    "a pre-release of the same version": (
        add_tags("v1.2.3rc1", "v1.2.3a2", "v1.2.3.dev1"),
        f"ok           The latest version among the tags is {TAG}.\n",
    ),
    "a tag": (lambda _: None, f"ok           The latest version among the tags is {TAG}.\n"),
    "a shallow clone": (lambda sandbox: make_shallow(sandbox.project), "error        The clone is shallow"),
    "tags that are not versions": (add_tags("1.0.0", "v1.0-beta"), "note         No release can be made from"),
    "a release workflow with conflict markers": (
        edit(RELEASE_WORKFLOW, "permissions: {}\n", "<<<<<<< before\n=======\npermissions: {}\n>>>>>>> after\n"),
        f"error        GitHub cannot read {RELEASE_WORKFLOW}: could not find expected ':' (line ",
    ),
    "a release workflow that git ignores": (
        ignore_workflow,
        f"lacks {RELEASE_WORKFLOW}, so GitHub will not have it.\n             → git add --force {RELEASE_WORKFLOW} &&",
    ),
    "a publisher that is not committed": (
        lambda sandbox: sandbox.project.write(PUBLISHER_JSON, sandbox.project.read(PUBLISHER_JSON) + "\n"),
        f"note         {PUBLISHER_JSON} differs from the last commit, which is what GitHub sees.\n",
    ),
    "no commit": (
        lambda sandbox: sandbox.project.run("git", "update-ref", "-d", "HEAD"),
        "not checked  The last commit: fatal: Not a valid object name HEAD.\n",
    ),
    "another workflow that is broken": (
        lambda sandbox: sandbox.project.write(f"{WORKFLOWS}/test.yaml", "on: {{ push }}\n"),
        f"not checked  {WORKFLOWS}/test.yaml cannot be read: found unhashable key (line 1).\n",
    ),
    "no documentation of the release": (
        lambda sandbox: (sandbox.project.path / RELEASING).unlink(),
        f"does not bring it back.\n             → restore the file from git: git log -- {RELEASING}\n",
    ),
    "no publisher": (
        lambda sandbox: (sandbox.project.path / PUBLISHER_JSON).unlink(),
        f"error        {PUBLISHER_JSON} is",
    ),
}


ON_GITHUB = (delete_repository, make_own_fork)  # the others can be seen without `gh`


@pytest.mark.parametrize(("change", "line"), OTHER_FINDINGS.values(), ids=OTHER_FINDINGS)
def test_the_doctor_finds_the_state_of_things(change: Change, line: str, sandbox: Sandbox) -> None:
    """The doctor prints a line about each state of the project; only an error makes its exit code 1."""
    change(sandbox)
    found = sandbox.run_doctor(gh=change in ON_GITHUB)
    assert line in found.stdout
    assert found.returncode == int("error  " in found.stdout)


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


def find_pin_notes() -> list[Finding]:
    """Return what the doctor finds about the pins of the workflows in the working directory."""
    workflows = {path: read_workflow(path) for path in sorted(Path(WORKFLOWS).iterdir())}
    return check_pins(Path(RELEASE_WORKFLOW), workflows)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the working directory."""
    monkeypatch.chdir(tmp_path)
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
    (found,) = find_pin_notes()
    assert found.state == "note"
    assert found.sentence == f"{WORKFLOWS}/test.yaml uses {TEMPLATE} at 1111111, and {RELEASE_WORKFLOW} at 2222222"
    run("/bin/sh", "-c", found.remedy, cwd=here)
    expected = [f"{TEMPLATE}/actions/setup@{NEW}{comment}", f'"{TEMPLATE}/actions/pythons@{NEW}"{comment}']
    text = Path(WORKFLOWS, "test.yaml").read_text(encoding="utf-8")
    assert re.findall("uses: (.*)", text) == expected
    assert find_pin_notes() == []
    assert sorted(path.name for path in Path(WORKFLOWS).iterdir()) == ["new.yaml", "release.yaml", "test.yaml"]


def test_the_pin_of_another_template_moves_with_its_repository(here: Path) -> None:
    """If the template moved to a fork, a pin of the old repository is noted, a version's name is shown as it is."""
    write_workflow("release.yaml", f"Acme/template/actions/gate@{NEW}")
    write_workflow("test.yaml", f"{TEMPLATE}/actions/setup@v1.0.0")
    (found,) = find_pin_notes()
    assert f"{TEMPLATE} at v1.0.0, and" in found.sentence
    run("/bin/sh", "-c", found.remedy, cwd=here)
    assert f"uses: Acme/template/actions/setup@{NEW}\n" in Path(WORKFLOWS, "test.yaml").read_text(encoding="utf-8")


@pytest.mark.usefixtures("here")
def test_other_pins_are_not_noted() -> None:
    """Actions of other repositories, other actions of the template, and the same pin in other case are not noted."""
    write_workflow("release.yaml", f"{TEMPLATE}/actions/gate@{NEW}")
    write_workflow(
        "test.yaml", f"apache/arrow/actions/setup@{OLD}", f"{TEMPLATE}/actions/gate@{OLD}", "./actions/setup"
    )
    write_workflow("lint.yaml", f"{TEMPLATE.upper()}/actions/setup@{NEW}")
    assert find_pin_notes() == []
    write_workflow("release.yaml", "actions/checkout@v7")
    write_workflow("test.yaml", f"{TEMPLATE}/actions/setup@{OLD}")
    assert find_pin_notes() == []


@pytest.mark.usefixtures("here")
def test_the_doctor_looks_at_pins_with_the_workflows() -> None:
    """The pins are looked at whenever the release workflow can be read."""
    write_workflow("release.yaml", f"{TEMPLATE}/actions/gate@{NEW}", "pypa/gh-action-pypi-publish@v1")
    write_workflow("test.yaml", f"{TEMPLATE}/actions/setup@{OLD}")
    assert [found.state for found in check_workflows(PUBLISHER)] == ["ok", "note"]


def test_each_file_of_the_template_that_is_missing_is_noted(here: Path) -> None:
    """The doctor notes each missing file that the template owns; the answers file may have another name."""
    names = (ANSWERS_FILE, PUBLISHER_JSON, RELEASING)
    found = check_template_files(PUBLISHER)
    assert {one.state for one in found} == {"note"}
    assert [one.remedy for one in found] == [f"restore the file from git: git log -- {name}" for name in names]
    (here / ".github").mkdir()
    for name in (".copier-answers.package.yml", PUBLISHER_JSON, RELEASING):
        (here / name).touch()
    assert check_template_files(PUBLISHER) == []


def test_the_commands_that_the_doctor_prints_are_enough(sandbox: Sandbox) -> None:
    """The commands that the doctor prints protect an environment that admits all refs; its reviewer and timer stay."""
    set_environment(reviewed=True)(sandbox)
    sandbox.run_doctor()
    prepared = sandbox.github.read_state()
    path = "repos/MeltanoLabs/my-package/environments/publishing"
    prepared["answers"][f"{path}/deployment-branch-policies?per_page=100"] = {"branch_policies": []}
    prepared["answers"][path]["protection_rules"].append({"type": "wait_timer", "wait_timer": 5})
    sandbox.github.write_state(prepared)
    doctor = ("env", f"PYTHONPATH={ROOT / 'src'}", *DOCTOR)
    found = sandbox.run_as_maintainer(*doctor)
    for _ in range(2):  # rules can be added only after the first command
        lines = [line for line in found.stdout.splitlines() if "→" in line and path in line]
        for remedy in (line.partition("→ ")[2] for line in lines):
            done = sandbox.run_as_maintainer("/bin/sh", "-c", remedy)
            assert done.returncode == 0, done.stderr
        found = sandbox.run_as_maintainer(*doctor)
    assert found.returncode == 0, found.stdout
    assert "ok           The environment publishing requires a reviewer." in found.stdout
    reviewers, timer = sandbox.github.read_state()["answers"][path]["protection_rules"]
    assert reviewers["prevent_self_review"]
    assert timer == {"type": "wait_timer", "wait_timer": 5}


@pytest.mark.parametrize(
    ("bypass", "line"),
    [
        (False, "ok           Administrators cannot bypass the rules of the environment publishing."),
        (True, "note         Administrators can bypass the rules of the environment publishing."),
        (None, "not checked  GitHub does not say whether administrators can bypass publishing."),
    ],
)
def test_the_bypass_of_administrators_is_judged(sandbox: Sandbox, line: str, *, bypass: bool | None) -> None:
    """The doctor says whether administrators can deploy without the reviewer, and names the checkbox if they can."""
    sandbox.github.environments["publishing"].bypass = bypass
    printed = sandbox.run_doctor().stdout
    assert line in printed
    assert ("clear “Allow administrators to bypass" in printed) == (bypass is not False)
