"""The doctor finds jobs of other workflows that publish to PyPI, and keeps quiet about the rest."""

from pathlib import Path
from textwrap import indent

import pytest
import yaml

from meltano_release.workflows import (
    WorkflowError,
    find_environment,
    find_jobs,
    find_publishing,
    parse_workflow,
    publishing_environments,
    read_workflow,
    starts_on_tag,
)
from tests.support.paths import WORKFLOWS
from tests.support.projects import Project

TABLE = yaml.load(Path(__file__).with_name("workflows.yml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
BROKEN: dict[str, str] = TABLE["broken"] | {"a deep nesting": "[" * 1_000}


def publishing_jobs(*steps: str) -> list[str]:
    """Return the names of the jobs that publish, of a workflow with a job for each step."""
    jobs = "".join(f"  job-{number}:\n    steps:\n{indent(step, '    ')}\n" for number, step in enumerate(steps))
    return [found.job for found in find_publishing(parse_workflow(f"on: push\njobs:\n{jobs}"))]


@pytest.mark.parametrize("step", TABLE["steps that publish"])
def test_a_job_that_publishes_is_found(step: str) -> None:
    """The doctor finds a publishing job among others, with any line endings, and returns its name."""
    assert publishing_jobs("- run: pytest", step, "- run: echo done") == ["job-1"]
    assert publishing_jobs(step.replace("\n", "\r\n")) == ["job-0"]


@pytest.mark.parametrize("step", TABLE["steps that do not publish"])
def test_a_job_that_does_not_publish_is_left_alone(step: str) -> None:
    """A job that does not publish to PyPI is not reported, not even one that uploads to TestPyPI."""
    assert publishing_jobs(step) == []


@pytest.mark.parametrize("job", TABLE["jobs that publish"])
def test_a_job_that_publishes_without_a_step_for_it_is_found(job: str) -> None:
    """A job is found by its own variables, and by the workflow that it calls and what it hands on."""
    (found,) = find_publishing(parse_workflow(f"on: push\njobs:\n  a:\n{indent(job, '    ')}\n"))
    assert found.job == "a"


@pytest.mark.parametrize("jobs", ["jobs:", "jobs: 1", "jobs: [a]", "jobs: {a: }", "jobs: {a: {steps: }}", "name: x"])
def test_a_workflow_without_steps_publishes_nothing(jobs: str) -> None:
    """A workflow whose jobs or steps have another form than GitHub's publishes nothing."""
    assert find_publishing(parse_workflow(f"on: push\n{jobs}\n")) == []


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_file_that_is_not_a_workflow_is_explained(text: str) -> None:
    """A file that GitHub cannot read either gives a short reason, not a traceback."""
    with pytest.raises(WorkflowError, match=r"^[^\n]{5,80}$"):
        parse_workflow(text)


def test_a_file_that_cannot_be_read_is_explained(tmp_path: Path) -> None:
    """A missing file, a folder, and bytes that are not UTF-8 give a reason, and publish nothing."""
    (tmp_path / "latin.yaml").write_bytes(b"name: \xe9\n")
    for name, reason in (("latin.yaml", "not UTF-8"), ("missing.yaml", "No such file"), (".", "Is a directory")):
        with pytest.raises(WorkflowError, match=reason):
            read_workflow(tmp_path / name)
        assert publishing_environments(tmp_path / name) == {}


def test_the_environments_of_the_publishing_action_are_read(tmp_path: Path) -> None:
    """Only jobs with PyPI's own action count: each with the name of its environment, or an empty one."""
    step = "steps: [{uses: pypa/gh-action-pypi-publish@release/v1}]"
    file = tmp_path / "a.yaml"
    file.write_text(
        f"on: push\njobs:\n  a: {{environment: {{name: no}}, {step}}}\n  b: {{{step}}}\n"
        "  c: {environment: x, steps: [{run: uv publish}, {uses: pypa/gh-action-pypi-publish-other@v1}]}\n",
        encoding="utf-8",
    )
    assert publishing_environments(file) == {"a": "no", "b": ""}


@pytest.mark.parametrize("case", TABLE["environments"], ids=lambda case: case["job"])
def test_the_environment_of_a_job_is_read(case: dict[str, str]) -> None:
    """The doctor reads the environment of the given job alone, in every form, as the text that stands in the file."""
    text = f"on: push\njobs:\n  a:\n{indent(case['job'], '    ')}\n    steps: []\n  b:\n    environment: other\n"
    assert find_environment(find_jobs(parse_workflow(text))["a"]) == case["name"]


@pytest.mark.parametrize(
    ("events", "starts"),
    [
        *((text, True) for text in TABLE["starts"]),
        *((text, False) for text in TABLE["does not start"]),
    ],
)
def test_a_workflow_that_starts_on_a_pushed_tag_is_known(events: str, starts: bool) -> None:  # noqa: FBT001
    """The doctor recognizes a workflow that starts on a pushed tag, in every form that the events can have."""
    assert starts_on_tag(parse_workflow(events)) == starts


def test_nothing_of_the_template_publishes_but_the_release_workflow(default: Project) -> None:
    """The only job of a rendered project that publishes is the job `publish` of the release workflow."""
    files = (default.path / WORKFLOWS).iterdir()
    found = [(path.name, job) for path in files for job, _ in find_publishing(read_workflow(path))]
    assert found == [(default.answers["workflow_filename"], "publish")]
