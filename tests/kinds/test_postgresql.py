"""The SQL tap and target on a real PostgreSQL: their own tests, time zones, hostile values, and Meltano."""

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from tests.support.combinations import POSTGRESQL, REPOSITORIES, RecordCells
from tests.support.commands import run
from tests.support.environments import install_wheel
from tests.support.folder_cache import FolderCache
from tests.support.interpreters import newest_interpreter
from tests.support.meltano import MeltanoProject, installed_from, with_plugins
from tests.support.paths import ROOT
from tests.support.postgresql import Database
from tests.support.projects import Project, Render
from tests.support.recipes import follow

KINDS = {"tap": {"kind": "tap", "stream_type": "SQL"}, "target": {"kind": "target", "sink_type": "SQL"}}
COPIES = Path(__file__).with_name("sql")
COLUMNS = """
    id int PRIMARY KEY, number numeric, small real, big double precision, flag boolean, words text, code varchar(5),
    day date, clock time, naive timestamp, aware timestamptz, nested json, nested_b jsonb, list int[], key uuid
"""
WORDS = "ü 日本 👩🏽‍🚀 ' \" \\ % :x \n" + "x" * 100_000
VALUES = f"""
    1, 123456789012345.123456789012345, 1.5, 0.1, true, $${WORDS}$$, '%s', '0001-01-01', '23:59:59.999999',
    '2026-01-01 00:30:00.123456', '2026-01-01 00:30:00.123456+09', $${{"a": [1, {{"b": null}}], "ü": 0.1}}$$,
    '["text", 12345678901234567890]', '{{1,2}}', '6f9619ff-8b86-d011-b42d-00c04fc964ff'
"""
AS_COPIED = """
    id, number, small, big::numeric, flag, words, code, day, clock, naive AT TIME ZONE 'UTC' AS naive, aware, nested,
    nested_b, to_jsonb(list) AS list, key::text
"""


@dataclass(frozen=True)
class Installed:
    """A rendered tap or target with the driver that its extra installs, in a separate environment."""

    project: Project
    python: Path

    def run(self, folder: Path, database: Database, *options: str | Path, **more: Any) -> str:  # noqa: ANN401
        """Run its command in a folder, with a database as its configuration; return what it prints."""
        config = folder / "config.json"
        config.write_text(json.dumps({"sqlalchemy_url": database.url} | more.pop("config", {})), encoding="utf-8")
        sources = {"PYTHONPATH": str(self.project.path / "src")}
        program = self.python.with_name(self.project.path.name)
        return run(program, "--config", config, *options, cwd=folder, env=sources, **more).stdout

    def read(
        self, folder: Path, database: Database, keys: dict[str, str], state: object = None, **config: object
    ) -> str:
        """Read the tables that have a replication key here, in full if it is empty, from a state if there is one."""
        catalog = json.loads(self.run(folder, database, "--discover", config=config))
        for stream in catalog["streams"]:
            (root,) = (entry["metadata"] for entry in stream["metadata"] if not entry["breadcrumb"])
            root["selected"] = stream["table_name"] in keys
            if key := keys.get(stream["table_name"]):
                root |= {"replication-method": "INCREMENTAL", "replication-key": key}
        for name, value in {"catalog": catalog, "state": state or {}}.items():
            (folder / f"{name}.json").write_text(json.dumps(value), encoding="utf-8")
        return self.run(folder, database, "--catalog", "catalog.json", "--state", "state.json", config=config)


@pytest.fixture(scope="session")
def plugin(render: Render, once: FolderCache) -> Callable[[str], Installed]:
    """Install a rendered tap or target, once for all tests."""

    def installed(kind: str) -> Installed:
        project = render(**KINDS[kind], repository=REPOSITORIES[kind])

        def make(folder: Path) -> None:
            copy = project.copy(folder / REPOSITORIES[kind]).init()
            copy.run("uv", "build", "--quiet", "--wheel", "--no-build-isolation", "--python", sys.executable)
            python = install_wheel(copy, newest_interpreter(), folder / "venv", once)
            (wheel,) = copy.path.glob("dist/*.whl")
            packages = f"{wheel}[postgresql]", f"hypothesis=={version('hypothesis')}"
            copy.run("uv", "pip", "install", "--quiet", "--python", python, *packages)

        folder = once(f"{kind} on PostgreSQL", make)
        return Installed(Project(folder / REPOSITORIES[kind], project.answers), folder / "venv/bin/python")

    return installed


