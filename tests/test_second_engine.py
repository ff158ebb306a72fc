"""The second engine, nektos/act, does what GitHub does as far as the rendered workflows need it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.simulation.act import ActRun, run_with_act
from tests.simulation.errors import UnsupportedError
from tests.simulation.events import Event
from tests.simulation.github import GitHub
from tests.simulation.server import Loopback
from tests.support.commands import run
from tests.support.once import Once
from tests.support.projects import Project

PIN = f"@{'0' * 40}"  # any full-length commit
PUSH = Event("push", "refs/heads/main", {})
MAIN = ".github/workflows/main.yaml"
Push = Callable[..., ActRun]


@pytest.fixture
def push(loopback: Loopback, once: Once, tmp_path: Path) -> Push:
    """Commit some files, and run `main.yaml` for a push of them."""

    def pushed(files: dict[str, str]) -> ActRun:
        project = Project(tmp_path / "project", {})
        for name, text in files.items():
            (project.path / name).parent.mkdir(parents=True, exist_ok=True)
            project.write(name, text)
        project.init()
        run("git", "clone", "--quiet", "--bare", project.path, "origin.git", cwd=tmp_path)
        github = GitHub(tmp_path / "origin.git", tmp_path, loopback.reset(), once)
        return run_with_act(github, PUSH, "main.yaml", tmp_path / "act")

    return pushed


def workflow(jobs: str, triggers: str = "push") -> str:
    """Return a workflow file; every job runs on ubuntu-24.04."""
    return f"name: Main\non: {triggers}\npermissions: {{}}\njobs:\n{jobs}".replace("RUNS", "runs-on: ubuntu-24.04")


MATRIX = """
  list:
    RUNS
    outputs: {pythons: "${{ steps.list.outputs.pythons }}"}
    steps:
      - id: list
        run: echo 'pythons=["3.10", "3.11", "3.12"]' >> "$GITHUB_OUTPUT"
  leg:
    name: Python ${{ matrix.python }}
    needs: list
    RUNS
    strategy: {matrix: {python: "${{ fromJSON(needs.list.outputs.pythons) }}"}, fail-fast: false}
    steps:
      - run: echo "leg ${{ matrix.python }}" && [ "${{ matrix.python }}" != BROKEN ]
  all:
    if: always()
    needs: [list, leg]
    RUNS
    steps:
      - run: echo "The matrix is a ${{ needs.leg.result }}" | tee -a "$GITHUB_STEP_SUMMARY"
      - if: needs.leg.result != 'success'
        run: exit 1
  after:
    needs: all
    RUNS
    steps:
      - run: echo after
"""


@pytest.mark.parametrize(("broken", "result", "after"), [("no", "success", "success"), ("3.11", "failure", "skipped")])
def test_a_matrix_from_an_output_and_the_job_that_sums_it_up(push: Push, broken: str, result: str, after: str) -> None:
    """One leg that fails makes the matrix fail; the other legs run, and so does a job with `if: always()`."""
    done = push({MAIN: workflow(MATRIX.replace("BROKEN", broken))})
    assert done.results() == {"list": "success", "leg": result, "all": result, "after": after}, done.log
    assert done.jobs["leg"].log.split("\n")[:3] == ["leg 3.10", "leg 3.11", "leg 3.12"]
    assert done.jobs["all"].summary == f"The matrix is a {result}\n"
    assert done.exit_code == (result == "failure")


CALLER = """
  call:
    uses: $/.github/workflows/called.yaml
    permissions: {id-token: write}
  use:
    needs: call
    RUNS
    steps:
      - run: echo "version ${{ needs.call.outputs.version }} by ${{ github.workflow }}"
  always:
    if: always()
    needs: call
    RUNS
    steps:
      - run: echo always
"""
CALLED = """
  one:
    RUNS
    outputs: {version: "${{ steps.one.outputs.version }}"}
    permissions: {contents: read, id-token: write}
    steps:
      - id: one
        uses: $/.github/actions/hello
        with: {who: World}
      - run: env | grep ACTIONS_ID_TOKEN_REQUEST_URL
      - run: RUN
  two:
    needs: one
    RUNS
    steps:
      - run: env | grep ACTIONS_ID_TOKEN_REQUEST_URL || echo none
"""
HELLO = """
name: Hello
inputs: {who: {description: Whom, required: true}}
outputs: {version: {description: Of it, value: "${{ steps.hello.outputs.version }}"}}
runs:
  using: composite
  steps:
    - id: hello
      shell: bash
      run: sh "${{ github.action_path }}/hello.sh" "${{ inputs.who }}" >> "$GITHUB_OUTPUT"
    - shell: bash
      run: echo "token ${{ github.token }}" | cut -c 1-10; ls -A
