"""What the doctor sees in the files of the repository: the template's own, and the workflows."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import NamedTuple

from meltano_release.doctor.findings import Finding, run
from meltano_release.publisher import FILE, TEMPLATE, WORKFLOWS
from meltano_release.workflows import (
    Mapping,
    WorkflowError,
    find_actions,
    find_calls,
    find_environment,
    find_jobs,
    find_publishing,
    read_workflow,
    starts_on_tag,
)

ANSWERS = Path(".copier-answers.yml")
RELEASING = Path(".github/RELEASING.md")
PIN = re.compile(r"([\w.-]+/[\w.-]+)/actions/([\w-]+)@([\w./-]+)")  # of an action of the template
OWN_PINS = ("setup", "pythons")  # the actions that a project's own workflows name


class Pin(NamedTuple):
    """An action of the template that a workflow uses, and the commit that it names."""

    repository: str
    action: str
    ref: str


def restore(file: Path) -> str:
    """Return how to restore a file."""
    return f"restore the file from git: git log -- {shlex.quote(file.as_posix())}"


def find_answers() -> Path:
    """Return the answers file, which may have another name than usual: Copier's `--answers-file`."""
    return next(iter(sorted(Path().glob(".copier-answers*.y*ml"))), ANSWERS)


def check_template_files(_: dict[str, str]) -> list[Finding]:
    """Look for the files that the template owns, except the workflow."""
    return [
        Finding("note", f"There is no {file.as_posix()}, and `copier update` does not bring it back", restore(file))
        for file in (find_answers(), FILE, RELEASING)
        if not file.is_file()
    ]


def check_commit(publisher: dict[str, str]) -> list[Finding]:
    """Look whether the last commit has the files that the template owns: GitHub will not have what only the folder has.

    A `.gitignore` of the project can hide them, and `git add .` then leaves them out.
    """
    files = (find_answers(), FILE, RELEASING, WORKFLOWS / publisher["workflow_filename"])
    present = [file.as_posix() for file in files if file.is_file()]
    committed = run("git", "ls-tree", "-r", "--name-only", "-z", "HEAD", "--", *present).split("\0")
    changed = run("git", "diff", "--name-only", "-z", "HEAD", "--", *present).split("\0")
    findings = []
    for name in present:
        file = shlex.quote(name)
        if name not in committed:
            remedy = f"git add --force {file} && git commit {file}"
            findings.append(Finding("error", f"The last commit lacks {name}, so GitHub will not have it", remedy))
        elif name in changed:
            sentence = f"{name} differs from the last commit, which is what GitHub sees"
            findings.append(Finding("note", sentence, f"git commit {file}"))
    return findings


def read_workflows() -> tuple[dict[Path, Mapping], dict[Path, str]]:
    """Return the workflows of the repository, parsed, and why the others cannot be read."""
    workflows, problems = {}, {}
    for path in sorted(WORKFLOWS.glob("*.y*ml")):
        try:
            workflows[path] = read_workflow(path)
        except WorkflowError as error:
            problems[path] = str(error)
    return workflows, problems


def check_workflows(publisher: dict[str, str]) -> list[Finding]:
    """Look for the publisher's workflow and its environment, and for jobs of other workflows that publish, too."""
    file = WORKFLOWS / publisher["workflow_filename"]
    workflows, problems = read_workflows()
    others = {path: workflow for path, workflow in workflows.items() if path != file and find_publishing(workflow)}
    if not file.is_file():
        if len(others) == 1:
            old = next(iter(others)).as_posix()
            remedy = f"git mv {shlex.quote(old)} {shlex.quote(file.as_posix())}"
        else:
            remedy = restore(file)
        return [Finding("error", f"There is no {file.as_posix()}, which the publisher names", remedy)]
    if file in problems:
        sentence = f"GitHub cannot read {file.as_posix()}: {problems.pop(file)}"
        findings = [Finding("error", sentence, restore(file))]
    else:
        findings = check_publishing(file, workflows[file], publisher["environment"])
        findings += check_pins(file, workflows)
    for path, workflow in others.items():
        findings.append(describe_other(path, workflow))
    findings += [
        Finding("not checked", f"{path.as_posix()} calls {call}: look in its repository whether it publishes, too")
        for path, workflow in workflows.items()
        for call in find_calls(workflow)
    ]
    findings += [
        Finding("not checked", f"{path.as_posix()} cannot be read: {problem}") for path, problem in problems.items()
    ]
    return findings


