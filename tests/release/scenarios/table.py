"""The table of failure scenarios, in the order of the troubleshooting page."""

from tests.release.scenarios import publisher, release

SCENARIOS = [
    *publisher.FORM,
    *publisher.REPOSITORY,
    *publisher.ENVIRONMENT,
    *publisher.PENDING,
    *release.WORKFLOW,
    *release.TAG,
    *release.UPLOAD,
    *release.FILES,
    *release.REHEARSAL_AND_PYPI,
]