"""


def called(run: str) -> dict[str, str]:
    """Return a workflow that calls another, which uses an action of the repository, without a checkout."""
    outputs = "{workflow_call: {outputs: {version: {value: '${{ jobs.one.outputs.version }}'}}}}"
    return {
        MAIN: workflow(CALLER),
        ".github/workflows/called.yaml": workflow(CALLED.replace("RUN\n", f"{run}\n"), outputs),
        ".github/actions/hello/action.yml": HELLO,
        ".github/actions/hello/hello.sh": 'echo "version=1.2.3"; echo "Hello $1" >&2\n',
    }


def test_a_called_workflow_and_an_action_of_the_repository(push: Push) -> None:
    """A workflow and an action that are named with `$/` run without a checkout, and their outputs come back.

    A called job can ask for ID tokens if its caller grants that and the job has the permission.
    """
    done = push(called("echo fine"))
    results = {"call": "success", "call/one": "success", "call/two": "success", "use": "success", "always": "success"}
    assert {name: job.result for name, job in done.jobs.items()} == results, done.log
    assert done.jobs["call"].outputs == {"version": "1.2.3"}
    assert "version 1.2.3 by Main" in done.jobs["use"].log
    assert "Hello World\ntoken ghs_\n" in done.jobs["call/one"].log
    assert "ACTIONS_ID_TOKEN_REQUEST_URL=http" in done.jobs["call/one"].log
    assert done.jobs["call/two"].log == "none\n"
    assert done.jobs.tokens_asked() == {}


def test_after_a_called_workflow_that_failed(push: Push) -> None:
    """After a called workflow that failed, act stops, so the other jobs run in a second attempt.

    Once act does not stop there anymore, much of `ActRun.run_jobs` can be deleted.
    """
    done = push(called("echo the last words && false"))
    assert done.jobs["call/one"].result == done.jobs["call"].result == "failure", done.log
    assert done.jobs["call/two"].result == "skipped"
    assert (done.jobs["use"].result, done.jobs["always"].result) == ("skipped", "success")
    assert done.jobs["call/one"].log.splitlines()[-2:] == ["the last words", "exit status 1"]
    assert (done.attempts, done.exit_code) == (2, 1)


CHAIN = """
  first:
    RUNS
    outputs: {word: "${{ steps.word.outputs.word }}"}
    steps:
      - id: word
        run: echo word=said >> "$GITHUB_OUTPUT"
  flaky:
    needs: first
    RUNS
    steps:
      - run: test -e "$ACT_ENGINE/../fixed"
  report:
    if: always()
    needs: flaky
    RUNS
    steps:
      - run: echo "${{ needs.flaky.result }}"
  last:
    needs: [first, report]
    RUNS
    steps:
      - run: echo "first has ${{ needs.first.outputs.word }}"
"""


def test_failed_jobs_run_again(push: Push) -> None:
    """Jobs that succeeded keep their outputs when the failed ones run again.

    `success()` is about all jobs that came before, not only about those that a job needs directly.
    """
    done = push({MAIN: workflow(CHAIN)})
    before = {"first": "success", "flaky": "failure", "report": "success", "last": "skipped"}
    assert done.results() == before, done.log
    (done.folder / "fixed").touch()
    assert set(done.run_jobs().results().values()) == {"success"}, done.log
    assert done.jobs["last"].log == "first has said\n"


PASSED_OVER = f"""
  job:
    RUNS
    permissions: {{contents: read}}
    steps:
      - uses: actions/checkout{PIN}
        with: {{fetch-depth: 0}}
      - run: echo
"""


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("fetch-depth: 0", "filter: none", "the inputs filter of actions/checkout"),
        ("actions/checkout@", "actions/cache@", "the action actions/cache"),
        ("echo", "echo ${{ github.workflow_ref }}", "workflow_ref of the github context"),
        ("permissions:", "continue-on-error: true\n    permissions:", "continue-on-error of the job job"),
    ],
)
def test_what_act_would_pass_over_is_an_error(push: Push, old: str, new: str, what: str) -> None:
    """What act would ignore in silence, or would fetch from GitHub, is an error that names it."""
    with pytest.raises(UnsupportedError, match=f"^{what}$"):
        push({MAIN: workflow(PASSED_OVER.replace(old, new))})
