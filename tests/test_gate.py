"""The release gate refuses what breaks one of its rules: each is broken once, in a copy of real distributions."""

import ast
import json
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.editing import replace
from tests.support.paths import GATE_SCRIPT, PUBLISHER_JSON, PYPROJECT, README, RELEASE_WORKFLOW, ROOT, source
from tests.support.projects import SDIST, TAG, VERSION, WHEEL, Project

GATE = ROOT / source(GATE_SCRIPT)
RUN = {
    "GITHUB_REPOSITORY": "MeltanoLabs/my-package",
    "GITHUB_WORKFLOW_REF": f"MeltanoLabs/my-package/{RELEASE_WORKFLOW}@refs/tags/{TAG}",
}
RELEASE = RUN | {"GITHUB_EVENT_NAME": "release", "GITHUB_REF_NAME": TAG}


def copy_with_distributions(default: Project, built: Path, destination: Path) -> Project:
    """Copy the default project, with its distributions in dist/."""
    copied = default.copy(destination)
    shutil.copytree(built, copied.path / "dist")
    return copied


@pytest.fixture
def with_dist(default: Project, built: Path, tmp_path: Path) -> Project:
    """The default project with its distributions in dist/, for a test that changes it."""
    return copy_with_distributions(default, built, tmp_path / "my-package")


def run_gate(project: Project, environ: dict[str, str], gate: Path = GATE) -> subprocess.CompletedProcess[str]:
    """Run the gate in a project, with variables of GitHub's."""
    return project.run(sys.executable, gate, "dist", env=environ, check=False)


# How to damage a project and its distributions.

Damage = Callable[[Project], None]


def rewrite(change: Callable[[str], str], *, wheel: bool = True, sdist: bool = True) -> Damage:
    """Change the metadata inside the distributions."""

    def damage(project: Project) -> None:
        dist = project.path / "dist"
        if wheel:
            with zipfile.ZipFile(dist / WHEEL) as old:
                contents = {name: old.read(name) for name in old.namelist()}
            with zipfile.ZipFile(dist / WHEEL, "w") as new:
                for name, content in contents.items():
                    new.writestr(name, change(content.decode()) if name.endswith("/METADATA") else content)
        if sdist:
            with tarfile.open(dist / SDIST) as old:
                members = [(member, old.extractfile(member)) for member in old.getmembers()]
                read = [(member, file.read() if file else b"") for member, file in members]
            with tarfile.open(dist / SDIST, "w:gz") as new:
                for member, content in read:
                    changed = change(content.decode()).encode() if member.name.endswith("/PKG-INFO") else content
                    member.size = len(changed)
                    new.addfile(member, BytesIO(changed))

    return damage


def field(name: str, value: str) -> Callable[[str], str]:
    """Give a field of the metadata another value, or add it."""

    def change(text: str) -> str:
        line = f"{name}: {value}\n"
        return (
            re.sub(rf"^{name}: .*\n", line, text, count=1, flags=re.MULTILINE) if f"\n{name}: " in text else line + text
        )

    return change


def rename(old: str, new: str) -> Damage:
    """Give a distribution another file name."""

    def damage(project: Project) -> None:
        (project.path / "dist" / old).rename(project.path / "dist" / new)

    return damage


def write(file: str, text: str) -> Damage:
    """Write a file of the project."""
    return lambda project: project.write(file, text)


def edit(file: str, old: str, new: str) -> Damage:
    """Replace a text in a file of the project."""
    return lambda project: replace(project.path / file, old, new)


def git(*command: str) -> Damage:
    """Run git in the project."""

    def damage(project: Project) -> None:
        project.run("git", *command)

    return damage


def publisher(**values: str) -> Damage:
    """Change answers to the publisher form."""

    def damage(project: Project) -> None:
        project.write(PUBLISHER_JSON, json.dumps(json.loads(project.read(PUBLISHER_JSON)) | values))

    return damage


def delete_dist(project: Project) -> None:
    """Delete the distributions."""
    shutil.rmtree(project.path / "dist")


def lacking(name: str) -> Damage:
    """Write a distribution again without one of its files."""

    def damage(project: Project) -> None:
        dist = project.path / "dist"
        if name == "METADATA":
            with zipfile.ZipFile(dist / WHEEL, "w") as wheel:
                wheel.writestr("my_package/__init__.py", "")
        else:
            with tarfile.open(dist / SDIST, "w:gz"):
                pass

    return damage


def all_of(*changes: Damage) -> Damage:
    """Do several of these."""

    def damage(project: Project) -> None:
        for one in changes:
            one(project)

    return damage


def move_tag(project: Project) -> None:
    """Leave the tag behind."""
    project.run("git", "commit", "--quiet", "--allow-empty", "--message", "Next")


