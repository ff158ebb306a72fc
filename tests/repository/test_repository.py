"""The repository itself: its sessions, its CI, its commit hook, and what Renovate finds."""

import json
import re
from functools import cache
from typing import Any

import pytest
import yaml
from nox.registry import get as sessions

import noxfile
from tests.support.automation import script, workflow
from tests.support.commands import run, tracked
from tests.support.guidelines import failed_checks
from tests.support.paths import ACTIONS, DOCS, ROOT

MOST_LINES = 400  # of a module
MOST_LINES_OF_TESTS = 14500  # of Python in all of tests/
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
NEEDS_MORE = {"attach", "rehearse"}  # actions that need a release, and a publisher on PyPI
RENOVATE_FINDS = re.compile(r"(^|/)action\.ya?ml$|(^|/)\.github/workflows/.+\.ya?ml$")  # of actions, by default


@cache
def documented(occasion: str) -> set[str]:
    """Return the sessions that run on an occasion, as the table of CONTRIBUTING.md has them."""
    rows = re.findall(r"^\| `nox -s (\w+)` \|.*\| ([^|]+) \|$", CONTRIBUTING, re.MULTILINE)
    return {session for session, when in rows if occasion in when.split(", ")}


def in_ci(*, nightly: bool) -> set[str]:
    """Return the sessions that ci.yaml runs, every night or else for every pull request and push."""
    found: set[str] = set()
    for job in [job for job in workflow("ci").values() if ("== 'schedule'" in job.get("if", "")) == nightly]:
        matrix = job.get("strategy", {}).get("matrix", {})
        found |= {*matrix.get("session", []), *(entry["session"] for entry in matrix.get("include", []))}
        found |= {name for step in job["steps"] for name in re.findall(r"nox -s (\w+)", step.get("run", ""))}
    return {re.sub(r"\(.*", "", session) for session in found}


def test_contributing_says_when_each_session_runs() -> None:
    """The table lists every session and no other: what plain `nox` runs, what CI runs and when, and what Drift runs.

    Every session that another page names exists.
    """
    assert noxfile.__file__
    assert set(re.findall(r"^\| `nox -s (\w+)`", CONTRIBUTING, re.MULTILINE)) == set(sessions())
    plain = {name for name, session in sessions().items() if session.default}
    assert documented("plain `nox`") == plain <= documented("every pull request")
    assert documented("every pull request") == in_ci(nightly=False)
    assert documented("every night") == in_ci(nightly=True)
    commands = "\n".join(step.get("run", "") for step in workflow("drift")["drift"]["steps"])
    assert documented("every week") == set(re.findall(r"nox -s (\w+)", commands))
    assert re.search(r"nox$", commands, re.MULTILINE)
    pages = [*ROOT.glob("*.md"), *DOCS.glob("**/*.md"), ROOT / ".pre-commit-config.yaml"]
    named = {name for path in pages for name in re.findall(r"nox -s (\w+)", path.read_text(encoding="utf-8"))}
    assert {"lint", "tests"} <= named <= set(sessions())
    assert workflow("ci")["platform"]["strategy"]["matrix"]["system"] == ["macos-15", "windows-2025"]


def test_the_required_check_waits_for_every_job_of_a_pull_request() -> None:
    """The required check needs every job of a pull request and always runs, since a skipped check counts as passed."""
    jobs = workflow("ci")
    check = jobs.pop("ci")
    assert check["name"] == "CI"
    assert check["if"].startswith("always()")
    assert set(check["needs"]) == {name for name, job in jobs.items() if "== 'schedule'" not in job.get("if", "")}


@pytest.mark.parametrize(
    "results", ["success success", "success skipped", "failure success", "cancelled success", "success failure"]
)
def test_the_required_check_passes_if_every_job_succeeded(results: str) -> None:
    """The required check, run in the shell that GitHub uses, passes only if every job has succeeded."""
    shell = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script(workflow("ci")["ci"], "Fail unless"))
    done = run(*shell, cwd=ROOT, check=False, env={"RESULTS": results})
    assert (done.returncode == 0) == (results == "success success")


def test_ci_runs_every_action_of_its_commit() -> None:
    """CI runs every action on a rendered library, except those that need a release or PyPI, with inputs that exist."""
    uses = [step for step in workflow("ci")["actions"]["steps"] if step.get("uses", "").startswith("$/actions/")]
    used: dict[str, Any] = {step["uses"].rpartition("/")[2]: step.get("with", {}).keys() for step in uses}
    actions = {path.parent.name: yaml.safe_load(path.read_bytes()) for path in ACTIONS.glob("*/action.yml")}
    assert used.keys() == actions.keys() - NEEDS_MORE
    for name, given in used.items():
        inputs = actions[name].get("inputs", {})
        required = {key for key, value in inputs.items() if value.get("required")}
        checkout = inputs.keys() & {"checkout"}  # the library is in the workspace, and in no repository on GitHub
        assert required | checkout <= given <= inputs.keys(), name


def test_renovate_moves_every_pin_of_an_action_at_once() -> None:
    """Renovate finds every file that pins an action, pages included, and one pull request moves all of them."""
    settings = json.loads((ROOT / "renovate.json").read_text(encoding="utf-8"))
    patterns = [RENOVATE_FINDS, *(re.compile(text[1:-1]) for text in settings["github-actions"]["managerFilePatterns"])]
    texts = {name: (ROOT / name).read_text(encoding="utf-8") for name in tracked(ROOT) if not name.startswith("tests/")}
    pinning = {name for name, text in texts.items() if re.search(r"uses: \S+@[0-9a-f]{40}", text)}
    assert len(pinning) > 10
    assert {name for name in pinning if not any(pattern.search(name) for pattern in patterns)} == set()
    together, *disabled = settings["packageRules"]
    assert together.keys() - {"description"} == {"groupName", "matchManagers"}
    names = [name for rule in disabled if not rule["enabled"] for name in rule["matchDepNames"]]
    left_alone = [name.strip("/") for name in names if name.startswith("/")]
    used = set(re.findall(r"uses: ([\w{][^@\n]+)@", "\n".join(texts.values())))
    own = {use for use in used if "{{ actions }}" in use or use.startswith("MeltanoLabs/")}
    assert {use for use in used if any(re.search(name, use) for name in left_alone)} == own != used


def test_no_module_is_long() -> None:
    """No Python module of this repository has more than 400 lines, and those of the tests together have a bound."""
    modules = [name for name in tracked(ROOT, "*.py") if not name.startswith("template/")]
    lines = {name: (ROOT / name).read_text(encoding="utf-8").count("\n") for name in modules}
    assert len(lines) > 150
    assert [name for name, count in lines.items() if count > MOST_LINES] == []
    assert sum(count for name, count in lines.items() if name.startswith("tests/")) <= MOST_LINES_OF_TESTS


def test_the_guidelines_of_scientific_python_are_kept() -> None:
    """Every check of sp-repo-review passes here, too, except at most eight that are off with a reason."""
    assert failed_checks(ROOT) == set()
    assert 0 < len(failed_checks(ROOT, ignore=frozenset({"none"}))) <= 8
