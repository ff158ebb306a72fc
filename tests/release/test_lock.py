"""The lock of the build backends forces no project: one command writes the project's own, and the build uses it."""

import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from meltano_release import lock
from meltano_release.lock import LOCK, check_lock, read_lock, write_lock
from meltano_release.publisher import FIELDS
from tests.support.commands import run
from tests.support.paths import PYPROJECT

COMMAND = "uvx --from git+https://github.com/MeltanoLabs/meltano-package-template meltano-release lock"
WRITE_IT = f": run `{COMMAND}`, which writes {LOCK}, and commit that file."
HASH = f"--hash=sha256:{'0' * 64}"
NOWHERE = "http://127.0.0.1:9/simple"  # where nobody listens
BACKEND = """\
from flit_core.buildapi import *
get_requires_for_build_sdist = get_requires_for_build_wheel = lambda config_settings=None: [{!r}]
"""
PROJECT = """\
[build-system]
requires = {}
build-backend = "backend"
backend-path = ["."]

[project]
name = "my-package"
version = "1"
description = "A backend that requires more when it builds"

[tool.flit.sdist]
include = ["backend.py"]
"""
Outcome = tuple[int, str]  # the exit code, and the last line that is printed
Checked = Callable[[], Outcome]


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
def check(here: Path, capsys: pytest.CaptureFixture[str]) -> Checked:
    """A function that checks the lock that the build uses; the template's has flit-core 3.11.0."""
    backends = here.with_name("backends.txt")
    backends.write_text(f"flit-core==3.11.0 {HASH}\n", encoding="utf-8")

    def checked() -> Outcome:
        code = check_lock(backends)
        printed = capsys.readouterr()
        return code, (printed.err or printed.out).splitlines()[-1]

    return checked


@pytest.fixture
def write(here: Path, capsys: pytest.CaptureFixture[str]) -> Checked:
    """A function that writes the project's own lock, and leaves nothing else behind."""

    def written() -> Outcome:
        before = {*here.iterdir(), here / ".github"}
        code = write_lock()
        printed = capsys.readouterr()
        assert {*here.iterdir()} <= {*before, here / "__pycache__"}
        return code, (printed.err or printed.out).splitlines()[-1]

    return written


def require(requirement: str, *static: str) -> None:
    """Give the project its own backend that requires something when it builds, and something before."""
    Path(PYPROJECT).write_text(PROJECT.format(json.dumps(static)), encoding="utf-8")
    text = BACKEND.format(requirement)
    Path("backend.py").write_text(text if static else text.partition("\n")[2], encoding="utf-8")


def write_own_lock(text: str) -> None:
    """Write the project's own lock by hand."""
    LOCK.parent.mkdir(exist_ok=True)
    LOCK.write_bytes(text.encode("utf-8", "surrogateescape"))


def locked() -> dict[str, str]:
    """Return the packages of the project's own lock and their versions; each has a hash."""
    text = LOCK.read_text(encoding="utf-8")
    pins = re.findall(r"^([\w.-]+)==(\S+).*\\\n    --hash=sha256:", text, re.MULTILINE)
    assert len(pins) == text.count("==")
    return dict(pins)


def test_a_lock_is_missing_then_written_then_used(check: Checked, write: Checked) -> None:
    """A requirement that the template's lock lacks is missing, then locked by one command, then found."""
    require("flit_core<4")
    assert check() == (0, "The template's lock of build backends has what the build requires.")
    require("iniconfig==2.0.0")
    missing = "The build requires iniconfig==2.0.0, and the template's lock of build backends does not have that"
    assert check() == (1, missing + WRITE_IT)
    assert write() == (0, f"Wrote {LOCK} for iniconfig==2.0.0. Commit it: the release build uses it from now on.")
    assert locked() == {"iniconfig": "2.0.0"}
    assert LOCK.read_text(encoding="utf-8").splitlines()[1] == "#    meltano-release lock"
    assert check() == (0, f"{LOCK} has what the build requires.")
    require("iniconfig==2.1.0")
    assert check() == (1, f"The build requires iniconfig==2.1.0, and {LOCK} does not have that{WRITE_IT}")


