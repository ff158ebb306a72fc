"""What has to be sent to GitHub so that a repository can release: only what is missing there.

Each part of the plan is a generator: it reads what GitHub has, yields one request after the other, and receives what
became of each. GitHub replaces what a request names, so what else is configured there is read and sent along.
"""

from __future__ import annotations

from collections.abc import Generator
from enum import Enum
from typing import NamedTuple

from meltano_release.github import GitHubError, Json, Request, environment_path, get, slug
from meltano_release.rulesets import (
    GATE,
    RELEASE_TAG,
    TAG_RULES,
    applies,
    list_rulesets,
    required_checks,
    rule_types,
)

ACTIONS_APP = 15368  # GitHub Actions, which reports the checks of workflows
ADMIN, MAINTAIN = 5, 2  # the IDs of repository roles
CUSTOM_POLICIES = {"protected_branches": False, "custom_branch_policies": True}
NO_APPROVALS = {
    "required_approving_review_count": 0,
    "dismiss_stale_reviews_on_push": False,
    "require_code_owner_review": False,
    "require_last_push_approval": False,
    "required_review_thread_resolution": False,
}


class Outcome(Enum):
    """What became of a request."""

    SENT = "sent"
    DECLINED = "declined"
    REFUSED = "refused"


Part = Generator[Request, Outcome, None]


class Options(NamedTuple):
    """What the user chose."""

    reviewers: tuple[str, ...] = ()  # USER or ORGANIZATION/TEAM
    prevent_self_review: bool = False
    bypass_apps: tuple[int, ...] = ()  # the IDs of GitHub Apps
    checks: tuple[str, ...] = ()  # that the default branch requires beside the release gate


def find_reviewer(name: str) -> Json:
    """Return a reviewer as the API names one; an empty name is the user who is signed in."""
    organization, _, team = name.rpartition("/")
    kind = "Team" if organization else "User"
    path = f"orgs/{organization}/teams/{team}" if organization else f"users/{name}" if name else "user"
    found = get(path)
    if found is None:
        message = f"GitHub shows you no {kind.lower()} {name}: name a reviewer as USER or ORGANIZATION/TEAM"
        raise GitHubError(message)
    return {"type": kind, "id": found["id"]}


def read_environment(environment: Json) -> dict[str, Json]:
    """Return an environment as the body of the request that would set it."""
    body: dict[str, Json] = {"deployment_branch_policy": environment.get("deployment_branch_policy")}
    for rule in environment.get("protection_rules") or []:
        if rule["type"] == "required_reviewers":
            body["reviewers"] = [{"type": one["type"], "id": one["reviewer"]["id"]} for one in rule["reviewers"]]
            body["prevent_self_review"] = rule.get("prevent_self_review", False)
        elif rule["type"] == "wait_timer":
            body["wait_timer"] = rule["wait_timer"]
    return body


def plan_environment(publisher: dict[str, str], repository: Json, options: Options) -> Part:
    """Plan the environment: a reviewer, and rules that admit release tags and the default branch.

    https://docs.github.com/rest/deployments/environments#create-or-update-an-environment
    """
    name, path = publisher["environment"], environment_path(publisher)
    environment = get(path)
    present = read_environment(environment) if environment else {}
    reviewers = present.get("reviewers", [])
    named = [find_reviewer(one) for one in options.reviewers or (() if reviewers else ("",))]
    wanted = present | {
        "reviewers": [*reviewers, *(one for one in named if one not in reviewers)],
        "prevent_self_review": present.get("prevent_self_review", False) or options.prevent_self_review,
        "deployment_branch_policy": CUSTOM_POLICIES,
    }
    if wanted != present:
        verb = "Change" if environment else "Create"
        why = f"{verb} the environment {name}: a reviewer approves each release, and rules say what may deploy."
        outcome = yield Request(why, "PUT", path, wanted)
        if outcome is Outcome.REFUSED and repository["private"]:
            wanted = {key: value for key, value in wanted.items() if key not in ("reviewers", "prevent_self_review")}
            why = f"{verb} the environment {name} without a reviewer: whoever publishes a release publishes to PyPI."
            outcome = Outcome.SENT if wanted == present else (yield Request(why, "PUT", path, wanted))
        if outcome is not Outcome.SENT:
            return
    response = get(f"{path}/deployment-branch-policies?per_page=100") or {}
    admitted = [(policy.get("type", "branch"), policy["name"]) for policy in response.get("branch_policies", [])]
    for kind, pattern, purpose in (("tag", "v*", "releases"), ("branch", repository["default_branch"], "dry runs")):
        if (kind, pattern) not in admitted:
            why = f"Let the {kind} {pattern} into the environment {name}, for {purpose}."
            yield Request(why, "POST", f"{path}/deployment-branch-policies", {"name": pattern, "type": kind})


