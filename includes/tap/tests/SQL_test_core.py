{% from 'includes/import.jinja' import import_from -%}
"""Tests of the tap: the SDK's own, and what this tap promises."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from singer_sdk.testing import get_tap_test_class
from sqlalchemy.exc import OperationalError

{{ import_from(import_name ~ '.tap', plugin_class) }}

from .source import CONFIG, DATABASE, GROUPS, USERS

Messages = list[dict[str, Any]]
Run = Callable[..., Messages]


def incremental() -> dict[str, Any]:
    """Return the catalog of the database with `updated_at` as the replication key of each stream."""
    tap = {{ plugin_class }}(config=CONFIG)
    catalog: dict[str, Any] = tap.catalog_dict
    for stream in catalog["streams"]:
        (root,) = (entry["metadata"] for entry in stream["metadata"] if not entry["breadcrumb"])
        root |= {"replication-method": "INCREMENTAL", "replication-key": "updated_at", "selected": True}
    return catalog


SAMPLE: dict[str, Any] = {"config": CONFIG, "catalog": incremental(), "parse_env_config": False}

TestStandard = get_tap_test_class({{ plugin_class }}, **SAMPLE)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the tap, incrementally and from a state if there is one, and return its messages."""

    def messages(state: dict[str, Any] | None = None) -> Messages:
        {{ plugin_class }}(**SAMPLE, state=state).sync_all()
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return messages


def records(messages: Messages, table: str) -> Messages:
    """Return the records of a table; the name of its stream begins with that of its schema."""
    stream = f"main-{table}"
    return [message["record"] for message in messages if message["type"] == "RECORD" and message["stream"] == stream]


def read(rows: Messages) -> Messages:
    """Return rows as the tap emits them: a time without a zone is taken for UTC."""
    return [row | {"updated_at": row["updated_at"].replace(" ", "T") + "+00:00"} for row in rows]


def test_all_rows_of_all_tables_are_read(run: Run) -> None:
    """Each once, as the database has it."""
    messages = run()
    assert records(messages, "users") == read(USERS)
    assert records(messages, "groups") == read(GROUPS)


def test_the_columns_have_types() -> None:
    """Those that the database knows."""
    schemas = {stream["tap_stream_id"]: stream["schema"] for stream in incremental()["streams"]}
    users = schemas["main-users"]["properties"]
    assert "integer" in users["id"]["type"]
    assert users["updated_at"]["format"] == "date-time"


def test_the_next_run_reads_what_changed_since(run: Run) -> None:
    """The state of one run is where the next one begins: at the last change, which is read again."""
    state = run()[-1]["value"]
    new = {"id": 4, "name": "Vera", "updated_at": "2026-01-04 00:00:00.000000"}
    with closing(sqlite3.connect(DATABASE)) as database:
        database.execute("INSERT INTO users VALUES (:id, :name, :updated_at)", new)
        database.commit()
        again = run(state)
        database.execute("DELETE FROM users WHERE id = :id", new)
        database.commit()
    assert records(again, "users") == read([USERS[-1], new])
    assert records(again, "groups") == read(GROUPS[-1:])


def test_a_database_out_of_reach_is_an_error(tmp_path: Path) -> None:
    """And not an empty list of tables."""
    config = {"sqlalchemy_url": f"sqlite:///{tmp_path}/no/source.db"}
    with pytest.raises(OperationalError):
        {{ plugin_class }}(config=config).run_discovery()
