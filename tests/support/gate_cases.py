"""What the release gate reads in its tests: a project with its distributions, and the variables of a run."""

import shutil
from pathlib import Path

from tests.support.paths import RELEASE_WORKFLOW
from tests.support.projects import TAG, Project

EVENT = "event.json"
RUN = {
    "GITHUB_REPOSITORY": "MeltanoLabs/my-package",
    "GITHUB_WORKFLOW_REF": f"MeltanoLabs/my-package/{RELEASE_WORKFLOW}@refs/tags/{TAG}",
    "GITHUB_EVENT_PATH": EVENT,
}
RELEASE = RUN | {"GITHUB_EVENT_NAME": "release", "GITHUB_REF_NAME": TAG}
BY_HAND = RUN | {"GITHUB_EVENT_NAME": "workflow_dispatch"}


def copy_with_distributions(default: Project, built: Path, destination: Path) -> Project:
    """Copy the default project, with its distributions in dist/."""
    copied = default.copy(destination)
    shutil.copytree(built, copied.path / "dist")
    copied.write(EVENT, '{"repository": {"default_branch": "main"}, "inputs": {"package_name": "my-package"}}')
    return copied


def tagged(tag: str) -> dict[str, str]:
    """Return the variables of a release under another tag."""
    return RELEASE | {"GITHUB_REF_NAME": tag}
