"""Meltano itself runs what was rendered, without asking its hub."""

import json
import os
import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest
import yaml

from tests.support.combinations import MELTANO, REPOSITORIES, Answers, RecordCells, title, variants
from tests.support.commands import ENVIRONMENT, run
from tests.support.interpreters import newest_interpreter
from tests.support.meltano import NO_HUB, MeltanoProject, extractor, source_of, with_plugins
from tests.support.paths import MELTANO_YML, MELTANOHUB_YML, ROOT
from tests.support.projects import Render

NAMES = ["Ada", "Grace", "Mary"]  # the users of every sample source, in the order of their last change


def some(kind: str, first: str = "") -> list[object]:
    """Return the combinations of a kind as parameters of a test; all but the first named one are left to the matrix."""
    return [
        pytest.param(answers, id=title(answers), marks=[] if title(answers) == first else pytest.mark.slow)
        for answers in variants()
        if answers["kind"] == kind
    ]


def stream_of(answers: Answers, table: str) -> str:
    """Return the name of the stream of a table; a tap of a database puts the schema before it."""
    return f"main-{table}" if answers.get("stream_type") == "SQL" else table


@pytest.mark.parametrize("answers", some("tap", "tap, REST, API Key"))
def test_meltano_runs_a_tap_and_then_what_changed(
    answers: Answers, meltano: Path, create: Render, tmp_path: Path, record: RecordCells
) -> None:
    """With the tap's own `meltano.yml`, the first run loads all rows, and the second only the last change again."""
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
    record(MELTANO, f"{len(NAMES)} and {len(read)} rows, then 1 and 1", answers)


@pytest.mark.parametrize("answers", some("target"))
def test_meltano_loads_into_a_target(
    answers: Answers, meltano: Path, create: Render, tmp_path: Path, record: RecordCells
) -> None:
    """The first run loads all rows of a rendered tap into the target; the second loads only the last change again."""
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
    record(MELTANO, f"{len(NAMES)} and {len(read)} rows, then 1 and 1", answers)


@pytest.mark.parametrize("answers", some("mapper"))
def test_meltano_runs_a_mapper_between_tap_and_target(
    answers: Answers, meltano: Path, create: Render, tmp_path: Path, record: RecordCells
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
    record(MELTANO, f"{len(NAMES)} rows, their names hashed, then 1", answers)


@pytest.mark.parametrize("answers", some("state-backend"))
def test_meltano_keeps_its_state_in_a_state_backend(
    answers: Answers, create: Render, tmp_path: Path, record: RecordCells
) -> None:
    """The second run begins with the state of the first; once the state is cleared, the third reads all rows again."""
    tap = create({"kind": "tap", "stream_type": "Custom"})
    project = with_plugins(create(answers), tmp_path / "backend", extractors=extractor(tap))
    environment = tmp_path / "meltano"
    run("uv", "venv", "--quiet", "--python", newest_interpreter(), environment, cwd=ROOT)
    packages = ("--group", "meltano", project.path)
    run("uv", "pip", "install", "--quiet", "--python", environment, *packages, cwd=ROOT)
    with source_of(tap, tmp_path / "source") as settings:
        runs = MeltanoProject(environment / "bin/meltano", project, settings)
        runs("run", "tap-sample", "target-jsonl")
        assert runs.loaded_names("users") == NAMES
        with closing(sqlite3.connect(project.path / ".meltano/state.db")) as database:
            ((state_id, state),) = database.execute("SELECT state_id, state FROM meltano_states").fetchall()
            assert database.execute("SELECT * FROM meltano_state_locks").fetchall() == []
        assert state_id == "dev:tap-sample-to-target-jsonl"
        assert "users" in json.loads(state)["completed"]["singer_state"]["bookmarks"]
        runs("run", "tap-sample", "target-jsonl")
        assert runs.loaded_names("users") == NAMES[-1:]
        assert runs("state", "list").stdout.split() == [state_id]
        runs("state", "clear", "--force", state_id)
        runs("run", "tap-sample", "target-jsonl")
        assert runs.loaded_names("users") == NAMES
    record(MELTANO, f"{len(NAMES)} rows, then 1, its state stored and cleared", answers)


@pytest.mark.parametrize("answers", some("extension"))
def test_meltano_invokes_an_extension(
    answers: Answers, meltano: Path, create: Render, tmp_path: Path, record: RecordCells
) -> None:
    """`meltano invoke` passes arguments and exit code through the extension, and runs the extension's own commands."""
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
    record(MELTANO, "arguments and exit code passed through", answers)


@pytest.mark.slow
@pytest.mark.parametrize("answers", [*some("tap")[:1], *some("target")[:1], *some("mapper"), *some("extension")])
def test_meltano_accepts_the_definition_for_its_hub(
    answers: Answers, meltano: Path, create: Render, tmp_path: Path
) -> None:
    """`meltano add` adds the plugin to another project with the definition in `meltanohub.yml`."""
    name = REPOSITORIES[answers["kind"]]
    (tmp_path / MELTANO_YML).write_text("version: 1\nproject_id: another\n", encoding="utf-8")
    definition = create(answers).path / MELTANOHUB_YML
    run(meltano, "add", name, "--from-ref", definition, "--no-install", cwd=tmp_path, env=NO_HUB)
    (plugins,) = yaml.safe_load((tmp_path / MELTANO_YML).read_text(encoding="utf-8"))["plugins"].values()
    assert [plugin["name"] for plugin in plugins] == [name]
    assert [plugin["pip_url"] for plugin in plugins] == [name]
