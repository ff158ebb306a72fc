"""What the release gate reads in its tests beside a project: the event, and the variables of a run."""

from tests.support.paths import RELEASE_WORKFLOW
from tests.support.projects import TAG

EVENT = "event.json"
RUN = {
    "GITHUB_REPOSITORY": "MeltanoLabs/my-package",
    "GITHUB_WORKFLOW_REF": f"MeltanoLabs/my-package/{RELEASE_WORKFLOW}@refs/tags/{TAG}",
    "GITHUB_EVENT_PATH": EVENT,
}
RELEASE = RUN | {"GITHUB_EVENT_NAME": "release", "GITHUB_REF_NAME": TAG}
BY_HAND = RUN | {"GITHUB_EVENT_NAME": "workflow_dispatch"}


def tagged(tag: str) -> dict[str, str]:
    """Return the variables of a release under another tag."""
    return RELEASE | {"GITHUB_REF_NAME": tag}
