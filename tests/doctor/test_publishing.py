"""The doctor finds jobs of other workflows that publish to PyPI, and keeps quiet about the rest."""

from pathlib import Path
from textwrap import indent

import pytest
import yaml

from meltano_release.workflows import (
    WorkflowError,
    find_calls,
    find_environment,
    find_jobs,
    find_publishing,
    parse_workflow,
    publishing_environments,
    read_workflow,
    starts_on_tag,
)
from tests.simulation.sandbox import Sandbox
from tests.support.paths import WORKFLOWS
from tests.support.projects import Project

TABLE = yaml.load(Path(__file__).with_name("workflows.yml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
BROKEN: dict[str, str] = TABLE["broken"] | {"a deep nesting": "[" * 1_000}
NOT_YAML_1_1 = {  # YAML 1.1 reads no text here, and GitHub does
    "on": "on",
    "no": "no",
    "1.20": "1.20",
    "2026-11-30": "2026-11-30",
    "2026-13-77": "2026-13-77",
    "12:30:45": "12:30:45",
    "0o17": "0o17",
    "1_000": "1_000",
}


def publishing_jobs(text: str) -> list[str]:
    """Return the names of the jobs of a workflow that publish."""
    return [found.job for found in find_publishing(parse_workflow(text))]


def workflow(*steps: str, on: str = "on: push", width: int = 2) -> str:
    """Return a workflow with a job for each step."""
    jobs = "".join(
        f"{' ' * width}job-{number}:\n{' ' * width * 2}steps:\n{indent(step, ' ' * width * 3)}\n"
        for number, step in enumerate(steps)
    )
    return f"{on}\njobs:\n{jobs}"


@pytest.mark.parametrize("step", TABLE["steps that publish"])
def test_a_job_that_publishes_is_found(step: str) -> None:
    """The doctor finds a publishing job among others, with any indentation and line endings, and returns its name."""
    for width in (2, 4):
        text = workflow("- run: pytest", step, "- run: echo done", width=width)
        assert publishing_jobs(text) == ["job-1"]
        assert list(find_jobs(parse_workflow(text))) == ["job-0", "job-1", "job-2"]
    assert publishing_jobs(workflow(step).replace("\n", "\r\n")) == ["job-0"]


@pytest.mark.parametrize("job", TABLE["jobs that publish"])
def test_a_job_that_publishes_without_a_step_for_it_is_found(job: str) -> None:
    """A job is found by its own variables, and by the workflow that it calls and what it hands on."""
    assert publishing_jobs(f"on: push\njobs:\n  a:\n{indent(job, '    ')}\n") == ["a"]


def test_jobs_are_found_in_any_form() -> None:
    """Jobs are found even if their keys are quoted, stand at the top of the file, or have an anchor."""
    text = "'jobs':\n  a: &first\n    steps:\n      - run: uv publish\n  \"b\":\n    steps: []\n  c: *first\non: push\n"
    assert list(find_jobs(parse_workflow(text))) == ["a", "b", "c"]
    assert publishing_jobs(text) == ["a", "c"]
    assert publishing_jobs("{on: push, jobs: {a: {steps: [{run: uv publish}]}}}") == ["a"]


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_file_that_is_not_a_workflow_is_explained(text: str, tmp_path: Path) -> None:
    """A file that GitHub cannot read either gives a short reason, not a traceback, and publishes nothing."""
    with pytest.raises(WorkflowError, match=r"^[^\n]{5,80}$"):
        parse_workflow(text)
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    assert publishing_environments(tmp_path / "a.yaml") == {}


def test_a_file_that_cannot_be_read_is_explained(tmp_path: Path) -> None:
    """A missing file, a folder, and bytes that are not UTF-8 give a reason, and publish nothing."""
    (tmp_path / "latin.yaml").write_bytes(b"name: \xe9\n")
    for name, reason in (("latin.yaml", "not UTF-8"), ("missing.yaml", "No such file"), (".", "Is a directory")):
        with pytest.raises(WorkflowError, match=reason):
            read_workflow(tmp_path / name)
        assert publishing_environments(tmp_path / name) == {}


@pytest.mark.parametrize("jobs", ["jobs:", "jobs: 1", "jobs: [a]", "jobs: {a: }", "jobs: {a: {steps: }}", "name: x"])
def test_a_workflow_without_steps_publishes_nothing(jobs: str, tmp_path: Path) -> None:
    """A workflow whose jobs or steps have another form than GitHub's publishes nothing."""
    assert publishing_jobs(f"on: push\n{jobs}\n") == []
    (tmp_path / "a.yaml").write_text(f"on: push\n{jobs}\n", encoding="utf-8")
    assert publishing_environments(tmp_path / "a.yaml") == {}


def test_the_environments_of_the_publishing_action_are_read(tmp_path: Path) -> None:
    """Only jobs with PyPI's own action count: each with the name of its environment, or an empty one."""
    step = "steps: [{uses: pypa/gh-action-pypi-publish@release/v1}]"
    file = tmp_path / "a.yaml"
    file.write_text(
        f"on: push\njobs:\n  a: {{environment: {{name: no}}, {step}}}\n  b: {{environment: x, {step}}}\n"
        f"  c: {{{step}}}\n"
        "  d: {environment: x, steps: [{run: uv publish}, {uses: pypa/gh-action-pypi-publish-other@v1}]}\n",
        encoding="utf-8",
    )
    assert publishing_environments(file) == {"a": "no", "b": "x", "c": ""}


@pytest.mark.parametrize(("text", "name"), NOT_YAML_1_1.items())
def test_a_name_stays_the_text_that_it_is(text: str, name: str) -> None:
    """The name of an environment is the text in the file, even if YAML 1.1 would read a boolean, number or date."""
    for environment in (text, f"{{name: {text}}}"):
        assert find_environment({"environment": parse_workflow(f"a: {environment}")["a"]}) == name


def test_a_call_of_another_repository_is_found() -> None:
    """Workflows of other repositories that are named like a release are found, and no other ones."""
    uses = [
        "a/b/.github/workflows/Release.yml@v1",
        "./.github/workflows/release.yml",
        "a/b/.github/workflows/ci.yml@v1",
    ]
    jobs = "".join(f"  job-{number}:\n    uses: {name} # a/b\n" for number, name in enumerate(uses))
    assert find_calls(parse_workflow(f"on: push\njobs:\n{jobs}")) == uses[:1]


@pytest.mark.parametrize("step", TABLE["steps that do not publish"])
def test_a_job_that_does_not_publish_is_left_alone(step: str) -> None:
    """A job that does not publish to PyPI is not reported, not even one that uploads to TestPyPI."""
    assert publishing_jobs(workflow(step)) == []


@pytest.mark.parametrize("case", TABLE["environments"], ids=lambda case: case["job"])
def test_the_environment_of_a_job_is_read(case: dict[str, str]) -> None:
    """The doctor reads the environment of the given job alone, in every form that a workflow file can have."""
    text = f"on: push\njobs:\n  a:\n{indent(case['job'], '    ')}\n    steps: []\n  b:\n    environment: other\n"
    assert find_environment(find_jobs(parse_workflow(text))["a"]) == case["name"]


@pytest.mark.parametrize("on", TABLE["starts on a tag"])
def test_a_workflow_that_starts_on_a_pushed_tag_is_known(on: str) -> None:
    """The doctor recognizes a workflow that starts on a pushed tag, in every form that the events can have."""
    assert starts_on_tag(parse_workflow(workflow("- run: true", on=on)))


@pytest.mark.parametrize("on", TABLE["does not start on a tag"])
def test_a_workflow_that_does_not_start_on_a_pushed_tag_is_known(on: str) -> None:
    """A workflow that does not start on a pushed tag is not mistaken for one, even if a step of it pushes tags."""
    assert not starts_on_tag(parse_workflow(workflow("- run: git push --tags", on=on)))


def test_nothing_of_the_template_publishes_but_the_release_workflow(default: Project) -> None:
    """The only job of a rendered project that publishes is the job `publish` of the release workflow."""
    found = {
        (path.name, job)
        for path in (default.path / WORKFLOWS).iterdir()
        for job, _ in find_publishing(read_workflow(path))
    }
    assert found == {(default.answers["workflow_filename"], "publish")}


def test_the_doctor_names_the_job_and_what_to_do(sandbox: Sandbox) -> None:
    """The doctor says to delete a publishing job, or a workflow without other jobs, and finds no error after that."""
    both = workflow("- run: docker push", "- run: twine upload dist/*", on="on:\n  push:\n    tags: ['v*']")
    sandbox.project.write(f"{WORKFLOWS}/publish.yml", both)
    sandbox.project.write(f"{WORKFLOWS}/old.yaml", workflow("- run: uv publish", on="on: release"))
    sandbox.project.write(f"{WORKFLOWS}/never.yaml", workflow("- run: flit publish", on="name: Never"))
    called = "acme/shared/.github/workflows/publish.yml@v1"
    sandbox.project.write(f"{WORKFLOWS}/empty.yml", "jobs:\n")
    sandbox.project.write(f"{WORKFLOWS}/shared.yml", f"on: release\njobs:\n  call:\n    uses: {called}\n")
    sandbox.commit()
    found = sandbox.run_doctor()
    assert found.exit_code == 1
    lines = [line for line in found.output.splitlines() if WORKFLOWS in line][1:]
    early = ", when a tag is pushed, before the release and its reviewer"
    needs = ", and its name from the `needs` of other jobs"
    assert lines == [
        f"error        {WORKFLOWS}/never.yaml seems to publish as well: job-0 (flit publish).",
        f"             → git rm {WORKFLOWS}/never.yaml",
        f"error        {WORKFLOWS}/old.yaml seems to publish as well: job-0 (uv publish).",
        f"             → git rm {WORKFLOWS}/old.yaml",
        f"error        {WORKFLOWS}/publish.yml seems to publish as well{early}: job-1 (twine upload).",
        f"             → delete the job job-1 from {WORKFLOWS}/publish.yml{needs}",
        f"not checked  {WORKFLOWS}/shared.yml calls {called}: look in its repository whether it publishes, too.",
    ]
    sandbox.project.run("git", "rm", "--quiet", f"{WORKFLOWS}/old.yaml", f"{WORKFLOWS}/never.yaml")
    sandbox.project.write(f"{WORKFLOWS}/publish.yml", both.partition("  job-1:")[0])
    sandbox.commit()
    assert sandbox.run_doctor().exit_code == 0