@pytest.mark.usefixtures("check")
def test_a_failing_check_offers_a_patch_from_which_the_build_works(
    here: Path, write: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the check writes, with `git apply`, gives a repository its first lock, and a later one its next.

    If git ignores the lock, the command that is printed adds it.
    """
    backends, patch, summary = (here.with_name(name) for name in ("backends.txt", "new.patch", "summary.md"))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    run("git", "init", "--quiet", cwd=here)
    (here / ".gitignore").write_text("*.txt\n", encoding="utf-8")
    require("iniconfig==2.0.0")
    assert write() == (0, f"git ignores it, so add it by name: `git add --force {LOCK}`")
    LOCK.unlink()
    for number, version in enumerate(("2.0.0", "2.1.0"), start=1):
        require(f"iniconfig=={version}")
        assert check_lock(backends, patch) == 1
        run("git", "apply", patch, cwd=here)
        assert locked() == {"iniconfig": version}
        run(*re.findall("git add .*", summary.read_text(encoding="utf-8"))[-1].split(), cwd=here)
        assert check_lock(backends, patch) == 0
        assert summary.read_text(encoding="utf-8").count(f"+++ b/{LOCK}") == number
    assert patch.read_text(encoding="utf-8").count("\n-iniconfig==2.0.0 ") == 1
    require("does-not-exist-at-all==1")
    patch.unlink()
    assert check_lock(backends, patch) == 1
    assert not patch.exists()


def test_what_a_requirement_depends_on_must_be_locked(check: Checked) -> None:
    """A lock that has what is required, but not what that depends on, is not enough."""
    require("attrs-strict==1.0.1")
    write_own_lock(f"attrs-strict==1.0.1 {HASH}\n")
    assert check() == (1, f"The build requires attrs-strict==1.0.1, and {LOCK} does not have that{WRITE_IT}")


REFUSED = {
    "empty": ("", "is empty"),
    "comments alone": ("# Nothing\n\n--index-url https://pypi.org/simple\n", "is empty"),
    "no hash": ("iniconfig==2.0.0\n", "has no hash for iniconfig==2.0.0"),
    "one without a hash": (f"a==1 \\\n    {HASH}\niniconfig==2.0.0  # via b\n", "has no hash for iniconfig==2.0.0"),
    "conflict markers": ("<<<<<<< before\n", "has a line that is not a requirement: <<<<<<< before"),
    "not UTF-8": ("\udce9", "cannot be read ("),
}


@pytest.mark.parametrize(("text", "problem"), REFUSED.values(), ids=REFUSED)
def test_an_own_lock_that_protects_nothing_is_refused(text: str, problem: str, check: Checked) -> None:
    """An own lock that is empty, broken or without hashes is refused with the command that writes it."""
    require("iniconfig==2.0.0")
    write_own_lock(text)
    code, error = check()
    assert code == 1
    assert error.startswith(f"{LOCK} {problem}")
    assert error.endswith(WRITE_IT)


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


def test_the_command_is_the_one_of_the_release_workflow(check: Checked) -> None:
    """The message has the command with the commit of the template that the release workflow names."""
    require("iniconfig==2.0.0")
    write_own_lock("")
    sha, form = "1" * 40, dict.fromkeys(FIELDS, "a") | {"workflow_filename": "release.yaml"}
    LOCK.with_name("workflows").mkdir()
    LOCK.with_name("publisher.json").write_text(json.dumps(form), encoding="utf-8")
    workflow = f"uses: Acme/template/actions/build@{sha} # v1\n"
    (LOCK.with_name("workflows") / "release.yaml").write_text(workflow, encoding="utf-8")
    assert f"run `uvx --from git+https://github.com/Acme/template@{sha} meltano-release lock`" in check()[1]


def test_requirements_that_do_not_exist_are_explained(write: Checked) -> None:
    """If a requirement does not exist, the last line of the output names it and the fix, and the old lock stays."""
    write_own_lock("old")
    require("iniconfig==99")
    assert write() == (1, "uv finds no versions for iniconfig==99: see above, and correct `requires`.")
    require("iniconfig", "poetry-core>=99")
    assert write() == (1, "uv cannot install poetry-core>=99: see above, and correct `build-system.requires`.")
    assert LOCK.read_text(encoding="utf-8") == "old"


def test_a_network_failure_is_not_a_missing_package(
    check: Checked, write: Checked, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without network, no message asks to correct the requirements or to write another lock."""
    for name, value in {"UV_DEFAULT_INDEX": NOWHERE, "UV_CACHE_DIR": str(tmp_path), "UV_HTTP_RETRIES": "0"}.items():
        monkeypatch.setenv(name, value)
    require("flit_core<4")
    code, error = check()
    assert code == 1
    assert COMMAND not in error
    assert write() == (1, "uv finds no versions for flit_core<4: see above.")
    require("iniconfig", "flit_core")
    assert write() == (1, "uv cannot install flit_core: see above.")
    offline = "error: No solution found\nhint: Packages were unavailable because the network was disabled."
    assert lock.is_unsolvable(offline.partition("\n")[0])
    assert not lock.is_unsolvable(offline)


def test_what_the_backend_requires_is_locked_with_it(check: Checked, write: Checked) -> None:
    """The lock has the backend and what it requires when it builds; a tampered hash is not a missing package."""
    require("iniconfig==2.0.0", "flit_core==3.12.0")
    assert write()[0] == 0
    assert locked() == {"flit-core": "3.12.0", "iniconfig": "2.0.0"}
    assert check()[0] == 0
    LOCK.write_text(re.sub("[0-9a-f]{64}", "0" * 64, LOCK.read_text(encoding="utf-8")), encoding="utf-8")
    assert check() == (1, "uv cannot install flit_core==3.12.0: see above.")


def test_settings_do_not_change_the_lock(
    here: Path, write: Checked, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither the project's settings of uv nor variables lead uv to other versions than the build's."""
    require("iniconfig>=1")
    constraints = tmp_path / "constraints.txt"
    constraints.write_text("iniconfig==1.1.1\n", encoding="utf-8")
    for name in ("UV_CONSTRAINT", "UV_OVERRIDE", "UV_BUILD_CONSTRAINT"):
        monkeypatch.setenv(name, str(constraints))
    monkeypatch.setenv("UV_REQUIRE_HASHES", "1")
    (here / "uv.toml").write_text('constraint-dependencies = ["iniconfig==1.1.1"]\n', encoding="utf-8")
    assert write()[0] == 0
    assert locked()["iniconfig"] >= "2"


@pytest.mark.slow
def test_without_a_table_the_backend_is_setuptools(here: Path, check: Checked) -> None:
    """A project without a table [build-system] is built by setuptools, which its lock has."""
    (here / "setup.py").write_text("from setuptools import setup\nsetup(name='my-package')\n", encoding="utf-8")
    assert write_lock() == 0
    assert set(locked()) == {"setuptools"}
    assert check()[0] == 0


BROKEN = {
    "no project": (None, "There is no pyproject.toml or setup.py at the top of the repository"),
    "requires of another type": ("[build-system]\nrequires = 1\n", "The table [build-system] cannot be read: "),
    "not TOML": ("[build-system", "The table [build-system] cannot be read: "),
    "a missing backend": (
        '[build-system]\nrequires = []\nbuild-backend = "missing"\n',
        "The build backend does not return its requirements: ",
    ),
}


@pytest.mark.parametrize(("pyproject", "sentence"), BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_locked_is_explained(
    pyproject: str | None, sentence: str, check: Checked, write: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the requirements cannot be read, the output has the cause, in a workflow as an annotation; none is written."""
    if pyproject is not None:
        Path(PYPROJECT).write_text(pyproject, encoding="utf-8")
    for command in (check, write):
        code, error = command()
        assert (code, error.startswith(sentence)) == (1, True), error
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert check()[1].startswith(f"::error title=Build backend::{sentence}")
    assert not LOCK.exists()


def test_the_uv_that_runs_the_command_is_used(write: Checked, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`uvx` names itself in `$UV`, which wins over the PATH; without both, a sentence says where to get uv."""
    monkeypatch.setenv("UV", "/elsewhere/uv")
    assert lock.find_uv() == "/elsewhere/uv"
    monkeypatch.delenv("UV")
    assert lock.find_uv() == shutil.which("uv")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert write()[1].startswith("uv is not installed, or not on the PATH: https://docs.astral.sh/uv/")


@pytest.mark.parametrize(("running", "oldest"), [((3, 11, 7), "3.11"), ((3, 13, 0), "3.13"), ((3, 15, 0), "3.13")])
def test_the_lock_is_for_the_older_python(
    running: tuple[int, ...], oldest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock serves the Python of the release build, and this one if it is older."""
    monkeypatch.setattr(sys, "version_info", running)
    assert lock.oldest_python() == oldest
