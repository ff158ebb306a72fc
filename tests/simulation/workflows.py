"""Workflow files: their jobs and their permissions."""

from typing import Any

import yaml

LEVELS = ("none", "read", "write")

Workflow = dict[str, Any]


def parse_workflow(text: str) -> Workflow:
    """Parse a workflow file; YAML 1.1 reads the key `on` as true."""
    parsed = yaml.safe_load(text)
    return {("on" if key is True else key): value for key, value in parsed.items()}


def needed_jobs(job: dict[str, Any]) -> list[str]:
    """Return the jobs that a job needs."""
    value = job.get("needs", [])
    return [value] if isinstance(value, str) else value


def granted_permissions(workflow: Workflow, job: dict[str, Any]) -> dict[str, str]:
    """Return the permissions of a job: its own, or the file's, or the default of a repository."""
    default = {"permissions": {"contents": "read"}}
    permissions: dict[str, str] = (default | workflow | job)["permissions"]
    return permissions