def check_publishing(file: Path, workflow: Mapping, environment: str) -> list[Finding]:
    """Look whether the publisher's workflow publishes, and from the publisher's environment."""
    jobs = find_jobs(workflow)
    found = {job: find_environment(jobs[job]) for job, _ in find_publishing(workflow)}
    if not found:
        return [Finding("error", f"No job of {file.as_posix()} publishes to PyPI", restore(file))]
    return [
        Finding("ok", f"{file.as_posix()} publishes from the environment {environment}")
        if name.lower() == environment.lower()  # as PyPI compares it
        else Finding(
            "error",
            f"The job {job} of {file.as_posix()} has {f'the environment {name}' if name else 'no environment'}, "
            f"and the publisher {environment}",
            f"write `environment: {json.dumps(environment, ensure_ascii=False)}` into that job, "
            "or change the answer with `copier update`",
        )
        for job, name in found.items()
    ]


def describe_other(path: Path, workflow: Mapping) -> Finding:
    """Return the finding about another workflow that publishes."""
    jobs = find_publishing(workflow)
    names = " and ".join(job for job, _ in jobs)
    shown = " and ".join(f"{job} ({evidence})" for job, evidence in jobs)
    early = ", when a tag is pushed, before the release and its reviewer" if starts_on_tag(workflow) else ""
    file = path.as_posix()
    remedy = (
        f"git rm {shlex.quote(file)}"
        if len(jobs) == len(find_jobs(workflow))
        else f"delete the job {names} from {file}, and its name from the `needs` of other jobs"
    )
    return Finding("error", f"{file} seems to publish as well{early}: {shown}", remedy)


def find_pins(workflow: Mapping) -> list[Pin]:
    """Return the actions of a template that a workflow uses, each once, in the file's order."""
    matches = [PIN.fullmatch(action) for action in find_actions(workflow)]
    return list(dict.fromkeys(Pin(match[1], match[2], match[3]) for match in matches if match))


def check_pins(file: Path, workflows: dict[Path, Mapping]) -> list[Finding]:
    """Compare the commits of the template in the project's own workflows with that of the release workflow.

    `copier update` moves the release workflow's alone: the other files belong to the project.
    """
    release = next(iter(find_pins(workflows[file])), None)
    if not release:
        return []
    repositories = {release.repository.lower(), TEMPLATE.lower()}
    pins = {
        (path, pin.repository, pin.ref): None
        for path, workflow in workflows.items()
        for pin in find_pins(workflow)
        if path != file and pin.action in OWN_PINS and pin.repository.lower() in repositories
    }
    wanted = (release.repository.lower(), release.ref.lower())
    return [
        Finding(
            "note",
            f"{path.as_posix()} uses {repository} at {short(ref)}, and {file.as_posix()} at {short(release.ref)}",
            replace_pin(path, Pin(repository, "", ref), release, read_version(file, release.ref)),
        )
        for path, repository, ref in pins
        if (repository.lower(), ref.lower()) != wanted
    ]


def short(ref: str) -> str:
    """Return the first digits of a commit, and anything else as it is."""
    return ref[:7] if re.fullmatch(r"[0-9a-fA-F]{40}", ref) else ref


def read_version(file: Path, ref: str) -> str:
    """Return the version that a comment behind a pin names, empty if there is none."""
    match = re.search(rf"@{re.escape(ref)}[\"']? +# *([\w.+-]+)", file.read_text(encoding="utf-8"))
    return match[1] if match else ""


def replace_pin(path: Path, old: Pin, new: Pin, version: str) -> str:
    """Return the command that replaces a pin and the comment behind it, with GNU's sed and with BSD's."""
    names = "|".join(OWN_PINS)
    pattern = rf"{re.escape(old.repository)}/actions/({names})@{re.escape(old.ref)}([[:punct:]]?)( +#.*)?$"
    comment = f" # {version}" if version else ""
    script = rf"s,{pattern},{new.repository}/actions/\1@{new.ref}\2{comment},"
    file = shlex.quote(path.as_posix())
    return f"sed -i.bak -E {shlex.quote(script)} {file} && rm {shlex.quote(f'{path.as_posix()}.bak')}"
