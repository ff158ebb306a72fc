"""The lock of the build backends forces no project: one command writes the project's own, and the build uses it."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from meltano_release import lock
from meltano_release.lock import LOCK, LockError, check_lock, read_lock, write_lock
from meltano_release.publisher import FIELDS
from tests.support.commands import run
from tests.support.paths import DOCS, PYPROJECT

COMMAND = "uvx --from git+https://github.com/MeltanoLabs/meltano-package-template meltano-release lock"
HASH = f"--hash=sha256:{'0' * 64}"
FLIT = """\
[build-system]
requires = ["flit_core==3.12.0"]
build-backend = "backend"
backend-path = ["."]

[project]
name = "my-package"
version = "1"
description = "A backend that requires more when it builds"

[tool.flit.sdist]
include = ["backend.py"]
"""
BACKEND = """\
from flit_core.buildapi import *
get_requires_for_build_sdist = get_requires_for_build_wheel = lambda config_settings=None: ["iniconfig==2.0.0"]
"""
QUICK = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project, which is the working directory, on a maintainer's machine; the folder has nothing else."""
    folder = tmp_path / "my-package"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in ("GITHUB_ACTIONS", "UV", *lock.VARIABLES):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def backends(tmp_path: Path) -> Path:
    """The template's lock, which the build uses if a project has none."""
    file = tmp_path / "backends.txt"
    file.write_text(f"flit-core==3.11.0 {HASH}\n", encoding="utf-8")
    return file


def require(requirement: str) -> None:
    """Give the project its own backend that requires something when it builds, and nothing before."""
    Path(PYPROJECT).write_text(QUICK, encoding="utf-8")
    requires = "get_requires_for_build_sdist = get_requires_for_build_wheel"
    Path("backend.py").write_text(f"{requires} = lambda config_settings=None: [{requirement!r}]\n", encoding="utf-8")


def write_own_lock(text: str) -> None:
    """Write the project's own lock by hand."""
    LOCK.parent.mkdir(exist_ok=True)
    LOCK.write_text(text, encoding="utf-8")


def tamper() -> None:
    """Replace every hash of the project's own lock by zeros."""
    LOCK.write_text(re.sub("[0-9a-f]{64}", "0" * 64, LOCK.read_text(encoding="utf-8")), encoding="utf-8")


def locked() -> dict[str, str]:
    """Return the packages of the project's own lock and their versions; each has a hash."""
    text = LOCK.read_text(encoding="utf-8")
    pins = re.findall(r"^([\w.-]+)==(\S+).*\\\n    --hash=sha256:", text, re.MULTILINE)
    assert len(pins) == text.count("==")
    return dict(pins)


