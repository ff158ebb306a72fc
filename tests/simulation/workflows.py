"""Workflow files: their keys, their jobs, their permissions."""

from typing import Any

import yaml

from tests.simulation.errors import UnsupportedError

KEYS = {
    "workflow": {"name", "on", "permissions", "concurrency", "jobs"},
    "job": {
        "name", "if", "needs", "runs-on", "timeout-minutes", "permissions", "environment", "outputs", "steps", "uses",
    },
    "step": {"name", "id", "if", "uses", "with", "run", "env", "shell", "continue-on-error"},
    "environment": {"name", "url"},
    "concurrency": {"group", "cancel-in-progress"},
}  # fmt: skip
LEVELS = ("none", "read", "write")

Workflow = dict[str, Any]


def parse_workflow(text: str) -> Workflow:
    """Parse a workflow file; YAML 1.1 reads the key `on` as true."""
    parsed = yaml.safe_load(text)
    return {("on" if key is True else key): value for key, value in parsed.items()}


def check_keys(part: str, mapping: dict[str, Any]) -> None:
    """Raise `UnsupportedError` if a part of a file has a key that is not in the table."""
    if extra := set(mapping) - KEYS[part]:
        message = f"unknown keys of a {part}: {', '.join(sorted(map(str, extra)))}"
        raise UnsupportedError(message)


def needed_jobs(job: dict[str, Any]) -> list[str]:
    """Return the jobs that a job needs."""
    value = job.get("needs", [])
    return [value] if isinstance(value, str) else value


def granted_permissions(workflow: Workflow, job: dict[str, Any]) -> dict[str, str]:
    """Return the permissions of a job: its own, or the file's, or the default of a repository."""
    default = {"permissions": {"contents": "read"}}
    permissions: dict[str, str] = (default | workflow | job)["permissions"]
    return permissions


def grants(permissions: dict[str, str], scope: str, level: str) -> bool:
    """Tell whether permissions include a level of a scope."""
    return LEVELS.index(permissions.get(scope, "none")) >= LEVELS.index(level)
