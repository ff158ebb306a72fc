"""GitHub's REST API: the parts that `gh api` and the bots use. `test_description.py` compares it with GitHub's.

The state is a mapping that JSON can hold, so that a process of `gh` can read and keep it.
"""

import base64
import re
import subprocess
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Json = Any
State = dict[str, Any]

NO_REVIEWERS = (
    "Failed to create the environment protection rule. Please ensure the billing plan supports the required reviewers "
    "protection rule."
)
NO_RULESETS = "Upgrade to GitHub Pro or make this repository public to enable this feature."
RULES = "Repository rule violations found"
BRANCH = "main"  # the default one
MADE = "2026-01-01T00:00:00Z"
PEOPLE = {"ada": 7, "grace": 8}  # the first is signed in
TEAMS = {("MeltanoLabs", "maintainers"): 9}


class RefusedError(Exception):
    """GitHub refuses a request: the status, and the message that `gh` prints."""


def respond(state: State, method: str, url: str, body: Json = None) -> Json:
    """Return the answer to a request, and change the state; raise `RefusedError` if GitHub refuses it."""
    path, query = urlsplit(url).path, parse_qs(urlsplit(url).query)
    if method == "GET" and path.removeprefix("repos/") in state["former_slugs"]:
        path = f"repos/{state['slug']}"
    for pattern, routes in ROUTES.items():
        match = re.fullmatch(pattern.replace("SLUG", re.escape(state["slug"])), path)
        if match and method in routes:
            answer = routes[method](
                state, *map(unquote, match.groups()), **({"body": body} if body else {"query": query})
            )
            state["exchanges"].append([method, url, body, answer])
            return answer
    raise RefusedError(404, "Not Found")


def require(there: object) -> None:
    """Refuse what is not there."""
    if not there:
        raise RefusedError(404, "Not Found")


def look_up(known: Mapping[Any, Json], key: object) -> Json:
    """Return what is known under a key."""
    require(key in known)
    return known[key]


def git(state: State, *arguments: str, check: bool = True) -> str:
    """Return what git prints in the repository."""
    command = ["git", "-C", state["git"], *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=check).stdout.strip()


def get_repository(state: State, **_: Json) -> Json:
    """Answer with the repository."""
    require(state["exists"])
    role = dict.fromkeys(("admin", "maintain"), state["admin"]) | {"push": True, "triage": True, "pull": True}
    known = {"full_name": state["slug"], "default_branch": BRANCH, "permissions": role}
    return known | {key: state[key] for key in ("private", "fork")}


def get_contents(state: State, path: str, query: Json) -> Json:
    """Answer with a file of the branch."""
    require(git(state, "ls-tree", "--name-only", query["ref"][0], path, check=False))
    return {"type": "file", "path": path, "name": path.rpartition("/")[2]}


def get_branch(state: State, name: str, **_: Json) -> Json:
    """Answer with a branch and its classic protection."""
    require(name == BRANCH)
    contexts = state["classic_checks"]
    checks = {"enforcement_level": "non_admins" if contexts else "off", "contexts": contexts, "checks": []}
    protection = {"enabled": False, "required_status_checks": checks}
    return {"name": name, "protected": bool(contexts), "protection": protection}


def get_environment(state: State, name: str, **_: Json) -> Json:
    """Answer with an environment."""
    environment = look_up(state["environments"], name)
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
    known = {"id": 1, "node_id": "EN_1", "name": name, "created_at": MADE, "updated_at": MADE}
    known |= dict.fromkeys(("url", "html_url"), f"https://github.com/{state['slug']}/deployments")
    known |= {"protection_rules": numbered, "deployment_branch_policy": environment["deployment_branch_policy"]}
    bypass = environment["can_admins_bypass"]
    return known if bypass is None else known | {"can_admins_bypass": bypass}


def put_environment(state: State, name: str, body: Json) -> Json:
    """Replace an environment: what the body leaves out is gone, except for the checkbox that no request sets."""
    if state["private"] and state["plan"] != "enterprise" and body.get("reviewers"):
        raise RefusedError(422, NO_REVIEWERS)
    new: State = {"policies": [], "deployment_branch_policy": None, "can_admins_bypass": True}
    old = state["environments"].get(name, {})
    kept = {key: old[key] for key in ("can_admins_bypass", "policies") if key in old}
    state["environments"][name] = new | kept | body
    return get_environment(state, name)


def get_policies(state: State, name: str, **_: Json) -> Json:
    """Answer with the rules for branches and tags of an environment."""
    policies = look_up(state["environments"], name)["policies"]
    return {"total_count": len(policies), "branch_policies": policies}


