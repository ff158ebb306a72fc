"""One version of one tool, and one commit of one action, wherever it is written."""

import re
import tomllib
from collections import defaultdict

import pytest
from bump import FILES, HOOK, PIN, normalized
from packaging.requirements import Requirement
from packaging.version import Version

from noxfile import LOCKS
from tests.support.commands import tracked
from tests.support.paths import PYPROJECT, ROOT
from tests.support.projects import Project

GROUPS = tomllib.loads((ROOT / PYPROJECT).read_text(encoding="utf-8"))["dependency-groups"]
LOCKED = {
    group: dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / lock).read_text(), re.MULTILINE))
    for group, lock in LOCKS.items()
}


def test_a_tool_has_one_version_everywhere() -> None:
    """A tool has one version: in the template, in its commit hooks, in this repository, and in the actions' locks."""
    versions = defaultdict(set)
    for text in ((ROOT / file).read_text(encoding="utf-8") for file in FILES):
        for match in [*PIN.finditer(text), *HOOK.finditer(text)]:
            versions[normalized(match["name"])].add(match["version"])
    assert len(versions) > 40
    for group, locked in LOCKED.items():
        shared = {Requirement(text).name for text in GROUPS[group]} & versions.keys()
        assert shared
        for name in shared:
            versions[name].add(locked[name])
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


def test_an_action_has_one_commit() -> None:
    """An action has one commit and one version wherever it is used, on pages as well."""
    pins = defaultdict(set)
    for name in tracked(ROOT, ".github", "actions", "docs", "template"):
        text = (ROOT / name).read_text(encoding="utf-8")
        for action, pin in re.findall(r"uses: ([\w.-]+/[\w.-]+)@([0-9a-f]{7,}.*)$", text, re.MULTILINE):
            pins[action].add(pin)
    assert len(pins) > 8
    assert {action: found for action, found in pins.items() if len(found) > 1} == {}
    assert all(re.fullmatch(r"[0-9a-f]{40} # v\d+\.\d+\.\d+", pin) for found in pins.values() for pin in found)


@pytest.mark.parametrize(("lock", "table"), [("backends", "build-system"), ("poetry", "tool")])
def test_the_locked_build_backend_is_one_that_the_project_asks_for(lock: str, table: str, default: Project) -> None:
    """The locked build backend fits the bounds in pyproject.toml, or no release could be built."""
    pyproject = tomllib.loads(default.read(PYPROJECT))[table]
    plugins = pyproject.get("poetry", {}).get("requires-plugins", {})
    required = [*pyproject.get("requires", []), *(f"{name}{value['version']}" for name, value in plugins.items())]
    assert required
    for requirement in map(Requirement, required):
        assert Version(LOCKED[lock][requirement.name]) in requirement.specifier
        assert "<" in str(requirement.specifier)
