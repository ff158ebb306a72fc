"""Meltano itself runs what was rendered, without asking its hub."""

import json
import os
import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest
import yaml

from tests.support.combinations import CUSTOM_TAP, MELTANO, REPOSITORIES, Answers, RecordCells, cases, title, variants
from tests.support.commands import ENVIRONMENT, run
from tests.support.interpreters import newest_interpreter
from tests.support.meltano import MeltanoProject, installed_from, source_of, with_plugins
from tests.support.paths import MELTANO_YML, MELTANOHUB_YML, ROOT
from tests.support.projects import Render

NAMES = ["Ada", "Grace", "Mary"]  # the users of every sample source, in the order of their last change
HASHES = [sha256(name.encode()).hexdigest() for name in NAMES]
NEW_VALUES = {
    "tap": ("start_date", "2025-12-31"),
    "target, record": ("file_naming_scheme", "new-{stream_name}.jsonl"),
    "target, batch": ("file_naming_scheme", "new-{stream_name}-{batch_id}.jsonl"),
    "target, SQL": ("load_method", "append-only"),
    "mapper": ("hashed_properties", "['email']"),  # of its other mappings
}
HUB = Path(__file__).with_name("hub.yml")
HUB_FOLDERS = {"tap": "extractors", "target": "loaders", "mapper": "mappers", "extension": "utilities"}


def some(*kinds: str, in_plain_nox: tuple[str, ...] = ()) -> list[object]:
    """Return the combinations of kinds as parameters of a test; those that plain nox does not run are slow."""
    return cases((answers for answers in variants() if answers["kind"] in kinds), *in_plain_nox)


@pytest.mark.parametrize("answers", some("tap", "target", "mapper"))
def test_meltano_copies_and_then_what_changed(
    answers: Answers, meltano: Path, create: Render, tmp_path: Path, record: RecordCells
) -> None:
    """With the plugin's own `meltano.yml`, the first run copies all rows, and the second only the last change again.

    Once Meltano has changed a setting, selected a stream and cleared the state, a third run copies that stream again;
    plugins that differ in how they authenticate share this. The mapping of a mapper hashes the names, and lets the
    state through.
    """
    kind, name = answers["kind"], REPOSITORIES[answers["kind"]]
    tap = create(answers if kind == "tap" else CUSTOM_TAP)
    project = with_plugins(
        create(answers), tmp_path / name, **{} if kind == "tap" else {"extractors": installed_from(tap, "extractors")}
    )
    names = HASHES if kind == "mapper" else NAMES
    users, groups = ("main-users", "main-groups") if answers.get("stream_type") == "SQL" else ("users", "groups")
    command = ["run", "tap-sample", *(["hash-names"] if kind == "mapper" else [])]
    command.append("target-sample" if kind == "target" else "target-jsonl")
    with source_of(tap, tmp_path / "source") as settings:
        if answers.get("sink_type") == "SQL":
            settings |= {"TARGET_SAMPLE_SQLALCHEMY_URL": "sqlite:///output/output.db"}
        runs = MeltanoProject(meltano, project, settings)
        assert json.loads(runs("invoke", name, "--about", "--format=json").stdout)["name"] == name
        runs(*command)
        assert runs.loaded_names(users) == names
        read = runs.loaded(groups)
        assert kind != "target" or {group["user_id"] for group in read} == {1, 2, 3}
        assert len(read) == (2 if answers.get("stream_type") == "SQL" else 4)
        runs(*command)
        assert runs.loaded_names(users) == names[-1:]
        assert runs.loaded(groups) == read[-1:]
        if kind == "tap":
            assert project.run("git", "status", "--porcelain").stdout == ""
        if answers.get("auth_method") in {None, "API Key"}:
            use_every_command(runs, answers, users, *command)
            assert runs.loaded_names(users) == names
            assert runs.loaded(groups) == []
            if kind == "tap":  # Meltano only adds to what is formatted as it writes it
                assert project.run("git", "diff", "--numstat").stdout.split()[1:] == ["0", MELTANO_YML]
    copied = f"{len(names)} and {len(read)} rows, then 1 and 1"
    record(MELTANO, "3 rows, their names hashed, then 1" if kind == "mapper" else copied, answers)


