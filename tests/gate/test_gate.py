"""The release gate judges the repository and the run, too: each rule is broken once, in a copy of a real project."""

import os
import re
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner

from meltano_release.cli import main
from meltano_release.gate import judge, run_gate
from tests.gate.crafted.case import version
from tests.gate.crafted.page import PAGE
from tests.support.damage import Damage, add_commit, edit, git, make_shallow, publisher, write
from tests.support.editing import all_of
from tests.support.gate_cases import BY_HAND, EVENT, RELEASE, tagged
from tests.support.paths import PUBLISHER_JSON, PYPROJECT, README, RELEASE_WORKFLOW
from tests.support.projects import SDIST, TAG, VERSION, WHEEL, Project

DIST = Path("dist")
COMMIT = "1.2.3.post1.dev0+0344453"  # the commit has digits alone, which PEP 440 reads as a number
CONFLICT = "<<<<<<< before updating\n=======\n>>>>>>> after updating\n"


def built_as(spelled: str, folder: str = "") -> Damage:
    """Have good distributions of another version; `.dist-info` may spell it differently."""

    def damage(project: Project) -> None:
        shutil.rmtree(project.path / "dist")
        (project.path / "dist").mkdir()
        version(project.path / "dist", spelled, folder=folder)

    return damage


BUILT_AS = built_as("1.2.4")
DIFFERS = "The tag is v1.2.3 and the built version 1.2.4: "
nothing = write("dist/.gitignore", "*")  # as uv leaves it there


class Case(NamedTuple):
    """One refusal: what is damaged, the gate's message, and the variables of the run."""

    damage: Damage
    message: str
    environ: dict[str, str] = {}  # noqa: RUF012 - never changed


CASES = {
    "no publisher": Case(lambda project: (project.path / PUBLISHER_JSON).unlink(), f"{PUBLISHER_JSON} is missing"),
    "an empty publisher": Case(write(PUBLISHER_JSON, ""), f"{PUBLISHER_JSON} does not hold the five answers"),
    "half a publisher": Case(write(PUBLISHER_JSON, '{"owner": "a"}'), "hold the five answers ('package_name')"),
    "another file": Case(write("dist/notes.txt", "x"), "but holds my_package-1.2.3-py3-none-any.whl, my_package"),
    "nothing built": Case(lambda project: shutil.rmtree(project.path / "dist"), "must hold one .tar.gz, one or more"),
    "another package": Case(publisher(package_name="our-package"), "called my-package and the publisher is registered"),
    "a conflict": Case(all_of(write("x.md", CONFLICT), git("add", "x.md")), "x.md has conflict markers"),
    "a conflict in a file that git treats as binary": Case(
        all_of(write(".gitattributes", "*.txt binary\n"), write("ä x.txt", CONFLICT), git("add", "--all")),
        "ä x.txt has conflict markers",
    ),
    "a conflict in pyproject.toml": Case(
        all_of(BUILT_AS, write(PYPROJECT, CONFLICT)), "pyproject.toml has conflict markers", RELEASE
    ),
    "a rejected hunk": Case(write(f"{README}.rej", "x"), f"{README}.rej has changes that could not be applied"),
    "no repository": Case(lambda project: shutil.rmtree(project.path / ".git"), "git cannot read this repository"),
    "a shallow clone": Case(make_shallow, "The checkout is shallow"),
    # The tag.
    "no v": Case(nothing, "The tag 1.2.3 is not `v` and the canonical form", tagged("1.2.3")),
    "no canonical version": Case(nothing, "form of its version (PEP 440): delete the", tagged("v1.2.3-rc.1")),
    "no version": Case(nothing, "The tag vnext is not `v` and a version", tagged("vnext")),
    "one of several packages": Case(nothing, "for example as v1.2.3. Several packages", tagged("a-b-v1.2.3")),
    "a local version": Case(nothing, "has a local part (x), which PyPI refuses", tagged("v1.2.3+x")),
    "no version yet": Case(nothing, "The tag v0.0.0 means a project without a version", tagged("v0.0.0")),
    "a static version": Case(
        all_of(BUILT_AS, edit(PYPROJECT, "[project]\n", "[project]\nversion = '1.2.4'\n")),
        f"{DIFFERS}[project] of pyproject.toml has a static `version`", RELEASE,
    ),
    "a static version and another backend": Case(
        all_of(BUILT_AS, write(PYPROJECT, "[project]\nversion = '1'\n[build-system]\nbuild-backend='uv_build'\n")),
        f"{DIFFERS}uv's build backend does not read tags", RELEASE,
    ),
    "versioning that is off": Case(
        all_of(BUILT_AS, edit(PYPROJECT, "enable = true", "enable = false")),
        f"{DIFFERS}poetry-dynamic-versioning is off", RELEASE,
    ),
    "another backend": Case(
        all_of(BUILT_AS, edit(PYPROJECT, "poetry_dynamic_versioning.backend", "poetry.core.masonry.api")),
        f"{DIFFERS}the build backend is poetry-core's own", RELEASE,
    ),
    "no tags": Case(
        all_of(BUILT_AS, git("tag", "--delete", TAG)), f"{DIFFERS}the checkout does not have the tag v1.2.3", RELEASE
    ),
    "a moved tag": Case(all_of(BUILT_AS, add_commit), f"{DIFFERS}the tag v1.2.3 was moved to another commit", RELEASE),
    "no cause to be seen": Case(BUILT_AS, f"{DIFFERS}the version does not come from the tag: configure", RELEASE),
    # The run.
    "another repository": Case(
        publisher(repository="My-Package"), "registered for MeltanoLabs/My-Package, which PyPI", RELEASE
    ),
    "another workflow": Case(
        publisher(workflow_filename="publish.yaml"), f"The workflow {Path(RELEASE_WORKFLOW).name} runs", RELEASE
    ),
    "another environment": Case(
        publisher(environment="pypi"), "The job publish of release.yaml has the environment publishing", RELEASE
    ),
    "nothing that publishes": Case(
        edit(RELEASE_WORKFLOW, "pypa/gh-action-pypi-publish", "a/b"), "No job of release.yaml uses pypa/gh", RELEASE
    ),
    "a mistyped confirmation": Case(
        write(EVENT, '{"inputs": {"package_name": "my_package"}}'), "'my_package' was typed", BY_HAND
    ),
    "a confirmation in another case": Case(
        write(EVENT, '{"inputs": {"package_name": "My-Package"}}'), "'My-Package' was typed", BY_HAND
    ),
    **{
        f"no confirmation: {payload}": Case(write(EVENT, payload), "Nothing was typed and the project is", BY_HAND)
        for payload in ('{"inputs": {}}', '{"inputs": null}', '{"inputs": {"package_name": null}}', "null", "")
    },
}  # fmt: skip
BLOCKS = re.findall(
    r"^```text\n(.*?)```", PAGE.read_text("utf-8").partition("### The repository")[2], re.MULTILINE | re.DOTALL
)
QUOTED = [" ".join(block.split()) for block in BLOCKS]  # in the reference


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
    """The gate refuses each kind of damage in one sentence; those that the reference quotes are as it quotes them."""
    case.damage(with_dist)
    problems = judge(DIST, case.environ).problems
    (problem,) = [problem for problem in problems if case.message in problem]
    assert problem.endswith(".")
    assert "\n" not in problem
    assert [quoted for quoted in QUOTED if case.message in quoted] in ([], [problem])


