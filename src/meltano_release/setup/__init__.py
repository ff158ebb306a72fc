"""Set up GitHub for releases: the environment and its reviewer, the tags, the required check.

Each request is shown before it is sent, and sent if the user agrees. Only what GitHub lacks is requested, so that a
second run changes nothing, and an interrupted one can be run again. It needs `gh`, signed in as an administrator.
"""

from __future__ import annotations

import shlex
from contextlib import suppress
from textwrap import indent
from urllib.parse import quote

import click

from meltano_release.commit import Commit
from meltano_release.errors import NotCheckedError
from meltano_release.github import GitHubError, Json, Request, environment_path, get, slug
from meltano_release.publisher import FIELDS, PENDING_URL, WORKFLOWS, form_url, read_publisher
from meltano_release.pypi import find_files
from meltano_release.rulesets import GATE
from meltano_release.setup.plan import Options, Outcome, Part, plan_checks, plan_environment, plan_tags
from meltano_release.workflows import find_checks

TEST = "Test"  # the check of a test workflow as the template has it
BYPASS = "Allow administrators to bypass configured protection rules"
PLANS = (
    "In a private repository, GitHub offers environments and rulesets with the plans Pro, Team and Enterprise, "
    "and required reviewers with Enterprise alone."
)


class SetupError(Exception):
    """The repository cannot be set up yet; the text says why and what to do."""


def find_repository(publisher: dict[str, str]) -> Json:
    """Return the repository on GitHub; raise `SetupError` if it is not there, not the user's, or lacks the workflow."""
    name = slug(publisher)
    repository = get(f"repos/{name}")
    if repository is None:
        message = f"GitHub shows you no repository {name}. Create it: gh repo create {name} --public --source . --push"
        raise SetupError(message)
    if repository["full_name"] != name:
        message = (
            f"The repository is now called {repository['full_name']}, and .github/publisher.json names {name}: change "
            "the answers `owner` and `repository` with `copier update`."
        )
        raise SetupError(message)
    if not (repository.get("permissions") or {}).get("admin"):
        message = f"You are not an administrator of {name}, and GitHub would refuse each request: ask one to run this."
        raise SetupError(message)
    branch, file = repository["default_branch"], (WORKFLOWS / publisher["workflow_filename"]).as_posix()
    if get(f"repos/{name}/contents/{quote(file)}?ref={quote(branch, safe='')}") is None:
        message = (
            f"The branch {branch} of {name} has no {file}: push it, or merge the pull request that adds it. "
            "A required check that no workflow reports would block every other pull request."
        )
        raise SetupError(message)
    return repository


def find_tests() -> tuple[str, ...]:
    """Return the check of the test workflow, if a workflow of the last commit reports it for every pull request."""
    found = [name for workflow in Commit().workflows.values() for name in find_checks(workflow)]
    return (TEST,) if TEST in found else ()


class Conversation:
    """What is shown and asked. A dry run prints commands, and the rest as comments, so that a shell can run it all."""

    def __init__(self, repository: Json, *, dry_run: bool, yes: bool) -> None:
        """Keep the repository, whether requests are sent, and whether the user is asked first."""
        self.repository, self.dry_run, self.yes = repository, dry_run, yes

    def say(self, text: str) -> None:
        """Print lines."""
        for line in text.split("\n"):
            click.echo(f"# {line}".rstrip() if self.dry_run and line else line)

    def refuse(self, sentence: str) -> Outcome:
        """Say that GitHub refused something, and whether its plan may be the reason."""
        self.say(sentence)
        if self.repository["private"]:
            self.say(PLANS)
        return Outcome.REFUSED

    def handle(self, request: Request) -> Outcome:
        """Show a request, and send it if the user agrees; return what became of it."""
        self.say(f"\n{request.why}")
        if self.dry_run:
            click.echo(request.command())
            return Outcome.SENT
        self.say(indent(f"{request.method} {request.path}\n{request.show_body()}", "  "))
        if not self.yes and not click.confirm("Send it?"):
            return Outcome.DECLINED
        try:
            request.send()
        except GitHubError as error:
            return self.refuse(f"GitHub refused it: {error}")
        return Outcome.SENT

    def carry_out(self, subject: str, part: Part) -> list[Outcome]:
        """Handle the requests of a part of the plan; return what became of them."""
        outcomes: list[Outcome] = []
        try:
            request = next(part)
            while True:
                outcomes.append(self.handle(request))
                request = part.send(outcomes[-1])
        except StopIteration:
            if not outcomes:
                self.say(f"\n{subject}: nothing to change.")
        except GitHubError as error:
            outcomes.append(self.refuse(f"\n{subject}: {error}"))
        return outcomes


