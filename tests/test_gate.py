"""The release gate refuses what breaks one of its rules: each is broken once, in a copy of real distributions."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.damage import (
    Damage,
    all_of,
    delete_dist,
    edit,
    field,
    git,
    make_shallow,
    more,
    move_tag,
    platform,
    publisher,
    rename,
    rewrite,
    truncate,
    without,
    write,
)
from tests.support.paths import (
    GATE_SCRIPT,
    LICENSE,
    PUBLISHER_JSON,
    PYPROJECT,
    README,
    RELEASE_FOLDER,
    RELEASE_WORKFLOW,
    ROOT,
    source,
)
from tests.support.projects import SDIST, TAG, VERSION, WHEEL, Project

SCRIPTS = ROOT / source(RELEASE_FOLDER)
EVENT = "event.json"
RUN = {
    "GITHUB_REPOSITORY": "MeltanoLabs/my-package",
    "GITHUB_WORKFLOW_REF": f"MeltanoLabs/my-package/{RELEASE_WORKFLOW}@refs/tags/{TAG}",
    "GITHUB_EVENT_PATH": EVENT,
}
RELEASE = RUN | {"GITHUB_EVENT_NAME": "release", "GITHUB_REF_NAME": TAG}
BY_HAND = RUN | {"GITHUB_EVENT_NAME": "workflow_dispatch"}


def copy_with_distributions(default: Project, built: Path, destination: Path) -> Project:
    """Copy the default project, with its distributions in dist/."""
    copied = default.copy(destination)
    shutil.copytree(built, copied.path / "dist")
    copied.write(EVENT, '{"repository": {"default_branch": "main"}, "inputs": {"package_name": "my-package"}}')
    return copied


@pytest.fixture
def with_dist(default: Project, built: Path, tmp_path: Path) -> Project:
    """The default project with its distributions in dist/, for a test that changes it."""
    return copy_with_distributions(default, built, tmp_path / "my-package")


def run_gate(
    project: Project, environ: dict[str, str], scripts: Path = SCRIPTS, *options: str
) -> subprocess.CompletedProcess[str]:
    """Run the gate in a project, with variables of GitHub's."""
    return project.run(sys.executable, *options, scripts / Path(GATE_SCRIPT).name, "dist", env=environ, check=False)


class Case(NamedTuple):
    """One refusal: what is damaged, the gate's message, and the variables of the run."""

    damage: Damage
    message: str
    environ: dict[str, str] = {}  # noqa: RUF012 - never changed


def tagged(tag: str) -> dict[str, str]:
    """Return the variables of a release under another tag."""
    return RELEASE | {"GITHUB_REF_NAME": tag}


