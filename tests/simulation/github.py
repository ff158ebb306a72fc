"""The state of a repository on GitHub.

It is private, so that reading needs a permission, too.
"""

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from tests.simulation.server import Loopback
from tests.simulation.workflows import Workflow, parse_workflow
from tests.support.commands import run
from tests.support.folder_cache import FolderCache
from tests.support.paths import ACTIONS, WORKFLOWS

MODEL = (  # what `rest.py` answers about the repository
    *("slug", "former_slugs", "exists", "private", "fork", "admin", "plan", "others", "app", "classic_checks"),
    *("environments", "rulesets"),
)


def environment(
    branches: tuple[str, ...] | None = None,
    tags: tuple[str, ...] | None = None,
    *,
    reviewed: bool = False,
    bypass: bool | None = False,  # for administrators; None if GitHub's API leaves it out
    **others: Any,  # noqa: ANN401 - as the API names them, and `rejected` if the reviewer rejects
) -> dict[str, Any]:
    """Return an environment as `rest.py` keeps it, with the patterns of branches and of tags that may deploy to it."""
    named = [("branch", name) for name in branches or ()] + [("tag", name) for name in tags or ()]
    custom = {"protected_branches": False, "custom_branch_policies": True}
    return {
        "reviewers": [{"type": "User", "id": 7}] if reviewed else [],
        "deployment_branch_policy": None if branches is None and tags is None else custom,
        "policies": [
            {"id": number, "node_id": "DBP", "name": name, "type": kind} for number, (kind, name) in enumerate(named)
        ],
        "can_admins_bypass": bypass,
    } | others


def refusal(rules: dict[str, Any], environment: str, ref: str) -> str:
    """Return why a full ref may not deploy to an environment with these rules, in GitHub's words; empty if it may.

    `*` matches no slash, and nothing else of GitHub's patterns is known.
    """
    _, kind, name = ref.split("/", 2)
    word = "Tag" if kind == "tags" else "Branch"
    patterns = [one["name"] for one in rules["policies"] if one["type"] == word.lower()]
    if rules["deployment_branch_policy"] and not any(
        fnmatchcase(name, pattern) and name.count("/") == pattern.count("/") for pattern in patterns
    ):
        return f'{word} "{name}" is not allowed to deploy to {environment} due to environment protection rules.'
    return "The deployment was rejected or didn't satisfy other protection rules." if rules.get("rejected") else ""


@dataclass
class GitHub:
    """One repository on GitHub: its name, its git, its releases and environments, and the calls of `gh`."""

    git: Path  # bare
    folder: Path  # for the runs
    loopback: Loopback
    folders: FolderCache  # that all runs share
    tools: Path  # what the actions install
    actions: Path = ACTIONS  # of the template
    owner: str = "MeltanoLabs"
    repository: str = "my-package"
    fork: bool = False
    former_slugs: list[str] = field(default_factory=list)  # redirected
    environments: dict[str, dict[str, Any]] = field(default_factory=dict)
    canceled_job: str = ""
    rulesets: list[dict[str, Any]] = field(default_factory=list)
    exists: bool = True
    private: bool = False
    plan: str = "free"  # or `team`, `enterprise`
    admin: bool = True  # whether the maintainer is one
    classic_checks: list[str] = field(default_factory=list)  # that the branch's classic protection requires
    others: dict[str, bool] = field(default_factory=dict)  # other repositories, and whether they are private
    app: Mapping[str, str | int] = field(default_factory=dict)  # an App: `id`, `client_id`, `key`
    secrets: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    git_at_approval: Path | None = None  # if it changes while a run waits for its reviewer
    runs: int = 0

    @property
    def slug(self) -> str:
        """Return `OWNER/REPOSITORY`."""
        return f"{self.owner}/{self.repository}"

    @property
    def state_file(self) -> Path:
        """Return the file that the stub of `gh` keeps: releases, tokens, its calls."""
        return self.folder / "github.json"

    def read_state(self) -> dict[str, Any]:
        """Return what `gh` knows, and its calls."""
        empty: dict[str, Any] = {"releases": {}, "tokens": {}, "calls": [], "exchanges": []}
        empty["published"] = []  # the tags of releases whose event was not delivered yet
        kept = json.loads(self.state_file.read_text(encoding="utf-8")) if self.state_file.exists() else empty
        model = {name: copy.deepcopy(getattr(self, name)) for name in MODEL}
        return kept | model | {"git": str(self.git_at_approval or self.git)}

    def write_state(self, state: dict[str, Any]) -> None:
        """Keep the state for `gh`."""
        self.state_file.write_text(json.dumps(state), encoding="utf-8")

    def keep(self, state: dict[str, Any]) -> None:
        """Take over what a request has changed, and keep it for `gh`."""
        self.environments, self.rulesets, self.exists = (state[name] for name in ("environments", "rulesets", "exists"))
        self.write_state(state)

    def reload(self) -> None:
        """Take over what processes of `gh` have changed."""
        self.keep(json.loads(self.state_file.read_text(encoding="utf-8")))

    def create_release(self, tag: str, *, immutable: bool = False) -> None:
        """Create a release for `gh` to find."""
        state = self.read_state()
        state["releases"].setdefault(tag, {"immutable": immutable, "assets": {}})
        self.write_state(state)

    def commit_of(self, ref: str) -> str:
        """Return the commit of a ref."""
        return run("git", "rev-parse", f"{ref}^{{commit}}", cwd=self.git).stdout.strip()

    def workflows(self, commit: str) -> dict[str, Workflow]:
        """Return the workflow files of a commit, parsed, by name."""
        names = run("git", "ls-tree", "--name-only", commit, f"{WORKFLOWS}/", cwd=self.git).stdout.split("\n")
        return {
            Path(name).name: parse_workflow(run("git", "show", f"{commit}:{name}", cwd=self.git).stdout)
            for name in names
            if name.endswith((".yaml", ".yml"))
        }
