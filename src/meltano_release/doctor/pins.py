"""What the doctor sees of the template's version: the pins in the project's own workflows, and whether it exists."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import yaml

from meltano_release.doctor.findings import Finding
from meltano_release.git import ask_git
from meltano_release.publisher import TEMPLATE, command_line, workflow_path
from meltano_release.workflows import Mapping, as_mapping, find_actions

if TYPE_CHECKING:
    from meltano_release.commit import Commit

ANSWERS = re.compile(r"\.copier-answers(\.[\w.-]+)?\.ya?ml")
PIN = re.compile(r"([\w.-]+/[\w.-]+)/actions/([\w-]+)@([\w./-]+)")  # of an action of the template
OWN_PINS = ("setup", "pythons")  # the actions that a project's own workflows name
SHORTCUTS = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/"}  # Copier's


class Pin(NamedTuple):
    """An action of the template that a workflow uses, and the commit that it names."""

    repository: str
    action: str
    ref: str


def find_pins(workflow: Mapping) -> list[Pin]:
    """Return the actions of a template that a workflow uses, each once, in the file's order."""
    matches = [PIN.fullmatch(action) for action in find_actions(workflow)]
    return list(dict.fromkeys(Pin(match[1], match[2], match[3]) for match in matches if match))


def check_pins(publisher: dict[str, str], commit: Commit) -> list[Finding]:
    """Compare the commits of the template in the project's own workflows with that of the release workflow.

    `copier update` moves the release workflow's alone: the other files belong to the project.
    """
    file = workflow_path(publisher)
    release = next(iter(find_pins(commit.workflows.get(file, {}))), None)
    if not release:
        return []
    repositories = {release.repository.lower(), TEMPLATE.lower()}
    pins = {
        (path, pin.repository, pin.ref): None
        for path, workflow in commit.workflows.items()
        for pin in find_pins(workflow)
        if path != file and pin.action in OWN_PINS and pin.repository.lower() in repositories
    }
    wanted = (release.repository.lower(), release.ref.lower())
    return [
        Finding(
            "note",
            f"{path} uses {repository} at {short(ref)}, and {file} at {short(release.ref)}",
            f"{command_line(publisher)} update",  # moves all of them
        )
        for path, repository, ref in pins
        if (repository.lower(), ref.lower()) != wanted
    ]


def short(ref: str) -> str:
    """Return the first digits of a commit, and anything else as it is."""
    return ref[:7] if re.fullmatch(r"[0-9a-fA-F]{40}", ref) else ref


def find_answers(commit: Commit) -> list[str]:
    """Return the answers files of the commit that are the template's: a repository can follow several templates."""
    return [
        path
        for path in sorted(commit.modes)
        if ANSWERS.fullmatch(path) and "workflow_filename" in read_answers(commit.read(path))
    ]


def read_answers(text: str) -> Mapping:
    """Return what an answers file has, nothing if it cannot be read."""
    try:
        return as_mapping(yaml.load(text, yaml.BaseLoader))  # noqa: S506 - makes nothing but texts, lists and mappings
    except yaml.YAMLError:
        return {}


def check_version(_: dict[str, str], commit: Commit) -> list[Finding]:
    """Look whether the template still has the version that the project follows: without it, no update works."""
    file = next(iter(find_answers(commit)), "")
    answers = read_answers(commit.read(file)) if file else {}
    version, source = str(answers.get("_commit", "")), str(answers.get("_src_path", ""))
    if not re.fullmatch(r"v\d+(\.\w+)*", version) or not source:
        return []
    url = next(
        (full + source.removeprefix(name) for name, full in SHORTCUTS.items() if source.startswith(name)), source
    )
    if ask_git("ls-remote", "--tags", url.removeprefix("git+"), f"refs/tags/{version}"):
        return [Finding("ok", f"The template has the version {version}")]
    remedy = f"write the full commit that {workflow_pin(commit)} names into `_commit` of {file}, commit, and update"
    return [Finding("error", f"The template has no version {version} any more, and `copier update` stops", remedy)]


def workflow_pin(commit: Commit) -> str:
    """Return the first workflow that names the template's actions."""
    return next((path for path, workflow in commit.workflows.items() if find_pins(workflow)), "the release workflow")
