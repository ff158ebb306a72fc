"""What the doctor sees on GitHub: the repository, its environment, its rules, its releases."""

from __future__ import annotations

import shlex
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from meltano_release.doctor.bots import PAGE as BOTS
from meltano_release.doctor.clone import version_tags
from meltano_release.doctor.findings import Finding
from meltano_release.errors import NotCheckedError
from meltano_release.github import Json, environment_path, get, slug
from meltano_release.publisher import command_line
from meltano_release.pypi import find_files, is_of_version
from meltano_release.rulesets import (
    GATE,
    RELEASE_TAG,
    TAG_RULES,
    applies,
    list_rulesets,
    required_checks,
    rule_types,
)

if TYPE_CHECKING:
    from meltano_release.commit import Commit

RELEASES = ("v1.2.3", "v0.1.0rc1")  # tags that the environment has to admit
OTHERS = ("1.2.3", "nightly", "x/v1.2.3")  # tags that it has to refuse
BYPASS = "“Allow administrators to bypass configured protection rules”"
NEWEST = 5  # releases that are compared with PyPI
WORKFLOW_AUTHOR = "github-actions[bot]"  # who makes a release with GITHUB_TOKEN


def set_up(publisher: dict[str, str]) -> str:
    """Return the command that sets up GitHub."""
    return f"{command_line(publisher)} setup"


def get_repository(publisher: dict[str, str]) -> Json:
    """Return the repository as GitHub's API describes it; raise `NotCheckedError` if it cannot be seen."""
    repository = get(f"repos/{slug(publisher)}")
    if repository is None:
        message = f"GitHub shows you no repository {slug(publisher)}"
        raise NotCheckedError(message)
    return repository


def check_repository(publisher: dict[str, str], _: Commit) -> list[Finding]:
    """Compare the publisher with the repository on GitHub: its name, and whether it is a fork."""
    wanted = slug(publisher)
    repository = get(f"repos/{wanted}")
    if repository is None:
        remedy = f"gh repo create {wanted} --public --source . --push"
        return [Finding("error", f"GitHub shows you no repository {wanted}", remedy)]
    if repository["full_name"] != wanted:
        sentence = f"The repository is now called {repository['full_name']}, and the publisher names {wanted}"
        remedy = "copier update with the answers `owner` and `repository`, then register the publisher again on PyPI"
        return [Finding("error", sentence, remedy)]
    findings = [Finding("ok", f"GitHub calls the repository {wanted}")]
    if repository["fork"]:
        findings.append(Finding("note", f"{wanted} is a fork on GitHub; it releases, because the publisher names it"))
    return findings


def check_environment(publisher: dict[str, str], _: Commit) -> list[Finding]:
    """Look at the environment on GitHub: its reviewer, and the branches and tags that it admits."""
    name, path = publisher["environment"], environment_path(publisher)
    repository, environment = get_repository(publisher), get(path)
    if environment is None:
        sentence = f"GitHub has no environment {name}, and the first run would create it without protection"
        return [Finding("error", sentence, set_up(publisher))]
    reviewed = any(rule["type"] == "required_reviewers" for rule in environment.get("protection_rules") or [])
    findings = [
        Finding("ok", f"The environment {name} requires a reviewer")
        if reviewed
        else Finding("error", f"The environment {name} requires no reviewer", set_up(publisher))
    ]
    findings.append(check_bypass(name, environment.get("can_admins_bypass")))
    policy = environment.get("deployment_branch_policy")
    if not (policy or {}).get("custom_branch_policies"):
        admits = "only protected branches, so no tag" if policy else "every branch and tag"
        return [*findings, Finding("error", f"The environment {name} admits {admits}", set_up(publisher))]
    return findings + check_policies(publisher, repository["default_branch"])


def check_bypass(name: str, can_bypass: object) -> Finding:
    """Return whether administrators can deploy without the reviewer, which GitHub's response may leave out.

    No request sets it: https://docs.github.com/rest/deployments/environments#create-or-update-an-environment
    """
    remedy = f"clear {BYPASS} in the settings of the environment"
    if can_bypass is None:
        return Finding("not checked", f"GitHub does not say whether administrators can bypass {name}", remedy)
    if can_bypass:
        return Finding("note", f"Administrators can bypass the rules of the environment {name}", remedy)
    return Finding("ok", f"Administrators cannot bypass the rules of the environment {name}")


