"""The state of a repository on GitHub.

It is private, so that reading needs a permission, too.
"""

import json
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

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

    def refuse(self, environment: str, ref: str) -> str:
        """Return why a full ref may not deploy to the environment of that name, in GitHub's words; empty if it may."""
        _, kind, name = ref.split("/", 2)
        word, patterns = ("Tag", self.tags) if kind == "tags" else ("Branch", self.branches)
        if (self.branches, self.tags) != (None, None) and not any(
            fnmatchcase(name, pattern) and name.count("/") == pattern.count("/") for pattern in patterns or ()
        ):
            return f'{word} "{name}" is not allowed to deploy to {environment} due to environment protection rules.'
        return "The deployment was rejected or didn't satisfy other protection rules." if self.rejected else ""


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
            "slug": self.slug,
            "git": str(self.git_at_approval or self.git),
            "releases": {},
            "tokens": {},
            "calls": [],
            "answers": {},
        }
        return json.loads(self.state_file.read_text(encoding="utf-8")) if self.state_file.exists() else empty

    def write_state(self, state: dict[str, Any]) -> None:
        """Keep the state for `gh`."""
        self.state_file.write_text(json.dumps(state), encoding="utf-8")

    def api_answers(self) -> dict[str, Any]:
        """Return what GitHub's API answers about the repository and its environments, by path."""
        repository = {"full_name": self.slug, "default_branch": "main", "fork": self.fork}
        found: dict[str, Any] = {f"repos/{slug}": repository for slug in [self.slug, *self.former_slugs]}
        for name, rules in self.environments.items():
            path = f"repos/{self.slug}/environments/{name}"
            reviewers = [{"type": "User", "reviewer": {"id": 7}}]
            rule = {"type": "required_reviewers", "prevent_self_review": True, "reviewers": reviewers}
            policy = {"protected_branches": False, "custom_branch_policies": True}
            ruled = rules.branches is not None or rules.tags is not None
            found[path] = {
                "name": name,
                "protection_rules": [rule] if rules.reviewed else [],
                "deployment_branch_policy": policy if ruled else None,
            } | ({} if rules.bypass is None else {"can_admins_bypass": rules.bypass})
            policies = [{"name": pattern, "type": "branch"} for pattern in rules.branches or ()]
            policies += [{"name": pattern, "type": "tag"} for pattern in rules.tags or ()]
            found[f"{path}/deployment-branch-policies?per_page=100"] = {"branch_policies": policies}
        return found

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
