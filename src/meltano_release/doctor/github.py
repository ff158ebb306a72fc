"""What the doctor sees on GitHub: the repository, its environment, its releases."""

from __future__ import annotations

import json
import shlex
from fnmatch import fnmatchcase
from urllib.parse import quote

from meltano_release.doctor.clone import version_tags
from meltano_release.doctor.findings import Finding, Json, get
from meltano_release.pypi import NotCheckedError

RELEASES = ("v1.2.3", "v0.1.0rc1")  # tags that the environment has to admit
OTHERS = ("1.2.3", "nightly", "x/v1.2.3")  # tags that it has to refuse
BYPASS = "“Allow administrators to bypass configured protection rules”"
SETUP = "the commands under “Once: the environment and the branch on GitHub” in .github/RELEASING.md"


def slug(publisher: dict[str, str]) -> str:
    """Return `OWNER/REPOSITORY`."""
    return f"{publisher['owner']}/{publisher['repository']}"


def get_repository(publisher: dict[str, str]) -> Json:
    """Return the repository as GitHub's API describes it; raise `NotCheckedError` if it cannot be seen."""
    repository = get(f"repos/{slug(publisher)}")
    if repository is None:
        message = f"GitHub shows you no repository {slug(publisher)}"
        raise NotCheckedError(message)
    return repository


def check_repository(publisher: dict[str, str]) -> list[Finding]:
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
    if repository.get("fork"):
        findings.append(Finding("note", f"{wanted} is a fork on GitHub; it releases, because the publisher names it"))
    return findings


def check_environment(publisher: dict[str, str]) -> list[Finding]:
    """Look at the environment on GitHub: its reviewer, and the branches and tags that it admits."""
    name = publisher["environment"]
    path = f"repos/{slug(publisher)}/environments/{quote(name, safe='')}"
    repository, environment = get_repository(publisher), get(path)
    if environment is None:
        sentence = f"GitHub has no environment {name}, and the first run would create it without protection"
        return [Finding("error", sentence, SETUP)]
    reviewed = any(rule["type"] == "required_reviewers" for rule in environment.get("protection_rules", []))
    findings = [
        Finding("ok", f"The environment {name} requires a reviewer")
        if reviewed
        else Finding("error", f"The environment {name} requires no reviewer", SETUP)
    ]
    findings.append(check_bypass(name, environment.get("can_admins_bypass")))
    policy = environment.get("deployment_branch_policy")
    if not (policy or {}).get("custom_branch_policies"):
        admits = "only protected branches, so no tag" if policy else "every branch and tag"
        return [*findings, Finding("error", f"The environment {name} admits {admits}", protect(path, environment))]
    return findings + check_policies(name, path, repository["default_branch"])


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


def protect(path: str, environment: Json) -> str:
    """Return the command that lets rules decide what an environment admits, and keeps what else it has.

    https://docs.github.com/rest/deployments/environments#create-or-update-an-environment
    """
    body: dict[str, Json] = {"deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True}}
    for rule in environment.get("protection_rules", []):
        if rule["type"] == "required_reviewers":
            people = [{"type": one["type"], "id": one["reviewer"]["id"]} for one in rule.get("reviewers", [])]
            body |= {"reviewers": people, "prevent_self_review": rule.get("prevent_self_review", False)}
        elif rule["type"] == "wait_timer":
            body["wait_timer"] = rule["wait_timer"]
    return f"echo {shlex.quote(json.dumps(body))} | gh api --method PUT {shlex.quote(path)} --input -"


def check_policies(name: str, path: str, branch: str) -> list[Finding]:
    """Look at the rules of an environment: release tags and the default branch must be admitted, and nothing else."""
    response = get(f"{path}/deployment-branch-policies?per_page=100") or {}
    policies = [(policy.get("type", "branch"), policy["name"]) for policy in response.get("branch_policies", [])]
    tags = [glob for kind, glob in policies if kind == "tag"]
    findings = []
    for kind, glob, admitted, purpose in (
        ("tag", "v*", all(any(admits(rule, tag) for rule in tags) for tag in RELEASES), "releases"),
        ("branch", branch, ("branch", branch) in policies, "dry runs"),
    ):
        remedy = (
            f"gh api --method POST {shlex.quote(f'{path}/deployment-branch-policies')} "
            f"-f {shlex.quote(f'name={glob}')} -f type={kind}"
        )
        findings.append(
            Finding("ok", f"The environment {name} admits {kind} {glob}, for {purpose}")
            if admitted
            else Finding("error", f"The environment {name} has no rule for {kind} {glob}: {purpose}", remedy)
        )
    findings += [
        Finding(
            "error",
            f"The environment {name} also admits {kind} {glob}",
            "delete that rule in the repository's settings",
        )
        for kind, glob in policies
        if (any(admits(glob, tag) for tag in OTHERS) if kind == "tag" else glob != branch)
    ]
    return findings


def admits(glob: str, tag: str) -> bool:
    """Return whether a rule admits a tag: as in Ruby's `File.fnmatch`, a `*` does not match a `/`."""
    return glob.count("/") == tag.count("/") and all(
        fnmatchcase(part, pattern.replace("[^", "[!"))
        for part, pattern in zip(tag.split("/"), glob.split("/"), strict=True)
    )


def check_releases(publisher: dict[str, str]) -> list[Finding]:
    """Look whether the last versions among the tags have a release on GitHub."""
    get_repository(publisher)
    path = f"repos/{slug(publisher)}/releases/tags"
    unreleased = [tag for tag in version_tags()[0][:3] if get(f"{path}/{quote(tag, safe='')}") is None]
    return [
        Finding(
            "note",
            f"The tag {tag} has no GitHub release, and a pushed tag alone publishes nothing",
            f"gh release create {tag} --verify-tag --generate-notes",
        )
        for tag in unreleased
    ]
