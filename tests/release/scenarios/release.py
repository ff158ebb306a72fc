"""Failure scenarios of the workflow, the tag, the files, the dry run and PyPI itself."""

from tests.release.scenarios.changes import (
    break_readme,
    delete_tag_during_the_run,
    edit,
    fail_with,
    make_contributors_fork,
    make_release_immutable,
    move_tag,
    nothing,
    register_publisher,
    replace_tag,
    tamper_with_hashes,
    upload_other_wheel,
)
from tests.release.scenarios.scenario import RELEASE_AGAIN, RERUN, Scenario
from tests.simulation.server import Fault
from tests.support.paths import (
    OWN_BACKENDS_LOCK,
    PUBLISHER_JSON,
    PYPROJECT,
    README,
    RELEASE_WORKFLOW,
)

CONFLICT = "<<<<<<< before updating\n# my-package\n=======\n# mine\n>>>>>>> after updating\n"

WORKFLOW = [
    Scenario(
        "The job may not ask for a token",
        "The publishing job lost its `id-token: write`.",
        "Restore it by hand, or from git's history with `git log -- FILE` and `git checkout COMMIT -- FILE`. An update "
        "keeps what you deleted.",
        "missing or insufficient OIDC token permissions",
        edit(RELEASE_WORKFLOW, "id-token: write # PyPI trusts", "actions: read # PyPI trusts"), slow=False,
    ),
    Scenario(
        "A release of a contributor's fork",
        "A contributor's fork has no publisher. Its release builds nothing and asks for no token.",
        f"Release in the repository that `{PUBLISHER_JSON}` names.",
        "[build: skipped]", make_contributors_fork, failed_job="", listed=False,
    ),
]  # fmt: skip

TAG = [
    Scenario(
        "The tag has no v",
        "Tags of versions begin with `v`; others are ignored.",
        RELEASE_AGAIN, "The tag 1.2.3 is not `v` and the canonical form of its version", replace_tag("1.2.3"),
        failed_job="gate", slow=False,
    ),
    Scenario(
        "The tag is not in canonical form",
        "Python would write the version in another way, and the file names would differ from the tag.",
        f"{RELEASE_AGAIN} Write `v1.0.0rc1`, not `v1.0.0-rc.1`.",
        "The tag v1.0.0-rc.1 is not `v` and the canonical form of its version", replace_tag("v1.0.0-rc.1"),
        failed_job="gate",
    ),
    Scenario(
        "The tag is not a version",
        "No version can be read from it.",
        RELEASE_AGAIN, "The tag vnext is not `v` and a version", replace_tag("vnext"), failed_job="gate",
    ),
    Scenario(
        "The tag names one of several packages",
        "The workflow releases one package per repository, under tags like `v1.2.3`.",
        f"{RELEASE_AGAIN} Several packages in one repository are not supported.",
        "The tag my-package-v1.2.3 is not `v` and a version", replace_tag("my-package-v1.2.3"), failed_job="gate",
    ),
    Scenario(
        "The tag is on another commit",
        "The tag was moved after the release was published, and the run has the commit from before.",
        "Delete the release and its tag, and release the right commit.",
        "does not point to the expected commit", move_tag, action="moved", failed_job="build",
    ),
    Scenario(
        "The run is stale",
        "The release or its tag was deleted or moved while its run waited for a reviewer. Approving it would publish "
        "the old commit.",
        "Cancel that run, and approve the run of the newer release.",
        "The tag v1.2.3 was deleted or moved after this release was published", delete_tag_during_the_run,
    ),
    Scenario(
        "The version is 0.0.0",
        "A project without a version has that one; PyPI would accept it.",
        RELEASE_AGAIN, "The tag v0.0.0 means a project without a version", replace_tag("v0.0.0"),
        failed_job="gate",
    ),
    Scenario(
        "The version has a local part",
        "PyPI accepts no local versions.",
        RELEASE_AGAIN, "The tag v1.2.3+meltano.1 has a local part", replace_tag("v1.2.3+meltano.1"),
        failed_job="gate",
    ),
    Scenario(
        "pyproject.toml has a static version",
        "A static version wins over the tag.",
        f"Delete the line and write `dynamic = ['version']`. {RELEASE_AGAIN}",
        "[project] of pyproject.toml has a static `version`",
        edit(PYPROJECT, 'dynamic = ["version"] # from the git tag', 'version = "9.9.9"'), failed_job="gate",
    ),
    Scenario(
        "The build backend does not read tags",
        "`poetry.core` builds with the placeholder, `0.0.0`.",
        f"Write `build-backend = 'poetry_dynamic_versioning.backend'`. {RELEASE_AGAIN}",
        "the build backend is poetry-core's own",
        edit(PYPROJECT, "poetry_dynamic_versioning.backend", "poetry.core.masonry.api"), failed_job="gate",
    ),
]  # fmt: skip

