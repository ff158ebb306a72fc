"""The steps of the actions in `actions/`, and of a project's rendered workflows."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.support.commands import run
from tests.support.paths import ACTIONS

Use = tuple[str, str, str]  # file, job or action, step

BUILDING = "Build the source distribution, and the wheel from it"


def steps(folder: Path, pattern: str = ".github/**/*.y*ml") -> dict[Use, dict[str, Any]]:
    """Return every step of the workflows and composite actions in a folder."""
    found = {}
    for path in sorted(folder.glob(pattern)):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        parts = content.get("jobs") or {path.parent.name: content.get("runs", {})}
        for name, part in parts.items():
            for number, step in enumerate(part.get("steps", [])):
                found[path.relative_to(folder).as_posix(), name, step.get("name", f"step {number}")] = step
    return found


def script(action: str, step: str) -> str:
    """Return the script of one step of an action."""
    content = yaml.safe_load((ACTIONS / action / "action.yml").read_text(encoding="utf-8"))
    (found,) = (one["run"] for one in content["runs"]["steps"] if one["name"] == step)
    return str(found)


def run_step(  # noqa: PLR0913 - what a step needs
    action: str, step: str, folder: Path, tools: Path, *, check: bool = True, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the script of one step in a folder, as GitHub starts it, with tools that `launch.py` has installed."""
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    variables = {"PATH": path, "GITHUB_ACTION_PATH": str(ACTIONS / action), "RUNNER_TEMP": str(tools)}
    shell = ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script(action, step))
    return run(*shell, cwd=folder, env=variables | dict(env or {}), check=check)
