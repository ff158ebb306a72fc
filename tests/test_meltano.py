"""Meltano itself runs what was rendered, without asking its hub."""

import json
import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.combinations import MELTANO, REPOSITORIES, Answers, title, variants
from tests.support.commands import ENVIRONMENT, run
from tests.support.interpreters import newest_interpreter
from tests.support.once import Once
from tests.support.paths import MELTANO_YML, MELTANOHUB_YML, PYPROJECT, ROOT
from tests.support.projects import Project, Render

NAMES = ["Ada", "Grace", "Mary"]  # the users of every sample source, in the order of their last change
NO_HUB = {"MELTANO_HUB_URL": "http://127.0.0.1:9", "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false"}
SERVE = """
import json, sys
from tests import source
if hasattr(source, "serve"):
    from pytest_httpserver import HTTPServer
    server = HTTPServer(source.HOST, source.PORT)
    source.serve(server)
    server.start()
else:
    source.fill()
print(json.dumps(source.CONFIG), flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="session")
def meltano(once: Once) -> Path:
    """Meltano's command, at the version that the template is tested with, in an environment of its own."""
    python = newest_interpreter()

    def install(environment: Path) -> None:
        run("uv", "venv", "--quiet", "--clear", "--python", python, environment, cwd=ROOT)
        run("uv", "pip", "install", "--quiet", "--python", environment, "--group", "meltano", cwd=ROOT)

    return once("meltano", install) / "bin/meltano"


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


