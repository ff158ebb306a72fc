"""Workflow files: their jobs and their permissions."""

from typing import Any

import yaml

Workflow = dict[str, Any]


def parse_workflow(text: str) -> Workflow:
    """Parse a workflow file; YAML 1.1 reads the key `on` as true."""
    return {("on" if key is True else key): value for key, value in yaml.safe_load(text).items()}


def granted_permissions(workflow: Workflow, job: dict[str, Any]) -> dict[str, str]:
    """Return the permissions of a job: its own, or the file's, or the default of a repository."""
    permissions: dict[str, str] = ({"permissions": {"contents": "read"}} | workflow | job)["permissions"]
    return permissions