def describe_checkbox(publisher: dict[str, str]) -> list[str]:
    """Return what no request can set, unless it is set already."""
    with suppress(GitHubError):
        if (get(environment_path(publisher)) or {}).get("can_admins_bypass") is False:
            return []
    return [
        f"No request can clear “{BYPASS}”.",
        f"Clear it in the environment {publisher['environment']}, or administrators can publish without the reviewer:",
        f"  https://github.com/{slug(publisher)}/settings/environments",
        "",
    ]


def describe_form(publisher: dict[str, str]) -> list[str]:
    """Return where PyPI asks for the publisher, and the values for its form."""
    name = publisher["package_name"]
    try:
        files = find_files(name)
    except NotCheckedError as error:
        files, known = None, f"{error}. If it has no {name}"
    else:
        known = f"PyPI has no {name} yet"
    if files is not None:
        sentence = f"PyPI has {name}: an owner of it adds the publisher there. This link fills in the form:"
        return [sentence, f"  {form_url(publisher)}", ""]
    width = max(map(len, FIELDS.values()))
    return [
        f"{known}: register a pending publisher, which lasts 30 days, with these values:",
        f"  {PENDING_URL}",
        *(f"    {label:<{width}}  {publisher[field]}" for field, label in FIELDS.items()),
        "If your organization is on PyPI, register it on the organization's page instead:",
        "  https://pypi.org/manage/organization/ORGANIZATION/publishing/",
        "",
    ]


def describe_dry_run(publisher: dict[str, str]) -> list[str]:
    """Return the command that does a dry run."""
    workflow, name = publisher["workflow_filename"], f"package_name={publisher['package_name']}"
    command = ["gh", "workflow", "run", workflow, "--repo", slug(publisher), "-f", name]
    return ["Then do a dry run:", f"  {shlex.join(command)}"]


def run_setup(options: Options, *, dry_run: bool, yes: bool) -> int:
    """Set up GitHub, and say what else is to do; return the exit code, 1 if something was not set up."""
    try:
        publisher = read_publisher()
        repository = find_repository(publisher)
        checks = dict.fromkeys((*find_tests(), *options.checks))
        options = options._replace(checks=tuple(name for name in checks if name != GATE))
    except (SetupError, NotCheckedError, ValueError) as error:
        click.echo(f"Error: {error}", err=True)
        return 1
    talk = Conversation(repository, dry_run=dry_run, yes=yes)
    talk.say(f"Set up {slug(publisher)} on GitHub: only what is missing there is requested.")
    outcomes = [
        *talk.carry_out("The environment", plan_environment(publisher, repository, options)),
        *talk.carry_out("The tags of releases", plan_tags(publisher, repository, options)),
        *talk.carry_out("The required checks", plan_checks(publisher, repository, options)),
    ]
    talk.say("\n".join(["", *describe_checkbox(publisher), *describe_form(publisher), *describe_dry_run(publisher)]))
    missing = [outcome for outcome in outcomes if outcome is not Outcome.SENT]
    if missing:
        talk.say(f"\n{len(missing)} of {len(outcomes)} requests were declined or refused. Run this again to send them.")
    return int(bool(missing))
