"""The command `meltano-release`.

Each command runs at the top of the project's repository, imports its own module when it runs, and exits with 0 if all
is well, with 1 if something is not, and with 2 if it was called in a wrong way.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import click

FILE = click.Path(path_type=Path)


def parse_needs(_context: click.Context, _parameter: click.Parameter, value: str) -> dict[str, Any]:
    """Return GitHub's context `needs`; anything else than the results of jobs is a wrong usage."""
    try:
        needs: dict[str, Any] = json.loads(value)
        complete = all(needs[job]["result"] for job in ("build", "gate", *needs))
    except (ValueError, LookupError, TypeError):
        complete = False
    if not complete:
        message = "It must be GitHub's context `needs` as JSON, with the jobs `build` and `gate`."
        raise click.BadParameter(message)
    return needs


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """Check and publish the releases of a package that the Meltano package template created.

    Run each command at the top of the project's repository.
    """


@main.command()
@click.argument("dist", type=FILE)
def gate(dist: Path) -> None:
    """Judge whether the distributions in the folder DIST may become a release.

    Compares them with .github/publisher.json and with what PyPI accepts. In a release, also compares the tag with the
    version, and the run with the publisher; in a dry run, the run with the publisher, and the name that was typed.

    Each refusal is a sentence that names the cause and the fix, and the exit code is then 1. Writes `version` to
    $GITHUB_OUTPUT.
    """
    from meltano_release.gate import run_gate

    sys.exit(run_gate(dist, os.environ))


@main.command()
@click.argument("dist", type=FILE)
@click.argument("uv_output", type=FILE)
@click.option(
    "--needs",
    envvar="NEEDS",
    show_envvar=True,
    required=True,
    callback=parse_needs,
    help="GitHub's context `needs` as JSON.",
)
def report(dist: Path, uv_output: Path, needs: dict[str, Any]) -> None:
    """Print what happened to a release or a dry run, as Markdown.

    DIST is the folder with the distributions that the gate judged, UV_OUTPUT the file with what uv printed at a dry
    run; both may be missing. $GITHUB_EVENT_NAME says what the run was. The exit code is 1 if the gate passed
    distributions that are not there.
    """
    from meltano_release.report import run_report

    if "GITHUB_EVENT_NAME" not in os.environ:
        message = "$GITHUB_EVENT_NAME is not set: GitHub sets it in a workflow."
        raise click.UsageError(message)
    sys.exit(run_report(dist, uv_output, needs, os.environ))


@main.command()
def pythons() -> None:
    """List the Pythons that the project supports, for the matrix of its tests.

    Those are the Pythons that the template knows and that `requires-python` admits. Writes `pythons` to $GITHUB_OUTPUT,
    as JSON.
    """
    from meltano_release.pythons import list_pythons

    sys.exit(list_pythons(os.environ))


@main.command()
def doctor() -> None:
    """Say whether PyPI would trust a release of this repository, and what to fix; change nothing."""
    from meltano_release.doctor import run_doctor

    sys.exit(run_doctor())


@main.command()
@click.option("--check", is_flag=True, help="Only say whether the build finds what it needs in the lock that it uses.")
@click.option("--backends", type=FILE, help="The lock that a build uses if the project has none; for --check.")
@click.option("--patch", type=click.Path(path_type=Path), help="With --check, the file to offer a new lock in.")
def lock(*, check: bool, backends: Path | None, patch: Path | None) -> None:
    """Write .github/build-constraints.txt, the project's own lock of its build backend, with hashes."""
    if check != (backends is not None) or (patch and not check):
        message = "--check and --backends go together, and --patch goes with them."
        raise click.UsageError(message)

    from meltano_release import lock

    sys.exit(lock.check_lock(backends, patch) if backends else lock.write_lock())
