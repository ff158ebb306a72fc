# ruff: noqa: S608, SLF001 - the statements are those of the tests, and only the connector closes its connections
"""Tests of a SQL tap and target together, run by an environment that has both: rows arrive as they were.

Environment variables name what is tested: SOURCE and COPY are the URLs of two empty databases, README is that of the
tap, and CONTRACT is the page of the documentation about types.
"""

import io
import json
import os
from collections.abc import Iterable
from contextlib import redirect_stdout
from datetime import UTC, date, datetime, time
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from singer_sdk.singerlib import RecordMessage
from singer_sdk.singerlib.json import deserialize_json, serialize_json
from singer_sdk.sinks.core import JSONSchemaValidator

Rows = list[dict[str, Any]]
SOURCE, COPY = os.environ["SOURCE"], os.environ["COPY"]
FROM, INTO = ("SQLite" if url.startswith("sqlite") else "PostgreSQL" for url in (SOURCE, COPY))
TAP, TARGET = import_module("tap_sample.tap").TapSample, import_module("target_sample.target").TargetSample
SCHEMA = "main" if FROM == "SQLite" else "public"
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | TEXTS | NUMBERS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
JSON = VALUE.map(json.dumps)
VALUES: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "PostgreSQL": {
        "smallint": st.integers(-(2**15), 2**15 - 1),
        "bigint": st.integers(-(2**63), 2**63 - 1),
        "numeric": st.decimals(-(10**30), 10**30, allow_nan=False, places=20),
        "real": st.floats(width=32, allow_nan=False, allow_infinity=False),
        "double precision": NUMBERS,
        "boolean": st.booleans(),
        "text": TEXTS,
        "bytea": st.binary(max_size=9).map(lambda value: "\\x" + value.hex()),
        "date": st.dates().map(str),
        "time": st.times().map(str),
        "timestamp": st.datetimes().map(str),
        "timestamptz": st.datetimes(timezones=st.just(UTC)).map(str),
        "interval": st.timedeltas().map(str),
        "jsonb": JSON,
        "text[]": st.lists(TEXTS | st.none(), max_size=3),
    },
    "SQLite": {
        "BIGINT": st.integers(-(2**63), 2**63 - 1),
        "REAL": NUMBERS,
        "BOOLEAN": st.booleans(),
        "TEXT": TEXTS,
        "BLOB": st.binary(max_size=9),
        "DATE": st.dates().map(str),
        "TIME": st.times().map(str),
        "DATETIME": st.datetimes().map(str),
        "JSON": JSON,
    },
}


def execute(url: str, *statements: str, rows: Rows | None = None) -> None:
    """Execute statements; the last one once for each row, if there are rows."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        for statement in statements[:-1]:
            connection.execute(sa.text(statement))
        connection.execute(sa.text(statements[-1]), rows)


def discovered(url: str) -> Rows:
    """Return the streams that the tap finds."""
    tap = TAP(config={"sqlalchemy_url": url})
    streams: Rows = tap.catalog_dict["streams"]
    tap.tap_connector._engine.dispose()
    return streams


def read(url: str, tables: dict[str, str], state: object = None) -> Rows:
    """Return the messages of the tap for tables, incrementally by their keys, and from a state if there is one."""
    config = {"sqlalchemy_url": url}
    streams = [stream for stream in discovered(url) if stream["table_name"] in tables]
    for stream in streams:
        if key := tables[stream["table_name"]]:
            (root,) = (entry["metadata"] for entry in stream["metadata"] if not entry["breadcrumb"])
            root |= {"replication-method": "INCREMENTAL", "replication-key": key}
    with redirect_stdout(io.TextIOWrapper(io.BytesIO(), encoding="utf-8")) as output:
        tap = TAP(config=config, catalog={"streams": streams}, state=state)
        tap.sync_all()
        output.flush()
        lines = output.buffer.getvalue().decode().rstrip("\n").split("\n")
    tap.tap_connector._engine.dispose()
    return [json.loads(line, parse_float=Decimal) for line in lines]


def records(messages: Rows) -> dict[str, Rows]:
    """Return the records of each stream, once they are valid for its schema."""
    validators = {
        message["stream"]: JSONSchemaValidator(message["schema"]) for message in messages if "schema" in message
    }
    for message in messages:
        if message["type"] == "RECORD":
            validators[message["stream"]].validate(message["record"])
    return {
        stream: [message["record"] for message in messages if "record" in message and message["stream"] == stream]
        for stream in validators
    }


def load(messages: Rows, **config: object) -> None:
    """Let the target write messages into the database for the copies."""
    lines = io.StringIO("".join(f"{serialize_json(message)}\n" for message in messages))
    with redirect_stdout(io.StringIO()):
        TARGET(config={"sqlalchemy_url": COPY} | config).listen(lines)


def comparable(value: Any) -> Any:  # noqa: ANN401
    """Return a value as the copy may have it: a time in UTC, and a number as a float in SQLite."""
    if isinstance(value, Decimal | int) and INTO == "SQLite":
        return float(value)
    if isinstance(value, str) and len(value) > 8 and value[2] == value[5] == ":" and value[-3] == ":":
        return str(datetime.combine(date(2000, 1, 1), time.fromisoformat(value)).astimezone(UTC).time())
    return value


def assert_copied(sent: Rows, table: str, key: str = "id") -> Rows:
    """Assert that the tap reads the same records from the copy of a table; return the messages about the copy."""
    messages = read(COPY, {table: ""})
    (copied,) = records(messages).values()
    for one, other in zip(*(sorted(rows, key=lambda row: str(row[key])) for rows in (sent, copied)), strict=True):
        assert {name: comparable(value) for name, value in one.items()} == {
            name: comparable(value) for name, value in other.items()
        }
    return messages


def table_of(page: str, heading: str) -> list[list[str]]:
    """Return the rows of the table under a heading of the page that an environment variable names."""
    text = Path(os.environ[page]).read_text(encoding="utf-8")
    lines = text.partition(f"\n{heading}\n")[2].partition("\n#")[0].splitlines()
    return [[cell.strip("`") for cell in line.strip("| ").split(" | ")] for line in lines if line[:1] == "|"][2:]


@pytest.mark.filterwarnings("ignore:Did not recognize type")
def test_each_type_arrives_as_the_documentation_says() -> None:
    """Each type of the tap's README gets the column that the documentation says, and its value arrives."""
    examples = table_of("README", f"### {FROM}")
    columns = ", ".join(f"c{number} {kind}" for number, (kind, *_) in enumerate(examples))
    values = ", ".join(value.replace(":", "\\:") for _, value, *_ in examples)
    execute(
        SOURCE, f"CREATE TABLE types (id integer PRIMARY KEY, {columns})", f"INSERT INTO types VALUES (1, {values})"
    )
    messages = read(SOURCE, {"types": ""})
    load(messages)
    assert_copied(records(messages)[f"{SCHEMA}-types"], f"{SCHEMA}_types")
    engine = sa.create_engine(COPY, poolclass=sa.NullPool)
    types = {
        column["name"]: str(column["type"].compile(engine.dialect))
        for column in sa.inspect(engine).get_columns(f"{SCHEMA}_types")
    }
    expected = {kind: row for kind, *row in table_of("CONTRACT", f"## From {FROM}")}
    for number, (kind, _, schema, _) in enumerate(examples):
        declared, *into = expected[kind]
        assert (json.loads(declared), into[INTO == "SQLite"]) == (json.loads(schema), types[f"c{number}"]), kind
    assert {kind for kind, *_ in examples} == set(expected)


