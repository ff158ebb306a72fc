"""What CI runs: plain `nox` for all of it, a session by name for a part."""

import re
from pathlib import Path

import nox

nox.options.default_venv_backend = "uv"
nox.options.sessions = ["lint", "tests", "docs"]
nox.options.error_on_missing_interpreters = True

PLAIN_PYTHON = [  # Python files that are rendered as they are
    "template/.github/publisher_doctor.py",
    "template/.github/release_gate.py",
    "template/.github/supported_pythons.py",
]
PARALLEL = ("--numprocesses=3", "--dist=worksteal")  # for two cores: one test in three waits for the network


def install(session: nox.Session, *groups: str) -> None:
    """Install dependency groups of pyproject.toml into the session's environment."""
    for group in groups:
        session.install("--group", group)


@nox.session
def lint(session: nox.Session) -> None:
    """Check the format, the rules and the types of the template's own Python."""
    install(session, "tests")
    settings = ("--config", "pyproject.toml")  # the nearest file would switch the rules off for the plain ones
    session.run("ruff", "check", *settings, ".")
    session.run("ruff", "format", "--check", *settings, ".")
    session.run("ruff", "check", *settings, *PLAIN_PYTHON)
    session.run("ruff", "format", "--check", *settings, *PLAIN_PYTHON)
    session.run("mypy")
    session.run("mypy", "--strict", *PLAIN_PYTHON)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests; what follows `--` goes to pytest (`nox -s tests -- -k gate`)."""
    install(session, "tests")
    session.run("pytest", *PARALLEL, "-m", "not slow", *session.posargs)


@nox.session
def release(session: nox.Session) -> None:
    """Release, rehearse and fail in every known way on loopback, and print the failure scenarios as a table."""
    install(session, "tests")
    files = [f"tests/test_{name}.py" for name in ("release", "failures", "doctor", "protections")]
    session.run("pytest", *PARALLEL, *files, *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation into site/; a broken link is an error."""
    install(session, "docs")
    session.run("mkdocs", "build", "--strict")


@nox.session
def matrix(session: nox.Session) -> None:
    """Run every combination of answers, each with Meltano where it is a plugin, and write the table of them."""
    install(session, "tests")
    report = Path(session.create_tmp()) / "matrix.xml"
    chosen = ("tests/test_kinds.py", "tests/test_meltano.py", "-k", "oldest or meltano or longest")
    options = (*PARALLEL, f"--junit-xml={report}", "-o", "junit_family=xunit1")
    session.run("pytest", *options, *chosen, *session.posargs)
    session.run("python", "-m", "tests.support.combinations", report)


@nox.session
def slow(session: nox.Session) -> None:
    """Run the tests that plain `nox` leaves out because they take long, but for the matrix; CI does every night."""
    install(session, "tests")
    matrix = ("--ignore=tests/test_kinds.py", "--ignore=tests/test_meltano.py")
    session.run("pytest", *PARALLEL, "-m", "slow", *matrix, *session.posargs)


@nox.session
@nox.parametrize("version", ["minimum", "latest"], ids=["minimum", "latest"])
def copier(session: nox.Session, version: str) -> None:
    """Run the tests of answers and of the copier command with the oldest copier that is promised, or the newest."""
    install(session, "tests")
    (minimum,) = re.findall(
        r"^_min_copier_version: \"(.+)\"$", Path("copier.yml").read_text(encoding="utf-8"), re.MULTILINE
    )
    session.install("--upgrade", f"copier=={minimum}" if version == "minimum" else "copier")
    session.run("copier", "--version")
    session.run("pytest", *PARALLEL, "tests/test_answers.py", *session.posargs)


@nox.session
def bump(session: nox.Session) -> None:
    """Move every pin to the newest version that is at least a week old, constraints.txt included."""
    install(session, "tests")
    session.run("python", "scripts/bump.py")
    write_lock(session)


@nox.session
def lock(session: nox.Session) -> None:
    """Lock the build tools of rendered projects anew, at versions that are at least a week old."""
    install(session, "tests")
    write_lock(session)


def write_lock(session: nox.Session) -> None:
    """Write constraints.txt: build tools and backends for every supported Python, with hashes, past their cooldown."""
    target = "template/.github/workflows/constraints.txt"
    command = ["uv", "pip", "compile", "--quiet", "pyproject.toml", "--group", "constraints", "--upgrade"]
    command += ["--universal", "--python-version", "3.10", "--generate-hashes", "--exclude-newer", "7 days"]
    session.run(*command, "--custom-compile-command", "nox -s lock", "--output-file", target)


@nox.session
def picture(session: nox.Session) -> None:
    """Record the session that the README shows, anew, into docs/session.svg."""
    install(session, "tests")
    session.run("python", "scripts/record.py", "docs/session.svg")


@nox.session
def bench(session: nox.Session) -> None:
    """Measure copy and update beside a template of one file, and a fleet of 100; a broken bound is an error."""
    install(session, "tests")
    session.run("python", "scripts/bench.py", *session.posargs)
