"""The tools of the actions are installed with known hashes, and nothing of a project or a job changes how they run."""

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from werkzeug import Request, Response

from tests.support.commands import run, tracked
from tests.support.editing import replace_hashes
from tests.support.interpreters import newest_interpreter
from tests.support.paths import ACTIONS_READ, OWN_BACKENDS_LOCK, PYPROJECT, ROOT
from tests.support.projects import SDIST, WHEEL, Project
from tests.support.serving import serve
from tests.support.steps import BUILDING, run_step

INTRUDER = "raise SystemExit('a module of the project')\n"
NOBODY = "http://127.0.0.1:9/simple"  # where nobody listens
FILES = {  # of a project that is checked out
    ".env": "PYTHONPATH=.\nUV_DEFAULT_INDEX=http://127.0.0.1:9/simple\n",
    ".python-version": "2.7\n",
    "click.py": INTRUDER,
    "meltano_release/__init__.py": INTRUDER,
    "packaging.py": INTRUDER,
    "pip.py": INTRUDER,
    "sitecustomize.py": INTRUDER,
    "uv.py": INTRUDER,
    "uv.toml": f'required-version = "<0.1"\nindex-url = "{NOBODY}"\n',
    "yaml.py": INTRUDER,
}
VARIABLES = {  # of the job
    "PIP_NO_INDEX": "1",
    "PIP_REQUIRE_VIRTUALENV": "1",
    "PIP_TARGET": "elsewhere",
    "PYTHONHOME": "/nowhere",
    "PYTHONPATH": ".",
    "PYTHONSTARTUP": "sitecustomize.py",
    "UV_CONFIG_FILE": "uv.toml",
    "UV_DEFAULT_INDEX": NOBODY,
    "UV_ENV_FILE": ".env",
    "UV_INDEX_URL": NOBODY,
    "UV_NO_BINARY": "1",
    "UV_NO_SYNC": "1",
    "UV_OFFLINE": "1",
    "UV_PROJECT_ENVIRONMENT": "elsewhere",
    "UV_PYTHON": "2.7",
    "UV_REQUIRE_HASHES": "0",
    "VIRTUAL_ENV": "elsewhere",
}


def launch(
    *arguments: str, cwd: Path, temp: Path, root: Path = ROOT, check: bool = True, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `launch.py` of a copy of this repository as an action does; what it installs lies in `temp`."""
    command: tuple[str | Path, ...] = (newest_interpreter(), "-I", root / "actions/launch.py", *arguments)
    return run(*command, cwd=cwd, check=check, env={"RUNNER_TEMP": str(temp), **(env or {})})


@pytest.fixture
def hostile(default: Project, tmp_path: Path) -> Project:
    """The default project with files that are called like tools and their configuration, all of them committed."""
    project = default.copy(tmp_path / "hostile")
    for name, text in FILES.items():
        (project.path / name).parent.mkdir(exist_ok=True)
        project.write(name, text)
    with (project.path / PYPROJECT).open("a", encoding="utf-8") as file:
        file.write('\n[tool.uv]\nrequired-version = "<0.1"\n\n[[tool.uv.index]]\nurl = "http://127.0.0.1:9/simple"\n')
    project.commit()
    project.run("git", "tag", "--force", "v1.2.3")
    return project


def test_nothing_of_a_project_and_of_a_job_changes_how_a_tool_is_installed_and_runs(
    hostile: Project, tmp_path: Path
) -> None:
    """Both tools are installed and run as they are, and the build finds what it locks, among hostile files."""
    output = tmp_path / "output"
    variables = {"GITHUB_OUTPUT": str(output), **VARIABLES}
    listed = launch("run", "meltano-release", "pythons", cwd=hostile.path, temp=tmp_path, env=variables)
    assert "a module of the project" not in listed.stdout + listed.stderr
    name, _, pythons = output.read_text(encoding="utf-8").partition("=")
    assert (name, json.loads(pythons)[0]) == ("pythons", "3.11")
    run_step("build", BUILDING, hostile.path, tmp_path, env=VARIABLES | {"PYTHONHOME": ""})
    assert {path.name for path in hostile.path.glob("dist/my_*")} == {WHEEL, SDIST}


@pytest.mark.parametrize("tool", ["uv", "meltano-release"])
def test_only_the_command_can_write_to_the_files_of_the_run(tool: str, tmp_path: Path) -> None:
    """A build cannot find the files for outputs, variables and the summary in its environment; the command can.

    Neither sees any of the job's variables, and neither is installed again.
    """
    for command in ("uv/bin/uv", "meltano-release/bin/meltano-release"):
        stub = tmp_path / "meltano-release" / command
        stub.parent.mkdir(parents=True)
        stub.write_text("#!/bin/sh\nenv\n", encoding="utf-8")
        stub.chmod(0o755)
    (tmp_path / "meltano-release/index").touch()
    names = ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY")
    given = {**VARIABLES, **dict.fromkeys(names, "file"), "GITHUB_REF": "refs/heads/main", "SECRET": "x"}
    seen = launch("run", tool, cwd=tmp_path, temp=tmp_path, env=given).stdout
    found = {line.partition("=")[0] for line in seen.splitlines()}
    assert "GITHUB_REF" in found
    assert found.isdisjoint({"SECRET", *VARIABLES})
    assert found & set(names) == (set(names) if tool == "meltano-release" else set())


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of what the actions use of this repository, for a test that changes it."""
    for name in tracked(ROOT, *ACTIONS_READ):
        copy = tmp_path / "repository" / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, copy)
    return tmp_path / "repository"


