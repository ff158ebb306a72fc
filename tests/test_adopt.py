"""A repository that exists gets the release setup and nothing else, and releases with the backend that it has."""

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

from tests.support.commands import ENVIRONMENT
from tests.support.editing import replace
from tests.support.paths import (
    ANSWERS_FILE,
    BUILD_WORKFLOW,
    DOCS,
    GATE_SCRIPT,
    GITATTRIBUTES,
    PUBLISHER_JSON,
    PYPROJECT,
    PYPROJECT_SOURCE,
    RELEASE_FOLDER,
    RELEASING,
    RENOVATE_SOURCE,
    TEST_WORKFLOW_SOURCE,
    WORKFLOWS,
    source,
)
from tests.support.projects import TAG, VERSION, Project, build
from tests.support.repositories import OLD_RELEASE, REPOSITORIES, STATIC, Repository
from tests.support.versions import LINE_CHANGE, Versions, changed_files, conflicts, update

RELEASE_SETUP = [
    ANSWERS_FILE,
    BUILD_WORKFLOW,
    GITATTRIBUTES,
    RELEASING,
    *(f"{RELEASE_FOLDER}/{name}.txt" for name in ("backends", "build", "judge", "uv")),
    *(
        f"{RELEASE_FOLDER}/{name}.py"
        for name in ("constraints", "distributions", "doctor", "gate", "publisher", "publishing", "report")
    ),
    PUBLISHER_JSON,
    f"{RELEASE_FOLDER}/ruff.toml",
]
TAP = REPOSITORIES["setuptools-scm, one job with every permission, tags without v"]
TAP_WORKFLOW = f"{WORKFLOWS}/{TAP.workflow_filename}"


