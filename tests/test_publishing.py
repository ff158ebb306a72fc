"""The doctor finds jobs of other workflows that publish to PyPI, and keeps quiet about the rest."""

import runpy
from textwrap import indent

import pytest
import yaml

from tests.simulation.world import World
from tests.support.paths import RELEASE_FOLDER, ROOT, WORKFLOWS, source
from tests.support.projects import Project

SCRIPT = runpy.run_path(str(ROOT / source(f"{RELEASE_FOLDER}/publishing.py")))
find_environment, find_publishing, split_jobs, starts_on_tag = (
    SCRIPT[name] for name in ("find_environment", "find_publishing", "split_jobs", "starts_on_tag")
)

ON_TAG = [
    "on: push",
    "on: [push, workflow_dispatch]",
    "on:\n  push:\n    tags: ['v*']",
    'on:\n  workflow_dispatch:\n  push:\n    branches: [main]\n    tags:\n      - "v*"',
    "on:\n  push:\n  pull_request:\n    branches: [main]",
    "on: {push: {tags: [v*]}, pull_request: {branches: [main]}}",
    "'on':\n- push\n- release",
    '"on":\n    push:\n\n        tags: # all\n        - "*"',
]
NOT_ON_TAG = [
    "on: release",
    "on:\n  push:\n    branches: [main]\n  release:\n    types: [published]",
    "on: {push: {branches: [main]}, workflow_dispatch: {inputs: {tags: {}}}}",
    "on:\n  release:\n    types: [created]\n  workflow_dispatch:\n# on: push",
    "name: on push",
]
ENVIRONMENTS = {
    "environment: publishing # of GitHub": "publishing",
    "environment:\n  name: publishing\n  url: https://example.com/#a": "publishing",
    "environment:\n  url: https://example.com/\n  name: 'release #1'": "release #1",
    'environment:\n    name: "release #1: \\"é\\"" # quoted': 'release #1: "é"',
    'environment: "a\\/b"': "a/b",
    "environment: { url: https://example.com/, name: publishing }": "publishing",
    "environment:\n  deployment: false\n\n  name: publishing": "publishing",
    "environment:\n  name: with spaces # and a comment": "with spaces",
    "steps:\n  - with:\n      environment: other": "",
    "environment:\n  url: https://example.com/": "",
    "env:\n  environment_name: a": "",
    "# environment: publishing": "",
}
PUBLISHING = [
    "- uses: pypa/gh-action-pypi-publish@release/v1",
    "- name: Publish\n  uses: 'JRubics/poetry-publish@v2.1'",
    "- run: python -m twine upload --skip-existing dist/*",
    "- run: |\n    pip install flit\n    flit publish",
    "- run: uv publish\n  # not to test.pypi.org",
    "- run: poetry -n publish --build",
    "- run: poetry -C package --no-interaction publish",
    "- run: hatch publish",
    "- run: pdm publish --no-build",
    "- run: maturin upload dist/*",
    "- run: python setup.py sdist upload",
    "- run: tox -e release\n  env:\n    TWINE_PASSWORD: ${{ secrets.TOKEN }}",
    "- run: nox -s publish\n  env:\n    TOKEN: ${{ secrets.PYPI_API_TOKEN }}",
]
NOT_PUBLISHING = [
    "- uses: pypa/gh-action-pypi-publish@release/v1\n  with:\n    repository-url: https://test.pypi.org/legacy/",
    "- run: poetry publish --repository testpypi",
    "- run: uv publish --dry-run",
    "- run: twine check dist/*",
    "- run: uv run mkdocs publish",
    "- run: poetry run gh release upload v1 dist/*",
    "- run: pip install x\n  env:\n    PIP_INDEX_URL: ${{ secrets.PYPI_MIRROR_URL }}",
    "- name: Install uv, then uv publish the docs\n  run: echo",
    "# - run: twine upload dist/*\n- run: poetry install # and not poetry publish",
    "- uses: docker/build-push-action@v6\n  with:\n    push: true",
    "- run: cosign sign $IMAGE",
    "- uses: actions/upload-artifact@v4\n  with:\n    name: uv",
    "- run: uv build\n- run: gh release upload v1 dist/*",
]


def workflow(*steps: str, on: str = "on: push", width: int = 2) -> str:
    """Return a workflow with a job for each step."""
    jobs = "".join(
        f"{' ' * width}job-{number}:\n{' ' * width * 2}steps:\n{indent(step, ' ' * width * 3)}\n"
        for number, step in enumerate(steps)
    )
    return f"{on}\njobs:\n{jobs}"