@pytest.fixture
def with_uv(tools: Path, tmp_path: Path) -> Path:
    """A folder for what `launch.py` installs, which has uv already."""
    shutil.copytree(tools / "meltano-release/uv", tmp_path / "with-uv/meltano-release/uv", symlinks=True)
    return tmp_path / "with-uv"


USES = {"actions/uv.txt": "run uv -V", "uv.lock": "run meltano-release -h", "actions/setup/poetry.txt": "add poetry"}


@pytest.mark.parametrize("lock", USES)
def test_a_tampered_lock_stops_each_of_its_uses(lock: str, copied: Path, with_uv: Path, tmp_path: Path) -> None:
    """A tool is not installed, and does not run, if a file is not the one that the lock names."""
    if lock == "uv.lock":
        text = (copied / lock).read_text(encoding="utf-8")
        (copied / lock).write_text(re.sub("(?<=sha256:)[0-9a-f]{64}", "0" * 64, text), encoding="utf-8")
    else:
        replace_hashes(copied / lock, Path(lock).stem)
    path, temp = tmp_path / "path", tmp_path if lock == "actions/uv.txt" else with_uv
    (with_uv / "meltano-release/index").touch()  # as if pip had been asked already
    variables = {"GITHUB_PATH": str(path)}
    done = launch(*USES[lock].split(), cwd=tmp_path, temp=temp, root=copied, check=False, env=variables)
    assert done.returncode
    assert "hash" in (done.stdout + done.stderr).lower()
    assert "A tool of the release could not be installed" in done.stdout
    assert not path.exists()


@pytest.mark.parametrize("own", [None, "", "poetry-core==2.1.3\n"], ids=["tampered", "empty", "without hashes"])
def test_a_build_stops_if_its_lock_does_not_protect_it(
    own: str | None, default: Project, tools: Path, copied: Path, tmp_path: Path
) -> None:
    """A build stops if its backend is not the one that the lock names, or if the project's own lock has no hashes."""
    project = default.copy(tmp_path / "project")
    replace_hashes(copied / "actions/build/backends.txt", "poetry-core")
    if own is not None:
        project.write(OWN_BACKENDS_LOCK, own)
    variables = {"GITHUB_ACTION_PATH": str(copied / "actions/build"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = run_step("build", BUILDING, project.path, tools, check=False, env=variables)
    assert done.returncode
    assert ("Hash mismatch for `poetry-core" if own is None else "hash") in done.stdout + done.stderr
    assert not list(project.path.glob("dist/*-*"))


@pytest.mark.parametrize(
    ("how", "tool"),
    [("variable", "uv"), ("variable", "meltano-release"), ("configuration file", "meltano-release")],
)
def test_the_tools_come_from_the_mirror_that_pip_uses(how: str, tool: str, with_uv: Path, tmp_path: Path) -> None:
    """Pip and uv download from the mirror that pip is set to use, which has nothing here."""
    asked = []

    @Request.application
    def mirror(request: Request) -> Response:
        asked.append(request.path)
        return Response(status=404)

    temp = tmp_path if tool == "uv" else with_uv
    variables = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "HOME": str(tmp_path), "NO_PROXY": "127.0.0.1"}
    with serve(mirror) as url:
        if how == "variable":
            variables["PIP_INDEX_URL"] = f"{url}/simple"
        else:
            (tmp_path / ".config/pip").mkdir(parents=True)
            (tmp_path / ".config/pip/pip.conf").write_text(f"[global]\nindex-url = {url}/simple\n", encoding="utf-8")
        done = launch("run", tool, "--version", cwd=tmp_path, temp=temp, check=False, env=variables)
    assert done.returncode
    assert ("/simple/uv/" if tool == "uv" else "/simple/click/") in asked, done.stdout + done.stderr
