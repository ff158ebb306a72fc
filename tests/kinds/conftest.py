"""What the tests of created projects share."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.combinations import PROPERTY, REPOSITORIES, Answers, RecordCells, title
from tests.support.commands import run
from tests.support.environments import assert_passes_all_checks, pretend_install, shared_packages
from tests.support.folder_cache import FolderCache
from tests.support.interpreters import newest_interpreter
from tests.support.paths import ROOT
from tests.support.postgresql import Database, running_server
from tests.support.projects import Project, Render
from tests.support.taps import Tap


@pytest.fixture
def check_created(render: Render, tmp_path: Path, once: FolderCache) -> Callable[[Answers, Path], Project]:
    """Make a project from answers, run all that it has to pass on a Python, and return it."""

    def check(answers: Answers, python: Path) -> Project:
        project = render(**answers).copy(tmp_path / "project").init()
        assert_passes_all_checks(project, python, tmp_path / "venv", once)
        return project

    return check


@pytest.fixture(scope="session")
def create(render: Render, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Project]:
    """Make a project, a git repository with one commit, once for all tests; leave its files unchanged."""
    projects: dict[str, Project] = {}

    def project(answers: Answers) -> Project:
        if title(answers) not in projects:
            rendered = render(**answers, repository=REPOSITORIES[answers["kind"]], python_min="3.10")
            folder = tmp_path_factory.mktemp("created") / REPOSITORIES[answers["kind"]]
            projects[title(answers)] = rendered.copy(folder).init()
        return projects[title(answers)]

    return project


@pytest.fixture(scope="session")
def meltano(once: FolderCache) -> Path:
    """Meltano's command, at the version that the template is tested with, in a separate environment."""
    python = newest_interpreter()

    def install(environment: Path) -> None:
        run("uv", "venv", "--quiet", "--clear", "--python", python, environment, cwd=ROOT)
        run("uv", "pip", "install", "--quiet", "--python", environment, "--group", "meltano", cwd=ROOT)

    return once("meltano", install) / "bin/meltano"


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Database]:
    """A PostgreSQL server, for as long as this process tests."""
    with running_server() as server:
        yield server


@pytest.fixture
def record(record_property: Callable[[str, object], None]) -> RecordCells:
    """Record what the table of combinations says of a test: a column, words, and the combinations."""

    def record_cells(column: str, words: str, *combinations: Answers) -> None:
        for answers in combinations:
            record_property(PROPERTY, json.dumps([title(answers), column, words]))

    return record_cells


@pytest.fixture
def make_tap(render: Render, once: FolderCache, tmp_path: Path) -> Callable[..., Tap]:
    """Return a function that renders a tap of an API, in a separate folder."""

    def make(stream_type: str = "REST", auth_method: str = "API Key", name: str = "weather") -> Tap:
        rendered = render(repository=f"tap-{name}", kind="tap", stream_type=stream_type, auth_method=auth_method)
        project = rendered.copy(tmp_path / f"tap-{name}").init()
        pretend_install(project, f"tap-{name}")
        packages = shared_packages(project, newest_interpreter(), once)
        return Tap(project, packages.parents[2] / "bin/python")

    return make
