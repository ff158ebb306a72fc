"""The workflows of this repository itself."""

from typing import Any

import yaml

from tests.support.paths import ROOT


def workflow(name: str) -> dict[str, Any]:
    """Return the jobs of one of the repository's workflows."""
    text = (ROOT / f".github/workflows/{name}.yaml").read_text(encoding="utf-8")
    jobs: dict[str, Any] = yaml.safe_load(text)["jobs"]
    return jobs


def script(job: dict[str, Any], title: str) -> str:
    """Return the `run` block of a job's step, by the beginning of its name."""
    (step,) = [step for step in job["steps"] if step["name"].startswith(title)]
    block: str = step["run"]
    return block
