"""The workflow files of a repository: which of their jobs publish to PyPI, from which environment, and when they start.

The one reader of workflow files. It parses YAML, and keeps every scalar as the text that stands in the file: for GitHub
`on` is a key and `no` can be the name of an environment, while YAML 1.1 reads both as booleans. Anchors are resolved,
merge keys (`<<`) are not, as on GitHub.
https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax

A job publishes if it, or one of its steps, has

- an action or a called workflow whose name says so: `pypa/gh-action-pypi-publish`, or one with `publish` and `pypi` or
  `poetry` in it;
- a command: `twine upload`, `setup.py upload`, or `publish` (or `upload`) of uv, Poetry, Hatch, PDM, Flit or maturin;
- the credentials of one: a secret such as `PYPI_TOKEN`, or `TWINE_PASSWORD`, `UV_PUBLISH_TOKEN` and the like.

The name of a step does not count, nor a comment, nor a step that names TestPyPI or `--dry-run`. What a script, tox or
another repository's workflow does is not seen.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Yaml = Any  # a text, or a list or mapping of the same
Mapping = dict[str, Yaml]

PUBLISHING_ACTION = "pypa/gh-action-pypi-publish"
ACTIONS = re.compile(r"\S*(?:pypi|poetry)[\w./-]*publish|\S*publish[\w./-]*(?:pypi|poetry)", re.IGNORECASE)
COMMANDS = re.compile(
    r"\btwine\b[^\n]*\supload\b|\bsetup\.py\b[^\n]*\supload\b"
    r"|\b(?:flit|hatch|maturin|pdm|poetry|uv)(?:[^\S\n]+-\S+(?:[^\S\n]+[^\s-]\S*)??)*[^\S\n]+(?:publish|upload)\b"
    r"|\bsecrets\.(?!\w*(?:INDEX|MIRROR|URL))\w*PYPI\w*|\b(?:FLIT_PASSWORD|HATCH_INDEX_AUTH|MATURIN_PYPI_TOKEN"
    r"|PDM_PUBLISH_PASSWORD|POETRY_PYPI_TOKEN_PYPI|TWINE_PASSWORD|UV_PUBLISH_TOKEN)\b",
    re.IGNORECASE,
)
PASSWORDS = re.compile(
    r"\bsecrets\.(?!GITHUB_TOKEN\b)|\b(?:FLIT_PASSWORD|HATCH_INDEX_AUTH|MATURIN_PYPI_TOKEN|PDM_PUBLISH_PASSWORD"
    r"|POETRY_PYPI_TOKEN_PYPI|TWINE_PASSWORD|UV_PUBLISH_TOKEN)\b"
)
HARMLESS = re.compile(r"test[._-]?pypi|--dry-run", re.IGNORECASE)
CALLS = re.compile(r"[\w.-]+/[\w.-]+/\.github/workflows/\S*(?:publish|release|pypi)\S*", re.IGNORECASE)
QUOTED = r""""(?:\\.|[^"\\\n])*"|'[^'\n]*'"""  # a `#` in quotes begins no comment


class WorkflowError(ValueError):
    """A file is not a workflow that GitHub can read; the text says why."""


class Publishing(NamedTuple):
    """A job that publishes to PyPI: its name, and what in it says so."""

    job: str
    evidence: str


def parse_workflow(text: str) -> Mapping:
    """Return a workflow's mapping, in which every scalar is a text; raise `WorkflowError` if there is no mapping."""
    try:
        parsed = yaml.load(text, yaml.BaseLoader)  # noqa: S506 - makes nothing but texts, lists and mappings
    except yaml.MarkedYAMLError as error:
        line = f" (line {error.problem_mark.line + 1})" if error.problem_mark else ""
        message = f"{error.problem or 'invalid YAML'}{line}"
        raise WorkflowError(message) from error
    except (yaml.YAMLError, RecursionError) as error:
        message = f"invalid YAML ({str(error).splitlines()[0]})"
        raise WorkflowError(message) from error
    if not isinstance(parsed, dict):
        message = "no mapping at the top"
        raise WorkflowError(message)
    return parsed


