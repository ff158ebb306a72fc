"""The state of a repository on GitHub.

It is private, so that reading needs a permission, too.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Self

from tests.simulation.server import Loopback
from tests.simulation.workflows import Workflow, parse_workflow
from tests.support.commands import run
from tests.support.folder_cache import FolderCache
from tests.support.paths import ACTIONS, WORKFLOWS


@dataclass
class Environment:
    """An environment's rules: the patterns of branches and of tags that may deploy to it; None lets all in.

    `*` matches no slash, and nothing else of GitHub's patterns is known.
    """

    branches: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None
    reviewed: bool = False
    rejected: bool = False  # by its reviewer
    bypass: bool | None = False  # for administrators; None if GitHub's API leaves it out
    settings: dict[str, Any] = field(default_factory=dict)  # others, as the API names them

    def refuse(self, environment: str, ref: str) -> str:
        """Return why a full ref may not deploy to the environment of that name, in GitHub's words; empty if it may."""
        _, kind, name = ref.split("/", 2)
        word, patterns = ("Tag", self.tags) if kind == "tags" else ("Branch", self.branches)
        if (self.branches, self.tags) != (None, None) and not any(
            fnmatchcase(name, pattern) and name.count("/") == pattern.count("/") for pattern in patterns or ()
        ):
            return f'{word} "{name}" is not allowed to deploy to {environment} due to environment protection rules.'
        return "The deployment was rejected or didn't satisfy other protection rules." if self.rejected else ""

    def as_state(self) -> dict[str, Any]:
        """Return the environment as `rest.py` keeps it."""
        named = [("branch", name) for name in self.branches or ()] + [("tag", name) for name in self.tags or ()]
        policies = [
            {"id": number, "node_id": "DBP", "name": name, "type": kind} for number, (kind, name) in enumerate(named)
        ]
        custom = {"protected_branches": False, "custom_branch_policies": True}
        return {
            "reviewers": [{"type": "User", "id": 7}] if self.reviewed else [],
            "deployment_branch_policy": None if self.branches is None and self.tags is None else custom,
            "policies": policies,
            "can_admins_bypass": self.bypass,
        } | self.settings

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Return the environment that `rest.py` keeps."""
        ruled = state["deployment_branch_policy"] is not None
        names = {
            kind: tuple(one["name"] for one in state["policies"] if one["type"] == kind) if ruled else None
            for kind in ("branch", "tag")
        }
        known = {key: value for key, value in state.items() if key not in {"policies", "can_admins_bypass"}}
        reviewed = bool(state.get("reviewers"))
        bypass = state.get("can_admins_bypass", True)
        return cls(names["branch"], names["tag"], reviewed, bypass=bypass, settings=known)


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
    environments: dict[str, Environment] = field(default_factory=dict)
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
        empty: dict[str, Any] = {
            "releases": {},
            "tokens": {},
            "calls": [],
            "exchanges": [],
            "published": [],  # the tags of releases whose event was not delivered yet
        }
        state = self.read_file() if self.state_file.exists() else empty
        return state | self.model() | {"git": str(self.git_at_approval or self.git)}

    def read_file(self) -> dict[str, Any]:
        """Return the state as the last process of `gh` left it."""
        state: dict[str, Any] = json.loads(self.state_file.read_text(encoding="utf-8"))
        return state

    def write_state(self, state: dict[str, Any]) -> None:
        """Keep the state for `gh`."""
        self.state_file.write_text(json.dumps(state), encoding="utf-8")

    def model(self) -> dict[str, Any]:
        """Return what `rest.py` answers about the repository."""
        return {
            "slug": self.slug,
            "redirects": self.former_slugs,
            "default_branch": "main",
            "exists": self.exists,
            "private": self.private,
            "fork": self.fork,
            "admin": self.admin,
            "plan": self.plan,
            "others": self.others,
            "app": self.app,
            "classic_checks": self.classic_checks,
            "environments": {name: environment.as_state() for name, environment in self.environments.items()},
            "rulesets": self.rulesets,
        }

    def keep(self, state: dict[str, Any]) -> None:
        """Take over what a request has changed, and keep it for `gh`."""
        self.environments = {name: Environment.from_state(one) for name, one in state["environments"].items()}
        self.rulesets, self.exists = state["rulesets"], state["exists"]
        self.write_state(state)

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
