"""The real Renovate accepts the rendered configuration, and finds in a project what it should and nothing else."""

import itertools
import json
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from werkzeug import Request, Response

from tests.support.commands import run
from tests.support.folder_cache import FolderCache
from tests.support.npm import npm_commands
from tests.support.pages import code_blocks, page
from tests.support.paths import (
    ANSWERS_FILE,
    MELTANO_YML,
    OWN_BACKENDS_LOCK,
    PRE_COMMIT,
    PYPROJECT,
    RENOVATE_JSON,
    TEST_WORKFLOW,
    WORKFLOWS,
)
from tests.support.projects import Project, Render
from tests.support.questions import choices
from tests.support.serving import git_repositories, serve
from tests.support.versions import Versions

URL = "https://github.com/MeltanoLabs/meltano-package-template.git"
PROJECTS = {kind: {"kind": kind, "repository": "tap-x"} for kind in choices("kind")}
PROJECTS |= {
    "tap with JWT": {"kind": "tap", "stream_type": "GraphQL", "auth_method": "JWT"},
    "SQL tap": {"kind": "tap", "stream_type": "SQL"},
    "SQL target": {"kind": "target", "sink_type": "SQL"},
}
RELEASES = {  # what an index of the test has; it knows no other package
    "singer-sdk": ["0.54.9", "0.54.10", "0.55.0"],
    "mypy": ["2.4.1", "3.0.0"],
    "ruff": ["0.17.6", "0.17.7"],
    "hatchling": ["1.27.0", "1.28.0"],
}

Dependencies = dict[str, list[dict[str, Any]]]  # by file

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def renovate(once: FolderCache) -> Path:
    """The folder of Renovate's commands, installed by npm."""
    return npm_commands("renovate", once)


def found_by(renovate: Path, project: Project, index: str = "") -> Dependencies:
    """Run Renovate; return the dependencies that it would keep up to date, with their updates if an index is given."""
    stage, message = ("lookup", "packageFiles with updates") if index else ("extract", "Extracted dependencies")
    variables = {"LOG_LEVEL": "debug", "LOG_FORMAT": "json", "PIP_INDEX_URL": index}
    done = project.run(renovate / "renovate", "--platform=local", f"--dry-run={stage}", env=variables)
    lines: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    (line,) = (line for line in lines if line["msg"] == message)
    found = line.get("packageFiles") or line["config"]
    dependencies: Dependencies = defaultdict(list)  # several managers read one file
    for file in itertools.chain(*found.values()):
        dependencies[file["packageFile"]] += file["deps"]
    return dependencies


def names(dependencies: list[dict[str, Any]]) -> set[str]:
    """Return the names of dependencies, except GitHub's runners."""
    return {dependency["depName"] for dependency in dependencies} - {"ubuntu"}


def bounds_of(dependencies: list[dict[str, Any]]) -> dict[str, SpecifierSet]:
    """Return the bounds of the packages among dependencies, by name; one that Renovate skips has none."""
    return {
        canonicalize_name(dependency["depName"]): SpecifierSet(dependency["currentValue"])
        for dependency in dependencies
        if dependency.get("datasource") == "pypi" and "skipReason" not in dependency
    }


def required(groups: Iterable[list[Any]]) -> dict[str, SpecifierSet]:
    """Return the bounds of the requirements in groups, by name."""
    found = map(Requirement, (text for group in groups for text in group if isinstance(text, str)))
    return {canonicalize_name(one.name): one.specifier for one in found}


def test_renovates_own_validator_accepts_the_configuration(render: Render, renovate: Path) -> None:
    """Renovate's own validator accepts the configuration in strict mode, where a renamed option is an error, too."""
    project = render()
    run(renovate / "renovate-config-validator", "--strict", "--no-global", RENOVATE_JSON, cwd=project.path)


@pytest.mark.parametrize("answers", PROJECTS)
def test_renovate_sees_every_requirement_of_a_project(
    answers: str, render: Render, renovate: Path, tmp_path: Path
) -> None:
    """Renovate finds every requirement with its bounds, the SDK too, in `pyproject.toml` and the pre-commit hooks."""
    project = render(**PROJECTS[answers]).copy(tmp_path / "project").init()
    found = found_by(renovate, project)
    content = tomllib.loads(project.read(PYPROJECT))
    groups = {**content["project"].get("optional-dependencies", {}), **content["dependency-groups"]}
    listed = [content["project"]["dependencies"], content["build-system"]["requires"], *groups.values()]
    assert bounds_of(found[PYPROJECT]) == required(listed)
    hooks = [hook for repo in yaml.safe_load(project.read(PRE_COMMIT))["repos"] for hook in repo["hooks"]]
    hooked = required(hook.get("additional_dependencies", []) for hook in hooks)
    assert bounds_of(found[PRE_COMMIT]) == hooked
    assert ("singer-sdk" in hooked) == ("singer-sdk" in project.read(PYPROJECT))
    urls = re.findall(r"pip_url: ([\w-]+)(==.+)", project.read(MELTANO_YML)) if "meltano.yml" in found else []
    assert {name: str(bounds) for name, bounds in bounds_of(found[MELTANO_YML]).items()} == dict(urls)
    assert bool(urls) == (project.answers["kind"] not in {"library", "extension", "target"})


