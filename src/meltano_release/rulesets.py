"""The rulesets of a repository on GitHub: which of them guard the tags of releases and the default branch.

https://docs.github.com/rest/repos/rules
"""

from __future__ import annotations

from fnmatch import fnmatchcase

from meltano_release.github import Json, get

RELEASE_TAG = "refs/tags/v1.2.3"  # stands for all of them
TAG_RULES = ("creation", "update", "deletion")
GATE = "Release gate"  # the name of the job that judges a release, and so of its check


def list_rulesets(repository: str, target: str, *, parents: bool) -> list[Json]:
    """Return the rulesets of a repository, OWNER/NAME, for tags or branches, with those of its organization or not."""
    path = f"repos/{repository}/rulesets"
    listed = get(f"{path}?includes_parents={str(parents).lower()}&per_page=100") or []
    found = [get(f"{path}/{one['id']}") for one in listed if one.get("target") == target]
    return [ruleset for ruleset in found if ruleset]


def applies(ruleset: Json, ref: str, branch: str) -> bool:
    """Return whether an active ruleset applies to a full ref; `branch` is the default branch."""
    refs = (ruleset.get("conditions") or {}).get("ref_name") or {}
    names = {"~ALL": ref, "~DEFAULT_BRANCH": f"refs/heads/{branch}"}

    def matched(kind: str) -> bool:
        return any(fnmatchcase(ref, names.get(pattern, pattern)) for pattern in refs.get(kind) or [])

    return ruleset["enforcement"] == "active" and matched("include") and not matched("exclude")


def rule_types(ruleset: Json) -> set[str]:
    """Return the types of the rules of a ruleset."""
    return {rule["type"] for rule in ruleset.get("rules") or []}


def required_checks(rules: list[Json]) -> set[str]:
    """Return the names of the checks that rules require."""
    parameters = [rule["parameters"] for rule in rules if rule["type"] == "required_status_checks"]
    return {check["context"] for one in parameters for check in one["required_status_checks"]}
