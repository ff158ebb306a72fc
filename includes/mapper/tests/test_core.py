{% from 'includes/import.jinja' import import_from -%}
"""Tests of the mapper: messages go in, messages come out."""

import io
import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from singer_sdk.exceptions import ConfigValidationError

{{ import_from(import_name ~ '.mapper', plugin_class) }}

Message = dict[str, Any]

CONFIG = {"hashed_properties": ["name", "born"]}
SCHEMA = {
    "type": "SCHEMA",
    "stream": "users",
    "schema": {"properties": {"id": {"type": "integer"}, "born": {"type": "integer"}, "name": {"type": "string"}}},
    "key_properties": ["id"],
}


@pytest.fixture
def mapped(capsys: pytest.CaptureFixture[str]) -> Callable[..., list[Message]]:
    """Send messages through the mapper and return what comes out."""

    def send(*messages: Message) -> list[Message]:
        lines = io.StringIO("".join(f"{json.dumps(message)}\n" for message in messages))
        {{ plugin_class }}(config=CONFIG).listen(lines)
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return send


def user(**properties: object) -> Message:
    """Return the RECORD message of a user."""
    return {"type": "RECORD", "stream": "users", "record": properties}


def test_named_properties_are_hashed(mapped: Callable[..., list[Message]]) -> None:
    """Text and numbers alike; what is not named stays."""
    _, out = mapped(SCHEMA, user(id=1, born=1815, name="Ada"))
    assert out["record"] == {"id": 1, "born": sha256(b"1815").hexdigest(), "name": sha256(b"Ada").hexdigest()}


def test_the_schema_tells_of_it(mapped: Callable[..., list[Message]]) -> None:
    """A hash is text."""
    (out,) = mapped(SCHEMA)
    text = {"type": ["string", "null"]}
    assert out["schema"]["properties"] == {"id": {"type": "integer"}, "born": text, "name": text}
    assert out["key_properties"] == ["id"]


def test_what_a_record_does_not_have_is_not_hashed(mapped: Callable[..., list[Message]]) -> None:
    """Neither a missing property nor an empty one."""
    _, out = mapped(SCHEMA, user(id=1, name=None))
    assert out["record"] == {"id": 1, "name": None}


def test_a_schema_without_the_properties_is_left_alone(mapped: Callable[..., list[Message]]) -> None:
    """Other streams pass as they are."""
    schema = SCHEMA | {"stream": "groups", "schema": {"properties": {"id": {"type": "integer"}}}}
    (out,) = mapped(schema)
    assert out["schema"] == schema["schema"]


def test_states_and_versions_pass(mapped: Callable[..., list[Message]]) -> None:
    """In their place among the records."""
    state = {"type": "STATE", "value": {"bookmarks": {}}}
    version = {"type": "ACTIVATE_VERSION", "stream": "users", "version": 1}
    messages = mapped(SCHEMA, version, user(id=1), state)
    assert [message["type"] for message in messages] == ["SCHEMA", "ACTIVATE_VERSION", "RECORD", "STATE"]
    assert messages[-1]["value"] == state["value"]


def test_the_setting_is_required() -> None:
    """A mapper that changes nothing would be a mistake."""
    with pytest.raises(ConfigValidationError) as error:
        {{ plugin_class }}(config={})
    assert "hashed_properties" in str(error.value.errors)
