"""Once a week, a workflow moves every pin, and opens a pull request with what changed."""

import re
from pathlib import Path

import pytest

from tests.support.automation import script, workflow
from tests.support.commands import run

JOBS = workflow("drift")
GH = """gh() { echo "$@" >> "$GH_LOG"; if [ "$1 $2" = "pr list" ]; then echo "$OPEN"; fi; }\n"""


def test_the_job_that_can_push_runs_no_code_of_the_repository() -> None:
    """The job that can push runs no code of the repository, and the job that does has no token that can write.

    The former needs a GitHub App, a change, and the branch `main`.
    """
    for job in JOBS.values():
        assert set(job["permissions"].values()) == {"read"}
        has_token = any("create-github-app-token" in step.get("uses", "") for step in job["steps"])
        runs_code = any(re.search(r"python|nox|\./|scripts/", step.get("run", "")) for step in job["steps"])
        assert has_token != runs_code
        assert has_token == ("secrets." in str(job))
    condition = JOBS["pull-request"]["if"]
    for part in ("vars.DRIFT_APP_CLIENT_ID != ''", "needs.drift.outputs.changed == 'true'", "== 'refs/heads/main'"):
        assert part in condition
    (step,) = [step for step in JOBS["pull-request"]["steps"] if "create-github-app-token" in step.get("uses", "")]
    rights = {name: value for name, value in step["with"].items() if name.startswith("permission-")}
    assert rights == {"permission-contents": "write", "permission-pull-requests": "write"}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of a small repository, beside the repository."""
    (tmp_path / "temp").mkdir()
    commands = """git init --quiet --bare --initial-branch=main origin.git && git clone --quiet origin.git clone
    cd clone && echo ruff==1 | tee pyproject.toml > uv.lock && git switch --quiet --create main
    git add --all && git commit --quiet --message Begin && git push --quiet origin main"""
    run("bash", "-euc", commands, cwd=tmp_path)
    return tmp_path / "clone"


def perform(clone: Path, block: str, **variables: str) -> None:
    """Run the script of a step in a clone, with a `gh` that writes down its arguments."""
    files = {"RUNNER_TEMP": "temp", "GH_LOG": "gh.txt", "GITHUB_OUTPUT": "output.txt", "GITHUB_STEP_SUMMARY": "summary"}
    env = {name: str(clone.parent / file) for name, file in files.items()} | variables
    run("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", GH + block, cwd=clone, env=env)


def write_patch(clone: Path, text: str) -> str:
    """Change the pins and run the step that writes the patch; return its output, with the changes undone."""
    for name in ("pyproject.toml", "uv.lock"):
        (clone / name).write_text(text, encoding="utf-8")
    perform(clone, script(JOBS["drift"], "Write the changes"))
    run("git", "checkout", "--quiet", ".", cwd=clone)
    return (clone.parent / "output.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("is_open", [False, True])
def test_drift_opens_one_pull_request(is_open: bool, clone: Path) -> None:  # noqa: FBT001
    """The patch of one job becomes the branch of the other, unless a pull request is open: its branch is left alone."""
    assert write_patch(clone, "ruff==2\n") == "changed=true\n"
    assert (clone.parent / "summary").read_text(encoding="utf-8").count("+ruff==2") == 1  # without the lock
    for step in JOBS["pull-request"]["steps"]:
        if step["name"].startswith(("Commit the patch", "Push the branch")):
            perform(clone, step["run"], **step["env"] | {"BODY": "See $(the run)", "OPEN": str(int(is_open))})
    requests = [line.split(" --")[0] for line in (clone.parent / "gh.txt").read_text(encoding="utf-8").splitlines()]
    assert requests == ["auth setup-git", "pr list", "pr create"][: 2 if is_open else 3]
    pushed = run("git", "show", "drift:uv.lock", cwd=clone.parent / "origin.git", check=False).stdout
    assert pushed == ("" if is_open else "ruff==2\n")


def test_drift_without_a_change_opens_nothing(clone: Path) -> None:
    """Without a change, the first job does not output `changed`, and so the second job does not run."""
    assert write_patch(clone, "ruff==1\n") == ""