def plan_tags(publisher: dict[str, str], repository: Json, options: Options) -> Part:
    """Plan the ruleset for the tags of releases: administrators and maintainers alone create, move or delete one."""
    wanted = {
        "name": "release tags",
        "target": "tag",
        "enforcement": "active",
        "conditions": {"ref_name": {"include": ["refs/tags/v*"], "exclude": []}},
        "bypass_actors": [*actors("RepositoryRole", ADMIN, MAINTAIN), *actors("Integration", *options.bypass_apps)],
        "rules": [{"type": kind} for kind in TAG_RULES],
    }
    why = "Protect the tags v*: only administrators and maintainers can create, move or delete one."
    return plan_ruleset(publisher, repository, options, wanted, why)


def plan_checks(publisher: dict[str, str], repository: Json, options: Options) -> Part:
    """Plan the ruleset for the default branch: pull requests whose checks pass, without a required approval."""
    checks = [{"context": name, "integration_id": ACTIONS_APP} for name in (GATE, *options.checks)]
    parameters = {"strict_required_status_checks_policy": False, "required_status_checks": checks}
    wanted = {
        "name": "required checks",
        "target": "branch",
        "enforcement": "active",
        "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}},
        "bypass_actors": actors("Integration", *options.bypass_apps),
        "rules": [
            {"type": "pull_request", "parameters": NO_APPROVALS},
            {"type": "required_status_checks", "parameters": parameters},
        ],
    }
    names = " and ".join([GATE, *options.checks])
    why = f"Require a pull request that passes {names} for every change of {repository['default_branch']}, yours too."
    return plan_ruleset(publisher, repository, options, wanted, why)


def actors(kind: str, *identifiers: int) -> list[Json]:
    """Return those who may bypass a ruleset, as the API names them."""
    return [{"actor_type": kind, "actor_id": identifier, "bypass_mode": "always"} for identifier in identifiers]


def plan_ruleset(publisher: dict[str, str], repository: Json, options: Options, wanted: Json, why: str) -> Part:
    """Plan a ruleset, unless the repository has one, under any name, that does the same.

    One of this name gets what it lacks. One that exists keeps its bypass actors, and gets the apps.
    """
    path = f"repos/{slug(publisher)}/rulesets"
    rulesets = list_rulesets(slug(publisher), wanted["target"], parents=False)
    same = [one for one in rulesets if guards(one, wanted, repository["default_branch"])]
    named = [one for one in rulesets if one["name"] == wanted["name"]]
    if not same and not named:
        yield Request(why, "POST", path, wanted)
        return
    present = (same or named)[0]
    merged = {key: present.get(key) for key in wanted} if same else merge(present, wanted)
    kept = present.get("bypass_actors") or []
    apps = [actor["actor_id"] for actor in kept if actor["actor_type"] == "Integration"]
    merged["bypass_actors"] = [*kept, *actors("Integration", *(app for app in options.bypass_apps if app not in apps))]
    if any(value != present.get(key) for key, value in merged.items()):
        yield Request(why, "PUT", f"{path}/{present['id']}", merged)


def guards(ruleset: Json, wanted: Json, branch: str) -> bool:
    """Return whether a ruleset does all that is wanted, whoever may bypass it."""
    ref = RELEASE_TAG if wanted["target"] == "tag" else f"refs/heads/{branch}"
    checks = required_checks(wanted["rules"])
    types = {"required_status_checks"} if checks else rule_types(wanted)
    return (
        applies(ruleset, ref, branch) and rule_types(ruleset) >= types and required_checks(ruleset["rules"]) >= checks
    )


def merge(present: Json, wanted: Json) -> Json:
    """Return a ruleset with the refs, rules and checks of both, and active."""
    refs = (present.get("conditions") or {}).get("ref_name") or {"include": [], "exclude": []}
    added = [ref for ref in wanted["conditions"]["ref_name"]["include"] if ref not in refs["include"]]
    rules = {rule["type"]: rule for rule in present.get("rules") or []}
    for rule in wanted["rules"]:
        rules.setdefault(rule["type"], rule)
        if rule["type"] == "required_status_checks":
            parameters = rules[rule["type"]]["parameters"]
            checks = {one["context"]: one for one in rule["parameters"]["required_status_checks"]}
            checks |= {one["context"]: one for one in parameters["required_status_checks"]}
            rules[rule["type"]] = rule | {"parameters": parameters | {"required_status_checks": [*checks.values()]}}
    conditions = {"ref_name": refs | {"include": [*refs["include"], *added]}}
    return wanted | {"conditions": conditions, "rules": [*rules.values()]}
