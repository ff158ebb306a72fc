"""Whether a version comes from git is judged by what was built, and by git: no configuration is trusted or missed."""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.version import Version

from meltano_release.gate import judge, run_gate
from meltano_release.versions import doubt_version
from tests.support.commands import run
from tests.support.damage import add_commit, edit
from tests.support.gate_cases import RELEASE
from tests.support.paths import PYPROJECT
from tests.support.projects import VERSION, Project

DIST = Path("dist")
UNTIL = "The version does not come from the git tag, so a release passes only under the tag v{}: "
FAILS = "This commit has the tag v1.2.3 and the built version is {}, so a release would fail: "
TABLE: dict[str, dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("versions.yml").read_text(encoding="utf-8"))


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty git repository, which is the working directory."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    run("git", "init", "--quiet", cwd=tmp_path)
    return tmp_path


def check_out(repository: Path, described: dict[str, Any]) -> None:
    """Make the commit that a version was built from."""
    for name, text in described.get("files", {}).items():
        (repository / name).parent.mkdir(exist_ok=True)
        (repository / name).write_text(text, encoding="utf-8")
    run("git", "add", "--all", cwd=repository)
    run("git", "commit", "--quiet", "--allow-empty", "--message=Begin", cwd=repository)
    for tag in described.get("tags", ["v1.2.3"]):
        run("git", "tag", tag, cwd=repository)
    if described.get("beyond", True):
        run("git", "commit", "--quiet", "--allow-empty", "--message=Next", cwd=repository)


@pytest.mark.parametrize("name", [*TABLE["from git"], *TABLE["doubtful"]])
def test_a_version_that_git_does_not_know_gets_a_warning(repository: Path, name: str) -> None:
    """A version that stays the same from commit to commit gets a warning, whatever built it; another one gets none."""
    described = TABLE["doubtful"].get(name) or TABLE["from git"][name]
    check_out(repository, described)
    doubts = doubt_version(Version(described["version"]))
    message = (FAILS if described.get("fails") else UNTIL).format(described["version"])
    assert [doubt for doubt in doubts if not (doubt.startswith(message) and doubt.endswith("."))] == []
    assert bool(doubts) == (name in TABLE["doubtful"])


def test_a_version_that_no_tag_decides_passes_with_a_warning(
    with_dist: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """A static version passes; on a pull request, a warning says which tag a release needs."""
    edit(PYPROJECT, "[project]\n", f"[project]\nversion = '{VERSION}'\n")(with_dist)
    with_dist.commit()
    with_dist.run("git", "tag", "--force", f"v{VERSION}")
    assert (judge(DIST, RELEASE).problems, judge(DIST, RELEASE).warnings) == ([], [])
    add_commit(with_dist)
    assert run_gate(DIST, {}) == 0
    assert f"Warning: {UNTIL.format(VERSION)}" in capsys.readouterr().out


@pytest.mark.parametrize("files", TABLE["reads tags"].values(), ids=TABLE["reads tags"])
def test_a_backend_that_reads_tags_needs_no_other_configuration(files: dict[str, str], repository: Path) -> None:
    """If a version is wrong, the fix is not to configure what is configured."""
    check_out(repository, {"files": files})
    (doubt,) = doubt_version(Version("1.3"))
    assert doubt == f"{UNTIL.format('1.3')}configure the build backend to read it from git."
