"""Tests of the types: the README's table says what the target makes of the values of each JSON Schema."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from singer_sdk.singerlib.json import serialize_json

from . import database
from .test_messages import load

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def described() -> list[list[str]]:
    """Return the rows of the README's table: a schema, a value, and the column and the value in the database."""
    lines = README.partition("\n## Types\n")[2].partition("\n## ")[0].splitlines()
    rows = [[cell.strip("`") for cell in line.strip("| ").split(" | ")] for line in lines if line[:1] == "|"]
    place = 4 if database.IS_SQLITE else 2
    return [[*row[:2], row[place], row[1] if row[place + 1] == "the same" else row[place + 1]] for row in rows[2:]]


def parsed(value: str) -> Any:
    """Return a value from its JSON, with exact decimals."""
    return json.loads(value, parse_float=Decimal)


def test_a_value_is_stored_as_the_readme_says() -> None:
    """The column and the value of each schema are those of the README, and what is missing is null."""
    rows = described()
    properties = {f"c{number}": json.loads(schema) for number, (schema, *_) in enumerate(rows)}
    record = {name: parsed(value) for name, (_, value, *_) in zip(properties, rows, strict=True)}
    schema = {"properties": {"id": {"type": "integer"}} | properties}
    load(
        [
            {"type": "SCHEMA", "stream": "things", "key_properties": ["id"], "schema": schema},
            {"type": "RECORD", "stream": "things", "record": {"id": 1} | record},
            {"type": "RECORD", "stream": "things", "record": {"id": 2}},
        ],
        {},
    )
    found, empty = database.rows("things")
    types = database.types("things")
    for name, (declared, value, column, expected) in zip(properties, rows, strict=True):
        assert (types[name], parsed(serialize_json(found[name]))) == (column, parsed(expected)), (declared, value)
        assert empty[name] is None