@contextmanager
def source_of(tap: Project, environment: Path) -> Iterator[dict[str, str]]:
    """Run the sample source of a tap's tests; yield the configuration that reads it, as variables for Meltano."""
    tap.run("uv", "venv", "--quiet", "--python", newest_interpreter(), environment)
    tap.run("uv", "pip", "install", "--quiet", "--python", environment, "-r", PYPROJECT, "--group", "test")
    command = [str(environment / "bin/python"), "-c", SERVE]
    with subprocess.Popen(command, cwd=tap.path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        config = json.loads(process.stdout.readline())
        yield {f"TAP_SAMPLE_{name.upper()}": value for name, value in config.items()}
        process.stdin.close()


class MeltanoProject:
    """A Meltano project: the folder of a rendered plugin with its own `meltano.yml`."""

    def __init__(self, meltano: Path, project: Project, environment: dict[str, str]) -> None:
        """Install the plugins; the environment has their settings."""
        self.meltano, self.project, self.environment = meltano, project, environment
        self("install")

    def __call__(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `meltano` in the project's folder."""
        return self.project.run(self.meltano, *arguments, env=NO_HUB | self.environment, check=check)

    def assert_invokes(self, plugin: str) -> None:
        """Fail unless `meltano invoke` makes a plugin describe itself."""
        about = json.loads(self("invoke", plugin, "--about", "--format=json").stdout)
        assert about["name"] == plugin

    def loaded_names(self, stream: str) -> list[str]:
        """Return the names in the records of a stream in `output`, and empty it for the next run."""
        return [record["name"] for record in self.loaded(stream)]

    def loaded(self, stream: str) -> list[dict[str, Any]]:
        """Return the records of a stream in `output`, and empty it for the next run."""
        if (self.project.path / "output/output.db").exists():
            with closing(sqlite3.connect(self.project.path / "output/output.db")) as database:
                database.row_factory = sqlite3.Row
                rows = [dict(row) for row in database.execute(f"SELECT * FROM {stream} ORDER BY id")]  # noqa: S608
                database.execute(f"DELETE FROM {stream}")  # noqa: S608
                database.commit()
                return rows
        files = sorted((self.project.path / "output").glob(f"*{stream}*.jsonl"))
        lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
        for file in files:
            file.unlink()
        return [json.loads(line) for line in lines]


def with_plugins(project: Project, destination: Path, **plugins: list[dict[str, Any]]) -> Project:
    """Copy a project and add plugins of other projects to its `meltano.yml`, which is all that a user would add."""
    copied = project.copy(destination)
    (copied.path / "output").mkdir(exist_ok=True)
    if plugins:
        definition = yaml.safe_load(copied.read(MELTANO_YML))
        definition["plugins"] |= plugins
        copied.write(MELTANO_YML, yaml.safe_dump(definition))
    return copied


def extractor(tap: Project) -> list[dict[str, Any]]:
    """Return the plugin that a tap's `meltano.yml` defines, installed from the tap's folder."""
    (plugin,) = yaml.safe_load(tap.read(MELTANO_YML))["plugins"]["extractors"]
    return [plugin | {"pip_url": str(tap.path)}]


def some(kind: str, first: str = "") -> list[object]:
    """Return the combinations of a kind as parameters of a test; all but the first named one are left to the matrix."""
    return [
        pytest.param(answers, id=title(answers), marks=[] if title(answers) == first else pytest.mark.slow)
        for answers in variants()
        if answers["kind"] == kind
    ]


def record_combination(record_property: Callable[[str, object], None], answers: Answers, words: str) -> None:
    """Put into the report what was run, for the table of combinations."""
    for name, value in {"combination": title(answers), "ran": MELTANO, "on": words}.items():
        record_property(name, value)


def stream_of(answers: Answers, table: str) -> str:
    """Return the name of the stream of a table; a tap of a database puts the schema before it."""
    return f"main-{table}" if answers.get("stream_type") == "SQL" else table


@pytest.mark.parametrize("answers", some("tap", "tap, REST, API Key"))
def test_meltano_runs_a_tap_and_then_what_changed(
    answers: Answers,
    meltano: Path,
    create: Callable[..., Project],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """With the project's own `meltano.yml`: all rows, and in the second run the last change, which is read again."""
    tap = with_plugins(create(answers), tmp_path / "tap-sample")
    users, groups = stream_of(answers, "users"), stream_of(answers, "groups")
    with source_of(tap, tmp_path / "source") as settings:
        runs = MeltanoProject(meltano, tap, settings)
        runs.assert_invokes("tap-sample")
        runs("run", "tap-sample", "target-jsonl")
        assert runs.loaded_names(users) == NAMES
        read = runs.loaded(groups)
        assert len(read) == (2 if answers["stream_type"] == "SQL" else 4)
        runs("run", "tap-sample", "target-jsonl")
        assert runs.loaded_names(users) == NAMES[-1:]
        assert runs.loaded(groups) == read[-1:]
    assert tap.run("git", "status", "--porcelain").stdout == ""
    record_combination(record_property, answers, f"{len(NAMES)} and {len(read)} rows, then 1 and 1")


@pytest.mark.parametrize("answers", some("target"))
def test_meltano_loads_into_a_target(
    answers: Answers,
    meltano: Path,
    create: Callable[..., Project],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """What a rendered tap reads, and then what changed."""
    tap = create({"kind": "tap", "stream_type": "Custom"})
    target = with_plugins(create(answers), tmp_path / "target-sample", extractors=extractor(tap))
    with source_of(tap, tmp_path / "source") as settings:
        database = {"TARGET_SAMPLE_SQLALCHEMY_URL": "sqlite:///output/output.db"}
        runs = MeltanoProject(meltano, target, settings | (database if answers["sink_type"] == "SQL" else {}))
        runs.assert_invokes("target-sample")
        runs("run", "tap-sample", "target-sample")
        assert runs.loaded_names("users") == NAMES
        read = runs.loaded("groups")
        assert {group["user_id"] for group in read} == {1, 2, 3}
        runs("run", "tap-sample", "target-sample")
        assert runs.loaded_names("users") == NAMES[-1:]
    record_combination(record_property, answers, f"{len(NAMES)} and {len(read)} rows, then 1 and 1")


@pytest.mark.parametrize("answers", some("mapper"))
def test_meltano_runs_a_mapper_between_tap_and_target(
    answers: Answers,
    meltano: Path,
    create: Callable[..., Project],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """The mapping of the project's own `meltano.yml` hashes the names, and lets the state through."""
    tap = create({"kind": "tap", "stream_type": "Custom"})
    mapper = with_plugins(create(answers), tmp_path / "map-sample", extractors=extractor(tap))
    hashes = [sha256(name.encode()).hexdigest() for name in NAMES]
    with source_of(tap, tmp_path / "source") as settings:
        runs = MeltanoProject(meltano, mapper, settings)
        runs.assert_invokes("map-sample")
        runs("run", "tap-sample", "hash-names", "target-jsonl")
        assert runs.loaded_names("users") == hashes
        runs("run", "tap-sample", "hash-names", "target-jsonl")
        assert runs.loaded_names("users") == hashes[-1:]
    record_combination(record_property, answers, f"{len(NAMES)} rows, their names hashed, then 1")


@pytest.mark.parametrize("answers", some("extension", "extension"))
def test_meltano_invokes_an_extension(
    answers: Answers,
    meltano: Path,
    create: Callable[..., Project],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """With arguments and exit code, and its own commands."""
    extension = with_plugins(create(answers), tmp_path / "sample-ext")
    runs = MeltanoProject(meltano, extension, {})
    assert runs("invoke", "sample-ext", "two words", "--flag").stdout == "two words --flag\n"
    assert "sample_invoker" in runs("invoke", "sample-ext:describe").stdout
    runs("invoke", "sample-ext:initialize")
    stand_in = tmp_path / "bin/echo"
    stand_in.parent.mkdir()
    stand_in.write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    stand_in.chmod(0o755)
    runs.environment = {"PATH": f"{stand_in.parent}{os.pathsep}{ENVIRONMENT['PATH']}"}
    assert runs("invoke", "sample-ext", check=False).returncode == 3
    record_combination(record_property, answers, "arguments and exit code passed through")


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param(answers, id=answers["kind"], marks=[] if answers["kind"] == "extension" else pytest.mark.slow)
        for answers in variants()
        if title(answers) in {"tap, REST, API Key", "target, record", "mapper", "extension"}
    ],
)
def test_meltano_accepts_the_definition_for_its_hub(
    answers: Answers, meltano: Path, create: Callable[..., Project], tmp_path: Path
) -> None:
    """`meltanohub.yml` adds the plugin to another project."""
    name = REPOSITORIES[answers["kind"]]
    (tmp_path / MELTANO_YML).write_text("version: 1\nproject_id: another\n", encoding="utf-8")
    definition = create(answers).path / MELTANOHUB_YML
    run(meltano, "add", name, "--from-ref", definition, "--no-install", cwd=tmp_path, env=NO_HUB)
    (plugins,) = yaml.safe_load((tmp_path / MELTANO_YML).read_text(encoding="utf-8"))["plugins"].values()
    assert [plugin["name"] for plugin in plugins] == [name]
    assert [plugin["pip_url"] for plugin in plugins] == [name]
