"""A repository that exists gets the release wiring and nothing else, and releases with the backend that it has."""

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pexpect
import pytest
import tomlkit
import yaml
from conftest import ENVIRONMENT, ROOT, VERSION, Project, build
from repositories import OLD_RELEASE, REPOSITORIES, STATIC
from versions import Versions, changed, commit, conflicts, update

WIRING = [
    ".copier-answers.yml",
    ".github/publisher.json",
    ".github/publisher_doctor.py",
    ".github/release_gate.py",
    ".github/ruff.toml",
    ".github/workflows/build.yaml",
    ".github/workflows/constraints.txt",
    "RELEASING.md",
]


@pytest.fixture(scope="module")
def versions(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Versions:
    """The template's first version; leave it unchanged."""
    return Versions.begin(template, tmp_path_factory.mktemp("versions") / "template")


def adopt(project: Project, versions: Versions, *options: str, check: bool = True) -> str:
    """Copy the release wiring into a repository, as the tutorial does; return what copier printed."""
    answers = [f"--data={question}={answer}" for question, answer in project.answers.items()]
    command = ["copier", "copy", "--defaults", "--data=scope=release", *answers, *options]
    done = project.run(*command, versions.path, ".", check=False)
    if check:
        assert done.returncode == 0, done.stderr
    return done.stderr


def release(project: Project, tag: str = f"v{VERSION}") -> tuple[int, str]:
    """Build at a tag, under the hashes, and ask the gate as a release does; return its exit code and what it said."""
    project.run("git", "tag", tag)
    build(project)
    answers = project.answers
    repository = f"{answers['owner']}/{answers['repository']}"
    claims = {
        "GITHUB_EVENT_NAME": "release",
        "GITHUB_REF_NAME": tag,
        "GITHUB_REPOSITORY": repository,
        "GITHUB_WORKFLOW_REF": f"{repository}/.github/workflows/{answers['workflow_filename']}@refs/tags/{tag}",
    }
    project.run("twine", "check", "--strict", *sorted(path for path in (project.path / "dist").iterdir()))
    done = project.run(sys.executable, ".github/release_gate.py", "dist", env=claims, check=False)
    return done.returncode, done.stdout


def some(names: Iterable[str], *quick: str) -> list[object]:
    """Return names as parameters of a test; those that are not named again are left to `nox -s slow`."""
    return [pytest.param(name, marks=[] if name in quick else pytest.mark.slow) for name in names]


@pytest.mark.parametrize(
    "like",
    some(
        REPOSITORIES,
        "PEP 621 with PDV",
        "hatch-vcs with uv.lock",
        "setuptools-scm, one job with every permission, tags without v",
    ),
)
def test_an_adopted_repository_releases_with_the_backend_it_has(like: str, versions: Versions, tmp_path: Path) -> None:
    """Nothing of its own is touched but the workflow whose name it keeps; the built version is the tag's."""
    project = REPOSITORIES[like].write(tmp_path / REPOSITORIES[like].repository)
    workflow = f".github/workflows/{project.answers['workflow_filename']}"
    adopt(project, versions, "--overwrite")
    assert changed(project) == sorted([*WIRING, workflow])
    assert json.loads(project.read(".github/publisher.json")).items() >= project.answers.items()
    assert yaml.safe_load(project.read(workflow))["permissions"] == {}
    assert "PYPI_TOKEN" not in project.read(workflow)
    commit(project, "Adopt the release wiring")
    assert release(project) == (
        0,
        f"{project.answers['package_name']} {VERSION} may be released: "
        + ", ".join(
            path.name for path in sorted((project.path / "dist").glob("*-*"), key=lambda path: path.suffix)[::-1]
        )
        + "\n",
    )


@pytest.mark.parametrize("like", some(STATIC, "classic with a static version"))
def test_a_version_that_comes_from_no_tag_is_explained_in_a_sentence(
    like: str, versions: Versions, tmp_path: Path
) -> None:
    """Refused at the release, and said before it, at the build of every pull request."""
    project = STATIC[like].write(tmp_path / STATIC[like].repository)
    adopt(project, versions)
    commit(project, "Adopt the release wiring")
    code, said = release(project)
    assert code == 1
    (sentence,) = said.splitlines()
    assert f"The tag is v{VERSION} and the built version 0.3.1: " in sentence
    assert "knows no tags" in sentence or "delete that line" in sentence
    earlier = project.run(sys.executable, ".github/release_gate.py", "dist").stdout.splitlines()
    assert earlier[0].endswith(sentence.partition("0.3.1: ")[2])
    assert earlier[0].startswith("Beware: A release would be refused")


def test_without_a_terminal_a_clash_stops_the_copy_and_loses_nothing(versions: Versions, tmp_path: Path) -> None:
    """The file that exists stays as it was; the message says what to do."""
    project = REPOSITORIES["setuptools-scm, one job with every permission, tags without v"].write(tmp_path / "tap")
    said = adopt(project, versions, check=False)
    assert "Consider using `--overwrite`" in said
    assert project.read(".github/workflows/release.yml") == OLD_RELEASE
    assert project.run("git", "diff", "--stat").stdout == ""
    project.run("git", "clean", "--force", "-d", "--quiet")
    adopt(project, versions, "--overwrite")
    assert project.run("git", "diff", "--name-only").stdout == ".github/workflows/release.yml\n"


def test_in_a_terminal_overwriting_is_asked_file_by_file(versions: Versions, tmp_path: Path) -> None:
    """And No keeps the file."""
    project = REPOSITORIES["setuptools-scm, one job with every permission, tags without v"].write(tmp_path / "tap")
    (project.path / "RELEASING.md").write_text("How we release.\n", encoding="utf-8")
    commit(project)
    answers = [f"--data={question}={answer}" for question, answer in project.answers.items()]
    arguments = ["copy", "--defaults", "--data=scope=release", *answers, str(versions.path), "."]
    terminal = pexpect.spawn("copier", arguments, cwd=project.path, env=ENVIRONMENT, encoding="utf-8")
    for _ in range(2):
        asked = terminal.expect([r"RELEASING\.md\? \S*\(Y/n\)", r"/release\.yml\? \S*\(Y/n\)"])
        terminal.send("ny"[asked])
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    assert project.read("RELEASING.md") == "How we release.\n"
    assert project.run("git", "diff", "--name-only").stdout == ".github/workflows/release.yml\n"


def test_another_template_may_be_there_already(versions: Versions, tmp_path: Path) -> None:
    """With an answers file of its own name, which updates know, the other template's is left alone."""
    project = REPOSITORIES["hatch-vcs with uv.lock"].write(tmp_path / "tap-gamma")
    others = "_commit: 1.0.0\n_src_path: https://example.com/other.git\nscope: everything\n"
    (project.path / ".copier-answers.yml").write_text(others, encoding="utf-8")
    commit(project)
    mine = Versions.begin(versions.path, tmp_path / "template")
    adopt(project, mine, "--answers-file=.copier-answers.release.yml")
    commit(project, "Adopt the release wiring")
    mine.replace("template/.github/workflows/build.yaml", "timeout-minutes: 15", "timeout-minutes: 20").tag("v1.1.0")
    update(project, "--answers-file=.copier-answers.release.yml")
    assert changed(project) == [".copier-answers.release.yml", ".github/workflows/build.yaml"]
    assert project.read(".copier-answers.yml") == others


@pytest.mark.parametrize("like", ["poetry.lock and its own CI"])
def test_an_update_of_an_adopted_repository_touches_the_wiring_alone(
    like: str, versions: Versions, tmp_path: Path
) -> None:
    """Files that the template would give a whole package are the repository's own, under the same names."""
    project = REPOSITORIES[like].write(tmp_path / REPOSITORIES[like].repository)
    adopt(project, versions)
    commit(project, "Adopt the release wiring")
    mine = Versions.begin(versions.path, tmp_path / "template")
    (project.path / ".copier-answers.yml").write_text(
        project.read(".copier-answers.yml").replace(str(versions.path), str(mine.path)), encoding="utf-8"
    )
    commit(project, "Move to another address")
    for file in ("README.md.jinja", "pyproject.toml.jinja", "renovate.json.jinja", ".github/workflows/test.yaml"):
        path = mine.path / "template" / file
        path.write_text(path.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    mine.replace("template/.github/workflows/build.yaml", "timeout-minutes: 15", "timeout-minutes: 20").tag("v1.1.0")
    update(project)
    assert changed(project) == [".copier-answers.yml", ".github/workflows/build.yaml"]
    assert conflicts(project) == []


SNIPPETS = re.findall(
    r"^```toml\n(.*?)^```", (ROOT / "docs/tutorial/adopt.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("like", "snippet"),
    [
        ("classic with a static version", "poetry_dynamic_versioning.backend"),
        ("hatchling with a static version", "hatchling.build"),
        ("uv's backend", "hatchling.build"),
        ("uv's backend", "setuptools.build_meta"),
    ],
)
def test_the_tutorials_lines_make_a_static_version_dynamic(
    like: str, snippet: str, versions: Versions, tmp_path: Path
) -> None:
    """Pasted into `pyproject.toml`, they lead to a release that the gate lets pass."""
    project = STATIC[like].write(tmp_path / STATIC[like].repository)
    pyproject: dict[str, Any] = tomlkit.parse(project.read("pyproject.toml"))
    (lines,) = (tomlkit.parse(text) for text in SNIPPETS if snippet in text)
    if "project" in pyproject:
        del pyproject["project"]["version"]
    else:
        del lines["project"]
    merge(pyproject, lines)
    (project.path / "pyproject.toml").write_text(tomlkit.dumps(pyproject), encoding="utf-8")
    adopt(project, versions)
    commit(project, "Adopt the release wiring")
    code, said = release(project)
    assert code == 0, said
    assert "Beware" not in said


def merge(table: dict[str, Any], lines: dict[str, Any]) -> None:
    """Write keys and tables into a TOML table, in place of those that it has."""
    for key, value in lines.items():
        if isinstance(value, dict) and key in table:
            merge(table[key], value)
        else:
            table[key] = value
