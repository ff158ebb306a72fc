"""The database that the tests write to: SQLite, or the one whose URL the environment gives."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Column, Connection, MetaData, Numeric, Table, create_engine, inspect, quoted_name, select
from sqlalchemy.schema import DropSchema

URL = os.environ.get("TEST_DATABASE_URL", "sqlite:///output.db")  # in the folder of the test
IS_SQLITE = URL.startswith("sqlite")


@contextmanager
def connected() -> Iterator[Connection]:
    """Connect, in UTC, and commit at the end."""
    engine = create_engine(URL)
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET TIME ZONE 'UTC'")
        yield connection
    engine.dispose()


def tables() -> set[tuple[str, str]]:
    """Return the schema and the name of each table."""
    with connected() as connection:
        inspected = inspect(connection)
        return {(schema, name) for schema in inspected.get_schema_names() for name in inspected.get_table_names(schema)}


def drop(unwanted: set[tuple[str, str]]) -> None:
    """Drop tables, and schemas that are empty then."""
    with connected() as connection:
        for schema, name in unwanted:
            Table(name, MetaData(), schema=schema).drop(connection)
    kept = {schema for schema, _ in tables()}
    with connected() as connection:
        default = inspect(connection).default_schema_name
        for schema in {schema for schema, _ in unwanted} - kept - {default}:
            connection.execute(DropSchema(schema))


def execute(statement: str) -> None:
    """Execute a statement."""
    with connected() as connection:
        connection.exec_driver_sql(statement)


def value(query: str) -> Any:
    """Return the value that a query gives."""
    with connected() as connection:
        return connection.exec_driver_sql(query).scalar()


def types(table: str) -> dict[str, str]:
    """Return the type of each column of a table, with its default if there is one, as the database spells them."""
    with connected() as connection:
        columns = inspect(connection).get_columns(table)
        spelled = {column["name"]: column["type"].compile(connection.dialect) for column in columns}
        return {column["name"]: f"{spelled[column['name']]} {column['default'] or ''}".strip() for column in columns}


def rows(name: str, schema: str | None = None) -> list[dict[str, Any]]:
    """Return the rows of a table in the order of their `id`."""
    with connected() as connection:
        found = Table(quoted_name(name, quote=True), MetaData(), autoload_with=connection, schema=schema)
        for column in found.columns:
            if isinstance(column.type, Numeric):
                column.type.asdecimal = not IS_SQLITE  # which has floats only
        columns = [Column(column.name, column.type, quote=True) for column in found.columns]
        table = Table(found.name, MetaData(), *columns, schema=schema)
        return [dict(row) for row in connection.execute(select(table).order_by(table.c.id)).mappings()]