def shallow(project: Project) -> None:
    """Have a shallow clone of the project."""
    move_tag(project)
    project.run("git", "clone", "--quiet", "--depth=1", f"file://{project.path}", "clone")
    shutil.rmtree(project.path / ".git")
    (project.path / "clone/.git").rename(project.path / ".git")
    shutil.rmtree(project.path / "clone")


class Case(NamedTuple):
    """One refusal: what is damaged, the gate's message, and the variables of the run."""

    damage: Damage
    message: str
    environ: dict[str, str] = {}  # noqa: RUF012 - never changed


OTHER = field("Version", "1.2.4")
BUILT_AS = all_of(
    rewrite(OTHER), rename(WHEEL, WHEEL.replace("1.2.3", "1.2.4")), rename(SDIST, SDIST.replace("1.2.3", "1.2.4"))
)
VERSIONED = "The tag is v1.2.3 and the built version 1.2.4: "
CASES = {
    "no publisher": Case(lambda project: (project.path / PUBLISHER_JSON).unlink(), Path(PUBLISHER_JSON).name),
    "nothing built": Case(delete_dist, "must hold one wheel and one .tar.gz and nothing else, but holds nothing"),
    "a third file": Case(write("dist/notes.txt", "x"), "but holds my_package-1.2.3-py3-none-any.whl, my_package"),
    "no wheel in the wheel": Case(write(f"dist/{WHEEL}", "x"), "not a zip file"),
    "no metadata in the wheel": Case(lacking("METADATA"), "holds 0 METADATA files, not one"),
    "no metadata in the sdist": Case(lacking("PKG-INFO"), "holds no PKG-INFO at its top"),
    "another name inside": Case(rewrite(field("Name", "other"), sdist=False), "says Name: other inside"),
    "another version inside": Case(rewrite(OTHER, wheel=False), "says Version: 1.2.4 inside"),
    "versions that differ": Case(
        all_of(rewrite(OTHER, wheel=False), rename(SDIST, SDIST.replace("1.2.3", "1.2.4"))),
        "The wheel has version 1.2.3 and the .tar.gz 1.2.4",
    ),
    "metadata that differs": Case(rewrite(field("Summary", "Other"), wheel=False), "differ in Summary"),
    "a long summary": Case(rewrite(field("Summary", "x" * 513)), "has 513 characters and PyPI takes 512"),
    "two licenses": Case(rewrite(field("License", "MIT")), "both License and License-Expression"),
    "a direct URL reference": Case(
        rewrite(field("Requires-Dist", "six @ https://x.org/s.zip")), "depends on an address (six @"
    ),
    "a private classifier": Case(rewrite(field("Classifier", "Private :: No")), "the classifier 'Private :: No'"),
    "a conflict": Case(
        all_of(write("x.md", "<<<<<<< a\n=======\n>>>>>>> b\n"), git("add", "x.md")), "x.md holds conflict markers"
    ),
    "a rejected hunk": Case(write(f"{README}.rej", "x"), f"{README}.rej holds changes that found no place"),
    "a shallow clone": Case(shallow, "The checkout is shallow"),
    "another package": Case(publisher(package_name="our-package"), "called my-package and the publisher is registered"),
    "no v": Case(git("tag", "x"), "does not begin with `v`", RELEASE | {"GITHUB_REF_NAME": "1.2.3"}),
    "no version": Case(git("tag", "x"), "not `v` and a canonical", RELEASE | {"GITHUB_REF_NAME": "v1.2.3-rc.1"}),
    "a local version": Case(git("tag", "x"), "has a local part (+x)", RELEASE | {"GITHUB_REF_NAME": "v1.2.3+x"}),
    "no version yet": Case(git("tag", "x"), "stands for a project without a", RELEASE | {"GITHUB_REF_NAME": "v0.0.0"}),
    "a static version": Case(
        all_of(BUILT_AS, edit(PYPROJECT, "[project]\n", "[project]\nversion = '1.2.4'\n")),
        f"{VERSIONED}pyproject.toml has a static `version` in [project]", RELEASE,
    ),
    "a static version that the plugin does not replace": Case(
        all_of(BUILT_AS, write(PYPROJECT, "[tool.poetry]\nversion = '1.2.4'\n")),
        f"{VERSIONED}the version does not come from the tag: write `enable = true`", RELEASE,
    ),
    "another backend": Case(
        all_of(BUILT_AS, edit(PYPROJECT, "poetry_dynamic_versioning.backend", "poetry.core.masonry.api")),
        f"{VERSIONED}the build backend is poetry-core's own", RELEASE,
    ),
    "no tags": Case(
        all_of(BUILT_AS, git("tag", "--delete", "v1.2.3")), f"{VERSIONED}the checkout has no tag v1.2.3", RELEASE
    ),
    "a moved tag": Case(all_of(BUILT_AS, move_tag), f"{VERSIONED}the tag v1.2.3 is on another commit", RELEASE),
    "two tags": Case(all_of(BUILT_AS, git("tag", "v1.2.4")), f"{VERSIONED}the commit has 2 tags", RELEASE),
    "no reason to be seen": Case(BUILT_AS, f"{VERSIONED}the version does not come from the tag", RELEASE),
    "another repository": Case(
        publisher(repository="My-Package"), "registered for MeltanoLabs/My-Package, which PyPI compares", RELEASE
    ),
    "another workflow": Case(
        publisher(workflow_filename="publish.yaml"), f"The workflow {Path(RELEASE_WORKFLOW).name} runs", RELEASE
    ),
    "another environment": Case(publisher(environment="pypi"), "names the environment publishing and", RELEASE),
    "a mistyped confirmation": Case(
        write("event.json", '{"inputs": {"package_name": "my_package"}}'), "'my_package' was typed",
        RUN | {"GITHUB_EVENT_NAME": "workflow_dispatch", "GITHUB_EVENT_PATH": "event.json"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("environ", [{}, RELEASE], ids=["a pull request", "a release"])
def test_good_distributions_pass(with_dist: Project, environ: dict[str, str], tmp_path: Path) -> None:
    """With the version for the jobs that follow."""
    done = run_gate(with_dist, environ | {"GITHUB_OUTPUT": str(tmp_path / "output")})
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "output").read_text(encoding="utf-8") == f"version={VERSION}\n"


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_refusal_is_one_sentence_with_the_fix(with_dist: Project, case: Case) -> None:
    """And an exit code of 1."""
    case.damage(with_dist)
    done = run_gate(with_dist, case.environ)
    assert done.returncode == 1
    (line,) = [line for line in done.stdout.splitlines() if case.message in line]
    assert line.startswith("Refused: ")


# Each rule, removed once.


def is_sentence(value: object) -> bool:
    """Tell whether a constant is part of a sentence."""
    return isinstance(value, str) and " " in value.strip() and "(?" not in value


def places(node: ast.AST) -> list[ast.expr | ast.stmt]:
    """Return the nodes that make a refusal or its cause, if this node does."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id="problems")))):
            return [node]
        case ast.Assign(targets=[ast.Name(id="problem")]) | ast.Return(value=ast.ListComp()):
            return [node]
        case ast.Assign(targets=[ast.Name(id="causes")], value=ast.List(elts=causes)):
            return list(causes)
        case ast.Return(value=ast.List(elts=sentences)):
            return list(sentences)
        case ast.If(body=[*_, ast.Raise() | ast.Return(value=ast.Constant() | ast.JoinedStr())]):
            return [node]
    return []


def rules() -> dict[str, tuple[ast.expr | ast.stmt, list[str]]]:
    """Return every place of the gate where a refusal or its cause is made, and the fixed texts in it."""
    found = {}
    for function in ast.walk(ast.parse(GATE.read_text(encoding="utf-8"))):
        if isinstance(function, ast.FunctionDef) and function.name != "main":
            for place in (place for node in ast.walk(function) for place in places(node)):
                constants = [part.value for part in ast.walk(place) if isinstance(part, ast.Constant)]
                texts = [str(text).strip() for text in constants if is_sentence(text)]
                if texts:
                    found[f"{function.name}: {' … '.join(texts)}"] = (place, texts)
    return found


def without(place: ast.expr | ast.stmt) -> str:
    """Return the gate's source without one of its rules: `pass` for a statement, nothing for a sentence or a cause."""
    instead = "pass"
    if isinstance(place, ast.Return):
        instead = "return []"
    elif isinstance(place, ast.expr):
        instead = "(False, '', '')" if isinstance(place, ast.Tuple) else "*()"
    lines = GATE.read_bytes().splitlines(keepends=True)
    begin = sum(map(len, lines[: place.lineno - 1])) + place.col_offset
    end = sum(map(len, lines[: (place.end_lineno or 0) - 1])) + (place.end_col_offset or 0)
    source = b"".join(lines)
    return (source[:begin] + instead.encode() + source[end:]).decode()


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
    place, texts = RULES[rule]
    gate = tmp_path / "gate.py"
    gate.write_text(without(place), encoding="utf-8")
    about = [name for name in CASES if all(text in sentences[name] for text in texts if text in rule)]
    assert about
    for name in about:
        damaged = with_dist.copy(tmp_path / "damaged" / name)
        CASES[name].damage(damaged)
        if CASES[name].message not in run_gate(damaged, CASES[name].environ, gate).stdout:
            return
    pytest.fail(f"with and without it the gate prints the same: {about}")
