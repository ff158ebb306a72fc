"""Each finding of the doctor is made in a repository that has the fault, and not in one that does not."""

import re
import shlex

import pytest
from click.testing import Result

from tests.doctor.cases import CASES, Case
from tests.release.scenarios.changes import nothing
from tests.simulation.sandbox import Sandbox
from tests.support.commands import ENVIRONMENT
from tests.support.folder_cache import FolderCache
from tests.support.npm import npm_commands

LIKE_IT = {title: case for title, case in CASES.items() if case.sound is not nothing}
LINTERS = {title: case for title, case in CASES.items() if case.refused_by}


def has(found: Result, case: Case) -> bool:
    """Return whether the doctor made a finding.

    It never prints the credential of a URL, and never advises to delete what was released.
    """
    assert not re.search(r"secret|release delete|tag (-d|--delete)|push .*--delete|cleanup-tag", found.output)
    return f"\n{case.state:<12} {case.line}" in f"\n{found.output}"


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_fault_is_found(case: Case, sandbox: Sandbox) -> None:
    """The doctor prints the finding with its remedy; an error makes its exit code 1."""
    case.fault(sandbox)
    found = sandbox.run_doctor()
    assert has(found, case), found.output
    rest = found.output.partition(f"{case.state:<12} {case.line}")[2]
    assert case.remedy in rest.partition("\n")[2].partition("\n")[0]
    assert found.exit_code == int("\nerror  " in f"\n{found.output}")


@pytest.mark.parametrize("case", LIKE_IT.values(), ids=LIKE_IT)
def test_what_is_like_a_fault_is_not_found(case: Case, sandbox: Sandbox) -> None:
    """The doctor does not make the finding in a repository that is like the one with the fault."""
    case.sound(sandbox)
    found = sandbox.run_doctor()
    assert not has(found, case), found.output


def test_a_repository_without_faults_has_no_findings(sandbox: Sandbox) -> None:
    """In a repository that is set up, the doctor makes no other finding, exits with 0, and changes nothing."""
    found = sandbox.run_doctor()
    assert found.exit_code == 0
    states = {line[:12].strip() for line in found.output.splitlines() if not line.startswith(("What", " "))}
    assert states == {"ok", "note", "not checked"}  # the tag of the next release has no release yet
    assert {(call[0], len(call)) for call in sandbox.github.read_state()["calls"]} == {("api", 2)}
    assert not sandbox.project.run("git", "status", "--porcelain").stdout
    cases = {title: case for title, case in CASES.items() if nothing in {case.sound} - {case.fault}}
    assert {title for title, case in cases.items() if has(found, case)} == set()


@pytest.mark.slow
@pytest.mark.parametrize("case", LINTERS.values(), ids=LINTERS)
def test_a_linter_refuses_what_the_doctor_says(case: Case, sandbox: Sandbox, once: FolderCache) -> None:
    """The linter refuses the files in the repository with the fault, and accepts them in the other."""
    path = {"PATH": f"{npm_commands('prettier', once)}:{ENVIRONMENT['PATH']}"}
    for change, command, refused in ((case.fault, case.refused_by, True), (case.sound, case.accepted_by, False)):
        if command:
            change(sandbox)
            done = sandbox.project.run(*shlex.split(command), env=path, check=False)
            assert bool(done.returncode) == refused, done.stdout + done.stderr
            sandbox.project.run("git", "reset", "--quiet", "--hard", "HEAD~1")
