"""Running the real commands in a clean environment."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TEMPLATE_URL = "https://github.com/MeltanoLabs/meltano-package-template.git"
REMOVED_PREFIXES = ("GITHUB_", "GIT_", "COPIER_", "COV", "PYTEST_")  # a project has its coverage's data elsewhere
REMOVED_NAMES = (
    "CI",
    "FORCE_COLOR",
    "NO_COLOR",
    "PIP_CONSTRAINT",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONPATH",
    "UV_PROJECT_ENVIRONMENT",  # nox sets it: `uv sync` in a test would empty the environment that the tests run in
    "UV_PYTHON",
    "VIRTUAL_ENV",
)


def package_index() -> str:
    """Return the URL of the simple index that pip uses, which may be a user's mirror."""
    command = [sys.executable, "-m", "pip", "download", "--help"]
    help_text = " ".join(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())
    match = re.search(r"Base URL of the Python Package Index \(default (\S+?)\)", help_text)
    assert match, help_text
    return match[1]


def clean_environment() -> dict[str, str]:
    """Return the environment of a new shell: no CI, no active virtual environment, the test tools on the PATH."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(REMOVED_PREFIXES) and name not in REMOVED_NAMES
    }
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment["PATH"]])
    environment["GIT_LFS_SKIP_SMUDGE"] = "1"  # the files behind the tests' pointers are nowhere
    environment["POETRY_VIRTUALENVS_IN_PROJECT"] = "true"
    environment["PROMPT_TOOLKIT_NO_CPR"] = "1"  # the terminals of tests cannot report their cursor position
    environment["UV_PYTHON_DOWNLOADS"] = "never"  # use the Pythons of this machine
    environment["POETRY_PYPI_MIRROR_URL"] = package_index()
    for role in ("AUTHOR", "COMMITTER"):
        environment |= {f"GIT_{role}_NAME": "Test", f"GIT_{role}_EMAIL": "test@example.com"}
    return environment


ENVIRONMENT = clean_environment()


def run(
    *command: str | Path, cwd: Path, check: bool = True, env: dict[str, str] | None = None, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a command in the clean environment, plus `env`; with `check`, a failure fails the test with all output."""
    parts, variables = [str(part) for part in command], ENVIRONMENT | (env or {})
    done = subprocess.run(parts, cwd=cwd, env=variables, input=stdin, capture_output=True, text=True, check=False)
    if check and done.returncode:
        pytest.fail(f"{' '.join(parts)} in {cwd}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def redirect(clone: Path) -> dict[str, str]:
    """Return the variables by which git, Copier and uv read a clone in place of the template's URL."""
    return {
        "COPIER_CACHE_DIR": str(clone.parent / "cache"),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{str(clone).removesuffix('.git')}.insteadOf",
        "GIT_CONFIG_VALUE_0": TEMPLATE_URL.removesuffix(".git"),
        "UV_DEFAULT_INDEX": package_index(),
        "UV_NO_GITHUB_FAST_PATH": "1",
    }


def tracked(folder: Path, *paths: str) -> list[str]:
    """Return the names of the files of a folder, or under paths in it, that exist and git tracks or would track."""
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *paths, cwd=folder).stdout
    return sorted({name for name in listed.split("\0") if name and (folder / name).is_file()})