OTHER = field("Version", "1.2.4")
BUILT_AS = all_of(
    rewrite(OTHER), rename(WHEEL, WHEEL.replace("1.2.3", "1.2.4")), rename(SDIST, SDIST.replace("1.2.3", "1.2.4"))
)
DIFFERS = "The tag is v1.2.3 and the built version 1.2.4: "
METADATA = "PyPI refuses the metadata of my_package-1.2.3.tar.gz: "
CASES = {
    # What is there.
    "no publisher": Case(lambda project: (project.path / PUBLISHER_JSON).unlink(), f"{PUBLISHER_JSON} is missing"),
    "an empty publisher": Case(write(PUBLISHER_JSON, ""), f"{PUBLISHER_JSON} does not hold the five answers"),
    "half a publisher": Case(write(PUBLISHER_JSON, '{"owner": "a"}'), "hold the five answers ('package_name')"),
    "nothing built": Case(delete_dist, "must hold one .tar.gz, one or more wheels, and nothing else"),
    "another file": Case(write("dist/notes.txt", "x"), "but holds my_package-1.2.3-py3-none-any.whl, my_package"),
    "no zip file": Case(write(f"dist/{WHEEL}", "x"), "is not a whole wheel (File is not a zip file)"),
    "half a wheel": Case(truncate(WHEEL), "is not a whole wheel ("),
    "half a source distribution": Case(truncate(SDIST), "is not a whole .tar.gz ("),
    "no metadata in the wheel": Case(without("/METADATA"), f"{WHEEL} has no METADATA in a .dist-info folder"),
    "no record in the wheel": Case(without("/RECORD"), f"{WHEEL} has no RECORD in a .dist-info folder"),
    "no metadata in the source": Case(without("/PKG-INFO"), f"{SDIST} has no PKG-INFO in one folder at its top"),
    "no name of a wheel": Case(rename(WHEEL, "my.whl"), "Invalid wheel filename"),
    "no name of a source distribution": Case(rename(SDIST, "mypackage.tar.gz"), "Invalid sdist filename"),
    # Names and versions.
    "another name inside": Case(rewrite(field("Name", "other"), sdist=False), f"{WHEEL} says Name: other inside"),
    "another version inside": Case(rewrite(OTHER, wheel=False), f"{SDIST} says Version: 1.2.4 inside"),
    "a name with capitals": Case(
        rename(WHEEL, WHEEL.replace("my_package", "My_Package")),
        "PyPI requires a normalized name, my_package-1.2.3-….whl and not My_Package-1.2.3-py3-none-any.whl",
    ),
    "a name with a hyphen": Case(
        rename(SDIST, SDIST.replace("my_package", "my-package")), "my_package-1.2.3.tar.gz and not my-package-1.2.3.tar"
    ),
    "a wheel for one Linux": Case(platform("linux_x86_64"), "wheels for linux_x86_64 (my_package-1.2.3-py3-none-linux"),
    "a wheel for an unknown platform": Case(platform("amiga"), "PyPI refuses wheels for amiga"),
    "versions that differ": Case(
        all_of(rewrite(OTHER, wheel=False), rename(SDIST, SDIST.replace("1.2.3", "1.2.4"))),
        "my_package-1.2.4.tar.gz and my_package-1.2.3-py3-none-any.whl have different versions",
    ),
    "metadata that differs": Case(rewrite(field("Summary", "Other"), wheel=False), "differ in summary"),
    "dependencies that differ": Case(rewrite(more("Requires-Dist", "six"), wheel=False), "differ in requires-dist"),
    "another package": Case(publisher(package_name="our-package"), "called my-package and the publisher is registered"),
    # Metadata.
    "an unknown metadata version": Case(rewrite(field("Metadata-Version", "2.6")), f"{SDIST} has Metadata-Version 2.6"),
    "no metadata version": Case(rewrite(field("Metadata-Version", "9.9")), f"{METADATA}'9.9' is not a valid metadata"),
    "an unknown field": Case(rewrite(more("Color", "red")), f"{METADATA}color is unknown or malformed"),
    "a bad requirement": Case(rewrite(more("Requires-Dist", "a b")), f"{METADATA}'a b' is invalid for 'req"),
    "a long summary": Case(rewrite(field("Summary", "長" * 513)), "has 513 characters and PyPI accepts 512"),
    "a blank description": Case(rewrite(lambda text: text.partition("\n\n")[0] + "\n\n \n"), "description is blank"),
    "two licenses": Case(rewrite(field("License", "MIT")), "both License and License-Expression"),
    "a missing license file": Case(without(f"/{LICENSE}"), f"{WHEEL} names the license file {LICENSE}"),
    "a direct URL reference": Case(
        rewrite(more("Requires-Dist", "six @ https://x.org/s.zip")), "depends on a direct URL reference (six @"
    ),
    "a private classifier": Case(rewrite(more("Classifier", "Private :: No")), "the classifier 'Private :: No'"),
    "a deprecated classifier": Case(
        rewrite(more("Classifier", "Natural Language :: Ukranian")), "the classifier 'Natural Language :: Ukranian'"
    ),
    "a reserved email domain": Case(rewrite(field("Author-email", "A <a@b.localhost>")), "'a@b.localhost' is not"),
    "no email address": Case(rewrite(field("Maintainer-email", "A <a@b>")), "'a@b' is not an email address"),
    "a long label": Case(rewrite(more("Project-URL", f"{'x' * 33}, https://x.org")), "has 33 characters"),
    "a URL of another kind": Case(rewrite(more("Project-URL", "Docs, ftp://x.org")), "The URL 'ftp://x.org'"),
    # The repository.
    "a conflict": Case(
        all_of(write("x.md", "<<<<<<< before updating\n=======\n>>>>>>> after updating\n"), git("add", "x.md")),
        "x.md has conflict markers",
    ),
    "a rejected hunk": Case(write(f"{README}.rej", "x"), f"{README}.rej has changes that could not be applied"),
    "a shallow clone": Case(make_shallow, "The checkout is shallow"),
    # The tag.
    "no v": Case(git("tag", "x"), "The tag 1.2.3 is not `v` and the canonical form", tagged("1.2.3")),
    "no canonical version": Case(git("tag", "x"), "form of its version (PEP 440): delete the", tagged("v1.2.3-rc.1")),
    "no version": Case(git("tag", "x"), "The tag vnext is not `v` and a version", tagged("vnext")),
    "one of several packages": Case(git("tag", "x"), "for example as v1.2.3. Several packages", tagged("a-b-v1.2.3")),
    "a local version": Case(git("tag", "x"), "has a local part (x), which PyPI refuses", tagged("v1.2.3+x")),
    "no version yet": Case(git("tag", "x"), "The tag v0.0.0 means a project without a version", tagged("v0.0.0")),
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
    "a moved tag": Case(all_of(BUILT_AS, move_tag), f"{DIFFERS}the tag v1.2.3 was moved to another commit", RELEASE),
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
}  # fmt: skip


