"""GitHub's REST API: the parts that `gh api` and the bots use. `test_description.py` compares it with GitHub's.

The state is a mapping that JSON can hold, so that a process of `gh` can read and keep it.
"""

import re
import subprocess
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Json = Any
State = dict[str, Any]
Routes = dict[str, dict[str, Any]]  # by the pattern of a path: what answers each method

NO_REVIEWERS = (
    "Failed to create the environment protection rule. Please ensure the billing plan supports the required reviewers "
    "protection rule."
)
NO_RULESETS = "Upgrade to GitHub Pro or make this repository public to enable this feature."
MADE = "2026-01-01T00:00:00Z"
PEOPLE = {"ada": 7, "grace": 8}  # the first is signed in
TEAMS = {"MeltanoLabs/maintainers": 9}


RULES = "Repository rule violations found"


class RefusedError(Exception):
    """GitHub refuses a request: the status, and the message that `gh` prints."""

    def __init__(self, status: int, message: str) -> None:
        """Keep both."""
        super().__init__(message)
        self.status = status


def respond(state: State, method: str, url: str, body: Json = None, more: Routes | None = None) -> Json:
    """Return the answer to a request, and change the state; raise `RefusedError` if GitHub refuses it."""
    path, query = urlsplit(url).path, parse_qs(urlsplit(url).query)
    for known in state["redirects"]:
        if method == "GET" and path == f"repos/{known}":
            path = f"repos/{state['slug']}"
    for pattern, routes in (ROUTES | (more or {})).items():
        match = re.fullmatch(pattern.replace("SLUG", re.escape(state["slug"])), path)
        if match and method in routes:
            answer = routes[method](
                state, *map(unquote, match.groups()), **({"body": body} if body else {"query": query})
            )
            state["exchanges"].append([method, url, body, answer])
            return answer
    raise RefusedError(404, "Not Found")


def not_found() -> RefusedError:
    """Return the answer for what is not there."""
    return RefusedError(404, "Not Found")


def get_repository(state: State, **_: Json) -> Json:
    """Answer with the repository."""
    if not state["exists"]:
        raise not_found()
    role = dict.fromkeys(("admin", "maintain"), state["admin"]) | {"push": True, "triage": True, "pull": True}
    keys = ("private", "fork", "default_branch")
    return {"full_name": state["slug"], "permissions": role} | {key: state[key] for key in keys}


def get_other(state: State, name: str, **_: Json) -> Json:
    """Answer with another repository, such as that of a submodule."""
    if name not in state["others"]:
        raise not_found()
    return {"full_name": name, "private": state["others"][name]}


def get_contents(state: State, path: str, query: Json) -> Json:
    """Answer with a file of the branch."""
    command = ["git", "-C", state["git"], "cat-file", "-e", f"{query['ref'][0]}:{path}"]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        raise not_found()
    return {"type": "file", "path": path, "name": path.rpartition("/")[2]}


def get_branch(state: State, name: str, **_: Json) -> Json:
    """Answer with a branch and its classic protection."""
    if name != state["default_branch"]:
        raise not_found()
    contexts = state["classic_checks"]
    checks = {"enforcement_level": "non_admins" if contexts else "off", "contexts": contexts, "checks": []}
    return {
        "name": name,
        "protected": bool(contexts),
        "protection": {"enabled": False, "required_status_checks": checks},
    }


def get_environment(state: State, name: str, **_: Json) -> Json:
    """Answer with an environment."""
    environment = state["environments"].get(name)
    if environment is None:
        raise not_found()
    rules: list[Json] = []
    if environment.get("wait_timer"):
        rules.append({"type": "wait_timer", "wait_timer": environment["wait_timer"]})
    if environment.get("reviewers"):
        reviewers = [{"type": one["type"], "reviewer": {"id": one["id"]}} for one in environment["reviewers"]]
        own = environment.get("prevent_self_review", False)
        rules.append({"type": "required_reviewers", "prevent_self_review": own, "reviewers": reviewers})
    if environment["deployment_branch_policy"]:
        rules.append({"type": "branch_policy"})
    numbered = [{"id": number, "node_id": f"GA_{number}"} | rule for number, rule in enumerate(rules, start=1)]
    url = f"https://github.com/{state['slug']}/deployments"
    known = {
        "id": 1,
        "node_id": "EN_1",
        "name": name,
        "url": url,
        "html_url": url,
        "created_at": MADE,
        "updated_at": MADE,
    }
    known |= {"protection_rules": numbered, "deployment_branch_policy": environment["deployment_branch_policy"]}
    bypass = environment.get("can_admins_bypass", True)
    return known if bypass is None else known | {"can_admins_bypass": bypass}


