"""The steps of a project's rendered workflows and composite actions."""

from pathlib import Path
from typing import Any

import yaml

from tests.support.paths import BUILD_WORKFLOW

Use = tuple[str, str, str]  # file, job or action, step

INSTALLING = (BUILD_WORKFLOW, "build", "Install the build tools, each with a known hash")
BUILDING = (BUILD_WORKFLOW, "build", "Build the source distribution, and the wheel from it")
INSTALLING_JUDGE = (BUILD_WORKFLOW, "judge", "Install the tools of the gate, each with a known hash")
CHECKING = (BUILD_WORKFLOW, "judge", "Check the metadata and that PyPI can render the README")
JUDGING = (BUILD_WORKFLOW, "judge", "Pass the release gate")


def steps(folder: Path) -> dict[Use, dict[str, Any]]:
    """Return every step of the rendered workflows and composite actions."""
    found = {}
    for path in sorted(folder.glob(".github/**/*.y*ml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        parts = content.get("jobs") or {path.parent.name: content.get("runs", {})}
        for name, part in parts.items():
            for step in part.get("steps", []):
                found[path.relative_to(folder).as_posix(), name, step.get("name", "")] = step
    return found


def script(folder: Path, use: Use) -> str:
    """Return the script of one step."""
    workflow = yaml.safe_load((folder / use[0]).read_text(encoding="utf-8"))
    (run,) = (step["run"] for step in workflow["jobs"][use[1]]["steps"] if step["name"] == use[2])
    return str(run)
