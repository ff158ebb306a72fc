"""One version of one tool, wherever it is written: in the template, in what it renders, and in this repository."""

import re
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from noxfile import LOCKS
from tests.support.paths import ACTIONS, PRE_COMMIT_SOURCE, PYPROJECT, PYPROJECT_SOURCE, ROOT, WORKFLOWS
from tests.support.projects import Project

HOOKS = {  # the pre-commit hooks' repositories, and the package on PyPI whose versions their tags are
    "https://github.com/astral-sh/ruff-pre-commit": "ruff",
    "https://github.com/crate-ci/typos": "typos",
    "https://github.com/python-jsonschema/check-jsonschema": "check-jsonschema",
    "https://github.com/zizmorcore/zizmor-pre-commit": "zizmor",
    "https://github.com/pre-commit/mirrors-mypy": "mypy",
}


def workflows() -> list[Path]:
    """Return every workflow of this repository and of what it renders, unrendered, and every action."""
    rendered = [path for path in (ROOT / "template").rglob("*.jinja") if f"/{WORKFLOWS}/" in path.as_posix()]
    return [*(ROOT / WORKFLOWS).iterdir(), *ACTIONS.glob("*/action.yml"), *rendered]


def pins(text: str) -> dict[str, set[str]]:
    """Return the versions that a text pins with `==` or `~=`, by the package's normalized name."""
    found = defaultdict(set)
    for name, version in re.findall(
        r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[a-z,-]+\]|\{\{.*?\}\})?[=~]=([^\s\";\\,\]]+)", text
    ):
        found[re.sub(r"[-_.]+", "-", name).lower()].add(version)
    return found


OWN = pins((ROOT / PYPROJECT).read_text(encoding="utf-8"))
LOCKED = {group: pins((ROOT / lock).read_text(encoding="utf-8")) for group, lock in LOCKS.items()}
GROUPS = tomllib.loads((ROOT / PYPROJECT).read_text(encoding="utf-8"))["dependency-groups"]
RENDERED = pins((ROOT / PYPROJECT_SOURCE).read_text(encoding="utf-8"))


def test_the_tests_use_every_tool_at_the_version_that_projects_get() -> None:
    """Each development tool that the tests run themselves has the version that projects of every kind get."""
    shared = RENDERED.keys() & OWN.keys()
    assert {"mypy", "pytest", "ruff"} <= shared
    assert {name: OWN[name] for name in shared} == {name: RENDERED[name] for name in shared}


@pytest.mark.parametrize("lock", LOCKED)
def test_the_tests_use_what_the_actions_install_at_the_same_version(lock: str) -> None:
    """Each tool that a lock of the actions is made for, and that the tests name too, has the version of the lock."""
    shared = {Requirement(text).name for text in GROUPS[lock]} & OWN.keys()
    assert shared
    assert {name: OWN[name] for name in shared} == {name: LOCKED[lock][name] for name in shared}


def test_pre_commit_runs_the_versions_that_the_tests_run() -> None:
    """The hooks of a project have the versions that the tests run, and install the versions of the project's tools."""
    hooks = (ROOT / PRE_COMMIT_SOURCE).read_text(encoding="utf-8")
    tags = re.findall(r"repo: (\S+)\n +rev: v?(\S+)", hooks)
    assert {HOOKS[repository]: {tag} for repository, tag in tags} == {name: OWN[name] for name in HOOKS.values()}
    assert pins(hooks)
    assert {name: RENDERED[name] for name in pins(hooks)} == pins(hooks)


def test_an_action_has_one_commit_everywhere() -> None:
    """Every workflow and action pins an action to the same commit, with the same version beside it."""
    uses = defaultdict(set)
    for path in workflows():
        for action, reference in re.findall(r"uses: ([^@{\s]+)@(.+)$", path.read_text(encoding="utf-8"), re.MULTILINE):
            uses[action].add(reference)
    assert len(uses) >= 5
    assert len(workflows()) == 4 + 7 + 2
    for action, references in uses.items():
        assert len(references) == 1, action
        assert re.fullmatch(r"[0-9a-f]{40} # v\d+\.\d+\.\d+", references.pop()), action


@pytest.mark.parametrize("where", ["build-system", "requires-plugins"])
def test_the_locked_build_backend_is_one_that_the_project_asks_for(where: str, default: Project) -> None:
    """The locked build backend fits the bounds in pyproject.toml; otherwise no release could be built."""
    text = default.read(PYPROJECT)
    if where == "build-system":
        requirements = re.findall(r'"(poetry-[^"]+)"', text.partition("[build-system]")[2])
    else:
        requirements = [
            "poetry-dynamic-versioning" + re.findall(r'poetry-dynamic-versioning = .*version = "([^"]+)"', text)[0]
        ]
    assert requirements
    for requirement in map(Requirement, requirements):
        (locked,) = LOCKED["backends" if where == "build-system" else "poetry"][requirement.name]
        assert Version(locked) in requirement.specifier
        assert "<" in str(requirement.specifier)