def check_policies(publisher: dict[str, str], branch: str) -> list[Finding]:
    """Look at the rules of an environment: release tags and the default branch must be admitted, and nothing else."""
    name = publisher["environment"]
    response = get(f"{environment_path(publisher)}/deployment-branch-policies?per_page=100") or {}
    policies = [(policy.get("type", "branch"), policy["name"]) for policy in response.get("branch_policies", [])]
    tags = [glob for kind, glob in policies if kind == "tag"]
    findings = [
        Finding("ok", f"The environment {name} admits {kind} {glob}, for {purpose}")
        if admitted
        else Finding("error", f"The environment {name} has no rule for {kind} {glob}: {purpose}", set_up(publisher))
        for kind, glob, admitted, purpose in (
            ("tag", "v*", all(any(admits(rule, tag) for rule in tags) for tag in RELEASES), "releases"),
            ("branch", branch, ("branch", branch) in policies, "dry runs"),
        )
    ]
    remedy = "delete that rule in the repository's settings"
    return findings + [
        Finding("error", f"The environment {name} also admits {kind} {glob}", remedy)
        for kind, glob in policies
        if (any(admits(glob, tag) for tag in OTHERS) if kind == "tag" else glob != branch)
    ]


def admits(glob: str, tag: str) -> bool:
    """Return whether a rule admits a tag: as in Ruby's `File.fnmatch`, a `*` does not match a `/`."""
    return glob.count("/") == tag.count("/") and all(
        fnmatchcase(part, pattern.replace("[^", "[!"))
        for part, pattern in zip(tag.split("/"), glob.split("/"), strict=True)
    )


def check_tag_rules(publisher: dict[str, str], _: Commit) -> list[Finding]:
    """Look whether rules protect the tags of releases, those of the organization included."""
    branch = get_repository(publisher)["default_branch"]
    rulesets = [one for one in list_rulesets(slug(publisher), "tag", parents=True) if applies(one, RELEASE_TAG, branch)]
    missing = [rule for rule in TAG_RULES if rule not in {kind for one in rulesets for kind in rule_types(one)}]
    if missing:
        sentence = f"No rule protects the tags v* from {', '.join(missing)}: everyone who can push can do that"
        return [Finding("note", sentence, set_up(publisher))]
    return [Finding("ok", "Rules protect the tags v*")]


def check_required(publisher: dict[str, str], _: Commit) -> list[Finding]:
    """Look whether the default branch requires the release gate, by a ruleset or by the classic protection."""
    branch = get_repository(publisher)["default_branch"]
    names = required_checks(get(f"repos/{slug(publisher)}/rules/branches/{branch}?per_page=100") or [])
    protection = (get(f"repos/{slug(publisher)}/branches/{branch}") or {}).get("protection") or {}
    names |= set((protection.get("required_status_checks") or {}).get("contexts") or [])
    if GATE not in names:
        sentence = f"The branch {branch} does not require the check {GATE}: what it refuses can be merged"
        return [Finding("note", sentence, set_up(publisher))]
    return [Finding("ok", f"The branch {branch} requires the check {GATE}")]


def check_releases(publisher: dict[str, str], _: Commit) -> list[Finding]:
    """Compare the newest releases on GitHub, and the newest tags, with the files on PyPI."""
    get_repository(publisher)
    listed = get(f"repos/{slug(publisher)}/releases?per_page=100") or []
    files = find_files(publisher["package_name"]) or {}
    released = {one["tag_name"]: one["author"]["login"] for one in listed if not one["draft"]}
    versions = version_tags()[0]

    def is_missing(tag: str) -> bool:
        return not any(is_of_version(file, tag) for file in files)

    findings = [
        Finding(
            "note",
            f"The tag {tag} has no GitHub release, and a pushed tag alone publishes nothing",
            f"gh release create {tag} --verify-tag --generate-notes",
        )
        for tag in versions[:3]
        if tag not in released and is_missing(tag)
    ]
    newest = [tag for tag in released if tag in versions][:NEWEST]
    for tag in filter(is_missing, newest):
        why, workflow = "its run waits for a reviewer, or failed", shlex.quote(publisher["workflow_filename"])
        remedy = f"gh run list --workflow {workflow} --event release --repo {slug(publisher)}"
        if released[tag] == WORKFLOW_AUTHOR:
            why, remedy = "it was made with GITHUB_TOKEN, which starts no workflow", BOTS
        state = "error" if tag == newest[0] else "note"
        findings.append(Finding(state, f"PyPI has no file of the release {tag}: {why}", remedy))
    if newest and not is_missing(newest[0]):
        findings.append(Finding("ok", f"PyPI has the release {newest[0]}"))
    return findings