def put_environment(state: State, name: str, body: Json) -> Json:
    """Replace an environment: what the body leaves out is gone, except for the checkbox that no request sets."""
    if state["private"] and state["plan"] != "enterprise" and body.get("reviewers"):
        raise RefusedError(422, NO_REVIEWERS)
    kept = {
        key: value
        for key, value in state["environments"].get(name, {}).items()
        if key in {"can_admins_bypass", "policies"}
    }
    state["environments"][name] = {"policies": [], "deployment_branch_policy": None} | kept | body
    return get_environment(state, name)


def get_policies(state: State, name: str, **_: Json) -> Json:
    """Answer with the rules for branches and tags of an environment."""
    if name not in state["environments"]:
        raise not_found()
    policies = state["environments"][name]["policies"]
    return {"total_count": len(policies), "branch_policies": policies}


def post_policy(state: State, name: str, body: Json) -> Json:
    """Add a rule for a branch or a tag, which needs the environment to have such rules."""
    environment = state["environments"].get(name)
    if not ((environment or {}).get("deployment_branch_policy") or {}).get("custom_branch_policies"):
        raise not_found()
    policy = {"id": len(environment["policies"]) + 1, "node_id": "DBP_1"} | body
    environment["policies"].append(policy)
    return policy


def see_rulesets(state: State) -> None:
    """Refuse rulesets where the plan has none."""
    if state["private"] and state["plan"] == "free":
        raise RefusedError(403, NO_RULESETS)


def list_rulesets(state: State, query: Json) -> Json:
    """Answer with the repository's rulesets, and its organization's, without their rules."""
    see_rulesets(state)
    keys = ("id", "name", "target", "source_type", "source", "enforcement")
    parents = query.get("includes_parents", ["true"]) == ["true"]
    return [
        {key: one[key] for key in keys} for one in state["rulesets"] if parents or one["source_type"] == "Repository"
    ]


def get_ruleset(state: State, number: str, **_: Json) -> Json:
    """Answer with a ruleset; who may bypass it is shown to those who may change it."""
    see_rulesets(state)
    found = [one for one in state["rulesets"] if one["id"] == int(number)]
    if not found:
        raise not_found()
    return {key: value for key, value in found[0].items() if key != "bypass_actors" or state["admin"]}


def post_ruleset(state: State, body: Json) -> Json:
    """Create a ruleset."""
    see_rulesets(state)
    if body["name"] in {one["name"] for one in state["rulesets"]}:
        raise RefusedError(422, "Validation Failed\nName must be unique")
    number = len(state["rulesets"]) + 1
    state["rulesets"].append({"id": number, "source_type": "Repository", "source": state["slug"]} | body)
    return get_ruleset(state, str(number))


def put_ruleset(state: State, number: str, body: Json) -> Json:
    """Change a ruleset: what the body names is replaced."""
    get_ruleset(state, number)
    for one in state["rulesets"]:
        if one["id"] == int(number):
            one.update(body)
    return get_ruleset(state, number)


def branch_rules(state: State, name: str, **_: Json) -> Json:
    """Answer with the rules that apply to the default branch."""
    see_rulesets(state)
    names = {"~ALL", f"refs/heads/{name}", *(["~DEFAULT_BRANCH"] if name == state["default_branch"] else [])}
    return [
        rule | {"ruleset_source_type": one["source_type"], "ruleset_source": one["source"], "ruleset_id": one["id"]}
        for one in state["rulesets"]
        if one["target"] == "branch"
        and one["enforcement"] == "active"
        and names & set(one["conditions"]["ref_name"]["include"])
        for rule in one["rules"]
    ]


def actor_of(state: State, token: str) -> Json:
    """Return who a token belongs to: an app that is installed, or the workflow."""
    app = state["tokens"].get(token, {}).get("app")
    return {"login": "release-bot[bot]", "app": int(app)} if app else {"login": "github-actions[bot]"}


def violates(state: State, ref: str, kind: str) -> bool:
    """Return whether rules keep the actor from creating, updating or deleting a ref; a person here may do all."""
    actor = state.get("actor", {"login": "ada"})
    target = "tag" if ref.startswith("refs/tags/") else "branch"
    kinds = {kind} if target == "tag" else {"pull_request"} if kind == "update" else set()
    names = {"~ALL": ref, "~DEFAULT_BRANCH": f"refs/heads/{state['default_branch']}"}
    return actor["login"].endswith("[bot]") and any(
        fnmatchcase(ref, names.get(pattern, pattern))
        for one in state["rulesets"]
        if one["target"] == target
        and one["enforcement"] == "active"
        and kinds & {rule["type"] for rule in one["rules"]}
        and actor.get("app") not in {by["actor_id"] for by in one["bypass_actors"] if by["actor_type"] == "Integration"}
        for pattern in one["conditions"]["ref_name"]["include"]
    )


