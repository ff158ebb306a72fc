"""Failure scenarios of the publisher, the environment and the names that PyPI compares."""

from tests.release.scenarios.changes import (
    delete_environment,
    edit,
    keep_old_workflow,
    leave_pending,
    register_for_other_project,
    register_pending,
    register_publisher,
    remove_environment_from_workflow,
    rename_repository,
    rename_workflow,
    set_environment,
    set_remote,
)
from tests.release.scenarios.scenario import RERUN, Scenario
from tests.support.paths import PUBLISHER_JSON, RELEASE_WORKFLOW, RELEASING, WORKFLOWS

NO_PUBLISHER = "no publisher of it reads as below"
CORRECT_FORM = (
    f"Correct the publisher on PyPI so that it matches the table in the job summary, {RERUN} "
    "A dry run finds this before a release does."
)

FORM = [
    Scenario(
        "The form names another environment",
        "The publisher on PyPI was registered with another environment than the workflow's.",
        CORRECT_FORM, NO_PUBLISHER, register_publisher(environment="pypi"), slow=False,
    ),
    Scenario(
        "The form names another workflow",
        "The publisher on PyPI was registered with another file name.",
        CORRECT_FORM, NO_PUBLISHER, register_publisher(workflow_filename="release.yml"),
    ),
    Scenario(
        "The form names another owner",
        "The publisher on PyPI was registered for another user or organization.",
        CORRECT_FORM, NO_PUBLISHER, register_publisher(owner="meltano"),
    ),
    Scenario(
        "The form names another repository",
        "The publisher on PyPI was registered for another repository.",
        CORRECT_FORM, NO_PUBLISHER, register_publisher(repository="my-packages"),
    ),
    Scenario(
        "The form spells the repository in another case",
        "PyPI stores the repository as it was typed, and compares it exactly (case-sensitive).",
        CORRECT_FORM, NO_PUBLISHER, register_publisher(repository="My-Package"),
    ),
    Scenario(
        "A dry run finds a form that differs",
        f"The publisher on PyPI does not match `{PUBLISHER_JSON}`.",
        "Correct the publisher on PyPI so that it matches the table in the job summary, and do the dry run again.",
        "PyPI knows no publisher for this run's token", register_publisher(environment="pypi"),
        action="rehearse", failed_job="rehearse",
    ),
]  # fmt: skip

REPOSITORY = [
    Scenario(
        "GitHub spells the repository in another case",
        f"The token has GitHub's spelling, and `{PUBLISHER_JSON}` has another.",
        "Change the answer `repository` to GitHub's spelling with `copier update`, and correct the publisher on PyPI.",
        "This runs in MeltanoLabs/My-Package", rename_repository("My-Package"), failed_job="gate",
    ),
    Scenario(
        "The repository was renamed or moved",
        "GitHub redirects the old name, but the token has the new one.",
        "Change the answers `owner` and `repository` with `copier update`, and correct the publisher on PyPI.",
        "This runs in MeltanoLabs/our-package", rename_repository("our-package"), failed_job="gate",
    ),
    Scenario(
        "The workflow file was renamed",
        "PyPI knows the workflow by its file name.",
        "Rename the file back, or change the answer `workflow_filename` with `copier update` and correct the form.",
        "The workflow publish.yaml runs", rename_workflow, failed_job="gate",
    ),
    Scenario(
        "The workflow names another environment",
        f"The workflow was edited by hand and names another environment than `{PUBLISHER_JSON}`.",
        "Correct the workflow, or change the answer `environment` with `copier update` and correct the publisher on "
        "PyPI.",
        "The job publish of release.yaml has the environment pypi",
        edit(RELEASE_WORKFLOW, 'name: "publishing"', 'name: "pypi"'), failed_job="gate",
    ),
    Scenario(
        "The workflow names no environment",
        "The workflow was edited by hand and lost its environment: no reviewer is asked, and the token names none.",
        "Restore it by hand, or from git's history with `git log -- FILE` and `git checkout COMMIT -- FILE`. An update "
        "keeps what you deleted.",
        "The job publish of release.yaml has no environment", remove_environment_from_workflow, failed_job="gate",
    ),
    Scenario(
        "The git remote is not the publisher's repository",
        "The clone comes from another repository, or its URL has another spelling.",
        "Correct the remote with the command that the doctor prints, or change the answer `repository` with "
        "`copier update`.",
        "The git remote is MeltanoLabs/My-Package", set_remote("https://github.com/MeltanoLabs/My-Package"),
        action="doctor",
    ),
    Scenario(
        "There is no release workflow of that name",
        f"`{PUBLISHER_JSON}` names another file than the one that publishes.",
        "Rename the file with the command that the doctor prints.",
        f"There is no {RELEASE_WORKFLOW}, which the publisher names", rename_workflow, action="doctor",
    ),
    Scenario(
        "Another workflow publishes as well",
        "A workflow from before publishes, too. If a pushed tag starts it, it does so before the release and its "
        "reviewer.",
        "Delete the job that the doctor names, and keep the other jobs.",
        f"{WORKFLOWS}/publish.yml seems to publish as well, when a tag is pushed", keep_old_workflow, action="doctor",
    ),
]  # fmt: skip