def post_policy(state: State, name: str, body: Json) -> Json:
    """Add a rule for a branch or a tag, which needs the environment to have such rules."""
    environment = look_up(state["environments"], name)
    require(environment["deployment_branch_policy"] == {"protected_branches": False, "custom_branch_policies": True})
    environment["policies"].append({"id": len(environment["policies"]) + 1, "node_id": "DBP_1"} | body)
    return environment["policies"][-1]


def rulesets(state: State) -> Json:
    """Return the rulesets by their numbers; refuse where the plan has none."""
    if state["private"] and state["plan"] == "free":
        raise RefusedError(403, NO_RULESETS)
    return {str(one["id"]): one for one in state["rulesets"]}


def list_rulesets(state: State, query: Json) -> Json:
    """Answer with the repository's rulesets, and its organization's, without their rules."""
    keys = ("id", "name", "target", "source_type", "source", "enforcement")
    sources = ("Repository", "Organization") if query.get("includes_parents") != ["false"] else ("Repository",)
    return [{key: one[key] for key in keys} for one in rulesets(state).values() if one["source_type"] in sources]


def get_ruleset(state: State, number: str, **_: Json) -> Json:
    """Answer with a ruleset; who may bypass it is shown to those who may change it."""
    found = look_up(rulesets(state), number)
    return {key: value for key, value in found.items() if key != "bypass_actors" or state["admin"]}


def post_ruleset(state: State, body: Json) -> Json:
    """Create a ruleset."""
    if body["name"] in {one["name"] for one in rulesets(state).values()}:
        raise RefusedError(422, "Validation Failed\nName must be unique")
    number = len(state["rulesets"]) + 1
    state["rulesets"].append({"id": number, "source_type": "Repository", "source": state["slug"]} | body)
    return get_ruleset(state, str(number))


def put_ruleset(state: State, number: str, body: Json) -> Json:
    """Change a ruleset: what the body names is replaced."""
    look_up(rulesets(state), number).update(body)
    return get_ruleset(state, number)


def active(state: State, target: str) -> list[Json]:
    """Return the rulesets for branches, or for tags, that are in force."""
    return [one for one in state["rulesets"] if (one["target"], one["enforcement"]) == (target, "active")]


def branch_rules(state: State, name: str, **_: Json) -> Json:
    """Answer with the rules that apply to the default branch."""
    rulesets(state)
    names = {"~ALL", f"refs/heads/{name}", *(["~DEFAULT_BRANCH"] if name == BRANCH else [])}
    return [
        rule | {"ruleset_source_type": one["source_type"], "ruleset_source": one["source"], "ruleset_id": one["id"]}
        for one in active(state, "branch")
        if names & set(one["conditions"]["ref_name"]["include"])
        for rule in one["rules"]
    ]


def actor_of(state: State, token: str) -> Json:
    """Return who a token belongs to: an app that is installed, or the workflow."""
    app = state["tokens"].get(token, {}).get("app")
    return {"login": "release-bot[bot]", "app": int(app)} if app else {"login": "github-actions[bot]"}


def violates(state: State, ref: str, kind: str) -> bool:
    """Return whether rules keep the actor from creating, updating or deleting a ref; a person here may do all."""
    target = "tag" if ref.startswith("refs/tags/") else "branch"
    kinds = {kind} if target == "tag" else {"pull_request"} if kind == "update" else set()
    names = {"~ALL": ref, "~DEFAULT_BRANCH": f"refs/heads/{BRANCH}"}
    return state["actor"]["login"].endswith("[bot]") and any(
        fnmatchcase(ref, names.get(pattern, pattern))
        for one in active(state, target)
        if kinds & {rule["type"] for rule in one["rules"]}
        and ("Integration", state["actor"].get("app"))
        not in {(by["actor_type"], by["actor_id"]) for by in one["bypass_actors"]}
        for pattern in one["conditions"]["ref_name"]["include"]
    )


def publish(state: State, tag: str) -> None:
    """Publish a release: its tag is created unless it is there."""
    if not git(state, "tag", "--list", tag):
        if violates(state, f"refs/tags/{tag}", "creation"):
            raise RefusedError(422, RULES)
        git(state, "tag", tag, BRANCH)
    known = state["releases"].get(tag, {"immutable": False, "assets": {}})
    state["releases"][tag] = known | {"draft": False, "author": state["actor"]["login"]}
    state["published"].append(tag)