UPLOAD = [
    Scenario(
        "PyPI has these files already",
        "The release was run again. PyPI accepts a file that it has if it is byte-identical, and the build is.",
        "There is nothing to do.",
        "byte-identical", nothing, action="twice", failed_job="", uploaded=2, listed=False,
    ),
    Scenario(
        "PyPI has other files of this version",
        "A file name never changes its content on PyPI, not even after a deletion.",
        "Release the next version.",
        "PyPI has other content under the name my_package-1.2.3-py3-none-any.whl", upload_other_wheel, uploaded=1,
    ),
    Scenario(
        "The upload was interrupted",
        "PyPI has one file and not the other.",
        "*Re-run failed jobs*: it continues where it stopped.",
        "PyPI has 1 of 2 files", fail_with(Fault("legacy", 503, after=1)), action="continued", uploaded=2,
    ),
    Scenario(
        "The release is immutable",
        "GitHub accepts no more files for it. They are on PyPI, and in the run's artifact.",
        "There is nothing to do.",
        "Immutable release", make_release_immutable, failed_job="", uploaded=2,
    ),
    Scenario(
        "The files cannot be attached",
        "The upload to PyPI succeeded, and the job that adds the files to the GitHub release failed.",
        "Fix what its log says, then *Re-run failed jobs*. What is on PyPI stays as it is.",
        "*Attach to the GitHub release* ended in *failure*",
        edit(RELEASE_WORKFLOW, "contents: write # to add", "contents: read # to add"), failed_job="attach", uploaded=2,
    ),
]  # fmt: skip

