{% from 'includes/import.jinja' import import_from -%}
"""Tests of the target: the SDK's own, and what this target promises."""

import io
import json
{%- if sink_type == 'SQL' %}
import sqlite3
from contextlib import closing
{%- else %}
from pathlib import Path
{%- endif %}
from typing import Any

import pytest
from singer_sdk.testing import get_target_test_class

{{ import_from(import_name ~ '.target', plugin_class) }}
{%- if sink_type == 'SQL' %}

CONFIG = {"sqlalchemy_url": "sqlite:///output.db"}
{%- else %}

CONFIG = {"filepath": "output"}
{%- endif %}
ADA = {"id": 1, "name": "Ada"}
GRACE = {"id": 2, "name": "Grace"}
MARY = {"id": 3, "name": "Mary", "field": "Astronomy"}
STATE = {"bookmarks": {"users": {"replication_key": "id", "replication_key_value": 3}}}

SAMPLE: dict[str, Any] = {"config": CONFIG, "parse_env_config": False}  # a file .env is for other runs

TestStandard = get_target_test_class({{ plugin_class }}, **SAMPLE)


def schema(*names: str) -> dict[str, Any]:
    """Return the SCHEMA message of users that have an `id` and these properties."""
    properties: dict[str, Any] = {name: {"type": ["string", "null"]} for name in names}
    properties["id"] = {"type": "integer"}
    return {"type": "SCHEMA", "stream": "users", "key_properties": ["id"], "schema": {"properties": properties}}


def record(user: dict[str, Any]) -> dict[str, Any]:
    """Return the RECORD message of a user."""
    return {"type": "RECORD", "stream": "users", "record": user}


def load(*messages: dict[str, Any], **config: Any) -> None:  # noqa: ANN401
    """Let the target read the messages."""
    lines = io.StringIO("".join(f"{json.dumps(message)}\n" for message in messages))
    {{ plugin_class }}(config=CONFIG | config).listen(lines)


def written() -> list[dict[str, Any]]:
    """Return the users that the target has written, in order."""
{%- if sink_type == 'SQL' %}
    with closing(sqlite3.connect("output.db")) as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute("SELECT * FROM users ORDER BY id")]
{%- elif sink_type == 'record' %}
    lines = Path("output/users.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]
{%- else %}
    lines = [line for path in Path("output").iterdir() for line in path.read_text(encoding="utf-8").splitlines()]
    return sorted((json.loads(line) for line in lines), key=lambda user: int(user["id"]))
{%- endif %}


def test_records_are_written() -> None:
    """Each once, with its values."""
    load(schema("name"), record(ADA), record(GRACE))
    assert written() == [ADA, GRACE]


def test_a_later_run_keeps_what_is_there() -> None:
    """It adds its records to those of the run before."""
    load(schema("name"), record(ADA))
    load(schema("name"), record(GRACE))
    assert written() == [ADA, GRACE]
{%- if sink_type == 'batch' %}


def test_each_batch_is_a_file() -> None:
    """A batch is written when it is full, and at the end."""
    load(schema("name"), record(ADA), record(GRACE), record(MARY), batch_size_rows=2)
    sizes = [len(path.read_text(encoding="utf-8").splitlines()) for path in Path("output").iterdir()]
    assert sorted(sizes) == [1, 2]
{%- endif %}

{%- if sink_type == 'SQL' %}


def test_a_record_replaces_the_one_with_its_key() -> None:
    """A tap may read a record again, changed or not."""
    load(schema("name"), record(ADA), record(GRACE))
    load(schema("name"), record(ADA | {"name": "Ada Lovelace"}))
    assert written() == [ADA | {"name": "Ada Lovelace"}, GRACE]
{%- endif %}


def test_a_new_property_is_written() -> None:
    """A schema may change between records."""
    load(schema("name"), record(ADA), schema("name", "field"), record(MARY))
{%- if sink_type == 'SQL' %}
    assert written() == [ADA | {"field": None}, MARY]
{%- else %}
    assert written() == [ADA, MARY]
{%- endif %}


def test_the_state_comes_out_once_the_records_are_written(capsys: pytest.CaptureFixture[str]) -> None:
    """Meltano stores it for the next run."""
    load(schema("name"), record(ADA), {"type": "STATE", "value": STATE})
    assert json.loads(capsys.readouterr().out) == STATE
    assert written() == [ADA]
{%- if sink_type != 'SQL' %}


def test_a_streams_name_cannot_lead_out_of_the_folder() -> None:
    """A slash in it does not name another folder."""
    load(schema("name") | {"stream": "../users"}, record(ADA) | {"stream": "../users"})
    assert [path.name for path in Path().iterdir()] == ["output"]
    assert len(list(Path("output").iterdir())) == 1
{%- endif %}