def publish(state: State, tag: str) -> None:
    """Publish a release: its tag is created unless it is there."""
    git = ["git", "-C", state["git"]]
    if subprocess.run([*git, "rev-parse", "--verify", f"refs/tags/{tag}"], capture_output=True, check=False).returncode:
        if violates(state, f"refs/tags/{tag}", "creation"):
            raise RefusedError(422, RULES)
        subprocess.run([*git, "tag", tag, state["default_branch"]], check=True)
    state["releases"][tag] |= {"draft": False, "author": state.get("actor", {"login": "ada"})["login"]}
    state["published"].append(tag)


def post_release(state: State, body: Json) -> Json:
    """Create a release, or a draft, which has no tag yet."""
    tag = body["tag_name"]
    if tag in state["releases"]:
        raise RefusedError(422, "Validation Failed")
    author = state.get("actor", {"login": "ada"})["login"]
    state["releases"][tag] = {"immutable": False, "assets": {}, "draft": True, "author": author}
    if not body.get("draft"):
        try:
            publish(state, tag)
        except RefusedError:
            del state["releases"][tag]
            raise
    return show_release(state, tag)


def show_release(state: State, tag: str) -> Json:
    """Return a release as the API shows it."""
    release = state["releases"][tag]
    author = {"login": release.get("author", "ada")}
    number, url = list(state["releases"]).index(tag) + 1, f"https://github.com/{state['slug']}/releases/tag/{tag}"
    links = {"id": number, "html_url": url, "upload_url": f"{url}{{?name,label}}", "name": tag, "body": ""}
    known = {"tag_name": tag, "draft": release.get("draft", False), "published_at": release.get("published_at", MADE)}
    return known | links | {"immutable": release["immutable"], "author": author}


def list_releases(state: State, **_: Json) -> Json:
    """Answer with the releases, the newest first."""
    return [show_release(state, tag) for tag in reversed(state["releases"])]


def get_release(state: State, tag: str, **_: Json) -> Json:
    """Answer with the release of a tag."""
    if tag not in state["releases"]:
        raise not_found()
    return show_release(state, tag)


def get_tag(state: State, tag: str, **_: Json) -> Json:
    """Answer with the commit of a tag."""
    command = ["git", "-C", state["git"], "rev-parse", "--verify", f"refs/tags/{tag}^{{commit}}"]
    found = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    if not found:
        raise RefusedError(422, f"No commit found for SHA: tags/{tag}")
    return {"sha": found}


def get_user(_: State, name: str = "ada", **__: Json) -> Json:
    """Answer with a person."""
    if name not in PEOPLE:
        raise not_found()
    return {"login": name, "id": PEOPLE[name], "type": "User"}


def get_team(_: State, organization: str, team: str, **__: Json) -> Json:
    """Answer with a team."""
    if f"{organization}/{team}" not in TEAMS:
        raise not_found()
    return {"slug": team, "id": TEAMS[f"{organization}/{team}"]}


ROUTES: Routes = {
    "repos/SLUG": {"GET": get_repository},
    "repos/SLUG/contents/(.+)": {"GET": get_contents},
    "repos/SLUG/branches/(.+)": {"GET": get_branch},
    "repos/SLUG/environments/([^/]+)": {"GET": get_environment, "PUT": put_environment},
    "repos/SLUG/environments/([^/]+)/deployment-branch-policies": {"GET": get_policies, "POST": post_policy},
    "repos/SLUG/rulesets": {"GET": list_rulesets, "POST": post_ruleset},
    r"repos/SLUG/rulesets/(\d+)": {"GET": get_ruleset, "PUT": put_ruleset},
    "repos/SLUG/rules/branches/(.+)": {"GET": branch_rules},
    "repos/SLUG/releases": {"GET": list_releases, "POST": post_release},
    "repos/SLUG/releases/tags/([^/]+)": {"GET": get_release},
    "repos/SLUG/commits/tags/(.+)": {"GET": get_tag},
    "repos/([^/]+/[^/]+)": {"GET": get_other},
    "user": {"GET": get_user},
    "users/([^/]+)": {"GET": get_user},
    "orgs/([^/]+)/teams/([^/]+)": {"GET": get_team},
}
