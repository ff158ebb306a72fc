#!/usr/bin/env -S uv run --script
# /// script
# dependencies = ["nox[uv]>=2025.10.14"]
# ///
"""The sessions: plain `nox` runs the checks, and CONTRIBUTING.md says when CI or a person runs the others."""

import functools
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nox

nox.needs_version = ">=2025.10.14"
nox.options.default_venv_backend = "uv"
nox.options.error_on_missing_interpreters = True

LOCKS = {  # the groups of pyproject.toml that the actions install beside the command: the lock of each
    "backends": "actions/build/backends.txt",
    "poetry": "actions/setup/poetry.txt",
    "uv": "actions/uv.txt",
}
OLDEST_PYTHON = json.loads(Path("src/meltano_release/pythons.json").read_text(encoding="utf-8"))[0]
FORMS = Path(".github/ISSUE_TEMPLATE")
SCHEMAS = {  # what check-jsonschema calls the schema of a file: the files
    "github-actions": sorted(Path("actions").glob("*/action.yml")),
    "github-issue-config": [FORMS / "config.yml"],
    "github-issue-forms": sorted(set(FORMS.glob("*.yml")) - {FORMS / "config.yml"}),
    "github-workflows": sorted(Path(".github/workflows").glob("*.yaml")),
    "renovate": [Path("renovate.json")],
}
PARALLEL = ("--numprocesses=3", "--dist=worksteal")  # for two cores: one test in three waits for the network


@functools.cache
def mirror_of_pip() -> dict[str, str]:
    """Return the variable that makes uv use the package mirror that pip uses; nothing if pip uses PyPI itself."""
    command = [sys.executable, "-m", "pip", "download", "--help"]
    shown = subprocess.run(command, check=False, capture_output=True, text=True).stdout
    index = re.search(r"Base URL of the Python Package Index \(default (\S+?)\)", " ".join(shown.split()))
    return {"UV_DEFAULT_INDEX": index[1]} if index and index[1] != "https://pypi.org/simple" else {}


def install(session: nox.Session, group: str) -> None:
    """Install a dependency group of pyproject.toml at the versions, and with the hashes, of uv.lock.

    With the group `tests`, also what the package in `src` needs: the tests import it from there.
    """
    session.env["PYTHONDONTWRITEBYTECODE"] = None  # where it is set, each process would compile all that it imports
    if not any(map(os.environ.get, ("UV_DEFAULT_INDEX", "UV_INDEX_URL"))):
        session.env.update(mirror_of_pip())
    locked = Path(session.virtualenv.location) / "requirements.txt"  # create_tmp would move TMPDIR as well
    export = ["uv", "export", "--quiet", "--frozen", "--no-header", "--output-file", str(locked)]
    chosen = ("--group", group, "--no-emit-project") if group == "tests" else ("--only-group", group)
    session.run_install(*export, *chosen, silent=True)
    session.install("--require-hashes", "--requirement", str(locked))


@nox.session
def lint(session: nox.Session) -> None:
    """Check the format, rules, types and imports of Python files, the workflows, actions and forms, and all text."""
    install(session, "tests")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")
    session.run("zizmor", "--offline", "--quiet", "--persona=auditor", "--strict-collection", ".github", "actions")
    for schema, files in SCHEMAS.items():
        session.run("check-jsonschema", "--builtin-schema", f"vendor.{schema}", *map(str, files))
    session.run("shellcheck", ".ci/run", *map(str, Path("tests/simulation").glob("*.sh")))
    session.run("codespell")
    session.run("rumdl", "check", "--quiet", ".")
    session.run("lint-imports", env={"PYTHONPATH": "src"})
    names = str(session.run("git", "ls-files", silent=True, external=True)).splitlines()
    for fixer in ("trailing-whitespace-fixer", "end-of-file-fixer", "mixed-line-ending", "fix-byte-order-marker"):
        session.run(fixer, *(name for name in names if not name.endswith(".svg")), log=False)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests; what follows `--` goes to pytest (`nox -s tests -- -k gate`)."""
    install(session, "tests")
    session.run("pytest", *PARALLEL, "-m", "not slow", *session.posargs)


@nox.session(default=False)
def coverage(session: nox.Session) -> None:
    """Run the tests, and fail if they run less of `scripts/` or `src/` than the bound in pyproject.toml.

    It is apart from the session `tests`, because measuring adds about a third to their time.
    """
    install(session, "tests")
    data = {"COVERAGE_FILE": str(Path(session.virtualenv.location) / "coverage")}
    measured = ("--cov", "--cov-report=", "--cov-fail-under=0")
    session.run("pytest", *PARALLEL, "-m", "not slow", *measured, env=data)
    session.run("coverage", "report", "--include=scripts/*", env=data)
    session.run("coverage", "report", "--include=src/*", env=data)


@nox.session(default=False)
def release(session: nox.Session) -> None:
    """Release, rehearse and fail in every known way on loopback, and print the failure scenarios as a table."""
    install(session, "tests")
    session.run("pytest", *PARALLEL, "tests/release", "tests/doctor", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation into site/, strictly; with `-- FOLDER`, build every version into that folder."""
    install(session, "docs")
    session.run("python", "scripts/publish_docs.py" if session.posargs else "scripts/build_docs.py", *session.posargs)