def read_workflow(path: Path) -> Mapping:
    """Return the mapping of a workflow file; raise `WorkflowError` if it cannot be read."""
    try:
        return parse_workflow(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        message = "not UTF-8"
        raise WorkflowError(message) from error
    except OSError as error:
        message = error.strerror or "not readable"
        raise WorkflowError(message) from error


def as_mapping(value: Yaml) -> Mapping:
    """Return a mapping as it is, and an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}


def find_jobs(workflow: Mapping) -> dict[str, Mapping]:
    """Return the jobs of a workflow, by name."""
    return {name: as_mapping(job) for name, job in as_mapping(workflow.get("jobs")).items()}


def find_steps(job: Mapping) -> list[Mapping]:
    """Return the steps of a job."""
    steps = job.get("steps")
    return [step for step in steps if isinstance(step, dict)] if isinstance(steps, list) else []


def find_actions(workflow: Mapping) -> list[str]:
    """Return what the steps of a workflow use, `OWNER/NAME/PATH@REF`, in the file's order."""
    used = [step.get("uses") for job in find_jobs(workflow).values() for step in find_steps(job)]
    return [action for action in used if isinstance(action, str) and action]


def find_publishing(workflow: Mapping) -> list[Publishing]:
    """Return the jobs of a workflow that publish to PyPI."""
    evidence = {name: publishing_evidence(job) for name, job in find_jobs(workflow).items()}
    return [Publishing(name, found) for name, found in evidence.items() if found]


def publishing_evidence(job: Mapping) -> str:
    """Return what in a job says that it publishes, empty if nothing does."""
    parts = [{key: job.get(key) for key in ("env", "secrets", "uses", "with")}, *find_steps(job)]
    return next((found for part in parts if (found := find_evidence(part))), "")


def is_trusted_publisher(workflow: Mapping) -> bool:
    """Return whether a workflow publishes with a token that it exchanges, and not with a password."""
    jobs = find_jobs(workflow)
    found = [jobs[name] for name, _ in find_publishing(workflow)]
    allowed = [job.get("permissions", workflow.get("permissions")) for job in found]
    parts = [part for job in found for part in ({"env": job.get("env")}, *filter(find_evidence, find_steps(job)))]
    lines = [line for part in parts for line in step_lines(part)]
    exchanged = [given == "write-all" or as_mapping(given).get("id-token") == "write" for given in allowed]
    return any(exchanged) and not any(map(PASSWORDS.search, lines))


def find_evidence(step: Mapping) -> str:
    """Return what in a step says that it publishes, empty if nothing does."""
    uses, lines = str(step.get("uses") or ""), list(step_lines(step))
    if HARMLESS.search("\n".join([uses, *lines])):
        return ""
    matches = [ACTIONS.search(uses), *map(COMMANDS.search, lines)]
    return next((match[0] for match in matches if match), "")


def step_lines(step: Mapping) -> Iterator[str]:
    """Yield the script of a step, without comments, and each of its variables and inputs, as `NAME: VALUE`."""
    if isinstance(run := step.get("run"), str):
        joined = re.sub(r"\\\r?\n", " ", run)  # continued lines
        yield re.sub(rf"({QUOTED})|(?:^|(?<=\s))#[^\n]*", r"\1", joined, flags=re.MULTILINE)
    for key in ("env", "secrets", "with"):
        yield from (
            f"{name}: {value}"
            for name, value in as_mapping(step.get(key)).items()
            if isinstance(value, str) and name != "name"
        )


def find_environment(job: Mapping) -> str:
    """Return the name of a job's environment, empty if it has none."""
    environment = job.get("environment")
    name = environment.get("name") if isinstance(environment, dict) else environment
    return name if isinstance(name, str) else ""


def publishing_environments(path: Path) -> dict[str, str]:
    """Return the environment of each job of a workflow file that uses PyPI's own action to publish, by the job's name.

    The environment is empty if a job has none. The result is empty if the file is missing or is not a workflow.
    """
    try:
        jobs = find_jobs(read_workflow(path))
    except WorkflowError:
        return {}
    return {
        name: find_environment(job)
        for name, job in jobs.items()
        if any(str(step.get("uses")).lower().startswith(f"{PUBLISHING_ACTION}@") for step in find_steps(job))
    }


def find_calls(workflow: Mapping) -> list[str]:
    """Return the workflows of other repositories that a workflow calls and that are named like a release."""
    called = [job.get("uses") for job in find_jobs(workflow).values()]
    return [name for name in called if isinstance(name, str) and CALLS.fullmatch(name)]


def starts_on_tag(workflow: Mapping) -> bool:
    """Return whether a pushed tag starts a workflow: `push` with a filter for tags, or with none for branches."""
    events = workflow.get("on")
    if not isinstance(events, dict):
        return "push" in ([events] if isinstance(events, str) else events or [])
    filters = as_mapping(events.get("push")).keys()
    about_tags, about_branches = ({kind, f"{kind}-ignore"} & filters for kind in ("tags", "branches"))
    return "push" in events and (bool(about_tags) or not about_branches)


def find_name(workflow: Mapping, path: str) -> str:
    """Return the name by which GitHub shows a workflow file, and by which `workflow_run` waits for it."""
    name = workflow.get("name")
    return name if isinstance(name, str) and name else path


def find_awaited(workflow: Mapping) -> list[str]:
    """Return the names of the workflows that a workflow waits for: `workflow_run`."""
    awaited = as_mapping(as_mapping(workflow.get("on")).get("workflow_run")).get("workflows")
    return [name for name in (awaited if isinstance(awaited, list) else [awaited]) if isinstance(name, str)]


def find_checks(workflow: Mapping) -> list[str]:
    """Return the names of the jobs that report one check, by that name, for every pull request."""
    events = workflow.get("on")
    names = events if isinstance(events, list | dict) else [events]
    if "pull_request" not in names or (isinstance(events, dict) and as_mapping(events["pull_request"])):
        return []
    return [
        name
        for key, job in find_jobs(workflow).items()
        if "${{" not in (name := job_name(key, job)) and not job.get("uses") and not job.get("strategy")
    ]


def job_name(key: str, job: Mapping) -> str:
    """Return the name by which GitHub reports a job."""
    name = job.get("name")
    return name if isinstance(name, str) and name else key
