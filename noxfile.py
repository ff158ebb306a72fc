"""What CI runs: plain `nox` for all of it, a session by name for a part."""

import nox

nox.options.default_venv_backend = "uv"
nox.options.sessions = ["lint", "tests", "docs"]
nox.options.error_on_missing_interpreters = True

PLAIN_PYTHON = [  # Python files that are rendered as they are
    "template/.github/release_gate.py",
    "template/.github/supported_pythons.py",
]


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
    session.run("pytest", "--numprocesses=2", "--dist=loadgroup", "-m", "not slow", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation into site/; a broken link is an error."""
    install(session, "docs")
    session.run("mkdocs", "build", "--strict")


@nox.session
def lock(session: nox.Session) -> None:
    """Lock the build tools of rendered projects anew, at versions that are at least a week old."""
    install(session, "tests")
    target = "template/.github/workflows/constraints.txt"
    command = ["uv", "pip", "compile", "--quiet", "pyproject.toml", "--group", "constraints", "--upgrade"]
    command += ["--universal", "--python-version", "3.10", "--generate-hashes", "--exclude-newer", "7 days"]
    session.run(*command, "--custom-compile-command", "nox -s lock", "--output-file", target)