@nox.session(default=False)
def matrix(session: nox.Session) -> None:
    """Run every combination of answers, each with Meltano where it is a plugin, and write the table of them."""
    install(session, "tests")
    report = Path(session.create_tmp()) / "matrix.xml"
    files = [f"tests/kinds/test_{name}.py" for name in ("kinds", "poetry", "meltano", "postgresql", "unfriendly_api")]
    names = "all_checks or oldest or printed or meltano or longest or own_tests or every_api_tap or recipe_passes"
    options = (*PARALLEL, f"--junit-xml={report}", "-o", "junit_family=xunit1", "-k", names)
    session.run("pytest", *options, *files, *session.posargs)
    session.run("python", "-m", "tests.support.combinations", report)


@nox.session(default=False)
def adopted(session: nox.Session) -> None:
    """Adopt every repository of the table, run its own linters, release it, update it, and write the table."""
    install(session, "tests")
    session.run("pytest", *PARALLEL, "-k", "adopts", "tests/adoption/test_adopted.py", *session.posargs)
    session.run("python", "-m", "tests.adoption.table")


@nox.session(default=False)
def slow(session: nox.Session) -> None:
    """Run the tests that plain `nox` leaves out because they take long, except the matrix; CI does every night."""
    install(session, "tests")
    matrix = [f"--ignore=tests/kinds/test_{name}.py" for name in ("kinds", "poetry", "meltano")]
    session.run("pytest", *PARALLEL, "-m", "slow", *matrix, *session.posargs)


@nox.session(default=False)
def fuzz(session: nox.Session) -> None:
    """Make projects from 5,000 examples of any answers, and check what must hold of each; CI does every night."""
    install(session, "tests")
    files = ("tests/questions/test_any_answer.py", "-m", "not slow", "-k", "any_answers")
    session.run("pytest", *PARALLEL, *files, *session.posargs, env={"ANY_ANSWERS": "625"})


@nox.session(default=False)
@nox.parametrize("version", ["minimum", "latest"], ids=["minimum", "latest"])
def copier(session: nox.Session, version: str) -> None:
    """Run the tests of answers and of the copier command with the oldest copier that is promised, or the newest."""
    install(session, "tests")
    (minimum,) = re.findall(
        r"^_min_copier_version: \"(.+)\"$", Path("copier.yml").read_text(encoding="utf-8"), re.MULTILINE
    )
    session.install("--upgrade", f"copier=={minimum}" if version == "minimum" else "copier")
    session.run("copier", "--version")
    session.run("pytest", *PARALLEL, "tests/questions/test_answers.py", *session.posargs)


@nox.session(default=False)
def platform(session: nox.Session) -> None:
    """Copy, update and check a library; works on Linux, macOS and Windows."""
    install(session, "platform")
    session.run("python", "scripts/check_platform.py")


@nox.session(default=False)
def bump(session: nox.Session) -> None:
    """Move every pin to the newest version that is at least a week old, and all locks."""
    install(session, "tests")
    session.run("python", "scripts/bump.py")
    write_lock(session)
    write_own_lock(session)


@nox.session(default=False)
def lock(session: nox.Session) -> None:
    """Lock what the actions install, and the tools of this repository, at versions that are at least a week old."""
    install(session, "tests")
    write_lock(session)
    write_own_lock(session)


def write_lock(session: nox.Session) -> None:
    """Write the locks beside the actions: for every supported Python, with hashes, past the cooldown."""
    for group, lock in LOCKS.items():
        command = ["uv", "pip", "compile", "--quiet", "--group", f"pyproject.toml:{group}", "--upgrade"]
        command += ["--universal", "--python-version", OLDEST_PYTHON, "--generate-hashes", "--exclude-newer", "7 days"]
        session.run(*command, "--custom-compile-command", "nox -s lock", "--output-file", lock)


def write_own_lock(session: nox.Session) -> None:
    """Write uv.lock: what the command needs, and the tools of this repository."""
    session.run("python", "scripts/own_lock.py")


@nox.session(default=False)
def picture(session: nox.Session) -> None:
    """Record the picture of the README from a real run, into docs/session.svg."""
    install(session, "tests")
    session.run("python", "scripts/picture.py", "docs/session.svg", env={"PYTHONPATH": "."})


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Count what copy and update compile, time both beside a plain template, and the SQL plugins beside their peers."""
    install(session, "tests")
    session.run("python", "scripts/bench.py", *session.posargs, env={"PYTHONPATH": "."})
    session.run("python", "scripts/bench_sql.py", *session.posargs, env={"PYTHONPATH": "."})


if __name__ == "__main__":
    nox.main()