def records(messages: str) -> list[dict[str, Any]]:
    """Return the records among messages."""
    return [message["record"] for message in map(json.loads, messages.splitlines()) if message["type"] == "RECORD"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_projects_own_tests_pass_there(
    kind: str, plugin: Callable[[str], Installed], postgresql: Database, record: RecordCells
) -> None:
    """A project's tests pass with the URL in one variable and a session far from UTC, and leave no table behind."""
    database = postgresql.create(f"own_tests_of_the_{kind}", "Asia/Tokyo")
    installed = plugin(kind)
    installed.project.run(installed.python, "-m", "pytest", "-q", env={"TEST_DATABASE_URL": database.url})
    assert database.run("SELECT tablename FROM pg_tables WHERE schemaname !~ '^(pg_|information_schema)'") == []
    record(POSTGRESQL, "own tests", KINDS[kind])


@pytest.mark.slow
def test_hostile_values_arrive(plugin: Callable[[str], Installed], postgresql: Database, tmp_path: Path) -> None:
    """Hostile values arrive unchanged in a database with another time zone, even if the tap sends decimals as text."""
    source, copy = postgresql.create("hostile", "Asia/Tokyo"), postgresql.create("hostile_copy", "America/New_York")
    fill = f"INSERT INTO things VALUES ({VALUES})"  # noqa: S608 - the test's own values
    source.run(f"CREATE TABLE things ({COLUMNS})", fill, "INSERT INTO things VALUES (2)")
    expected = source.run(f"SELECT {AS_COPIED} FROM things ORDER BY id")  # noqa: S608
    for as_text in (False, True):
        messages = plugin("tap").read(tmp_path, source, {"things": ""}, use_singer_decimal=as_text)
        plugin("target").run(tmp_path, copy, stdin=messages)
        assert copy.run("SELECT * FROM public_things ORDER BY id") == expected


@pytest.mark.parametrize("source", ["postgresql", pytest.param("sqlite", marks=pytest.mark.slow)])
@pytest.mark.parametrize("copy", ["postgresql", pytest.param("sqlite", marks=pytest.mark.slow)])
def test_what_the_tap_reads_the_target_writes(
    source: str, copy: str, plugin: Callable[[str], Installed], postgresql: Database, tmp_path: Path
) -> None:
    """The target writes all types, any values, and awkward tables as the tap reads them, in both databases."""
    databases = postgresql.create(f"{source}_to_{copy}", "Asia/Tokyo"), postgresql.create("copies", "America/New_York")
    databases[0].run("CREATE EXTENSION hstore")
    urls = [
        database.url if kind == "postgresql" else f"sqlite:///{tmp_path / database.name}.db"
        for kind, database in zip((source, copy), databases, strict=True)
    ]
    tap, target = plugin("tap"), plugin("target")
    contract = {"README": tap.project.path / "README.md", "CONTRACT": ROOT / "docs/reference/sql.md"}
    settings = {"SOURCE": urls[0], "COPY": urls[1]} | {name: str(path) for name, path in contract.items()}
    (settings["PYTHONPATH"],) = map(str, target.python.parents[1].glob("lib/python*/site-packages"))
    tests = shutil.copytree(COPIES, tmp_path / "tests")
    run(tap.python, "-m", "pytest", "-q", tests / "copies.py", cwd=tests, env=settings)


@pytest.mark.parametrize("column", ["timestamp", pytest.param("timestamptz", marks=pytest.mark.slow)])
@pytest.mark.parametrize("zone", ["Asia/Tokyo", pytest.param("America/New_York", marks=pytest.mark.slow)])
def test_no_row_is_lost_across_time_zones(
    column: str, zone: str, plugin: Callable[[str], Installed], postgresql: Database, tmp_path: Path
) -> None:
    """The next run reads all rows of the same moment or later, even if clocks are set back then, but no earlier row."""
    database = postgresql.create(f"zones_{column}", zone)
    times = ("05:30", "06:10", "06:10", "06:10:00.000001", "14:00")
    inserts = [f"INSERT INTO events VALUES ({id_}, '2026-11-01 {at}')" for id_, at in enumerate(times)]  # noqa: S608 - the test's own values
    database.run("SET timezone TO 'UTC'", f"CREATE TABLE events (id int PRIMARY KEY, at {column})", *inserts[:2])
    tap = plugin("tap")
    first = tap.read(tmp_path, database, {"events": "at"})
    assert [event["id"] for event in records(first)] == [0, 1]
    database.run("SET timezone TO 'UTC'", *inserts[2:])
    state = json.loads(first.splitlines()[-1])["value"]
    second = tap.read(tmp_path, database, {"events": "at"}, state)
    assert sorted(event["id"] for event in records(second)) == [1, 2, 3, 4]


@pytest.mark.slow
def test_a_table_that_others_have_created_keeps_its_columns(
    plugin: Callable[[str], Installed], postgresql: Database, tmp_path: Path
) -> None:
    """In a table that others created, a column without a time zone gets a time in UTC, not in that of the session."""
    database = postgresql.create("of_others", "Asia/Tokyo")
    database.run("CREATE TABLE events (id int PRIMARY KEY, at timestamp, name varchar(9), ratio double precision)")
    types = {"id": {"type": "integer"}, "at": {"type": "string", "format": "date-time"}}
    types |= {"name": {"type": "string"}, "ratio": {"type": "number"}}
    schema = {"type": "SCHEMA", "stream": "events", "key_properties": ["id"], "schema": {"properties": types}}
    event = {"id": 1, "at": "2026-01-01T09:00:00+09:00", "name": "Start", "ratio": 0.1}
    messages = [schema, {"type": "RECORD", "stream": "events", "record": event}]
    plugin("target").run(tmp_path, database, stdin="\n".join(map(json.dumps, messages)))
    assert database.run("SELECT * FROM events") == [event | {"at": datetime(2026, 1, 1)}]  # noqa: DTZ001


@pytest.mark.slow
def test_the_types_of_columns_can_be_changed(
    plugin: Callable[[str], Installed], postgresql: Database, tmp_path: Path
) -> None:
    """The recipes for the tap and for the target give UUIDs and JSON their own types."""
    database, copy = postgresql.create("types"), postgresql.create("types_copy")
    database.run(
        "CREATE TABLE things (id uuid PRIMARY KEY, details json)", "INSERT INTO things VALUES (gen_random_uuid(), '{}')"
    )
    edited = {
        kind: replace(plugin(kind), project=plugin(kind).project.copy(tmp_path / f"{kind}-sample")) for kind in KINDS
    }
    for kind, installed in edited.items():
        follow(installed.project, f"how-to/write-a-{kind}.md", "Columns of other types")
        installed.project.run("ruff", "check")
        installed.project.run(installed.python, "-m", "mypy")
    messages = edited["tap"].read(tmp_path, database, {"things": ""})
    assert json.loads(messages.splitlines()[0])["schema"]["properties"]["id"]["format"] == "uuid"
    edited["target"].run(tmp_path, copy, stdin=messages)
    (row,) = copy.run("SELECT pg_typeof(details)::text AS kind FROM public_things")
    assert row == {"kind": "jsonb"}


@pytest.mark.slow
def test_meltano_copies_tables_and_then_what_changed(
    create: Render, meltano: Path, postgresql: Database, tmp_path: Path, record: RecordCells
) -> None:
    """Meltano copies all rows from PostgreSQL to PostgreSQL unchanged; the second run begins where the first ended."""
    source, copy = postgresql.create("meltano", "Asia/Tokyo"), postgresql.create("meltano_copy", "America/New_York")
    source.run(
        "CREATE TABLE users (id int PRIMARY KEY, name text, updated_at timestamp)",
        "CREATE TABLE groups (id int PRIMARY KEY, name text, updated_at timestamptz)",
        "CREATE TABLE colors (id int PRIMARY KEY, name text)",
        "INSERT INTO users VALUES (1, 'Ada', '2026-01-01'), (2, 'Grace', '2026-01-02'), (3, 'Mary', '2026-01-03')",
        "INSERT INTO groups VALUES (1, 'Engines', '2026-01-01'), (2, 'Languages', '2026-01-02')",
        "INSERT INTO colors VALUES (1, 'red')",
    )
    plugins = {
        role: installed_from(create(KINDS[kind]), role, "[postgresql]")
        for kind, role in {"tap": "extractors", "target": "loaders"}.items()
    }
    project = with_plugins(create(KINDS["tap"]), tmp_path / "tap-sample", **plugins)
    settings = {"TAP_SAMPLE_SQLALCHEMY_URL": source.url, "TARGET_SAMPLE_SQLALCHEMY_URL": copy.url}
    runs = MeltanoProject(meltano, project, settings)
    runs("run", "tap-sample", "target-sample")
    assert copied(copy) == {"users": ["Ada", "Grace", "Mary"], "groups": ["Engines", "Languages"], "colors": ["red"]}
    for table in ("users", "groups"):
        (before,), (after,) = (
            database.run(f"SELECT json_agg(extract(epoch FROM updated_at) ORDER BY id) AS times FROM {name}")  # noqa: S608
            for database, name in ((source, table), (copy, f"public_{table}"))
        )
        assert before == after
    copy.run("DELETE FROM public_users", "DELETE FROM public_groups")
    source.run(
        "INSERT INTO users VALUES (4, 'Vera', '2026-01-03')",
        "UPDATE groups SET name = 'Machines', updated_at = '2026-01-02 00:00:00.5' WHERE id = 1",
    )
    runs("run", "tap-sample", "target-sample")
    assert copied(copy) == {"users": ["Mary", "Vera"], "groups": ["Machines", "Languages"], "colors": ["red"]}
    record(POSTGRESQL, "6 rows copied and then what changed", *KINDS.values())


def copied(database: Database) -> dict[str, list[str]]:
    """Return the names in each table of a copy."""
    tables = ("users", "groups", "colors")
    rows = {table: database.run(f"SELECT name FROM public_{table} ORDER BY id") for table in tables}  # noqa: S608
    return {table: [row["name"] for row in found] for table, found in rows.items()}
