"""The table of failure scenarios: each heading of the troubleshooting page, and what breaks the release."""

from tests.release.scenarios import changes
from tests.release.scenarios.changes import Change, edit, fail_with, set_environment
from tests.release.scenarios.scenario import Scenario
from tests.simulation.server import Fault
from tests.support.editing import all_of
from tests.support.paths import PYPROJECT, README, RELEASE_WORKFLOW

CONFLICT = "<<<<<<< before updating\n# my-package\n=======\n# mine\n>>>>>>> after updating\n"
OTHER_CASE, OTHER_NAME = changes.rename_repository("My-Package"), changes.rename_repository("our-package")
WRONG_PENDING = changes.register_pending("my-pakage")
HALF_AN_UPLOAD = fail_with(Fault("legacy", 503, after=1))

PUBLISH: dict[str, Change] = {
    "The environment does not let the tag in": set_environment(branches=("main",), tags=()),
    "The reviewer rejected it": set_environment(branches=("main",), tags=("v*",), rejected=True),
    "The publisher is registered under another project": changes.register_publisher("another-package"),
    "The pending publisher has another project name": WRONG_PENDING,
    "The pending publisher has expired": changes.register_pending("my-package", days=31),
    "A pending publisher was left beside the real one": changes.leave_pending,
    "The job may not ask for a token": edit(RELEASE_WORKFLOW, "id-token: write # PyPI tr", "actions: read # PyPI tr"),
    "The run is stale": changes.delete_tag_during_the_run,
    "The attestations cannot be made": fail_with(Fault("sigstore", 503)),
    "PyPI has an error at the exchange": fail_with(Fault("mint-token", 503)),
    "PyPI is slow at the exchange": fail_with(Fault("mint-token", delay=6)),
}
GATE: dict[str, Change] = {
    "GitHub spells the repository in another case": OTHER_CASE,
    "The repository was renamed or moved": OTHER_NAME,
    "The workflow file was renamed": changes.rename_workflow,
    "The workflow names another environment": edit(RELEASE_WORKFLOW, 'name: "publishing"', 'name: "pypi"'),
    "The workflow names no environment": changes.remove_environment_from_workflow,
    "The tag has no v": changes.replace_tag("1.2.3"),
    "The tag is not in canonical form": changes.replace_tag("v1.0.0-rc.1"),
    "The tag is not a version": changes.replace_tag("vnext"),
    "The tag names one of several packages": changes.replace_tag("my-package-v1.2.3"),
    "The version is 0.0.0": changes.replace_tag("v0.0.0"),
    "The version has a local part": changes.replace_tag("v1.2.3+meltano.1"),
    "pyproject.toml has a static version": edit(
        PYPROJECT, 'dynamic = ["version"] # from the git tag', 'version = "9.9.9"'
    ),
    "The build backend does not read tags": edit(
        PYPROJECT, "poetry_dynamic_versioning.backend", "poetry.core.masonry.api"
    ),
    "A classifier is unknown": edit(PYPROJECT, "Typing :: Typed", "Framework :: Meltano"),
    "A classifier is deprecated": edit(PYPROJECT, "Typing :: Typed", "Natural Language :: Ukranian"),
    "The README does not render": changes.break_readme,
    "The summary is too long": edit(PYPROJECT, 'description = "', 'description = "' + "long " * 120),
    "A dependency is a direct URL reference": edit(
        PYPROJECT, "dependencies = []", 'dependencies = ["six @ https://example.com/six.zip"]'
    ),
    "The package has another name than the publisher": edit(PYPROJECT, 'name = "my-package"', 'name = "our-package"'),
    "A template update left a conflict": edit(README, "# my-package\n", CONFLICT),
}
DOCTOR: dict[str, Change] = {
    "The git remote is not the publisher's repository": changes.set_remote("https://github.com/MeltanoLabs/My-Package"),
    "There is no release workflow of that name": changes.rename_workflow,
    "Another workflow publishes as well": changes.keep_old_workflow,
    "GitHub has no such environment": changes.delete_environment,
    "The environment requires no reviewer": set_environment(branches=("main",), tags=("v*",)),
    "The environment has no rule for tags": set_environment(branches=("main",), tags=(), reviewed=True),
    "The environment admits everything": set_environment(reviewed=True),
    "The environment admits too much": set_environment(branches=("main",), tags=("v*", "*"), reviewed=True),
    "The repository was renamed, before a release": OTHER_NAME,
}
REHEARSE: dict[str, Change] = {
    "A dry run finds a form that differs": changes.register_publisher(environment="pypi"),
    "The environment does not let a dry run in": set_environment(branches=(), tags=("v*",)),
    "PyPI has an error in a dry run": fail_with(Fault("mint-token", 503)),
}
WITHOUT: dict[str, Change] = {  # the environment
    "The publisher on PyPI has no environment": changes.register_publisher(environment=""),
    "A dry run cannot check the environment": fail_with(Fault("mint-token", 503, after=1)),
}
FORMS = [  # that differ from the run
    {"environment": "pypi"},
    {"workflow_filename": "release.yml"},
    {"owner": "meltano"},
    {"repository": "my-packages"},
    {"repository": "My-Package"},
]
SCENARIOS = [
    *(Scenario("The form differs from the run", changes.register_publisher(**form)) for form in FORMS),
    *(Scenario(title, change) for title, change in PUBLISH.items()),
    *(Scenario(title, change, failed_job="gate") for title, change in GATE.items()),
    *(Scenario(title, change, "doctor") for title, change in DOCTOR.items()),
    Scenario("The tag is on another commit", changes.move_tag, "moved", "build"),
    Scenario("A pinned hash does not match", changes.tamper_with_hashes, failed_job="build"),
    Scenario(
        "The lock does not have what the build requires",
        edit(PYPROJECT, 'requires = ["poetry-core', 'requires = ["iniconfig", "poetry-core'),
        failed_job="build",
    ),
    Scenario("PyPI has other files of this version", changes.upload_other_wheel, uploaded=1),
    Scenario("The upload was interrupted", HALF_AN_UPLOAD, "continued", uploaded=2),
    Scenario("All jobs were run again", all_of(changes.build_other_bytes, HALF_AN_UPLOAD), "again", uploaded=1),
    Scenario("The run was canceled", changes.cancel("publish"), "continued", "", uploaded=2),
    Scenario("The release is immutable", changes.make_release_immutable, failed_job="", uploaded=2),
    Scenario(
        "The files cannot be attached",
        edit(RELEASE_WORKFLOW, "contents: write # to add", "contents: read # to add"),
        failed_job="attach",
        uploaded=2,
    ),
    Scenario("A dry run finds a pending publisher with another project name", WRONG_PENDING, "rehearse", ""),
    *(Scenario(title, change, "rehearse", "rehearse") for title, change in REHEARSE.items()),
    *(Scenario(title, change, "rehearse", "rehearse-without-environment") for title, change in WITHOUT.items()),
    Scenario("A dry run was confirmed with another name", changes.nothing, "mistyped", "gate"),
]