ENVIRONMENT = [
    Scenario(
        "GitHub has no such environment",
        "Nobody created the environment. GitHub creates it at the first run, without any protection.",
        f"Create it with a reviewer and rules, as `{RELEASING}` says.",
        "the first run would create it without protection", delete_environment, action="doctor", failed_job="",
    ),
    Scenario(
        "The environment does not let the tag in",
        "The environment has no rule for tags `v*`.",
        f"Add the rule, as `{RELEASING}` says, {RERUN}",
        'Tag "v1.2.3" is not allowed to deploy to publishing', set_environment(branches=("main",), tags=()),
    ),
    Scenario(
        "The environment does not let a dry run in",
        "The environment has no rule for the default branch, where a dry run runs.",
        f"Add the rule, as `{RELEASING}` says, and do the dry run again.",
        'Branch "main" is not allowed to deploy to publishing', set_environment(branches=(), tags=("v*",)),
        action="rehearse", failed_job="rehearse",
    ),
    Scenario(
        "The environment requires no reviewer",
        "Whoever may publish a release publishes to PyPI.",
        f"Add a reviewer, as `{RELEASING}` says.",
        "The environment publishing requires no reviewer", set_environment(branches=("main",), tags=("v*",)),
        action="doctor",
    ),
    Scenario(
        "The environment has no rule for tags",
        "A release would be refused at the environment.",
        "Add the rule with the command that the doctor prints.",
        "has no rule for tag v*: releases", set_environment(branches=("main",), tags=(), reviewed=True),
        action="doctor",
    ),
    Scenario(
        "The environment admits everything",
        "Nobody gave the environment rules, so that every branch and tag can deploy to it.",
        "Give it rules with the command that the doctor prints, then add the two rules that it asks for.",
        "The environment publishing admits every branch and tag", set_environment(reviewed=True), action="doctor",
    ),
    Scenario(
        "The environment admits too much",
        "A rule admits other tags than `v*`, or other branches than the default one.",
        "Delete that rule in the repository's settings.",
        "The environment publishing also admits tag *",
        set_environment(branches=("main",), tags=("v*", "*"), reviewed=True), action="doctor",
    ),
    Scenario(
        "The repository was renamed, before a release",
        "GitHub redirects the old name, but the token will have the new one.",
        "Change the answers `owner` and `repository` with `copier update`, and register the publisher again on PyPI.",
        "The repository is now called MeltanoLabs/our-package", rename_repository("our-package"), action="doctor",
    ),
]  # fmt: skip

PENDING = [
    Scenario(
        "The publisher is registered under another project",
        "PyPI accepts the token, but for another project than the package's.",
        f"Register the publisher under the package's own project, delete the other, {RERUN}",
        "The given token isn't allowed to upload to project 'my-package'", register_for_other_project,
    ),
    Scenario(
        "The pending publisher has another project name",
        "PyPI has created an empty project of that other name, and refuses the package's files for it.",
        f"Register a pending publisher with the right name, delete the empty project, {RERUN}",
        "Non-user identities cannot create new projects", register_pending("my-pakage"),
    ),
    Scenario(
        "A dry run finds a pending publisher with another project name",
        "The exchange created an empty project of that other name.",
        "Register a pending publisher with the right name, and delete the empty project.",
        "PyPI has no project my-package", register_pending("my-pakage"), action="rehearse", failed_job="",
    ),
    Scenario(
        "The pending publisher has expired",
        "A pending publisher lasts 30 days.",
        f"Register it again, {RERUN}",
        "A pending publisher expires after 30 days", register_pending("my-package", days=31),
    ),
    Scenario(
        "A pending publisher was left beside the real one",
        "PyPI looks at pending publishers first, and this one waits for a project that exists. PyPI deletes it.",
        "*Re-run failed jobs*: the pending publisher is gone now.",
        "invalid-pending-publisher", leave_pending,
    ),
]  # fmt: skip