def copies(names: Iterable[str]) -> dict[str, Rows]:
    """Return the rows of copies, as the tap reads them, in order."""
    found = records(read(COPY, dict.fromkeys(names, "")))
    return {
        name.partition("-")[2]: sorted(rows, key=lambda row: [str(value) for value in row.values()])
        for name, rows in found.items()
    }


def test_two_hundred_columns_arrive() -> None:
    """A table may have many columns."""
    columns = ", ".join(f"CAST({number} AS int) AS c{number}" for number in range(200))
    execute(SOURCE, f"CREATE TABLE wide AS SELECT {columns}")
    load(read(SOURCE, {"wide": ""}))
    assert copies([f"{SCHEMA}_wide"]) == {f"{SCHEMA}_wide": [{f"c{number}": number for number in range(200)}]}


@settings(deadline=None)
@given(value=VALUE | st.floats() | st.text() | st.integers() | st.decimals(allow_nan=False))
def test_the_faster_reader_and_writer_change_no_record(value: Any) -> None:  # noqa: ANN401
    """The reader and the writer give what the SDK's own ones give, also for NaN and large integers."""
    line = json.dumps({"x": value}, default=str)
    assert repr(TARGET.message_reader_class().deserialize_json(line)) == repr(deserialize_json(line))
    message = RecordMessage(stream="x", record={"x": value})
    written = bytes(TAP.message_writer_class().serialize_message(message))
    assert repr(deserialize_json(written)) == repr(deserialize_json(serialize_json(message.to_dict())))


@settings(deadline=None, max_examples=int(os.environ.get("EXAMPLES", "20")))
@given(rows=st.lists(st.tuples(*(values | st.none() for values in VALUES[FROM].values())), min_size=1, max_size=9))
def test_any_values_arrive(rows: list[tuple[Any, ...]]) -> None:
    """Any values of any types arrive, and nulls."""
    kinds = {f"c{number}": kind for number, kind in enumerate(VALUES[FROM])}
    columns = ", ".join(f"{name} {kind}" for name, kind in kinds.items())
    places = ", ".join(
        f"CAST(:{name} AS {kind})" if FROM == "PostgreSQL" else f":{name}" for name, kind in kinds.items()
    )
    execute(SOURCE, "DROP TABLE IF EXISTS anything", f"CREATE TABLE anything (id integer PRIMARY KEY, {columns})")
    given_rows = [{"id": id_} | dict(zip(kinds, row, strict=True)) for id_, row in enumerate(rows)]
    execute(SOURCE, f"INSERT INTO anything VALUES (:id, {places})", rows=given_rows)
    messages = read(SOURCE, {"anything": ""})
    load(messages, load_method="overwrite")
    (sent,) = records(messages).values()
    assert len(sent) == len(rows)
    assert_copied(sent, f"{SCHEMA}_anything")


def test_awkward_tables_arrive_and_then_what_changed() -> None:
    """Awkward tables arrive whole, each row once; the second run brings what changed since the first."""
    case = YAML(typ="safe").load(Path(__file__).with_name("copies.yml"))[FROM]
    execute(SOURCE, *case["statements"])
    found = {stream["table_name"] for stream in discovered(SOURCE)} - {"types", "wide", "anything"}
    keys = dict.fromkeys(found, "") | case["keys"]
    messages = read(SOURCE, keys)
    load(messages)
    expected = case["copies"]
    assert copies(expected) == expected
    assert len(records(messages)) == len(expected)
    execute(SOURCE, *case["changes"])
    state = json.loads(serialize_json(messages[-1]["value"]))
    load(read(SOURCE, keys, state))
    expected |= case["then"]
    assert copies(expected) == expected
