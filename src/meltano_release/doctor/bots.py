"""What the doctor sees of bots that make releases: with `GITHUB_TOKEN`, their releases start no workflow.

https://docs.github.com/actions/how-tos/write-workflows/choose-when-workflows-run/trigger-a-workflow
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from meltano_release.doctor.findings import DOCUMENTATION, Finding
from meltano_release.publisher import workflow_path
from meltano_release.workflows import Mapping, as_mapping, find_jobs, find_steps

if TYPE_CHECKING:
    from meltano_release.commit import Commit

PAGE = f"{DOCUMENTATION}/how-to/bots.html"
ACTIONS = {  # that make a release, and the input or variable with their token
    "googleapis/release-please-action": "token",
    "google-github-actions/release-please-action": "token",
    "python-semantic-release/python-semantic-release": "github_token",
    "relekang/python-semantic-release": "github_token",
    "cycjimmy/semantic-release-action": "GITHUB_TOKEN",
    "actions/create-release": "GITHUB_TOKEN",
    "ncipollo/release-action": "token",
    "softprops/action-gh-release": "token",
}
COMMANDS = re.compile(r"\bsemantic-release(?: +-\S+)* +(?:version|publish)\b|\bnpx\b.*\bsemantic-release\b"
                      r"|\brelease-please +github-release\b|\bgh +release +create\b")  # fmt: skip
OWN_TOKEN = re.compile(r"\bsecrets\.GITHUB_TOKEN\b|\bgithub\.token\b")
DRAFT = re.compile(r"--draft\b")
RELEASE_PLEASE = "release-please-config.json"


def check_bots(publisher: dict[str, str], commit: Commit) -> list[Finding]:
    """Look for jobs that make a release with the token of the workflow, other than drafts, which a person publishes."""
    return [
        Finding(
            "error",
            f"The job {key} of {path} makes releases with GITHUB_TOKEN ({tool}): GitHub starts no workflow for them, "
            "and nothing is published",
            PAGE,
        )
        for path, workflow in commit.workflows.items()
        if path != workflow_path(publisher) and not is_about_releases(workflow)
        for key, job in find_jobs(workflow).items()
        for step in find_steps(job)
        if (tool := find_tool(step)) and uses_own_token(step, job, workflow) and not makes_drafts(tool, step, commit)
    ]


def is_about_releases(workflow: Mapping) -> bool:
    """Return whether only a release starts a workflow: such a one adds files to it."""
    events = workflow.get("on")
    return list(events if isinstance(events, dict | list) else [events]) == ["release"]


def find_tool(step: Mapping) -> str:
    """Return the action or command of a step that makes a release, empty if there is none."""
    action = str(step.get("uses") or "").partition("@")[0].lower()
    command = COMMANDS.search(re.sub(r"^\s*#.*", "", str(step.get("run") or ""), flags=re.MULTILINE))
    return action if action in ACTIONS else command[0] if command else ""


def uses_own_token(step: Mapping, job: Mapping, workflow: Mapping) -> bool:
    """Return whether a step has the token of the workflow, which is also what these tools do without another one."""
    variables = as_mapping(workflow.get("env")) | as_mapping(job.get("env")) | as_mapping(step.get("env"))
    name = ACTIONS.get(str(step.get("uses") or "").partition("@")[0].lower(), "GH_TOKEN")
    given = as_mapping(step.get("with")).get(name) or variables.get(name) or variables.get("GITHUB_TOKEN") or ""
    return not given or bool(OWN_TOKEN.search(str(given)))


def makes_drafts(tool: str, step: Mapping, commit: Commit) -> bool:
    """Return whether a step leaves its release as a draft."""
    if "release-please" in tool:
        try:
            return bool(json.loads(commit.read(RELEASE_PLEASE)).get("draft"))
        except (ValueError, AttributeError):
            return False
    return as_mapping(step.get("with")).get("draft") == "true" or bool(DRAFT.search(str(step.get("run") or "")))
