"""Whether a version comes from git is judged by what was built, and by git: no configuration is trusted or missed."""

import os
from pathlib import Path
from typing import NamedTuple

import pytest
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
FAILS = "This commit has the tag {} and the built version is {}, so a release would fail: "
SETUP_PY = "from subprocess import check_output\nsetup(version=check_output(['git', 'describe'], text=True))\n"
STATIC = "[project]\nname = 'a'\nversion = '1.2.3'\n"


class Build(NamedTuple):
    """A version that was built from a commit: the tags of the first commit, whether there is a second, and files."""

    version: str
    tags: tuple[str, ...] = ("v1.2.3",)
    beyond: bool = True
    files: dict[str, str] = {}  # noqa: RUF012 - never changed


FROM_GIT = {
    "the tag's": Build("1.2.3", beyond=False),
    "the tag's, without a v": Build("1.2.3", ("1.2.3",), beyond=False),
    "one of two tags": Build("1.2.3", ("v1.2.3", "v1.2.4"), beyond=False),
    "a tag of a package": Build("1.2.3", ("a-b-v1.2.3",), beyond=False),
    "poetry-dynamic-versioning": Build("1.2.3.post1.dev0+0344453"),
    "setuptools-scm": Build("1.2.4.dev1+g0344453"),
    "setuptools-scm without a local part": Build("1.2.4.dev1"),
    "setuptools-scm's post-releases": Build("1.2.3.post1"),
    "versioneer": Build("1.2.3+1.g0344453"),
    "no tags yet": Build("0.1.dev1+g0344453", ()),
    "a backend that takes the last tag": Build("1.2.3", files={"setup.py": SETUP_PY}),
    "a dependency of the same version": Build("1.2.3", files={PYPROJECT: "dependencies = ['a==1.2.3']\n"}),
    "hatch.toml": Build("1.2.4.dev1", files={"hatch.toml": "[version]\nsource = 'vcs'\n"}),
    "use_scm_version": Build("1.2.4.dev1", files={"setup.py": "setup(use_scm_version=True)\n"}),
    "a fallback": Build("1.2.3", files={PYPROJECT: "[tool.setuptools_scm]\nfallback_version = '1.2.3'\n"}),
}
DOUBTFUL = {
    "another version than the tag's": (Build("1.2.4", beyond=False), FAILS.format("v1.2.3", "1.2.4")),
    "a development version at a tag": (Build("1.2.4.dev0", beyond=False), FAILS.format("v1.2.3", "1.2.4.dev0")),
    "the next version": (Build("1.3"), UNTIL.format("1.3")),
    "an older version": (Build("1.2.2"), UNTIL.format("1.2.2")),
    "no tags": (Build("1.2.3", ()), UNTIL.format("1.2.3")),
    "pyproject.toml": (Build("1.2.3", files={PYPROJECT: STATIC}), UNTIL.format("1.2.3")),
    "setup.cfg": (Build("1.2.3", files={"setup.cfg": "[metadata]\nversion = 1.2.3\n"}), UNTIL.format("1.2.3")),
    "setup.py": (Build("1.2.3", files={"setup.py": "setup(name='a', version='1.2.3')\n"}), UNTIL.format("1.2.3")),
    "a module": (Build("1.2.3", files={"a/__init__.py": '__version__ = "1.2.3"\n'}), UNTIL.format("1.2.3")),
    "Poetry's old backend": (
        Build("1.2.3", files={PYPROJECT: "[build-system]\nbuild-backend = 'poetry.masonry.api'\n" + STATIC}),
        UNTIL.format("1.2.3"),
    ),
    "a version file": (Build("1.2.3", files={"a/VERSION": "1.2.3\n"}), UNTIL.format("1.2.3")),
}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty git repository, which is the working directory."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    run("git", "init", "--quiet", cwd=tmp_path)
    return tmp_path


def check_out(repository: Path, build: Build) -> None:
    """Make the commit that a build comes from."""
    for name, text in build.files.items():
        (repository / name).parent.mkdir(exist_ok=True)
        (repository / name).write_text(text, encoding="utf-8")
    run("git", "add", "--all", cwd=repository)
    run("git", "commit", "--quiet", "--allow-empty", "--message=Begin", cwd=repository)
    for tag in build.tags:
        run("git", "tag", tag, cwd=repository)
    if build.beyond:
        run("git", "commit", "--quiet", "--allow-empty", "--message=Next", cwd=repository)


@pytest.mark.parametrize("build", FROM_GIT.values(), ids=FROM_GIT)
def test_a_version_that_comes_from_git_gets_no_warning(repository: Path, build: Build) -> None:
    """A version that a tag names, or that names a commit, gets no warning, whatever built it."""
    check_out(repository, build)
    assert doubt_version(Version(build.version)) == []


@pytest.mark.parametrize(("build", "message"), DOUBTFUL.values(), ids=DOUBTFUL)
def test_a_version_that_git_does_not_know_gets_a_warning(repository: Path, build: Build, message: str) -> None:
    """A version that stays the same from commit to commit gets a warning, wherever it stands."""
    check_out(repository, build)
    doubts = doubt_version(Version(build.version))
    assert doubts
    for doubt in doubts:
        assert doubt.startswith(message)
        assert doubt.endswith(".")


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


HATCH = "[build-system]\nbuild-backend = 'hatchling.build'\nrequires = ['{}']\n[tool.hatch.version]\nsource = '{}'\n"
SETUPTOOLS = "[build-system]\nbuild-backend = 'setuptools.build_meta'\nrequires = ['{}']\n"
READS_TAGS = {
    "hatch-vcs": {PYPROJECT: HATCH.format("hatch-vcs", "vcs")},
    "versioningit": {PYPROJECT: HATCH.format("versioningit", "versioningit")},
    "setuptools-scm": {PYPROJECT: SETUPTOOLS.format("setuptools_scm>=8")},
    "setuptools-git-versioning": {PYPROJECT: SETUPTOOLS.format("setuptools-git-versioning")},
    "versioneer": {PYPROJECT: SETUPTOOLS.format("setuptools") + "[tool.versioneer]\nVCS = 'git'\n"},
    "hatch.toml": {
        PYPROJECT: "[build-system]\nbuild-backend = 'hatchling.build'\n",
        "hatch.toml": "[version]\nsource = 'vcs'\n",
    },
    "use_scm_version": {"setup.py": "setup(use_scm_version=True)\n"},
    "a setup.py that reads git": {"setup.py": SETUP_PY},
    "an unknown backend": {PYPROJECT: "[project]\n[build-system]\nbuild-backend = 'own'\n"},
}


@pytest.mark.parametrize("files", READS_TAGS.values(), ids=READS_TAGS)
def test_a_backend_that_reads_tags_needs_no_other_configuration(files: dict[str, str], repository: Path) -> None:
    """If a version is wrong, the fix is not to configure what is configured."""
    check_out(repository, Build(VERSION, files=files))
    (doubt,) = doubt_version(Version("1.3"))
    assert doubt == f"{UNTIL.format('1.3')}configure the build backend to read it from git."
