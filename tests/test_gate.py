"""The release gate refuses what breaks one of its rules: each is broken once, in a copy of real distributions."""

import ast
import shutil
import sys
from pathlib import Path

import pytest

from tests.support.damage import (
    Damage,
    edit,
    field,
    git,
    more,
    platform,
    publisher,
    rename,
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
    SCRIPTS,
    Case,
    copy_with_distributions,
    run_gate,
    tagged,
)
from tests.support.paths import GATE_SCRIPT, PYPROJECT, RELEASE_WORKFLOW
from tests.support.projects import SDIST, VERSION, WHEEL, Project


@pytest.fixture
def with_dist(default: Project, built: Path, tmp_path: Path) -> Project:
    """Return a copy of the default project with its distributions in dist/, which a test may change."""
    return copy_with_distributions(default, built, tmp_path / "my-package")


@pytest.mark.parametrize("environ", [{}, RELEASE, BY_HAND], ids=["a pull request", "a release", "a dry run"])
def test_good_distributions_pass(with_dist: Project, environ: dict[str, str], tmp_path: Path) -> None:
    """The gate passes good distributions without a warning, outputs the version, and says if the run is no release."""
    done = run_gate(with_dist, environ | {"GITHUB_OUTPUT": str(tmp_path / "output")})
    verdict = "may be released" if environ == RELEASE else "passes: a release would be built again at its tag"
    assert (done.returncode, done.stdout) == (0, f"my-package {VERSION} {verdict}: {SDIST}, {WHEEL}\n")
    assert (tmp_path / "output").read_text(encoding="utf-8") == f"version={VERSION}\n"


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_refusal_is_one_sentence_with_the_fix(with_dist: Project, case: Case) -> None:
    """The gate refuses each kind of damage in one sentence, and exits with 1."""
    case.damage(with_dist)
    done = run_gate(with_dist, case.environ)
    assert done.returncode == 1, done.stdout
    assert done.stderr == ""
    (line,) = [line for line in done.stdout.splitlines() if case.message in line]
    assert line.startswith("Refused: ")
    assert line.endswith(".")


def second_wheel(name: str) -> Damage:
    """Add a wheel for another platform."""
    return lambda project: shutil.copy(project.path / "dist" / WHEEL, project.path / "dist" / name)


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
    "a patch that git rejected, as test data": all_of(write("a.rej", "x"), git("add", "a.rej")),
    "a license classifier": rewrite(more("Classifier", "License :: OSI Approved :: MIT License")),
}


@pytest.mark.parametrize("change", LEGAL.values(), ids=LEGAL)
def test_what_pypi_accepts_passes(with_dist: Project, change: Damage) -> None:
    """The gate accepts what PyPI accepts, even if it is rare, such as a wheel for each platform or no description."""
    change(with_dist)
    done = run_gate(with_dist, RELEASE)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("version", ["1!2.0", "1.2.3.post1", "1.2.3rc1", "2026.11"])
def test_every_kind_of_version_can_be_released(with_dist: Project, version: str) -> None:
    """The gate accepts epochs, post-releases, pre-releases, and dates as versions."""
    rewrite(field("Version", version))(with_dist)
    for name in (WHEEL, SDIST):
        rename(name, name.replace(VERSION, version))(with_dist)
    assert run_gate(with_dist, tagged(f"v{version}")).returncode == 0


def test_several_causes_are_all_named(with_dist: Project) -> None:
    """If a version is static and its build backend reads no tags, the gate names both causes."""
    CASES["a static version and another backend"].damage(with_dist)
    done = run_gate(with_dist, RELEASE)
    assert [line.partition(DIFFERS)[2].partition(":")[0] for line in done.stdout.splitlines()] == [
        "[project] of pyproject.toml has a static `version`",
        "uv's build backend does not read tags",
    ]


@pytest.mark.parametrize(
    "change",
    [
        edit(PYPROJECT, "[project]\n", f"[project]\nversion = '{VERSION}'\n"),
        lambda project: project.run("git", "mv", PYPROJECT, "setup.py"),
        write(PYPROJECT, "[build-system]\nrequires = ['setuptools']\nbuild-backend = 'setuptools.build_meta'\n"),
        write(PYPROJECT, "[build-system]\nrequires = ['poetry']\nbuild-backend = 'poetry.masonry.api'\n"),
    ],
    ids=["a static version", "setup.py alone", "setuptools without setuptools-scm", "Poetry's old backend"],
)
def test_a_version_that_no_tag_decides_passes_and_is_told_on_every_pull_request(
    with_dist: Project, change: Damage
) -> None:
    """A version that does not come from the tag passes; on a pull request, a warning says which tag a release needs."""
    change(with_dist)
    assert run_gate(with_dist, RELEASE).returncode == 0
    done = run_gate(with_dist, {})
    assert done.returncode == 0
    assert (
        "Warning: The version does not come from the git tag, so a release passes only under the tag v1.2.3: "
        in done.stdout
    )


HATCH = "[build-system]\nbuild-backend = 'hatchling.build'\nrequires = ['{}']\n[tool.hatch.version]\nsource = '{}'\n"
SETUPTOOLS = "[build-system]\nbuild-backend = 'setuptools.build_meta'\nrequires = ['{}']\n"