@pytest.mark.parametrize("environ", [{}, RELEASE, BY_HAND], ids=["a pull request", "a release", "a dry run"])
def test_good_distributions_pass(with_dist: Project, environ: dict[str, str], tmp_path: Path) -> None:
    """With the version for the jobs that follow, and without a warning; only a release is called one."""
    done = run_gate(with_dist, environ | {"GITHUB_OUTPUT": str(tmp_path / "output")})
    verdict = "may be released" if environ == RELEASE else "passes: a release would be built again at its tag"
    assert (done.returncode, done.stdout) == (0, f"my-package {VERSION} {verdict}: {SDIST}, {WHEEL}\n")
    assert (tmp_path / "output").read_text(encoding="utf-8") == f"version={VERSION}\n"


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_refusal_is_one_sentence_with_the_fix(with_dist: Project, case: Case) -> None:
    """And an exit code of 1."""
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
    """Also where it is rare."""
    change(with_dist)
    done = run_gate(with_dist, RELEASE)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("version", ["1!2.0", "1.2.3.post1", "1.2.3rc1", "2026.11"])
def test_every_kind_of_version_can_be_released(with_dist: Project, version: str) -> None:
    """Epochs, post releases, pre-releases, dates."""
    rewrite(field("Version", version))(with_dist)
    for name in (WHEEL, SDIST):
        rename(name, name.replace(VERSION, version))(with_dist)
    assert run_gate(with_dist, tagged(f"v{version}")).returncode == 0


def test_several_causes_are_all_named(with_dist: Project) -> None:
    """A static version, and a backend that reads no tags."""
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
    ],
    ids=["a static version", "setup.py alone", "setuptools without setuptools-scm"],
)
def test_a_version_that_no_tag_decides_passes_and_is_told_on_every_pull_request(
    with_dist: Project, change: Damage
) -> None:
    """As a warning that says under which tag a release would pass."""
    change(with_dist)
    assert run_gate(with_dist, RELEASE).returncode == 0
    done = run_gate(with_dist, {})
    assert done.returncode == 0
    assert (
        "Warning: The version does not come from the git tag, so a release passes only under the tag v1.2.3: "
        in done.stdout
    )


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
    """A `#` in the name, a comment behind it, and the environment of a job that does not publish."""
    with_dist.write(RELEASE_WORKFLOW, ENVIRONMENTS)
    publisher(environment="Release #1")(with_dist)  # PyPI and GitHub compare it without regard to case
    assert run_gate(with_dist, RELEASE).returncode == 0


def test_no_value_breaks_out_of_an_annotation(with_dist: Project) -> None:
    """A line break in a value stays in the line of its sentence."""
    with_dist.write(EVENT, '{"inputs": {"package_name": "x\\n::warning::y%0A"}}')
    publisher(repository="a\n::set-output name=version::1")(with_dist)
    done = run_gate(with_dist, BY_HAND | {"GITHUB_ACTIONS": "true"})
    assert [line for line in done.stdout.splitlines() if not line.startswith("::error title=Release gate::")] == []
    assert "a%0A::set-output" in done.stdout


@pytest.mark.parametrize("intruder", ["packaging.py", "yaml.py", "twine/__init__.py", "pip.py", "publisher.py"])
def test_a_module_at_the_projects_root_changes_no_verdict(with_dist: Project, intruder: str) -> None:
    """Neither the gate nor twine imports it."""
    (with_dist.path / intruder).parent.mkdir(exist_ok=True)
    with_dist.write(intruder, "raise SystemExit(0)\n")
    CASES["a long summary"].damage(with_dist)
    assert run_gate(with_dist, {}).returncode == 1
    with_dist.run(sys.executable, "-P", "-m", "twine", "check", f"dist/{SDIST}")
    broken = with_dist.run(sys.executable, "-P", "-m", "twine", "check", PYPROJECT, check=False)
    assert broken.returncode == 1


@pytest.mark.parametrize(("arguments", "code"), [(["--help"], 0), ([], 2), (["dist", "other"], 2)])
def test_help_and_other_arguments_print_the_usage(with_dist: Project, arguments: list[str], code: int) -> None:
    """And judge nothing."""
    done = with_dist.run(sys.executable, GATE_SCRIPT, *arguments, check=False)
    assert done.returncode == code
    assert "Usage: python .github/release/gate.py DIST" in done.stdout


def test_missing_packages_are_named(with_dist: Project) -> None:
    """With the command that installs them."""
    done = run_gate(with_dist, {}, SCRIPTS, "-I", "-S")
    assert done.returncode == 1
    assert "The package yaml is not installed: run `python -m pip install --require-hashes" in done.stderr


# Each rule, removed once.


def rules() -> dict[str, tuple[str, ast.stmt, str]]:
    """Return every statement that makes a refusal: the file, the statement, and the longest fixed text in it."""
    found: dict[str, tuple[str, ast.stmt, str]] = {}
    for name in ("gate.py", "distributions.py"):
        for function in ast.walk(ast.parse((SCRIPTS / name).read_text(encoding="utf-8"))):
            if not isinstance(function, ast.FunctionDef) or function.name in {"main", "annotate", "find_warnings"}:
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
    """All that the gate prints in each case, by the case's name."""
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
    """Without it, the gate does not print its sentence in the case that is about it."""
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