def use_every_command(runs: MeltanoProject, answers: Answers, streams: str, *run_command: str) -> None:
    """Change a setting, select the names in some streams, clear the state, and run, all with Meltano's commands."""
    kind, plugin = answers["kind"], REPOSITORIES[answers["kind"]]
    setting, value = NEW_VALUES[kind if kind != "target" else title(answers)]
    runs("config", "set", plugin, setting, value)
    shown = json.loads(runs("config", "print", plugin).stdout)
    (own,) = yaml.safe_load(runs.project.read(MELTANO_YML))["plugins"][HUB_FOLDERS[kind]]
    assert str(shown[setting]) == str(own["config"][setting]) == value
    assert {shown[found["name"]] for found in own["settings"] if found.get("sensitive")} <= {"*****"}
    runs("select", "tap-sample", streams, "name")
    (state_id,) = runs("state", "list").stdout.split()
    assert streams in json.loads(runs("state", "get", state_id).stdout)["singer_state"]["bookmarks"]
    runs("state", "clear", "--force", state_id)
    runs(*run_command)


@pytest.mark.parametrize("answers", some("state-backend"))
def test_meltano_keeps_its_state_in_a_state_backend(
    answers: Answers, create: Render, tmp_path: Path, record: RecordCells
) -> None:
    """The second run begins with the state of the first; cleared, the third reads all rows again.

    `meltano state get` and `set` move a state, as the README says.
    """
    tap = create(CUSTOM_TAP)
    project = with_plugins(create(answers), tmp_path / "backend", extractors=installed_from(tap, "extractors"))
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
        kept = runs("state", "get", state_id).stdout
        runs("state", "clear", "--force", state_id)
        runs("run", "tap-sample", "target-jsonl")
        assert runs.loaded_names("users") == NAMES
        runs("state", "clear", "--force", state_id)
        runs("state", "set", "--force", state_id, kept)
        runs("run", "tap-sample", "target-jsonl")
        assert runs.loaded_names("users") == NAMES[-1:]
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
    stub = tmp_path / "bin/echo"
    stub.parent.mkdir()
    stub.write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    stub.chmod(0o755)
    runs.environment = {"PATH": f"{stub.parent}{os.pathsep}{ENVIRONMENT['PATH']}"}
    assert runs("invoke", "sample-ext", check=False).returncode == 3
    record(MELTANO, "arguments and exit code passed through", answers)


@pytest.mark.parametrize("answers", some(*HUB_FOLDERS, in_plain_nox=("tap, SQL", "extension")))
def test_the_definition_is_what_the_hub_requires(answers: Answers, create: Render, tmp_path: Path) -> None:
    """The definition has the keys that the Hub's schema for its kind requires, allowed values, and the Hub's format.

    The comment at its top has the path that the Hub's own tests expect.
    """
    hub = yaml.safe_load(HUB.read_text(encoding="utf-8"))
    project, folder = create(answers), HUB_FOLDERS[answers["kind"]]
    schema = tmp_path / "schema.json"
    schema.write_text(json.dumps(hub["schemas"][folder]), encoding="utf-8")
    project.run("check-jsonschema", "--schemafile", schema, MELTANOHUB_YML)
    project.run("yamllint", "--strict", "-d", json.dumps(hub["rules"]), MELTANOHUB_YML)
    text = project.read(MELTANOHUB_YML)
    definition = yaml.safe_load(text)
    assert (definition["label"], definition["pip_url"]) == ("Sample", definition["name"])
    assert f"# _data/meltano/{folder}/{definition['name']}/{definition['variant']}.yml in a fork" in text