def test_the_reference_quotes_messages_of_the_gate() -> None:
    """Each message of the repository and the run in the reference is that of a case."""
    assert len(QUOTED) > 10
    assert [quoted for quoted in QUOTED if not any(case.message in quoted for case in CASES.values())] == []


@pytest.mark.parametrize(
    ("name", "variables"),
    [("another file", {}), ("another repository", RELEASE), ("nothing built", {})],
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


@pytest.mark.parametrize("folder", [COMMIT, COMMIT.replace("+0", "+")], ids=["as in the file name", "as a number"])
def test_a_build_of_any_commit_passes_and_is_not_released(with_dist: Project, folder: str) -> None:
    """A pull request's build passes whatever its commit is called; in a release the tag is not its version."""
    built_as(COMMIT, folder)(with_dist)
    add_commit(with_dist)
    verdict = judge(DIST, {})
    assert (verdict.problems, verdict.warnings) == ([], [])
    (problem,) = judge(DIST, RELEASE).problems
    assert problem.startswith("The tag is v1.2.3 and the built version 1.2.3.post1.dev0+344453: ")


LEGAL = {
    "markers that Copier did not write": all_of(write("x.md", "<<<<<<< a\n=======\n>>>>>>> b\n"), git("add", "x.md")),
    "one marker of Copier's, in a text": all_of(write("x.md", "<<<<<<< before updating\n"), git("add", "x.md")),
    "half a marker in a binary file": all_of(write("x.bin", "\0<<<<<<< before\0"), git("add", "x.bin")),
    "a patch that git rejected, as test data": all_of(write("a.rej", "x"), git("add", "a.rej")),
    "an environment with a #, in another case": all_of(
        edit(RELEASE_WORKFLOW, 'name: "publishing"', "name: 'release #1' # with \"quotes\""),
        publisher(environment="Release #1"),
    ),
    **{
        f"the payload of a release: {payload}": write(EVENT, payload)
        for payload in ('{"repository": null}', "[]", '{"repository": {}}')
    },
}


@pytest.mark.parametrize("change", LEGAL.values(), ids=LEGAL)
def test_what_only_looks_wrong_passes(with_dist: Project, change: Damage) -> None:
    """A release passes without a warning if the gate can know that what is unusual is right."""
    change(with_dist)
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
