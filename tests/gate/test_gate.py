"""The release gate judges the repository and the run, too: each rule is broken once, in a copy of a real project."""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from meltano_release.cli import main
from meltano_release.gate import judge, run_gate
from tests.support.damage import add_commit, built_as, damage, publisher
from tests.support.gate_cases import BY_HAND, EVENT, RELEASE, tagged
from tests.support.pages import code_blocks, page
from tests.support.projects import SDIST, VERSION, WHEEL, Project

DIST = Path("dist")
COMMIT = "1.2.3.post1.dev0+0344453"  # the commit has digits alone, which PEP 440 reads as a number


TABLE = yaml.safe_load(Path(__file__).with_name("refusals.yml").read_text(encoding="utf-8"))
REFUSED: dict[str, dict[str, Any]] = TABLE["refused"]
RUNS = {"a pull request": {}, "release": RELEASE, "by hand": BY_HAND}


def environ_of(case: dict[str, Any]) -> dict[str, str]:
    """Return the variables of the run of a case."""
    return tagged(case["tag"]) if "tag" in case else RUNS[case.get("run", "a pull request")]


BLOCKS = code_blocks(page("reference/gate.md").partition("### The repository")[2], "text")
QUOTED = [" ".join(block.split()) for block in BLOCKS]  # in the reference


@pytest.mark.parametrize("environ", RUNS.values(), ids=RUNS)
@pytest.mark.usefixtures("with_dist")
def test_good_distributions_pass(environ: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The gate passes good distributions without a warning, outputs the version, and says what they may become."""
    assert run_gate(DIST, environ | {"GITHUB_OUTPUT": str(tmp_path / "output")}) == 0
    verdict = "may be released" if environ == RELEASE else "passes: a release would be built again at its tag"
    assert capsys.readouterr().out == f"my-package {VERSION} {verdict}: {SDIST}, {WHEEL}\n"
    assert (tmp_path / "output").read_text(encoding="utf-8") == f"version={VERSION}\n"


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_a_refusal_is_one_sentence_with_the_fix(with_dist: Project, case: dict[str, Any]) -> None:
    """The gate refuses each kind of damage in one sentence; those that the reference quotes are as it quotes them."""
    damage(case.get("damage", []))(with_dist)
    problems = judge(DIST, environ_of(case)).problems
    (problem,) = [problem for problem in problems if case["says"] in problem]
    assert problem.endswith(".")
    assert "\n" not in problem
    assert [quoted for quoted in QUOTED if case["says"] in quoted] in ([], [problem])


def test_the_reference_quotes_messages_of_the_gate() -> None:
    """Each message of the repository and the run in the reference is that of a case."""
    assert len(QUOTED) > 10
    assert [quoted for quoted in QUOTED if not any(case["says"] in quoted for case in REFUSED.values())] == []


@pytest.mark.parametrize("name", ["another file", "another repository", "nothing built"])
def test_the_command_prints_each_refusal_and_exits_with_1(with_dist: Project, name: str, tmp_path: Path) -> None:
    """`meltano-release gate` prints a line for each refusal and no other, exits with 1, and outputs no version."""
    case = REFUSED[name]
    damage(case["damage"])(with_dist)
    hidden = dict.fromkeys(name for name in os.environ if name.startswith("GITHUB_"))
    environ = hidden | environ_of(case) | {"GITHUB_OUTPUT": str(tmp_path / "output")}
    done = CliRunner().invoke(main, ["gate", "dist"], env=environ)
    assert done.exit_code == 1
    assert done.output == "".join(f"Refused: {problem}\n" for problem in judge(DIST, environ_of(case)).problems)
    assert case["says"] in done.output
    assert not (tmp_path / "output").exists()


@pytest.mark.parametrize("folder", [COMMIT, COMMIT.replace("+0", "+")], ids=["as in the file name", "as a number"])
def test_a_build_of_any_commit_passes_and_is_not_released(with_dist: Project, folder: str) -> None:
    """A pull request's build passes whatever its commit is called; in a release the tag is not its version."""
    built_as(COMMIT, folder)(with_dist)
    add_commit(with_dist)
    verdict = judge(DIST, {})
    assert (verdict.problems, verdict.warnings) == ([], [])
    (problem,) = judge(DIST, RELEASE).problems
    assert problem.startswith("The tag is v1.2.3 and the built version 1.2.3.post1.dev0+344453: ")


@pytest.mark.parametrize("change", TABLE["accepted"].values(), ids=TABLE["accepted"])
def test_what_only_looks_wrong_passes(with_dist: Project, change: dict[str, Any]) -> None:
    """A release passes without a warning if the gate can know that what is unusual is right."""
    damage(change)(with_dist)
    verdict = judge(DIST, RELEASE)
    assert (verdict.problems, verdict.warnings) == ([], [])


@pytest.mark.parametrize("number", ["1!2.0", "1.2.3.post1", "1.2.3rc1", "2026.11"])
def test_every_kind_of_version_can_be_released(with_dist: Project, number: str) -> None:
    """The gate accepts epochs, post-releases, pre-releases, and dates as versions."""
    built_as(number)(with_dist)
    assert judge(DIST, tagged(f"v{number}")).problems == []


def test_no_value_breaks_out_of_an_annotation(with_dist: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """The gate escapes a line break in a value, so that the value cannot begin another workflow command."""
    with_dist.write(EVENT, '{"inputs": {"package_name": "x\\n::warning::y%0A"}}')
    publisher(repository="a\n::set-output name=version::1")(with_dist)
    assert run_gate(DIST, BY_HAND | {"GITHUB_ACTIONS": "true"}) == 1
    printed = capsys.readouterr().out
    assert [line for line in printed.splitlines() if not line.startswith("::error title=Release gate::")] == []
    assert "a%0A::set-output" in printed


def test_a_release_off_the_default_branch_gets_a_warning(with_dist: Project) -> None:
    """A released commit that is not on the default branch passes with a warning; one that is on it passes without."""
    with_dist.run("git", "update-ref", "refs/remotes/origin/main", "HEAD")
    assert judge(DIST, RELEASE).warnings == []
    other = with_dist.run("git", "commit-tree", "HEAD^{tree}", "-m", "Another history").stdout.strip()
    with_dist.run("git", "update-ref", "refs/remotes/origin/main", other)
    verdict = judge(DIST, RELEASE)
    assert verdict.problems == []
    assert verdict.warnings == ["The released commit is not on the default branch main: see that this is intended."]