@pytest.fixture(scope="module")
def first(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Versions:
    """The template's first version; leave it unchanged."""
    return Versions.create(template, tmp_path_factory.mktemp("first") / "template")


def adopt(project: Project, first: Versions, *options: str, check: bool = True) -> str:
    """Copy the release setup into a repository, as the tutorial does; return what copier printed."""
    answers = [f"--data={question}={answer}" for question, answer in project.answers.items()]
    command = ["copier", "copy", "--defaults", "--data=scope=release", *answers, *options]
    done = project.run(*command, first.path, ".", check=False)
    if check:
        assert done.returncode == 0, done.stderr
    return done.stderr


def adopted(repository: Repository, versions: Versions, folder: Path) -> Project:
    """Write a repository below a folder, copy the release setup into it and commit; return the project."""
    project = repository.write(folder / repository.repository)
    adopt(project, versions)
    project.commit("Adopt the release setup")
    return project


def release(project: Project, tag: str = TAG) -> tuple[int, str]:
    """Build at a tag, under the hashes, and run the gate as a release does; return its exit code and its output."""
    project.run("git", "tag", tag)
    build(project)
    answers = project.answers
    repository = f"{answers['owner']}/{answers['repository']}"
    claims = {
        "GITHUB_EVENT_NAME": "release",
        "GITHUB_EVENT_PATH": "dist/.event.json",
        "GITHUB_REF_NAME": tag,
        "GITHUB_REPOSITORY": repository,
        "GITHUB_WORKFLOW_REF": f"{repository}/{WORKFLOWS}/{answers['workflow_filename']}@refs/tags/{tag}",
    }
    project.write("dist/.event.json", '{"repository": {"default_branch": "main"}}')
    project.run("twine", "check", "--strict", *sorted((project.path / "dist").glob("*-*")))
    done = project.run(sys.executable, GATE_SCRIPT, "dist", env=claims, check=False)
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
def test_an_adopted_repository_releases_with_the_backend_it_has(like: str, first: Versions, tmp_path: Path) -> None:
    """Nothing of its own is touched but the workflow whose name it keeps; the built version is the tag's."""
    project = REPOSITORIES[like].write(tmp_path / REPOSITORIES[like].repository)
    workflow = f"{WORKFLOWS}/{project.answers['workflow_filename']}"
    adopt(project, first, "--overwrite")
    assert changed_files(project) == sorted([*RELEASE_SETUP, workflow])
    assert json.loads(project.read(PUBLISHER_JSON)).items() >= project.answers.items()
    assert yaml.safe_load(project.read(workflow))["permissions"] == {}
    assert "PYPI_TOKEN" not in project.read(workflow)
    project.commit("Adopt the release setup")
    assert release(project) == (
        0,
        f"{project.answers['package_name']} {VERSION} may be released: "
        + ", ".join(path.name for path in sorted((project.path / "dist").glob("*-*"), key=lambda path: path.suffix))
        + "\n",
    )


@pytest.mark.parametrize("like", some(STATIC, "classic with a static version"))
def test_a_version_that_comes_from_no_tag_is_explained_in_a_sentence(
    like: str, first: Versions, tmp_path: Path
) -> None:
    """Refused at the release, and announced before it, at the build of every pull request."""
    project = adopted(STATIC[like], first, tmp_path)
    code, output = release(project)
    assert code == 1
    refusal = f"Refused: The tag is {TAG} and the built version 0.3.1: "
    causes = [line.removeprefix(refusal) for line in output.splitlines()]
    assert causes
    assert all("read tags" in cause or "has a static `version`" in cause for cause in causes)
    earlier = project.run(sys.executable, GATE_SCRIPT, "dist").stdout.splitlines()
    warning = "Warning: The version does not come from the git tag, so a release passes only under the tag v0.3.1: "
    assert [line.removeprefix(warning) for line in earlier[:-1]] == causes


def test_without_a_terminal_a_clash_stops_the_copy_and_loses_nothing(first: Versions, tmp_path: Path) -> None:
    """The file that exists stays as it was; the message says what to do."""
    project = TAP.write(tmp_path / "tap")
    output = adopt(project, first, check=False)
    assert "Consider using `--overwrite`" in output
    assert project.read(TAP_WORKFLOW) == OLD_RELEASE
    assert project.run("git", "diff", "--stat").stdout == ""
    project.run("git", "clean", "--force", "-d", "--quiet")
    adopt(project, first, "--overwrite")
    assert project.run("git", "diff", "--name-only").stdout == f"{TAP_WORKFLOW}\n"


def test_the_message_after_a_copy_is_true(first: Versions, tmp_path: Path) -> None:
    """Its commands run as they stand, whatever branches there are, and show what was replaced; git brings it back."""
    project = TAP.write(tmp_path / "it's here")
    project.run("git", "branch", "release-setup")
    message = adopt(project, first, "--overwrite").partition("\nAdded to ")[2]
    commands = re.findall(r"^  (cd .*|git .*|python3 .*)$", message, re.MULTILINE)
    assert [command.split()[0] for command in commands] == ["cd", "git", "git", "python3", "git"]
    done = project.run("bash", "-c", "\n".join(commands[:4]), env={"PATH": "/usr/bin:/bin"}, check=False)
    listed = re.findall(r"^( M|\?\?) (\S+)$", done.stdout, re.MULTILINE)
    assert [name for state, name in listed if state == " M"] == [TAP_WORKFLOW]
    assert f"ok           {TAP_WORKFLOW} is the publisher's workflow." in done.stdout
    project.run("git", "restore", TAP_WORKFLOW)
    assert project.read(TAP_WORKFLOW) == OLD_RELEASE
    project.run("bash", "-e", "-c", commands[4])
    excluded = yaml.safe_load(re.findall(r"^  (exclude-paths: .*)$", message, re.MULTILINE)[0])["exclude-paths"]
    assert excluded == [f"{RELEASE_FOLDER}/**", BUILD_WORKFLOW, TAP_WORKFLOW]


def test_in_a_terminal_overwriting_is_asked_file_by_file(first: Versions, tmp_path: Path) -> None:
    """And No keeps the file."""
    project = TAP.write(tmp_path / "tap")
    project.write(RELEASING, "How we release.\n")
    project.commit()
    answers = [f"--data={question}={answer}" for question, answer in project.answers.items()]
    arguments = ["copy", "--defaults", "--data=scope=release", *answers, str(first.path), "."]
    terminal = pexpect.spawn("copier", arguments, cwd=project.path, env=ENVIRONMENT, encoding="utf-8")
    for _ in range(2):
        asked = terminal.expect([r"RELEASING\.md\? \S*\(Y/n\)", r"/release\.yml\? \S*\(Y/n\)"])
        terminal.send("ny"[asked])
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    assert project.read(RELEASING) == "How we release.\n"
    assert project.run("git", "diff", "--name-only").stdout == f"{TAP_WORKFLOW}\n"


def test_another_template_may_be_there_already(first: Versions, tmp_path: Path) -> None:
    """With an answers file of its own name, which updates know, the other template's is left alone."""
    project = REPOSITORIES["hatch-vcs with uv.lock"].write(tmp_path / "tap-gamma")
    others = "_commit: 1.0.0\n_src_path: https://example.com/other.git\nscope: everything\n"
    project.write(ANSWERS_FILE, others)
    project.commit()
    mine = Versions.create(first.path, tmp_path / "template")
    adopt(project, mine, "--answers-file=.copier-answers.release.yml")
    project.commit("Adopt the release setup")
    mine.replace(source(BUILD_WORKFLOW), *LINE_CHANGE).tag("v1.1.0")
    update(project, "--answers-file=.copier-answers.release.yml")
    assert changed_files(project) == [".copier-answers.release.yml", BUILD_WORKFLOW]
    assert project.read(ANSWERS_FILE) == others


@pytest.mark.parametrize("like", ["poetry.lock and its own CI"])
def test_an_update_of_an_adopted_repository_touches_the_release_setup_alone(
    like: str, first: Versions, tmp_path: Path
) -> None:
    """Files that the template would give a whole package are the repository's own, under the same names."""
    project = adopted(REPOSITORIES[like], first, tmp_path)
    mine = Versions.create(first.path, tmp_path / "template")
    replace(project.path / ANSWERS_FILE, str(first.path), str(mine.path))
    project.commit("Move to another URL")
    for file in (PYPROJECT_SOURCE, RENOVATE_SOURCE, TEST_WORKFLOW_SOURCE):
        path = mine.path / file
        path.write_text(path.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    mine.replace(source(BUILD_WORKFLOW), *LINE_CHANGE).tag("v1.1.0")
    update(project)
    assert changed_files(project) == [ANSWERS_FILE, BUILD_WORKFLOW]
    assert conflicts(project) == []


SNIPPETS = re.findall(
    r"^```toml\n(.*?)^```", (DOCS / "tutorial/adopt.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
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
    like: str, snippet: str, first: Versions, tmp_path: Path
) -> None:
    """Pasted into `pyproject.toml`, they lead to a release that the gate lets pass."""
    project = STATIC[like].write(tmp_path / STATIC[like].repository)
    pyproject: dict[str, Any] = tomlkit.parse(project.read(PYPROJECT))
    (lines,) = (tomlkit.parse(text) for text in SNIPPETS if snippet in text)
    if "project" in pyproject:
        del pyproject["project"]["version"]
    else:
        del lines["project"]
    merge(pyproject, lines)
    project.write(PYPROJECT, tomlkit.dumps(pyproject))
    adopt(project, first)
    project.commit("Adopt the release setup")
    code, output = release(project)
    assert code == 0, output
    assert "Warning" not in output


def merge(table: dict[str, Any], lines: dict[str, Any]) -> None:
    """Write keys and tables into a TOML table, in place of those that it has."""
    for key, value in lines.items():
        if isinstance(value, dict) and key in table:
            merge(table[key], value)
        else:
            table[key] = value
