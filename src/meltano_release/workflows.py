"""Workflow files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from pathlib import Path

PUBLISHING_ACTION = "pypa/gh-action-pypi-publish"


def publishing_environments(path: Path) -> dict[str, str]:
    """Return the environment of each job of a workflow that publishes to PyPI, by the job's name; empty for none."""
    parsed = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None
    jobs = (parsed or {}).get("jobs") or {}
    return {
        name: environment.get("name", "") if isinstance(environment, dict) else environment
        for name, job in jobs.items()
        if any(str(step.get("uses", "")).startswith(f"{PUBLISHING_ACTION}@") for step in job.get("steps") or [])
        for environment in [job.get("environment") or ""]
    }
