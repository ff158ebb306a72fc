"""The fixtures of the tests, and the table of failure scenarios at the end of a run."""

import functools
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType
from typing import Any

import jinja2
import pytest

from meltano_release.workflows import parse_workflow
from tests.simulation.sandbox import Sandbox
from tests.simulation.server import Loopback, serve_loopback
from tests.support.commands import run, tracked
from tests.support.folder_cache import FolderCache
from tests.support.gate_cases import EVENT
from tests.support.npm import npm_folder
from tests.support.paths import ACTIONS, ACTIONS_READ, COPIER_READS, RELEASE_WORKFLOW_SOURCE, ROOT
from tests.support.projects import Project, Render, build
from tests.support.versions import LINE_CHANGE, Versions


@pytest.fixture(scope="session", autouse=True)
def _cache_of_copier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what Copier caches of templates apart from the user's: neither depends on the other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COPIER_CACHE_DIR", str(tmp_path_factory.mktemp("copier")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _texts_are_read_once() -> Iterator[None]:
    """Compile each text of the template, and parse each workflow for the doctor, once in this process.

    Copier itself compiles all texts for every project.
    """
    compiled: dict[tuple[object, ...], CodeType] = {}
    compile_text = jinja2.Environment.compile

    def compile_once(environment: jinja2.Environment, *text: Any, **options: Any) -> CodeType:  # noqa: ANN401
        settings = (environment.lexer, environment.optimized, environment.autoescape, environment.sandboxed)
        key = (*settings, *text[:2], *sorted(options.items()))  # the third text is a path, which messages name
        if key not in compiled:
            compiled[key] = compile_text(environment, *text, **options)
        return compiled[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jinja2.Environment, "compile", compile_once)
        patch.setattr("meltano_release.commit.parse_workflow", functools.cache(parse_workflow))
        yield


@pytest.fixture(scope="session")
def template(once: FolderCache) -> Path:
    """The template of the working tree, tagged v1.0.0, in a git repository that is the same for the whole run.

    Its author and date are fixed, because what is rendered names its commit.
    """

    def commit(folder: Path) -> None:
        for name in tracked(ROOT, *COPIER_READS, *ACTIONS_READ):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
        Versions.begin(folder)

    return once("template", commit)


@pytest.fixture(scope="session")
def tools(once: FolderCache) -> Path:
    """What the actions install in $RUNNER_TEMP: uv and the command, by the real `launch.py`; leave it unchanged."""

    def install(folder: Path) -> None:
        launch = (sys.executable, "-I", ACTIONS / "launch.py", "run", "meltano-release", "--help")
        run(*launch, cwd=folder, env={"RUNNER_TEMP": str(folder)})

    return once("tools", install)


@pytest.fixture(scope="session")
def render(copie_session: Any, template: Path) -> Render:  # noqa: ANN401
    """Render the template in this process; the same answers give the same project, so leave it unchanged."""
    projects: dict[str, Project] = {}

    def rendered(**answers: str) -> Project:
        key = repr(sorted(answers.items()))
        if key not in projects:
            answers = {"repository": "my-package"} | answers
            result = copie_session.copy(extra_answers=answers, template_dir=template)
            assert result.exit_code == 0, result.exception
            projects[key] = Project(result.project_dir, result.answers)
        return projects[key]

    return rendered


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> FolderCache:
    """Make a folder once for all processes of the test run, by name."""
    base = tmp_path_factory.getbasetemp()
    root = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "once"
    root.mkdir(exist_ok=True)
    return FolderCache(root)


@pytest.fixture(scope="session")
def default(render: Render, once: FolderCache) -> Project:
    """The default project, a git repository at v1.2.3; leave it unchanged."""
    project = render()
    folder = once("default", lambda folder: project.copy(folder / "my-package").init())
    return Project(folder / "my-package", project.answers)


@pytest.fixture(scope="session")
def built(default: Project, tools: Path, once: FolderCache) -> Path:
    """The folder with the default project's wheel and source distribution, built as the release builds them."""
    return once("built", lambda folder: build(default.copy(folder / "my-package"), tools)) / "my-package/dist"


@pytest.fixture
def with_dist(default: Project, built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Work in a copy of the default project with its distributions in dist/, which a test may change; return it."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    project = default.copy(tmp_path / "my-package")
    shutil.copytree(built, project.path / "dist")
    project.write(EVENT, '{"repository": {"default_branch": "main"}, "inputs": {"package_name": "my-package"}}')
    monkeypatch.chdir(project.path)
    return project


@pytest.fixture(scope="session")
def versions(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Versions:
    """Two versions of the template, v1.0.0 and v1.1.0: one line of a workflow changed. Leave them unchanged.

    There is a pre-release, too, which no command may take unasked.
    """
    versions = Versions.create(template, tmp_path_factory.mktemp("versions") / "template")
    return versions.replace(RELEASE_WORKFLOW_SOURCE, *LINE_CHANGE).tag("v1.1.0").tag("v2.0.0rc1")


@pytest.fixture(scope="session")
def old_project(versions: Versions, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project of the first of the two versions; leave it unchanged."""
    return versions.project(tmp_path_factory.mktemp("old") / "my-package", "--vcs-ref=v1.0.0")


@pytest.fixture
def project(old_project: Project, tmp_path: Path) -> Project:
    """A project of the first of the two versions, for a test that changes it."""
    return old_project.copy(tmp_path / "my-package")


@pytest.fixture(scope="session")
def loopback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loopback]:
    """GitHub's token endpoint and PyPI, served on loopback."""
    with serve_loopback(tmp_path_factory.mktemp("loopback")) as served:
        yield served


@pytest.fixture
def sandbox(default: Project, loopback: Loopback, once: FolderCache, tools: Path, tmp_path: Path) -> Sandbox:
    """The default project, set up as RELEASING.md says, before its first release."""
    return Sandbox.create(default.copy(tmp_path / "my-package"), tmp_path, loopback, once, tools)


@pytest.fixture(scope="session")
def language_service(once: FolderCache) -> Path:
    """A folder with GitHub's language service and the scripts that use it."""
    return npm_folder("languageservice", once)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the failure scenarios that ran as a table: what is broken, the job that fails, what the user sees."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])]
    scenarios = [value for report in reports for name, value in report.user_properties if name == "failure scenario"]
    if scenarios:
        terminalreporter.section("failure scenarios")
        widths = [max(len(row[column]) for row in scenarios) for column in (0, 1)]
        for title, job, message in sorted(scenarios, key=lambda row: (row[1], row[0])):
            terminalreporter.write_line(f"{title:<{widths[0]}}  {job:<{widths[1]}}  {message}")
