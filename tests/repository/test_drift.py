"""Once a week, a workflow moves every pin, and opens a pull request with what changed."""

import re
from pathlib import Path

import pytest

from tests.support.automation import script, workflow
from tests.support.commands import ENVIRONMENT, run


def test_the_job_that_can_push_runs_no_code_of_the_repository() -> None:
    """The job that can push runs no code of the repository, and the job that does has no token that can write."""
    jobs = workflow("drift")
    for job in jobs.values():
        assert set(job["permissions"].values()) == {"read"}
        has_token = any("create-github-app-token" in step.get("uses", "") for step in job["steps"])
        runs_code = any(re.search(r"python|nox|\./|scripts/", step.get("run", "")) for step in job["steps"])
        assert has_token != runs_code
        assert has_token == ("secrets." in str(job))
    (step,) = [step for step in jobs["pull-request"]["steps"] if "create-github-app-token" in step.get("uses", "")]
    rights = {name: value for name, value in step["with"].items() if name.startswith("permission-")}
    assert rights == {"permission-contents": "write", "permission-pull-requests": "write"}


def test_the_pull_request_needs_a_github_app_and_a_change() -> None:
    """The pull request needs a GitHub App and a change on main; the patch is kept before the checks run."""
    jobs = workflow("drift")
    condition = jobs["pull-request"]["if"]
    for part in ("vars.DRIFT_APP_CLIENT_ID != ''", "needs.drift.outputs.changed == 'true'", "== 'refs/heads/main'"):
        assert part in condition
    names = [step["name"] for step in jobs["drift"]["steps"]]
    assert names.index("Keep the patch") < names.index("See what that breaks")


BOT = "41898282+github-actions[bot]@users.noreply.github.com"
GH = """#!/usr/bin/env bash
echo "$@" >> "$GH_LOG"
if [ "$1 $2" = "pr list" ]; then echo "$OPEN"; fi
"""


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A clone of a small repository, beside the repository and a `gh` that writes down what it is asked for."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/gh").write_text(GH, encoding="utf-8")
    (tmp_path / "bin/gh").chmod(0o755)
    run("git", "init", "--quiet", "--bare", "--initial-branch=main", "origin.git", cwd=tmp_path)
    run("git", "clone", "--quiet", "origin.git", "clone", cwd=tmp_path)
    clone = tmp_path / "clone"
    for name in ("pyproject.toml", "uv.lock"):
        (clone / name).write_text("ruff==1\n", encoding="utf-8")
    run("git", "switch", "--quiet", "--create", "main", cwd=clone)
    run("git", "add", "--all", cwd=clone)
    run("git", "commit", "--quiet", "--message", "Begin", cwd=clone)
    run("git", "push", "--quiet", "origin", "main", cwd=clone)
    return clone


def perform(clone: Path, block: str, **variables: str) -> None:
    """Run a step of drift.yaml in a clone, with the `gh` that writes down."""
    folder = clone.parent
    env = {
        "PATH": f"{folder / 'bin'}:{ENVIRONMENT['PATH']}",
        "RUNNER_TEMP": str(folder / "temp"),
        "GH_LOG": str(folder / "gh.txt"),
        "GITHUB_OUTPUT": str(folder / "output.txt"),
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
    }
    run("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", block, cwd=clone, env=env | variables)


def commit_and_push(clone: Path, **variables: str) -> None:
    """Run the steps that commit the patch, push it, and open the pull request."""
    steps = {step["name"].partition(",")[0]: step for step in workflow("drift")["pull-request"]["steps"]}
    commit, push = steps["Commit the patch"], steps["Push the branch"]
    perform(clone, commit["run"], **commit["env"])
    perform(clone, push["run"], **push["env"] | {"BODY": "See $(the run)"} | variables)


@pytest.mark.parametrize("already_open", [0, 1])
def test_drift_opens_one_pull_request(already_open: int, origin: Path) -> None:
    """The patch of one job becomes the branch of the other; an open pull request gets it without a second one."""
    jobs = workflow("drift")
    (origin.parent / "temp").mkdir()
    for name in ("pyproject.toml", "uv.lock"):
        (origin / name).write_text("ruff==2\n", encoding="utf-8")
    perform(origin, script(jobs["drift"], "Write the changes"))
    assert (origin.parent / "output.txt").read_text(encoding="utf-8") == "changed=true\n"
    summary = (origin.parent / "summary.md").read_text(encoding="utf-8")
    assert summary.count("+ruff==2") == 1
    run("git", "checkout", "--quiet", ".", cwd=origin)
    commit_and_push(origin, OPEN=str(already_open))
    assert run("git", "show", "drift:uv.lock", cwd=origin.parent / "origin.git").stdout == "ruff==2\n"
    asked = (origin.parent / "gh.txt").read_text(encoding="utf-8").splitlines()
    assert [line.split(" --")[0] for line in asked] == ["auth setup-git", "pr list", "pr create"][: 3 - already_open]


@pytest.mark.parametrize(("somebody", "kept"), [(BOT, False), ("somebody@example.com", True)])
def test_drift_keeps_the_commit_of_somebody_else(somebody: str, kept: bool, origin: Path) -> None:  # noqa: FBT001
    """Drift replaces a branch that only the workflow has written, and keeps one with somebody else's commit."""
    run("git", "switch", "--quiet", "--create", "drift", cwd=origin)
    (origin / "uv.lock").write_text("ruff==3\n", encoding="utf-8")
    run("git", "commit", "--quiet", "--all", "--message", "Fix", cwd=origin, env={"GIT_COMMITTER_EMAIL": somebody})
    run("git", "push", "--quiet", "origin", "drift", cwd=origin)
    run("git", "switch", "--quiet", "main", cwd=origin)
    run("git", "branch", "--quiet", "-D", "drift", cwd=origin)
    (origin.parent / "temp/drift").mkdir(parents=True)
    (origin / "uv.lock").write_text("ruff==2\n", encoding="utf-8")
    patch = run("git", "diff", cwd=origin).stdout
    (origin.parent / "temp/drift/drift.patch").write_text(patch, encoding="utf-8")
    run("git", "checkout", "--quiet", ".", cwd=origin)
    commit_and_push(origin, OPEN="1")
    pushed = run("git", "show", "drift:uv.lock", cwd=origin.parent / "origin.git").stdout
    assert pushed == ("ruff==3\n" if kept else "ruff==2\n")


def test_drift_without_a_change_opens_nothing(origin: Path) -> None:
    """Without a change, the first job does not output `changed`, and so the second job does not run."""
    (origin.parent / "temp").mkdir()
    perform(origin, script(workflow("drift")["drift"], "Write the changes"))
    assert (origin.parent / "output.txt").read_text(encoding="utf-8") == ""
    assert (origin.parent / "temp/drift/drift.patch").read_text(encoding="utf-8") == ""
