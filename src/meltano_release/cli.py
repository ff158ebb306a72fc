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
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array of objects with state, sentence and remedy.")
def doctor(*, as_json: bool) -> None:
    """Say whether PyPI would trust a release of this repository, and what to fix; change nothing.

    Looks at the last commit, because GitHub gets nothing else of the folder, and at GitHub and PyPI. The exit code is 1
    if there is an error.
    """
    from meltano_release.doctor import run_doctor

    sys.exit(run_doctor(as_json=as_json))


@main.command()
@click.option(
    "--reviewer",
    "reviewers",
    multiple=True,
    metavar="USER|ORG/TEAM",
    help="Who approves releases; can be repeated. Without it: the reviewers that there are, or else you.",
)
@click.option("--prevent-self-review", is_flag=True, help="Whoever started a run cannot approve it.")
@click.option(
    "--bypass-app",
    "bypass_apps",
    multiple=True,
    type=int,
    metavar="ID",
    help="The ID of a GitHub App that may create release tags and push to the default branch; can be repeated.",
)
@click.option(
    "--check",
    "checks",
    multiple=True,
    metavar="NAME",
    help="A check that pull requests have to pass beside “Release gate”, and “Test” if there is one; can be repeated.",
)
@click.option("--dry-run", is_flag=True, help="Send nothing: print the commands of `gh`, ready to paste.")
@click.option("--yes", is_flag=True, help="Send every request without asking, for scripts.")
def setup(  # noqa: PLR0913 - one argument for each option
    *,
    reviewers: tuple[str, ...],
    prevent_self_review: bool,
    bypass_apps: tuple[int, ...],
    checks: tuple[str, ...],
    dry_run: bool,
    yes: bool,
) -> None:
    """Set up GitHub: the environment and its reviewer, the rules for branches and tags, the required check.

    Shows every request and asks before it is sent, and requests only what is missing: it can run again. What else is
    configured stays. You need GitHub's `gh`, signed in as an administrator of the repository. At the end it prints what
    no request can set: where PyPI asks for its publisher, and the command of the dry run. The exit code is 1 if a
    request was declined or refused.
    """
    from meltano_release.setup import run_setup
    from meltano_release.setup.plan import Options

    options = Options(reviewers, prevent_self_review, bypass_apps, checks)
    sys.exit(run_setup(options, dry_run=dry_run, yes=yes))


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


@main.command()
@click.option("--answers-file", default="", metavar="FILE", help="Answers file, if there is more than one.")
@click.option("--data", multiple=True, metavar="QUESTION=ANSWER", help="Change an answer; for several, repeat it.")
@click.option("--vcs-ref", default="", metavar="VERSION", help="Version of the template, in place of the newest.")
@click.option("--branch", default="template-update", show_default=True, help="Branch for the update.")
@click.option("--stage", is_flag=True, help="Stage the update in this folder, for a program that commits it.")
def update(answers_file: str, data: tuple[str, ...], vcs_ref: str, branch: str, *, stage: bool) -> None:
    """Update this repository from the default branch of origin to the newest version of the template.

    The update is one commit on a branch, with the pins of the template's actions in the project's own workflows.
    Nothing is pushed, and what is checked out stays as it is. The exit code is 0 if the repository is updated or has
    the newest version, and 1 after a sentence that says why not, such as a conflict.
    """
    from meltano_release.update import Options
    from meltano_release.update import update as update_repository

    click.echo(update_repository(Options(answers_file, data, vcs_ref, branch, stage)))


@main.command()
@click.argument("clones", nargs=-1, required=True, metavar="CLONE...", type=click.Path(path_type=Path))
@click.option("--markdown", "style", flag_value="markdown", help="Print Markdown, as without a terminal.")
@click.option("--json", "style", flag_value="json", help="Print JSON.")
def status(clones: tuple[Path, ...], style: str | None) -> None:
    """List projects: version, versions behind, conflicts, ignored files, open update branch; change nothing.

    CLONE is the folder of a clone, as it is on disk. The exit code is 1 if a project is not up to date.
    """
    from meltano_release.status import show_status

    sys.exit(show_status(clones, style or ("table" if sys.stdout.isatty() else "markdown")))


@main.command()
def settings() -> None:
    """Write the plugin's settings into README.md, meltano.yml, meltanohub.yml, and .env.example.

    Asks the class of the tap, target or mapper, in the project's own environment, which has to be installed. What the
    class does not say, such as a `placeholder`, stays.
    """
    from meltano_release.settings import write_settings

    sys.exit(write_settings())