@pytest.mark.parametrize("step", PUBLISHING)
def test_a_job_that_publishes_is_found(step: str) -> None:
    """The doctor finds a publishing job among others, with any indentation and line endings, and returns its name."""
    for width in (2, 4):
        text = workflow("- run: pytest", step, "- run: echo done", width=width)
        assert [found.job for found in find_publishing(text)] == ["job-1"]
        assert list(split_jobs(text)) == ["job-0", "job-1", "job-2"]
    assert find_publishing(workflow(step).replace("\n", "\r\n"))


def test_jobs_are_found_in_any_form() -> None:
    """Jobs are found even if their keys are quoted, stand at the top of the file, or have an anchor."""
    text = "'jobs':\n  a: &first\n    steps:\n      - run: uv publish\n  \"b\":\n    steps: []\non: push\n"
    assert list(split_jobs(text)) == ["a", "b"]
    assert [found.job for found in find_publishing(text)] == ["a"]


@pytest.mark.parametrize("step", NOT_PUBLISHING)
def test_a_job_that_does_not_publish_is_left_alone(step: str) -> None:
    """A job that does not publish to PyPI is not reported, not even one that uploads to TestPyPI."""
    assert find_publishing(workflow(step)) == []


@pytest.mark.parametrize(("lines", "name"), ENVIRONMENTS.items())
def test_the_environment_of_a_job_is_read(lines: str, name: str) -> None:
    """The doctor reads the environment of the given job alone, in every form that a workflow file can have."""
    text = f"on: push\njobs:\n  a:\n{indent(lines, '    ')}\n    steps: []\n  b:\n    environment: other\n"
    assert find_environment(split_jobs(text)["a"]) == name
    expected = yaml.safe_load(text)["jobs"]["a"].get("environment") or {}
    assert name == (expected.get("name", "") if isinstance(expected, dict) else expected)


@pytest.mark.parametrize("on", ON_TAG)
def test_a_workflow_that_starts_on_a_pushed_tag_is_known(on: str) -> None:
    """The doctor recognizes a workflow that starts on a pushed tag, in every form that the events can have."""
    assert starts_on_tag(workflow("- run: true", on=on))


@pytest.mark.parametrize("on", NOT_ON_TAG)
def test_a_workflow_that_does_not_start_on_a_pushed_tag_is_known(on: str) -> None:
    """A workflow that does not start on a pushed tag is not mistaken for one, even if a step of it pushes tags."""
    assert not starts_on_tag(workflow("- run: git push --tags", on=on))


def test_nothing_of_the_template_publishes_but_the_release_workflow(default: Project) -> None:
    """The only job of a rendered project that publishes is the job `publish` of the release workflow."""
    found = {
        (path.name, job)
        for path in (default.path / WORKFLOWS).iterdir()
        for job, _ in find_publishing(path.read_text(encoding="utf-8"))
    }
    assert found == {(default.answers["workflow_filename"], "publish")}


def test_the_doctor_names_the_job_and_what_to_do(world: World) -> None:
    """The doctor says to delete a publishing job, or a workflow without other jobs, and finds no error after that."""
    both = workflow("- run: docker push", "- run: twine upload dist/*", on="on:\n  push:\n    tags: ['v*']")
    world.project.write(f"{WORKFLOWS}/publish.yml", both)
    world.project.write(f"{WORKFLOWS}/old.yaml", workflow("- run: uv publish", on="on: release"))
    world.project.write(f"{WORKFLOWS}/never.yaml", workflow("- run: flit publish", on="name: Never"))
    called = "acme/shared/.github/workflows/publish.yml@v1"
    world.project.write(f"{WORKFLOWS}/empty.yml", "jobs:\n")
    world.project.write(f"{WORKFLOWS}/shared.yml", f"on: release\njobs:\n  call:\n    uses: {called}\n")
    world.commit()
    found = world.run_doctor()
    assert found.returncode == 1
    lines = [line for line in found.stdout.splitlines() if WORKFLOWS in line][1:]
    early = ", when a tag is pushed, before the release and its reviewer"
    needs = ", and its name from the `needs` of other jobs"
    assert lines == [
        f"error        {WORKFLOWS}/never.yaml seems to publish as well: job-0 (flit publish).",
        f"             → git rm {WORKFLOWS}/never.yaml",
        f"error        {WORKFLOWS}/old.yaml seems to publish as well: job-0 (uv publish).",
        f"             → git rm {WORKFLOWS}/old.yaml",
        f"error        {WORKFLOWS}/publish.yml seems to publish as well{early}: job-1 (twine upload).",
        f"             → delete the job job-1 from {WORKFLOWS}/publish.yml{needs}",
        f"not checked  {WORKFLOWS}/shared.yml calls {called}: whether that publishes, too, its repository shows.",
    ]
    world.project.run("git", "rm", "--quiet", f"{WORKFLOWS}/old.yaml", f"{WORKFLOWS}/never.yaml")
    world.project.write(f"{WORKFLOWS}/publish.yml", both.partition("  job-1:")[0])
    world.commit()
    assert world.run_doctor().returncode == 0
