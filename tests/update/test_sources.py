"""However the template is named, a project's workflows use the actions of its repository, at its commit."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from copier._vcs import get_repo

from tests.support.commands import run
from tests.support.copier import run_copier
from tests.support.paths import (
    ACTIONS,
    ANSWERS_FILE,
    RELEASE_WORKFLOW,
    RELEASE_WORKFLOW_SOURCE,
    RELEASING,
    TEST_WORKFLOW,
    WORKFLOWS,
)
from tests.support.projects import Project, Render
from tests.support.questions import environment
from tests.support.steps import steps
from tests.support.terminal import COLUMNS
from tests.support.versions import LINE_CHANGE, Versions, recorded_answers

OWN = "MeltanoLabs/meltano-package-template"
PIN = re.compile(r"uses: (\S+)/actions/([a-z]+)@(\S+) # (\S+)$", re.MULTILINE)
LOCAL = "Warning: you named the template by a local path"
NOT_GITHUB = "does not look like a GitHub server"
SECRET = "Warning: the URL of the template holds a password or a token"  # noqa: S105 - a sentence
TOKEN = "ghp_0123456789secret"  # noqa: S105 - made up
CASES: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("sources.yml").read_text(encoding="utf-8"))
URLS = [(source, *named) for source, named in CASES["urls"].items()]


def macro(name: str) -> Callable[..., str]:
    """Return a macro of includes/actions.jinja as a function."""
    module = environment().get_template("includes/actions.jinja").module
    return lambda *arguments: str(getattr(module, name)(*arguments))


@pytest.mark.parametrize(("source", "repository", "host", "is_github"), URLS, ids=CASES["urls"])
def test_a_url_says_where_the_actions_are(source: str, repository: str, host: str, *, is_github: bool) -> None:
    """Of a URL come the repository, which is its last two parts, and the host; never a user or a password."""
    assert macro("is_url")(source) == "yes"
    assert macro("repository_of")(source) == repository
    assert macro("host_of")(source) == host
    assert macro("is_github")(source) == ("yes" if is_github else "")
    assert macro("has_secret")(source) == ("yes" if TOKEN in source else "")
    shown = host if "." in host and repository != OWN else "github.com"
    command = f"uvx --from git+https://{shown}/{repository}@v1.0.0 meltano-release"
    assert macro("command")(source, "v1.0.0", "0" * 40) == command


@pytest.mark.parametrize("path", CASES["paths"])
def test_a_local_path_is_no_url(path: str) -> None:
    """A local path names no host; the actions are those of the template's own repository."""
    assert macro("is_url")(path) == macro("is_github")(path) == macro("has_secret")(path) == ""
    assert macro("repository_of")(path) == OWN
    assert macro("command")(path, "v1.0.0", "0" * 40).startswith(f"uvx --from git+https://github.com/{OWN}@v1.0.0 ")


def test_a_version_is_a_tag_or_the_full_commit() -> None:
    """What stands between two tags is named by its full commit, since nobody else can resolve git's description."""
    tags = ["v1.0.0", "v1.0.0rc1", "1.0.0"]
    others = ["v1.0.0-1-gabcdef0", "v1.0.0-12-g0123456789abcdef", "abcdef0", "0" * 40, "0" * 64]
    assert [macro("version_of")(commit, "f" * 40) for commit in tags + others] == [*tags, *["f" * 40] * len(others)]


def copy(source: str, folder: Path, *options: str, template: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run `copier copy` to `folder/project` without a network: git opens a local template where the URL leads."""
    environment = {"COPIER_CACHE_DIR": f"{folder}-cache", "GIT_ALLOW_PROTOCOL": "file"}
    if template:
        redirect = {"GIT_CONFIG_KEY_0": f"url.{template}.insteadOf", "GIT_CONFIG_VALUE_0": get_repo(source) or source}
        environment |= {"GIT_CONFIG_COUNT": "1"} | redirect
    command = ("copy", "--defaults", *options, source, "project")
    return run_copier(*command, cwd=folder, env=environment, check=False)


def head(repository: Path) -> str:
    """Return the full commit of a repository's HEAD."""
    return run("git", "rev-parse", "HEAD", cwd=repository).stdout.strip()


def pins(project: Path) -> set[tuple[str, str, str]]:
    """Return the pins of the template's actions in a project: repository, commit, and the version behind it."""
    texts = [path.read_text(encoding="utf-8") for path in (project / WORKFLOWS).iterdir()]
    found = {match.groups() for text in texts for match in PIN.finditer(text)}
    assert {name for _, name, _, _ in found} == {path.name for path in ACTIONS.iterdir() if path.is_dir()}
    return {(repository, commit, version) for repository, _, commit, version in found}


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(row, id=row[0], marks=[] if row[0] in CASES["copied in plain nox"] else pytest.mark.slow)
        for row in URLS
    ],
)
def test_a_template_named_by_its_url(row: tuple[str, str, str, bool], template: Path, tmp_path: Path) -> None:
    """The workflows name the actions of the URL's repository at its commit; a host that is not GitHub gets a warning.

    A password in the URL is in the answers file, where Copier records it, and the message says so. It is nowhere else.
    """
    source, repository, host, is_github = row
    done = copy(source, tmp_path, template=template)
    assert done.returncode == 0, done.stderr
    project = tmp_path / "project"
    assert recorded_answers(project)["_src_path"] == source
    assert pins(project) == {(repository, head(template), "v1.0.0")}
    assert LOCAL not in done.stderr
    assert (f"Warning: {host} {NOT_GITHUB}" in done.stderr) is not is_github
    assert (SECRET in done.stderr) is (TOKEN in source)
    found = run("grep", "--recursive", "--files-with-matches", TOKEN, ".", cwd=project, check=False).stdout
    assert found == (f"./{ANSWERS_FILE}\n" if TOKEN in source else "")
    assert TOKEN not in done.stdout + done.stderr
    assert all(len(line) <= COLUMNS for line in done.stderr.partition("Warning")[2].splitlines())