def test_a_lock_is_missing_then_written_then_used(
    here: Path, backends: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A requirement that only the backend names is missing, then locked by one command, then found."""
    require("iniconfig==2.0.0")
    assert check_lock(backends) == 1
    missing = "The build requires iniconfig==2.0.0, and the template's lock of build backends does not have that: "
    assert capsys.readouterr().err == f"{missing}run `{COMMAND}`, which writes {LOCK}, and commit that file.\n"
    assert write_lock() == 0
    assert capsys.readouterr().out == (
        f"Wrote {LOCK} for iniconfig==2.0.0. Commit it: the release build uses it from now on.\n"
    )
    assert locked() == {"iniconfig": "2.0.0"}
    assert LOCK.read_text(encoding="utf-8").splitlines()[1] == "#    meltano-release lock"
    assert check_lock(backends) == 0
    assert capsys.readouterr().out == f"{LOCK} has what the build requires.\n"
    require("iniconfig==2.1.0")
    assert check_lock(backends) == 1
    assert f"The build requires iniconfig==2.1.0, and {LOCK} does not have that: run `" in capsys.readouterr().err
    assert sorted(path.name for path in here.iterdir()) == [".github", "backend.py", PYPROJECT]


def test_a_failing_check_offers_a_patch_from_which_the_build_works(
    here: Path, backends: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the check writes, with `git apply`, gives a repository its first lock, and a later one its next."""
    patch, summary = backends.with_name("build-constraints.patch"), backends.with_name("summary.md")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    run("git", "init", "--quiet", cwd=here)
    for number, version in enumerate(("2.0.0", "2.1.0"), start=1):
        require(f"iniconfig=={version}")
        assert check_lock(backends, patch) == 1
        run("git", "apply", patch, cwd=here)
        assert locked() == {"iniconfig": version}
        assert check_lock(backends, patch) == 0
        assert summary.read_text(encoding="utf-8").count(f"+++ b/{LOCK}") == number
    assert patch.read_text(encoding="utf-8").count("\n-iniconfig==2.0.0 ") == 1
    require("does-not-exist-at-all==1")
    patch.unlink()
    assert check_lock(backends, patch) == 1
    assert not patch.exists()


def test_the_template_has_what_the_build_requires(
    backends: Path, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """If the template's lock has everything, nothing is missing."""
    require("flit_core<4")
    assert check_lock(backends) == 0
    assert capsys.readouterr().out == "The template's lock of build backends has what the build requires.\n"
    assert not (here / LOCK).exists()


def test_what_a_requirement_depends_on_must_be_locked(
    here: Path, backends: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A lock that has what is required, but not what that depends on, is not enough."""
    require("attrs-strict==1.0.1")
    assert here.exists()
    write_own_lock(f"attrs-strict==1.0.1 {HASH}\n")
    assert check_lock(backends) == 1
    assert f"The build requires attrs-strict==1.0.1, and {LOCK} does not have that" in capsys.readouterr().err


REFUSED = {
    "empty": ("", "is empty"),
    "comments alone": ("# Nothing\n\n--index-url https://pypi.org/simple\n", "is empty"),
    "no hash": ("iniconfig==2.0.0\n", "has no hash for iniconfig==2.0.0"),
    "one without a hash": (f"a==1 \\\n    {HASH}\niniconfig==2.0.0  # via b\n", "has no hash for iniconfig==2.0.0"),
    "conflict markers": ("<<<<<<< before\n", "has a line that is not a requirement: <<<<<<< before"),
    "not UTF-8": ("\udce9", "cannot be read ("),
}


@pytest.mark.parametrize(("text", "problem"), REFUSED.values(), ids=REFUSED)
@pytest.mark.usefixtures("here")
def test_an_own_lock_that_protects_nothing_is_refused(
    text: str, problem: str, backends: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An own lock that is empty, broken or without hashes is refused with the command that writes it."""
    require("iniconfig==2.0.0")
    LOCK.parent.mkdir()
    LOCK.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert check_lock(backends) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"{LOCK} {problem}")
    assert error.endswith(f": run `{COMMAND}`, which writes {LOCK}, and commit that file.\n")


def test_the_packages_of_a_lock_are_read(tmp_path: Path) -> None:
    """A lock is read in the forms that uv and pip-compile write, with markers, comments, URLs and options."""
    file = tmp_path / "lock.txt"
    file.write_text(
        f"# a comment\n--only-binary :all:\nPoetry.Core==2.1.0 \\\n    {HASH} \\\n    {HASH}\n    # via -r x\n"
        f"colorama==0.4.6 ; sys_platform == 'win32' {HASH}\ntool @ https://example.com/tool.zip {HASH}\n",
        encoding="utf-8",
    )
    expected = {("poetry-core", "2.1"), ("colorama", "0.4.6"), ("tool", "https://example.com/tool.zip")}
    assert read_lock(file) == expected
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert read_lock(file) == expected


def test_the_command_is_the_one_of_the_release_workflow(
    here: Path, backends: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message has the command with the commit of the template that the release workflow names."""
    require("iniconfig==2.0.0")
    sha = "1" * 40
    (here / ".github/workflows").mkdir(parents=True)
    (here / ".github/workflows/release.yaml").write_text(
        f"uses: Acme/template/actions/build@{sha} # v1\n", encoding="utf-8"
    )
    (here / ".github/publisher.json").write_text(
        json.dumps(dict.fromkeys(FIELDS, "a") | {"workflow_filename": "release.yaml"}), encoding="utf-8"
    )
    write_own_lock("")
    assert check_lock(backends) == 1
    command = f"uvx --from git+https://github.com/Acme/template@{sha} meltano-release lock"
    assert f"run `{command}`" in capsys.readouterr().err


@pytest.mark.usefixtures("here")
def test_a_requirement_of_the_backend_that_does_not_exist_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    """If a requirement of the backend does not exist, the last line of the output says so, and the old lock stays."""
    require("iniconfig==99")
    write_own_lock("old")
    assert write_lock() == 1
    error = capsys.readouterr().err
    assert "No solution found" in error
    assert error.splitlines()[-1] == "uv finds no versions for iniconfig==99: see above, and correct `requires`."
    assert LOCK.read_text(encoding="utf-8") == "old"


@pytest.mark.usefixtures("here")
def test_requirements_that_do_not_exist_are_explained(capsys: pytest.CaptureFixture[str]) -> None:
    """If a requirement does not exist, uv's output is followed by a sentence that names the requirement."""
    Path(PYPROJECT).write_text('[build-system]\nrequires = ["poetry-core>=99"]\n', encoding="utf-8")
    assert write_lock() == 1
    error = capsys.readouterr().err
    assert "only poetry-core<" in error
    assert (
        error.splitlines()[-1] == "uv cannot install poetry-core>=99: see above, and correct `build-system.requires`."
    )


@pytest.fixture
def unreachable(here: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A project on a machine without network: its index is where nobody listens."""
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    return here


@pytest.mark.usefixtures("unreachable")
def test_a_network_failure_is_not_a_missing_package(backends: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without network, nobody is told to correct the requirements or to write another lock."""
    require("flit_core<4")
    assert check_lock(backends) == 1
    error = capsys.readouterr().err
    assert error.startswith("The build requires flit_core<4, and uv cannot look for that: error: Failed to fetch")
    assert COMMAND not in error
    assert write_lock() == 1
    assert capsys.readouterr().err.splitlines()[-1] == "uv finds no versions for flit_core<4: see above."
    Path(PYPROJECT).write_text('[build-system]\nrequires = ["flit_core"]\n', encoding="utf-8")
    assert write_lock() == 1
    assert capsys.readouterr().err.splitlines()[-1] == "uv cannot install flit_core: see above."


def test_offline_is_not_a_missing_package() -> None:
    """The words of uv for no solution count only if uv could look for one."""
    assert lock.is_unsolvable("error: No solution found when resolving dependencies")
    offline = "error: No solution found\nhint: Packages were unavailable because the network was disabled."
    assert not lock.is_unsolvable(offline)


def test_what_the_backend_requires_is_locked_with_it(
    here: Path, backends: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The lock has the backend and what it requires when it builds; a tampered hash is not a missing package."""
    (here / PYPROJECT).write_text(FLIT, encoding="utf-8")
    (here / "backend.py").write_text(BACKEND, encoding="utf-8")
    assert write_lock() == 0
    assert locked() == {"flit-core": "3.12.0", "iniconfig": "2.0.0"}
    assert check_lock(backends) == 0
    tamper()
    capsys.readouterr()
    assert check_lock(backends) == 1
    error = capsys.readouterr().err
    assert "Hash mismatch for `flit-core==3.12.0`" in error
    assert error.splitlines()[-1] == "uv cannot install flit_core==3.12.0: see above."


def test_settings_do_not_change_the_lock(here: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the project's settings of uv nor variables lead uv to other versions than the build's."""
    require("iniconfig>=1")
    constraints = tmp_path / "constraints.txt"
    constraints.write_text("iniconfig==1.1.1\n", encoding="utf-8")
    for name in ("UV_CONSTRAINT", "UV_OVERRIDE", "UV_BUILD_CONSTRAINT"):
        monkeypatch.setenv(name, str(constraints))
    monkeypatch.setenv("UV_REQUIRE_HASHES", "1")
    (here / "uv.toml").write_text('constraint-dependencies = ["iniconfig==1.1.1"]\n', encoding="utf-8")
    assert write_lock() == 0
    assert locked()["iniconfig"] >= "2"


def test_without_a_table_the_backend_is_setuptools(here: Path, backends: Path) -> None:
    """A project without a table [build-system] is built by setuptools, which its lock has."""
    (here / "setup.py").write_text("from setuptools import setup\nsetup(name='my-package')\n", encoding="utf-8")
    assert write_lock() == 0
    assert set(locked()) == {"setuptools"}
    assert check_lock(backends) == 0


@pytest.mark.parametrize(
    ("pyproject", "sentence"),
    [
        (None, "There is no pyproject.toml or setup.py at the top of the repository"),
        ("[build-system]\nrequires = 1\n", "The table [build-system] cannot be read: "),
        (
            '[build-system]\nrequires = []\nbuild-backend = "missing"\n',
            "The build backend does not return its requirements: ",
        ),
        ("[build-system", "The table [build-system] cannot be read: "),
    ],
)
def test_what_cannot_be_locked_is_explained(
    pyproject: str | None, sentence: str, here: Path, backends: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """If the requirements cannot be read, the output begins with the cause, not a traceback; no lock is written."""
    if pyproject is not None:
        (here / PYPROJECT).write_text(pyproject, encoding="utf-8")
    assert write_lock() == 1
    assert capsys.readouterr().err.startswith(sentence)
    assert check_lock(backends) == 1
    assert capsys.readouterr().err.startswith(sentence)
    assert not (here / LOCK).exists()


@pytest.mark.usefixtures("here")
def test_in_a_workflow_the_error_is_an_annotation(
    backends: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a workflow, the error is one annotation, which GitHub shows on the page of the run."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert check_lock(backends) == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("::error title=Build backend::There is no pyproject.toml or setup.py at the top")


@pytest.mark.usefixtures("here")
def test_without_uv_the_error_says_where_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without uv on the PATH, a sentence has the page that explains its installation."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert write_lock() == 1
    assert capsys.readouterr().err.startswith("uv is not installed, or not on the PATH: https://docs.astral.sh/uv/")


def test_the_uv_that_runs_the_command_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """`uvx` names itself in `$UV`, which wins over the PATH."""
    monkeypatch.setenv("UV", "/elsewhere/uv")
    assert lock.find_uv() == "/elsewhere/uv"
    monkeypatch.delenv("UV")
    assert lock.find_uv() == shutil.which("uv")


@pytest.mark.parametrize(("running", "oldest"), [((3, 11, 7), "3.11"), ((3, 13, 0), "3.13"), ((3, 15, 0), "3.13")])
def test_the_lock_is_for_the_older_python(
    running: tuple[int, ...], oldest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock serves the Python of the release build, and this one if it is older."""
    monkeypatch.setattr(sys, "version_info", running)
    assert lock.oldest_python() == oldest


@pytest.mark.slow
def test_the_release_build_accepts_the_lock(here: Path) -> None:
    """The release build passes under the written lock and hash-checking; a tampered hash stops it."""
    (here / PYPROJECT).write_text(FLIT, encoding="utf-8")
    (here / "backend.py").write_text(BACKEND, encoding="utf-8")
    (here / "my_package.py").touch()
    assert write_lock() == 0

    def build() -> subprocess.CompletedProcess[str]:
        locks = ("--build-constraints", LOCK, "--require-hashes")
        return run("uv", "build", "--no-config", "--python", sys.executable, *locks, cwd=here, check=False)

    done = build()
    assert done.returncode == 0, done.stderr
    tamper()
    assert "Hash mismatch for `flit-core==3.12.0`" in build().stderr


def test_errors_are_sentences() -> None:
    """An error of a lock names the command that writes the project's own."""
    error = lock.refuse("x is empty")
    assert isinstance(error, LockError)
    assert str(error) == f"x is empty: run `{COMMAND}`, which writes {LOCK}, and commit that file."


@pytest.mark.parametrize("page", ["tutorial/adopt.md", "how-to/troubleshoot.md", "reference/files.md"])
def test_every_page_names_the_same_command(page: str) -> None:
    """The tutorial, the troubleshooting page, and the reference name the same command as the build's own error."""
    assert "meltano-release lock" in (DOCS / page).read_text(encoding="utf-8")