FILES = [
    Scenario(
        "A pinned hash does not match",
        f"A package is not the one that was locked: somebody changed it, or `{OWN_BACKENDS_LOCK}` was edited.",
        "Do not release. Find out which of the two changed. An edited file comes back with `git log -- FILE` and "
        "`git checkout COMMIT -- FILE`.",
        "Hash mismatch for", tamper_with_hashes, failed_job="build",
    ),
    Scenario(
        "The lock does not have what the build requires",
        f"`build-system.requires`, or the build backend itself, names a package or a version that the lock of the "
        f"build backends does not have: `{OWN_BACKENDS_LOCK}`, or the template's if there is none.",
        f"Run `meltano-release lock` as the message has it, which writes `{OWN_BACKENDS_LOCK}`, and commit that file. "
        f"{RELEASE_AGAIN}",
        "the template's lock of build backends does not have that",
        edit(PYPROJECT, 'requires = ["poetry-core', 'requires = ["iniconfig", "poetry-core'), failed_job="build",
    ),
    Scenario(
        "A classifier is unknown",
        "PyPI accepts only the classifiers of its own list.",
        f"Replace it in pyproject.toml. {RELEASE_AGAIN}",
        "PyPI does not accept the classifier 'Framework :: Meltano'",
        edit(PYPROJECT, "Typing :: Typed", "Framework :: Meltano"), failed_job="gate",
    ),
    Scenario(
        "A classifier is deprecated",
        "PyPI refuses deprecated classifiers in new releases.",
        f"Replace it in pyproject.toml. {RELEASE_AGAIN}",
        "PyPI does not accept the classifier 'Natural Language :: Ukranian'",
        edit(PYPROJECT, "Typing :: Typed", "Natural Language :: Ukranian"), failed_job="gate",
    ),
    Scenario(
        "The README does not render",
        "PyPI refuses a description that does not match its content type.",
        f"Fix the README. {RELEASE_AGAIN}",
        "has syntax errors in markup", break_readme, failed_job="gate",
    ),
    Scenario(
        "The summary is too long",
        "PyPI accepts 512 characters.",
        f"Shorten `description` in pyproject.toml. {RELEASE_AGAIN}",
        "PyPI accepts 512", edit(PYPROJECT, 'description = "', 'description = "' + "long " * 120),
        failed_job="gate",
    ),
    Scenario(
        "A dependency is a direct URL reference",
        "PyPI accepts no direct URL references.",
        f"Depend on a released version. {RELEASE_AGAIN}",
        "depends on a direct URL reference",
        edit(PYPROJECT, "dependencies = []", 'dependencies = ["six @ https://example.com/six.zip"]'),
        failed_job="gate",
    ),
    Scenario(
        "The package has another name than the publisher",
        f"`name` in pyproject.toml and `package_name` in `{PUBLISHER_JSON}` differ.",
        "Correct one of them.",
        "the publisher is registered for my-package",
        edit(PYPROJECT, 'name = "my-package"', 'name = "our-package"'), failed_job="gate",
    ),
    Scenario(
        "A template update left a conflict",
        "Copier leaves conflict markers and an exit code of 0.",
        f"Keep the lines that you need and delete the markers. {RELEASE_AGAIN}",
        f"{README} has conflict markers",
        edit(README, "# my-package\n", CONFLICT), failed_job="gate",
    ),
]  # fmt: skip

REHEARSAL_AND_PYPI = [
    Scenario(
        "The publisher on PyPI has no environment",
        "A publisher without an environment also trusts a run outside the environment: anyone who can push a branch "
        "could publish, and no reviewer would be asked.",
        "Register the publisher again with the environment, delete the one without, and do the dry run again.",
        "The publisher on PyPI has no environment", register_publisher(environment=""),
        action="rehearse", failed_job="rehearse-without-environment",
    ),
    Scenario(
        "A dry run cannot check the environment",
        "The second exchange of a dry run, which PyPI must refuse, got no clear answer.",
        "Wait, and do the dry run again.",
        "Not checked: whether PyPI refuses a token without the environment",
        fail_with(Fault("mint-token", 503, after=1)), action="rehearse", failed_job="rehearse-without-environment",
    ),
    Scenario(
        "A dry run was confirmed with another name",
        "The text that was typed is not the project's name.",
        "Run it again and type the name.",
        "no token was requested", nothing, action="mistyped", failed_job="gate",
    ),
    Scenario(
        "PyPI has an error at the exchange",
        "PyPI answers with a status of 500 or more.",
        f"Wait, {RERUN}",
        "PyPI had a problem", fail_with(Fault("mint-token", 503)),
    ),
    Scenario(
        "PyPI is slow at the exchange",
        "PyPI answers, but not in time.",
        f"Wait, {RERUN}",
        "Read timed out", fail_with(Fault("mint-token", delay=6)),
    ),
    Scenario(
        "PyPI has an error in a dry run",
        "PyPI answers with a status of 500 or more, which says nothing about the publisher.",
        "Wait, and do the dry run again.",
        "PyPI could not be reached or had a problem",
        fail_with(Fault("mint-token", 503)), action="rehearse", failed_job="rehearse",
    ),
]  # fmt: skip
