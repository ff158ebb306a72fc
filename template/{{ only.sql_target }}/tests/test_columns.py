"""Tests of the columns: hostile values come back as they were sent, and a column grows with its property."""

from typing import Any

import pytest

from . import database
from .test_messages import load

HOSTILE = "ü 日本 👩🏽‍🚀 \\ ' \" % :x \n" * 10_000


def store(definition: dict[str, Any], *values: Any, first_id: int = 1, key: str = "id") -> None:
    """Let the target read a record for each value; its property `x` is of this JSON Schema."""
    properties = {"id": {"type": "integer"}, "x": definition}
    schema = {"type": "SCHEMA", "stream": "things", "key_properties": [key], "schema": {"properties": properties}}
    numbered = enumerate(values, start=first_id)
    load([schema, *({"type": "RECORD", "stream": "things", "record": {"id": id_, "x": x}} for id_, x in numbered)], {})


def stored() -> list[Any]:
    """Return the values."""
    return [row["x"] for row in database.rows("things")]


@pytest.mark.parametrize(("kind", "value"), [("string", HOSTILE), ("object", {HOSTILE: [HOSTILE, {"none": None}]})])
def test_a_value_may_be_hostile(kind: str, value: Any) -> None:
    """Text of any length and with any characters is stored as it was sent."""
    store({"type": kind}, value)
    assert stored() == [value]


@pytest.mark.parametrize(
    ("before", "old", "after", "new", "expected"),
    [
        ("integer", 1, "number", 1.5, [1, 1.5]),
        ("number", 1.5, "integer", 1, [1.5, 1]),
        ("integer", 7, "string", "007", ["7", "007"]),
        ("string", "007", "integer", 7, ["007", "7"]),
        ("object", {}, "string", "text", ["{}", "text"]),
        ("string", "text", "array", [1], ["text", "[1]"]),
    ],
)
def test_a_column_grows_with_its_property(before: str, old: Any, after: str, new: Any, expected: list[Any]) -> None:
    """A column that cannot hold a new value changes to a type that holds all values, if necessary to text."""
    store({"type": before}, old)
    store({"type": after}, new, first_id=2)
    assert stored() == expected


def test_a_key_grows_where_the_database_can() -> None:
    """A key's column grows, too; SQLite cannot do that, so its table stays the same and the error says what to do."""
    store({"type": "integer"}, 7, key="x")
    if database.IS_SQLITE:
        with pytest.raises(ValueError, match="The key x of the table things would have to become"):
            store({"type": "string"}, "007", first_id=2, key="x")
        assert stored() == [7]
        assert [*database.rows("things")[0]] == ["id", "x"]
    else:
        store({"type": "string"}, "007", first_id=2, key="x")
        assert stored() == ["7", "007"]


def test_json_may_be_a_key() -> None:
    """JSON in a key is stored as text, which the database can compare."""
    for _ in range(2):
        store({"type": ["array", "object"]}, [1, {"a": "ü"}], key="x")
    assert stored() == ['[1,{"a":"\\u00fc"}]']
