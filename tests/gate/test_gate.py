"""The release gate refuses what breaks one of its rules: each is broken once, in a copy of real distributions."""

import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from meltano_release.cli import main
from meltano_release.gate import judge, run_gate
from tests.gate.crafted.rules import RUN_RULES
from tests.support.damage import (
    Damage,
    add_commit,
    built_as,
    field,
    git,
    more,
    platform,
    publisher,
    rewrite,
    write,
)
from tests.support.editing import all_of
from tests.support.gate_cases import (
    BY_HAND,
    CASES,
    DIFFERS,
    EVENT,
    RELEASE,
    Case,
    tagged,
)
from tests.support.paths import RELEASE_WORKFLOW
from tests.support.projects import SDIST, VERSION, WHEEL, Project

DIST = Path("dist")


@pytest.mark.parametrize("environ", [{}, RELEASE, BY_HAND], ids=["a pull request", "a release", "a dry run"])
@pytest.mark.usefixtures("with_dist")
def test_good_distributions_pass(environ: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The gate passes good distributions without a warning, outputs the version, and says what they may become."""
    assert run_gate(DIST, environ | {"GITHUB_OUTPUT": str(tmp_path / "output")}) == 0
    verdict = "may be released" if environ == RELEASE else "passes: a release would be built again at its tag"
    assert capsys.readouterr().out == f"my-package {VERSION} {verdict}: {SDIST}, {WHEEL}\n"
    assert (tmp_path / "output").read_text(encoding="utf-8") == f"version={VERSION}\n"


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_refusal_is_one_sentence_with_the_fix(with_dist: Project, case: Case) -> None:
    """The gate refuses each kind of damage in one sentence; the reference quotes some."""
    case.damage(with_dist)
    (problem,) = [problem for problem in judge(DIST, case.environ).problems if case.message in problem]
    assert problem.endswith(".")
    assert "\n" not in problem
    assert all(rule.message == problem for rule in RUN_RULES if CASES.get(rule.example) == case)


@pytest.mark.parametrize(
    ("name", "variables"),
    [("a long summary", {}), ("another repository", RELEASE), ("nothing built", {})],
    ids=["one refusal", "a release", "no distributions"],
)
def test_the_command_prints_each_refusal_and_exits_with_1(
    with_dist: Project, name: str, variables: dict[str, str], tmp_path: Path
) -> None:
    """`meltano-release gate` prints a line for each refusal and no other, exits with 1, and outputs no version."""
    CASES[name].damage(with_dist)
    hidden = dict.fromkeys(name for name in os.environ if name.startswith("GITHUB_"))
    environ = hidden | variables | {"GITHUB_OUTPUT": str(tmp_path / "output")}
    done = CliRunner().invoke(main, ["gate", "dist"], env=environ)
    assert done.exit_code == 1
    assert done.output == "".join(f"Refused: {problem}\n" for problem in judge(DIST, variables).problems)
    assert CASES[name].message in done.output
    assert not (tmp_path / "output").exists()


@pytest.mark.usefixtures("with_dist")
def test_the_command_passes_what_may_be_released(tmp_path: Path) -> None:
    """`meltano-release gate`, with the variables of a release, outputs the version and exits with 0."""
    output = tmp_path / "output"
    done = CliRunner().invoke(main, ["gate", "dist"], env=RELEASE | {"GITHUB_OUTPUT": str(output)})
    assert (done.exit_code, done.exception) == (0, None)
    assert output.read_text(encoding="utf-8") == f"version={VERSION}\n"


def second_wheel(name: str) -> Damage:
    """Add a wheel for another platform."""
    return lambda project: shutil.copy(project.path / "dist" / WHEEL, project.path / "dist" / name)


LOCAL = "1.2.3.post1.dev0+0344453"  # the commit has digits alone, which PEP 440 reads as a number


@pytest.mark.parametrize("folder", [LOCAL, LOCAL.replace("+0", "+")], ids=["as in the file name", "as a number"])
def test_a_build_of_any_commit_passes_and_is_not_released(with_dist: Project, folder: str) -> None:
    """A pull request's build passes whatever its commit is called; in a release the tag is not its version."""
    built_as(LOCAL, folder)(with_dist)
    add_commit(with_dist)
    verdict = judge(DIST, {})
    assert (verdict.problems, verdict.warnings) == ([], [])
    (problem,) = judge(DIST, RELEASE).problems
    assert problem.startswith("The tag is v1.2.3 and the built version 1.2.3.post1.dev0+344453: ")


LEGAL = {
    "several wheels": all_of(
        second_wheel("my_package-1.2.3-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"),
        second_wheel("my_package-1.2.3-cp312-cp312-macosx_11_0_arm64.whl"),
    ),
    "no wheel for every platform": platform("musllinux_1_2_aarch64"),
    "a label with an emoji": rewrite(more("Project-URL", "📦 Repository, https://x.org/ü")),
    "512 Chinese characters": rewrite(field("Summary", "長" * 512)),
    "requirements of the wheel alone": all_of(
        rewrite(more("Dynamic", "Requires-Dist")), rewrite(more("Requires-Dist", "six"), sdist=False)
    ),
    "no description": rewrite(lambda text: text.partition("\n\n")[0] + "\n"),
    "an old license file": rewrite(
        lambda text: field("Metadata-Version", "2.1")(text).replace("License-Expression: Apache-2.0\n", "")
    ),
    "markers that Copier did not write": all_of(write("x.md", "<<<<<<< a\n=======\n>>>>>>> b\n"), git("add", "x.md")),
    "a binary file": all_of(write("x.bin", "\0<<<<<<< before\0"), git("add", "x.bin")),
    "a patch that git rejected, as test data": all_of(write("a.rej", "x"), git("add", "a.rej")),
    "a license classifier": rewrite(more("Classifier", "License :: OSI Approved :: MIT License")),
}


@pytest.mark.parametrize("change", LEGAL.values(), ids=LEGAL)
def test_what_pypi_accepts_passes(with_dist: Project, change: Damage) -> None:
    """The gate accepts what PyPI accepts, even if it is rare, such as a wheel for each platform or no description."""
    change(with_dist)
    assert judge(DIST, RELEASE).problems == []


@pytest.mark.parametrize("version", ["1!2.0", "1.2.3.post1", "1.2.3rc1", "2026.11"])
def test_every_kind_of_version_can_be_released(with_dist: Project, version: str) -> None:
    """The gate accepts epochs, post-releases, pre-releases, and dates as versions."""
    built_as(version)(with_dist)
    assert judge(DIST, tagged(f"v{version}")).problems == []


def test_several_causes_are_all_named(with_dist: Project) -> None:
    """If a version is static and its build backend reads no tags, the gate names both causes."""
    CASES["a static version and another backend"].damage(with_dist)
    problems = judge(DIST, RELEASE).problems
    assert [problem.partition(DIFFERS)[2].partition(":")[0] for problem in problems] == [
        "[project] of pyproject.toml has a static `version`",
        "uv's build backend does not read tags",
    ]


ENVIRONMENTS = """\
jobs:
  publish:
    environment: { name: "release #1" } # a comment: with "quotes"
    steps:
      - uses: pypa/gh-action-pypi-publish@0 # v1
  docker:
    environment: docker
    permissions: { id-token: write }
    steps: [{ run: "true" }]
"""


def test_environments_are_read_as_yaml(with_dist: Project) -> None:
    """An environment may have a `#` in its name and a comment behind it; only that of the publishing job counts."""
    with_dist.write(RELEASE_WORKFLOW, ENVIRONMENTS)
    publisher(environment="Release #1")(with_dist)  # PyPI and GitHub compare it without regard to case
    assert judge(DIST, RELEASE).problems == []


def test_no_value_breaks_out_of_an_annotation(with_dist: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """The gate escapes a line break in a value, so that the value cannot begin another workflow command."""
    with_dist.write(EVENT, '{"inputs": {"package_name": "x\\n::warning::y%0A"}}')
    publisher(repository="a\n::set-output name=version::1")(with_dist)
    assert run_gate(DIST, BY_HAND | {"GITHUB_ACTIONS": "true"}) == 1
    printed = capsys.readouterr().out
    assert [line for line in printed.splitlines() if not line.startswith("::error title=Release gate::")] == []
    assert "a%0A::set-output" in printed


@pytest.mark.parametrize(
    "payload", ['{"inputs": {}}', '{"inputs": null}', '{"inputs": {"package_name": null}}', "null", ""]
)
def test_a_dry_run_without_inputs_is_refused_in_one_sentence(with_dist: Project, payload: str) -> None:
    """A dispatch by the API may come without inputs: nothing was typed, which is not the project's name."""
    with_dist.write(EVENT, payload)
    (problem,) = judge(DIST, BY_HAND).problems
    assert problem.startswith("Nothing was typed and the project is called my-package: ")


@pytest.mark.parametrize("payload", ['{"repository": null}', "[]", '{"repository": {}}'])
def test_a_release_passes_whatever_its_payload_lacks(with_dist: Project, payload: str) -> None:
    """The gate reads the default branch alone from the payload of a release: without it there is no warning."""
    with_dist.write(EVENT, payload)
    verdict = judge(DIST, RELEASE)
    assert (verdict.problems, verdict.warnings) == ([], [])


def test_a_release_off_the_default_branch_gets_a_warning(with_dist: Project) -> None:
    """A released commit that is not on the default branch passes with a warning; one that is on it passes without."""
    with_dist.run("git", "update-ref", "refs/remotes/origin/main", "HEAD")
    assert judge(DIST, RELEASE).warnings == []
    other = with_dist.run("git", "commit-tree", "HEAD^{tree}", "-m", "Another history").stdout.strip()
    with_dist.run("git", "update-ref", "refs/remotes/origin/main", other)
    verdict = judge(DIST, RELEASE)
    assert verdict.problems == []
    assert verdict.warnings == ["The released commit is not on the default branch main: see that this is intended."]