def post_release(state: State, body: Json) -> Json:
    """Create a release, or a draft, which has no tag yet."""
    tag = body["tag_name"]
    if tag in state["releases"]:
        raise RefusedError(422, "Validation Failed")
    if body.get("draft"):
        author = state["actor"]["login"]
        state["releases"][tag] = {"immutable": False, "assets": {}, "draft": True, "author": author}
    else:
        publish(state, tag)
    return get_release(state, tag)


def get_release(state: State, tag: str, **_: Json) -> Json:
    """Answer with the release of a tag."""
    release = look_up(state["releases"], tag)
    author = {"login": release.get("author", "ada")}
    number, url = list(state["releases"]).index(tag) + 1, f"https://github.com/{state['slug']}/releases/tag/{tag}"
    links = {"id": number, "html_url": url, "upload_url": f"{url}{{?name,label}}", "name": tag, "body": ""}
    known = {"tag_name": tag, "draft": release.get("draft", False), "published_at": MADE}
    return known | links | {"immutable": release["immutable"], "author": author}


def get_tag(state: State, tag: str, **_: Json) -> Json:
    """Answer with the commit of a tag."""
    found = git(state, "rev-parse", "--quiet", "--verify", f"refs/tags/{tag}^{{commit}}", check=False)
    if not found:
        raise RefusedError(422, f"No commit found for SHA: tags/{tag}")
    return {"sha": found}


def list_pull_requests(state: State, **_: Json) -> Json:
    """Answer with the one that was merged."""
    one = state["merged"]
    known = {key: one[key] for key in ("number", "title", "body", "merge_commit_sha")}
    known |= {"labels": [{"name": one["label"]}], "merged_at": MADE}
    return [known | {"base": {"ref": BRANCH}, "head": {"ref": one["branch"]}}]


def get_tree(state: State, ref: str, **_: Json) -> Json:
    """Answer with the files of a branch."""
    listed = [line.split(maxsplit=3) for line in git(state, "ls-tree", "-r", "-t", ref).splitlines()]
    tree = [{"mode": mode, "type": kind, "sha": blob, "path": path} for mode, kind, blob, path in listed]
    return {"sha": git(state, "rev-parse", f"{ref}^{{tree}}"), "tree": tree, "truncated": False}


def get_blob(state: State, blob: str, **_: Json) -> Json:
    """Answer with a file."""
    content = base64.b64encode(git(state, "cat-file", "blob", blob).encode()).decode()
    return {"sha": blob, "content": content, "encoding": "base64"}


def get_user(_: State, name: str = "ada", **__: Json) -> Json:
    """Answer with a person."""
    return {"login": name, "id": look_up(PEOPLE, name), "type": "User"}


def accept(_: State, *__: str, **___: Json) -> Json:
    """Accept a comment or a label, of which nothing depends."""
    return []


ROUTES: dict[str, dict[str, Any]] = {  # by the pattern of a path: what answers each method
    "repos/SLUG": {"GET": get_repository},
    "repos/SLUG/contents/(.+)": {"GET": get_contents},
    "repos/SLUG/branches/(.+)": {"GET": get_branch},
    "repos/SLUG/environments/([^/]+)": {"GET": get_environment, "PUT": put_environment},
    "repos/SLUG/environments/([^/]+)/deployment-branch-policies": {"GET": get_policies, "POST": post_policy},
    "repos/SLUG/rulesets": {"GET": list_rulesets, "POST": post_ruleset},
    r"repos/SLUG/rulesets/(\d+)": {"GET": get_ruleset, "PUT": put_ruleset},
    "repos/SLUG/rules/branches/(.+)": {"GET": branch_rules},
    "repos/SLUG/releases": {
        "GET": lambda state, **_: [get_release(state, tag) for tag in reversed(state["releases"])],
        "POST": post_release,
    },
    "repos/SLUG/releases/tags/([^/]+)": {"GET": get_release},
    "repos/SLUG/commits/tags/(.+)": {"GET": get_tag},
    # What release-please asks for.
    "repos/SLUG/pulls": {"GET": list_pull_requests},
    "repos/SLUG/git/trees/(.+)": {"GET": get_tree},
    "repos/SLUG/git/blobs/(.+)": {"GET": get_blob},
    r"repos/SLUG/issues/(\d+)/.+": {"POST": accept, "DELETE": accept},
    # Others than this repository; one may be that of a submodule.
    "repos/([^/]+/[^/]+)": {
        "GET": lambda state, name, **_: {"full_name": name, "private": look_up(state["others"], name)}
    },
    "user": {"GET": get_user},
    "users/([^/]+)": {"GET": get_user},
    "orgs/([^/]+)/teams/([^/]+)": {"GET": lambda _, *team, **__: {"slug": team[1], "id": look_up(TEAMS, team)}},
}
