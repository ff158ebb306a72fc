"""Findings about GitHub and PyPI."""

from tests.doctor.cases.case import (
    SETUP,
    Case,
    both,
    forget_project,
    have_files,
    on_github,
    release,
    rules,
    tags_except,
)
from tests.release.scenarios.changes import (
    delete_environment,
    make_own_fork,
    nothing,
    rename_repository,
    set_environment,
)
from tests.support.projects import TAG

ONLY_TAGS = [{"type": "deletion"}]

GITHUB = {
    "no repository": Case(
        "error", "GitHub shows you no repository MeltanoLabs/my-package", on_github(repository="other"),
        remedy="gh repo create MeltanoLabs/my-package --public --source . --push",
    ),
    "no release of an unknown repository": Case(
        "not checked", "The releases on GitHub: GitHub shows you no repository", on_github(repository="other"),
    ),
    "a renamed repository": Case(
        "error", "The repository is now called MeltanoLabs/our-package, and the publisher names MeltanoLabs/my-package",
        rename_repository("our-package"), remedy="copier update with the answers `owner` and `repository`",
    ),
    "a fork that is the publisher's": Case("note", "MeltanoLabs/my-package is a fork on GitHub", make_own_fork),
    "no environment": Case(
        "error", "GitHub has no environment publishing, and the first run would create it without protection",
        delete_environment, remedy=SETUP,
    ),
    "no reviewer": Case(
        "error", "The environment publishing requires no reviewer", set_environment(branches=("main",), tags=("v*",)),
        remedy=SETUP,
    ),
    "administrators who can bypass it": Case(
        "note", "Administrators can bypass the rules of the environment publishing",
        set_environment(branches=("main",), tags=("v*",), reviewed=True, bypass=True),
        remedy="clear “Allow administrators to bypass",
    ),
    "administrators of whom GitHub says nothing": Case(
        "not checked", "GitHub does not say whether administrators can bypass publishing",
        set_environment(branches=("main",), tags=("v*",), reviewed=True, bypass=None),
        remedy="clear “Allow administrators to bypass",
    ),
    "an environment without rules": Case(
        "error", "The environment publishing admits every branch and tag", set_environment(reviewed=True), remedy=SETUP,
    ),
    "an environment for protected branches": Case(
        "error", "The environment publishing admits only protected branches, so no tag",
        set_environment(reviewed=True, settings={"deployment_branch_policy": {"protected_branches": True}}),
        remedy=SETUP,
    ),
    "no rule for tags": Case(
        "error", "The environment publishing has no rule for tag v*: releases",
        set_environment(branches=("main",), tags=(), reviewed=True),
        set_environment(branches=("main",), tags=("v?.*", "v[0-9][^a-z].*"), reviewed=True), SETUP,
    ),
    "no rule for the default branch": Case(
        "error", "The environment publishing has no rule for branch main: dry runs",
        set_environment(branches=("trunk",), tags=("v*",), reviewed=True), remedy=SETUP,
    ),
    "a rule for all tags": Case(
        "error", "The environment publishing also admits tag *",
        set_environment(branches=("main",), tags=("v*", "*"), reviewed=True),
        set_environment(branches=("main",), tags=("v[0-9]*", "v*.*.*"), reviewed=True), "delete that rule",
    ),
    "tags that no rule protects": Case(
        "note", "No rule protects the tags v* from creation, update: everyone who can push can do that",
        rules(0, rules=ONLY_TAGS), rules(0, source_type="Organization", conditions={"ref_name": {"include": ["~ALL"]}}),
        SETUP,
    ),
    "rules for tags that are only evaluated": Case(
        "note", "No rule protects the tags v* from creation, update, deletion", rules(0, enforcement="evaluate"),
    ),
    "rules for tags with an exception": Case(
        "note", "No rule protects the tags v* from", tags_except("refs/tags/v1*"), tags_except("refs/tags/nightly"),
    ),
    "rules that the plan does not have": Case(
        "not checked", "The rules for tags on GitHub: Upgrade to GitHub Pro or make this repository public",
        on_github(private=True), on_github(private=True, plan="team"),
    ),
    "a branch that does not require the gate": Case(
        "note", "The branch main does not require the check Release gate", rules(1, enforcement="disabled"),
        both(rules(1, enforcement="disabled"), on_github(classic_checks=["Release gate"])), SETUP,
    ),
    "a tag without a release": Case(
        "note", f"The tag {TAG} has no GitHub release, and a pushed tag alone publishes nothing", nothing,
        have_files, f"gh release create {TAG} --verify-tag --generate-notes",
    ),
    "a release that PyPI lacks": Case(
        "error", "PyPI has no file of the release v1.3.0: its run waits for a reviewer, or failed", release("v1.3.0"),
        release("v1.2.4", wheel="my_package-1.2.4-py3-none-any.whl"),
        "gh run list --workflow release.yaml --event release --repo MeltanoLabs/my-package",
    ),
    "an older release that PyPI lacks": Case(
        "note", "PyPI has no file of the release v1.2.4",
        both(release("v1.2.4"), release("v1.3.0", wheel="my_package-1.3.0.tar.gz")),
    ),
    "a release that a workflow has made": Case(
        "error", "PyPI has no file of the release v1.3.0: it was made with GITHUB_TOKEN, which starts no workflow",
        release("v1.3.0", author="github-actions[bot]"), release("v1.2.4", author="my-app[bot]"), "/how-to/bots.html",
    ),
    "no project on PyPI": Case(
        "note", "PyPI has no my-package yet: register a pending publisher, at most 30 days before", forget_project,
        remedy="https://pypi.org/manage/account/publishing/",
    ),
    "a project without files": Case(
        "not checked", "PyPI has my-package without a file: whether it is yours, a dry run shows", nothing, have_files,
        "gh workflow run release.yaml",
    ),
    "a project with files": Case(
        "not checked", "PyPI has my-package: whether it is yours and has this publisher", have_files,
        remedy="https://pypi.org/manage/project/my-package/settings/publishing/?provider=github&owner=MeltanoLabs",
    ),
}  # fmt: skip