@pytest.mark.parametrize(
    "pyproject",
    [
        HATCH.format("hatch-vcs", "vcs"),
        HATCH.format("versioningit", "versioningit"),
        SETUPTOOLS.format("setuptools_scm>=8"),
        SETUPTOOLS.format("setuptools-git-versioning"),
        SETUPTOOLS.format("setuptools") + "[tool.versioneer]\nVCS = 'git'\n",
    ],
    ids=["hatch-vcs", "versioningit", "setuptools-scm", "setuptools-git-versioning", "versioneer"],
)
def test_a_version_that_a_plugin_takes_from_the_tag_gets_no_warning(with_dist: Project, pyproject: str) -> None:
    """The gate prints no warning if a plugin of any build backend takes the version from the git tag."""
    with_dist.write(PYPROJECT, pyproject)
    assert "Warning" not in run_gate(with_dist, {}).stdout


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
    assert run_gate(with_dist, RELEASE).returncode == 0


def test_no_value_breaks_out_of_an_annotation(with_dist: Project) -> None:
    """The gate escapes a line break in a value, so that the value cannot begin a workflow command of its own."""
    with_dist.write(EVENT, '{"inputs": {"package_name": "x\\n::warning::y%0A"}}')
    publisher(repository="a\n::set-output name=version::1")(with_dist)
    done = run_gate(with_dist, BY_HAND | {"GITHUB_ACTIONS": "true"})
    assert [line for line in done.stdout.splitlines() if not line.startswith("::error title=Release gate::")] == []
    assert "a%0A::set-output" in done.stdout


@pytest.mark.parametrize("intruder", ["packaging.py", "yaml.py", "twine/__init__.py", "pip.py", "publisher.py"])
def test_a_module_at_the_projects_root_changes_no_verdict(with_dist: Project, intruder: str) -> None:
    """Neither the gate nor twine imports a module at the project's root that is called like one of their own."""
    (with_dist.path / intruder).parent.mkdir(exist_ok=True)
    with_dist.write(intruder, "raise SystemExit(0)\n")
    CASES["a long summary"].damage(with_dist)
    assert run_gate(with_dist, {}).returncode == 1
    with_dist.run(sys.executable, "-P", "-m", "twine", "check", f"dist/{SDIST}")
    broken = with_dist.run(sys.executable, "-P", "-m", "twine", "check", PYPROJECT, check=False)
    assert broken.returncode == 1


@pytest.mark.parametrize(("arguments", "code"), [(["--help"], 0), ([], 2), (["dist", "other"], 2)])
def test_help_and_other_arguments_print_the_usage(with_dist: Project, arguments: list[str], code: int) -> None:
    """The gate prints its usage for `--help` and for missing or extra arguments, and checks nothing."""
    done = with_dist.run(sys.executable, GATE_SCRIPT, *arguments, check=False)
    assert done.returncode == code
    assert "Usage: python .github/release/gate.py DIST" in done.stdout


def test_missing_packages_are_named(with_dist: Project) -> None:
    """If a package is not installed, the gate names it and prints the command that installs what the gate needs."""
    done = run_gate(with_dist, {}, SCRIPTS, "-I", "-S")
    assert done.returncode == 1
    assert "The package yaml is not installed: run `python -m pip install --require-hashes" in done.stderr


# Each rule, removed once.


def rules() -> dict[str, tuple[str, ast.stmt, str]]:
    """Return every statement that makes a refusal: the file, the statement, and the longest fixed text in it."""
    found: dict[str, tuple[str, ast.stmt, str]] = {}
    for name in ("gate.py", "distributions.py"):
        for function in ast.walk(ast.parse((SCRIPTS / name).read_text(encoding="utf-8"))):
            if not isinstance(function, ast.FunctionDef) or function.name in {"main", "show", "find_warnings"}:
                continue
            for node in ast.walk(function):
                if isinstance(node, ast.Return | ast.Raise) or (
                    isinstance(node, ast.Expr) and node is not function.body[0]
                ):
                    constants = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)]
                    texts = [text for text in constants if isinstance(text, str) and text.count(" ") > 2]
                    if texts:
                        found[f"{name}, {function.name}, line {node.lineno}"] = name, node, max(texts, key=len).strip()
    return found


RULES = rules()


@pytest.fixture(scope="session")
def sentences(default: Project, built: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return all that the gate prints in each case, by the case's name."""
    printed = {}
    for name, case in CASES.items():
        project = copy_with_distributions(default, built, tmp_path_factory.mktemp("case") / "my-package")
        case.damage(project)
        printed[name] = run_gate(project, case.environ).stdout
    return printed


@pytest.mark.slow
@pytest.mark.parametrize("rule", RULES)
def test_a_case_fails_without_the_rule(
    rule: str, with_dist: Project, sentences: dict[str, str], tmp_path: Path
) -> None:
    """If a rule is removed from the gate, a case that is about the rule does not get its message anymore."""
    file, statement, text = RULES[rule]
    scripts = tmp_path / "scripts"
    shutil.copytree(SCRIPTS, scripts)
    lines = (scripts / file).read_text(encoding="utf-8").splitlines(keepends=True)
    indent = " " * statement.col_offset
    instead = f"{indent}return []\n" if isinstance(statement, ast.Return) else f"{indent}pass\n"
    lines[statement.lineno - 1 : statement.end_lineno] = [instead]
    (scripts / file).write_text("".join(lines), encoding="utf-8")
    about = [name for name in CASES if text in sentences[name]]
    assert about, f"no case has the sentence {text!r}"
    for name in about:
        damaged = with_dist.copy(tmp_path / "damaged" / name)
        CASES[name].damage(damaged)
        if CASES[name].message not in run_gate(damaged, CASES[name].environ, scripts).stdout:
            return
    pytest.fail(f"with and without it the gate prints the same: {about}")