@pytest.mark.parametrize("state", ["at its tag", "ahead of it", "dirty"])
def test_a_local_clone_gets_a_warning(state: str, template: Path, tmp_path: Path) -> None:
    """A project of a local clone uses the template's own repository, and the message says what that needs.

    Between versions, the pins and the command name a full commit; that of a dirty clone is nowhere else.
    """
    versions = Versions.create(template, tmp_path / "template")
    if state != "at its tag":
        versions.replace(RELEASE_WORKFLOW_SOURCE, *LINE_CHANGE)
    if state == "ahead of it":
        run("git", "commit", "--quiet", "--all", "--message", "Work", cwd=versions.path)
    done = copy(str(versions.path), tmp_path, "--vcs-ref=HEAD")
    assert done.returncode == 0, done.stderr
    assert LOCAL in done.stderr
    assert NOT_GITHUB not in done.stderr
    project = tmp_path / "project"
    ((repository, commit, version),) = pins(project)
    assert (repository, version) == (OWN, "v1.0.0" if state == "at its tag" else commit)
    assert (commit == head(versions.path)) is (state != "dirty")
    releasing = (project / RELEASING).read_text(encoding="utf-8")
    assert f"git+https://github.com/{OWN}@{version} meltano-release" in releasing
    workflow = (project / RELEASE_WORKFLOW).read_text(encoding="utf-8")
    assert (LINE_CHANGE[1] in workflow) is (state != "at its tag")


@pytest.mark.parametrize(("source", "message"), CASES["refused"].items())
def test_what_cannot_be_opened_leaves_nothing(source: str, message: str, template: Path, tmp_path: Path) -> None:
    """Where the template cannot be opened, or is not a git repository, Copier exits with 1 and writes nothing."""
    shutil.copytree(template, tmp_path / "plain", ignore=shutil.ignore_patterns(".git"))
    done = copy(source, tmp_path)
    assert done.returncode == 1
    assert message in done.stderr.strip().splitlines()[-1]
    assert not (tmp_path / "project").exists()


def test_the_commit_of_the_pins_has_the_actions(template: Path, render: Render) -> None:
    """The commit that the workflows name is the full one of the version; it has each action, with the inputs given."""
    used = {use: step for use, step in steps(render(kind="tap").path).items() if "/actions/" in step.get("uses", "")}
    assert len(used) > 8
    for use, step in used.items():
        ((name, commit),) = re.findall(r"^[^@]+/actions/([a-z]+)@([0-9a-f]{40})$", step["uses"])
        assert commit == head(template), use
        text = run("git", "show", f"{commit}:actions/{name}/action.yml", cwd=template).stdout
        inputs = yaml.safe_load(text).get("inputs", {})
        given = step.get("with", {}).keys()
        assert given <= inputs.keys(), use
        assert {key for key, value in inputs.items() if value.get("required")} <= given, use


def sizes(project: Project) -> dict[str, int]:
    """Return how many lines each file of a project has."""
    files = [path for path in project.path.rglob("*") if path.is_file()]
    return {path.relative_to(project.path).as_posix(): path.read_text().count("\n") for path in files}


def test_a_project_is_light(render: Render) -> None:
    """What the template adds to a repository is short enough to be read: these bounds are promises."""
    tap, release = sizes(render(kind="tap", repository="tap-x")), sizes(render(scope="release"))
    assert sum(size for name, size in tap.items() if name.startswith(".github/") and name != RELEASING) <= 260
    assert tap[TEST_WORKFLOW] <= 60
    assert len(release) <= 5
    assert sum(release.values()) - release[RELEASING] <= 200
    assert sum(release.values()) <= 320
