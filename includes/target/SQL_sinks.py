"""The sink: how records go into the tables of a database."""

from typing import Any, cast

from singer_sdk.singerlib.json import serialize_json
from singer_sdk.sql import SQLConnector, SQLSink
from singer_sdk.sql.connector import FullyQualifiedName
from sqlalchemy import Insert


class {{ class_name }}Connector(SQLConnector):
    """Connects to the database, creates tables and changes them when a schema does."""

    allow_column_add = True  # a new property becomes a new column
    allow_column_rename = True
    allow_column_alter = False  # SQLite cannot
    allow_merge_upsert = False
    allow_overwrite = False
    allow_temp_tables = True


class {{ class_name }}Sink(SQLSink[SQLConnector]):
    """Writes batches of records into the table of their stream."""

    connector_class = {{ class_name }}Connector

    def preprocess_record(self, record: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
        """Turn objects and arrays, which no column takes as they are, into JSON."""
        record = super().preprocess_record(record, context)
        nested = {name: serialize_json(value) for name, value in record.items() if isinstance(value, dict | list)}
        return record | nested

    def generate_insert_statement(self, full_table_name: str | FullyQualifiedName, schema: dict[str, Any]) -> Insert:
        """Let a record replace the one with the same key, in SQLite's words: a tap reads the last one again."""
        statement = super().generate_insert_statement(full_table_name, schema)
        return cast("Insert", statement).prefix_with("OR REPLACE", dialect="sqlite")
