"""What the doctor sees in the workflows of the last commit."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

from meltano_release.doctor.clone import find_remote
from meltano_release.doctor.files import find_package_name, restore
from meltano_release.doctor.findings import Finding
from meltano_release.errors import NotCheckedError
from meltano_release.publisher import FIELDS, TEMPLATE, workflow_path
from meltano_release.rulesets import GATE
from meltano_release.workflows import (
    Mapping,
    find_awaited,
    find_calls,
    find_environment,
    find_jobs,
    find_name,
    find_publishing,
    is_trusted_publisher,
    job_name,
    starts_on_tag,
)

if TYPE_CHECKING:
    from meltano_release.commit import Commit


def check_workflows(publisher: dict[str, str], commit: Commit) -> list[Finding]:
    """Look for the publisher's workflow and its environment, and for jobs of other workflows that publish, too."""
    file, problems = workflow_path(publisher), dict(commit.broken_workflows)
    others = {path: found for path, found in commit.workflows.items() if path != file and find_publishing(found)}
    if file not in commit.workflow_files:
        remedy = restore(file)
        if len(others) == 1:
            remedy = f"git mv {shlex.quote(next(iter(others)))} {shlex.quote(file)}"
        findings = [Finding("error", f"There is no {file}, which the publisher names", remedy)]
    elif file in problems:
        findings = [Finding("error", f"GitHub cannot read {file}: {problems.pop(file)}", restore(file))]
    else:
        findings = check_publishing(file, commit.workflows[file], publisher["environment"])
    findings += [
        describe_trusted(path, workflow, publisher)
        if is_trusted_publisher(workflow)
        else describe_other(path, workflow)
        for path, workflow in others.items()
    ]
    findings += [
        Finding("not checked", f"{path} calls {call}: look in its repository whether it publishes, too")
        for path, workflow in commit.workflows.items()
        for call in find_calls(workflow)
    ]
    return findings + [
        Finding("not checked", f"{path} cannot be read: {problem}") for path, problem in problems.items()
    ]


def check_publishing(file: str, workflow: Mapping, environment: str) -> list[Finding]:
    """Look whether the publisher's workflow publishes, and from the publisher's environment."""
    jobs = find_jobs(workflow)
    found = {job: find_environment(jobs[job]) for job, _ in find_publishing(workflow)}
    if not found:
        return [Finding("error", f"No job of {file} publishes to PyPI", restore(file))]
    return [
        Finding("ok", f"{file} publishes from the environment {environment}")
        if name.lower() == environment.lower()  # as PyPI compares it
        else Finding(
            "error",
            f"The job {job} of {file} has {f'the environment {name}' if name else 'no environment'}, "
            f"and the publisher {environment}",
            f"write `environment: {json.dumps(environment, ensure_ascii=False)}` into that job, "
            "or change the answer with `copier update`",
        )
        for job, name in found.items()
    ]


def describe_other(path: str, workflow: Mapping, words: str = "seems to publish as well") -> Finding:
    """Return the finding about another workflow that publishes."""
    jobs = find_publishing(workflow)
    names = " and ".join(job for job, _ in jobs)
    shown = " and ".join(f"{job} ({evidence})" for job, evidence in jobs)
    early = ", when a tag is pushed, before the release and its reviewer" if starts_on_tag(workflow) else ""
    remedy = (
        f"git rm {shlex.quote(path)}"
        if len(jobs) == len(find_jobs(workflow))
        else f"delete the job {names} from {path}, and its name from the `needs` of other jobs"
    )
    return Finding("error", f"{path} {words}{early}: {shown}", remedy)


def describe_trusted(path: str, workflow: Mapping, publisher: dict[str, str]) -> Finding:
    """Return the finding about another workflow that publishes without a password: PyPI knows it by its file name.

    The answers that name it make the release workflow take its place, and the publisher on PyPI can stay.
    """
    others = (
        "; move its other jobs to another file first"
        if len(find_jobs(workflow)) > len(find_publishing(workflow))
        else ""
    )
    return Finding(
        "error",
        f"{path} publishes as a trusted publisher, so PyPI knows that file: let the release workflow take its place, "
        f"and keep the template's side of the conflict{others}",
        f"uvx copier update --vcs-ref=:current: {trusted_answers(path, workflow, publisher)}",
    )


def trusted_answers(path: str, workflow: Mapping, publisher: dict[str, str]) -> str:
    """Return the options of Copier with the five answers that fit a workflow which publishes already."""
    jobs = find_jobs(workflow)
    environments = [find_environment(jobs[job]) for job, _ in find_publishing(workflow)]
    answers = publisher | {"workflow_filename": path.rpartition("/")[2]}
    if environment := next((name for name in environments if name and "${{" not in name), ""):
        answers["environment"] = environment
    return " ".join(["--defaults", *(f"--data={name}={shlex.quote(answers[name])}" for name in FIELDS)])


def suggest_answers(commit: Commit) -> list[Finding]:
    """Return how to adopt the release setup where workflows publish already, as trusted publishers or with a token."""
    try:
        owner, repository = find_remote() or ("", "")
    except NotCheckedError:
        owner = repository = ""
    name = find_package_name(commit)[0]
    publisher = {"package_name": name, "owner": owner, "repository": repository, "environment": "publishing"}
    return [
        Finding(
            "note",
            f"{path} publishes as a trusted publisher: with these answers, the publisher on PyPI can stay",
            f"uvx copier copy --data=scope=release {trusted_answers(path, workflow, publisher)} "
            f"https://github.com/{TEMPLATE}.git .",
        )
        if is_trusted_publisher(workflow)
        else describe_other(path, workflow, "seems to publish")
        for path, workflow in commit.workflows.items()
        if find_publishing(workflow) and ((owner and name) or not is_trusted_publisher(workflow))
    ]


def check_names(publisher: dict[str, str], commit: Commit) -> list[Finding]:
    """Look whether another job has the name of the required check, and whether workflows wait for one that is gone."""
    file = workflow_path(publisher)
    findings = [
        Finding(
            "error",
            f"The job {key} of {path} is called {GATE}, too: checks are required by name, and it can stand in for it",
            f"give that job another name in {path}",
        )
        for path, workflow in commit.workflows.items()
        if path != file
        for key, job in find_jobs(workflow).items()
        if job_name(key, job) == GATE
    ]
    names = {find_name(workflow, path): path for path, workflow in commit.workflows.items()}
    release = find_name(commit.workflows.get(file, {}), file)
    return findings + [
        Finding(
            "error",
            f"{path} waits for the workflow {awaited}, and no workflow has this name: it never starts",
            f"write the name of a workflow there; the release workflow's is {release}",
        )
        for path, workflow in commit.workflows.items()
        for awaited in find_awaited(workflow)
        if awaited not in names and not commit.broken_workflows
    ]