@pytest.mark.parametrize("scope", ["package", "release"])
def test_renovate_moves_the_template_and_the_projects_own_pins_alone(
    scope: str, render: Render, renovate: Path, tmp_path: Path
) -> None:
    """Renovate leaves the release workflow alone, and moves all pins in the project's own workflows."""
    project = render(scope=scope).copy(tmp_path / "my-package")
    lines = [line for line in project.read(ANSWERS_FILE).splitlines() if not line.startswith(("_src_path", "_commit"))]
    project.write(ANSWERS_FILE, "\n".join([f"_src_path: {URL}", "_commit: v1.0.0", *lines, ""]))
    job = "runs-on: ubuntu-24.04\n    steps:\n      - uses: actions/checkout@v7.0.0\n"
    project.write(f"{WORKFLOWS}/docs.yaml", f"on: push\njobs:\n  docs:\n    {job}")

    if scope != "package":  # an adopted repository keeps its own configuration; the how-to has what to add
        (addition,) = code_blocks(page("how-to/renovate.md"), 'json title="renovate.json"')
        project.write(RENOVATE_JSON, addition)
    project.init()
    found = found_by(renovate, project)
    assert names(found[ANSWERS_FILE]) == {URL}
    workflows = {file: names(dependencies) for file, dependencies in found.items() if file.startswith(".github/")}
    own = {f"{WORKFLOWS}/docs.yaml": {"actions/checkout"}}
    own |= {TEST_WORKFLOW: {"actions/checkout", "MeltanoLabs/meltano-package-template"}} if scope == "package" else {}
    assert workflows == own
    if scope == "package":
        assert names(found[PYPROJECT]) >= {"mypy", "pytest", "ruff"}
        assert names(found[PRE_COMMIT]) >= {"astral-sh/ruff-pre-commit", "pre-commit/mirrors-mypy"}


@Request.application
def index(request: Request) -> Response:
    """Answer as PyPI's JSON API, for the packages of `RELEASES`."""
    name = request.path.split("/")[-2]
    file = {"upload_time": "2026-01-01T00:00:00", "requires_python": ">=3.10", "yanked": False}
    releases = {version: [file] for version in RELEASES.get(name, [])}
    content = {"info": {"name": name, "home_page": ""}, "releases": releases}
    return Response(json.dumps(content), status=200 if releases else 404, content_type="application/json")


def test_renovate_finds_new_versions_of_the_template_and_of_the_sdk(
    template: Path, renovate: Path, tmp_path: Path
) -> None:
    """Renovate finds the template's newest tag over HTTP, and updates the SDK in both files in one branch.

    That branch is apart from the one for a tool's major version.
    """
    versions = Versions.create(template, tmp_path / "repositories/template")
    with serve(git_repositories(tmp_path / "repositories")) as url, serve(index) as packages:
        source = f"{url}/template/.git"
        run("copier", "copy", "--quiet", "--defaults", "--data=kind=tap", source, "tap-x", cwd=tmp_path)
        project = Project(tmp_path / "tap-x", {}).init()
        versions.tag("v1.1.0").tag("v1.2.0").tag("v2.0.0rc1")
        found = found_by(renovate, project, packages)
    (template_dependency,) = found[ANSWERS_FILE]
    assert [update["newValue"] for update in template_dependency["updates"]] == ["v1.2.0"]
    updates = {
        (file, dependency["depName"]): [(update["newValue"], update["branchName"]) for update in dependency["updates"]]
        for file in (PYPROJECT, PRE_COMMIT)
        for dependency in found[file]
        if dependency.get("updates")
    }
    sdk = updates[PYPROJECT, "singer-sdk"]
    assert sdk == updates[PRE_COMMIT, "singer-sdk"]
    assert [value for value, _ in sdk] == ["~=0.55.0"]
    branches = {name: {branch for _, branch in found} for (_, name), found in updates.items()}
    assert branches["mypy"] == {"renovate/major-development-tools"}
    assert branches["ruff"] == {"renovate/development-tools"}
    assert re.fullmatch("renovate/singer-sdk-.*", *branches["singer-sdk"])


def test_renovate_moves_a_build_backend_and_its_lock_in_one_branch(renovate: Path, tmp_path: Path) -> None:
    """With the lines of the page, Renovate moves an exact build requirement and its pin in the lock together."""
    (addition,) = code_blocks(page("how-to/renovate.md"), 'json title="renovate.json, beside the lines above"')
    project = Project(tmp_path / "project", {})
    (project.path / ".github").mkdir(parents=True)
    project.write(RENOVATE_JSON, addition)
    project.write(
        PYPROJECT, '[build-system]\nrequires = ["hatchling==1.27.0"]\n\n[project]\nname = "x"\nversion = "1"\n'
    )
    project.write(OWN_BACKENDS_LOCK, f"hatchling==1.27.0 \\\n    --hash=sha256:{'0' * 64}\n    # via -r -\n")
    project.init()
    with serve(index) as packages:
        found = found_by(renovate, project, packages)
    branches = [
        (update["newVersion"], update["branchName"])
        for file in (PYPROJECT, OWN_BACKENDS_LOCK)
        for dependency in found[file]
        for update in dependency["updates"]
    ]
    assert branches == [("1.28.0", "renovate/build-backend")] * 2
