"""The database that the tap reads in the tests: SQLite, or the one whose URL the environment gives."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa

FOLDER = TemporaryDirectory()  # until the tests end: the SDK's tests need the database before they begin
URL = os.environ.get("TEST_DATABASE_URL", f"sqlite:///{Path(FOLDER.name) / 'source.db'}")
CONFIG = {"sqlalchemy_url": URL}
USERS: list[dict[str, Any]] = [
    {"id": 1, "name": "Ada", "updated_at": "2026-01-01T00:00:00+00:00"},
    {"id": 2, "name": "Grace", "updated_at": "2026-01-02T00:00:00+00:00"},
    {"id": 3, "name": "Mary", "updated_at": "2026-01-03T00:00:00+00:00"},
]
GROUPS: list[dict[str, Any]] = [
    {"id": 10, "name": "Engines", "user_id": 1, "since": "1837-12-01", "updated_at": "2026-01-01T00:00:00+00:00"},
    {"id": 20, "name": "Languages", "user_id": 2, "since": "1959-05-28", "updated_at": "2026-01-02T00:00:00+00:00"},
]
TABLES = sa.MetaData()
users = sa.Table(
    "users",
    TABLES,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(50)),
    sa.Column("updated_at", sa.DateTime),
)
groups = sa.Table(
    "groups",
    TABLES,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(50)),
    sa.Column("user_id", sa.Integer),
    sa.Column("since", sa.Date),
    sa.Column("updated_at", sa.DateTime(timezone=True)),
)


@contextmanager
def connected() -> Iterator[sa.Connection]:
    """Connect, and commit at the end."""
    engine = sa.create_engine(URL)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def add(table: sa.Table, *rows: dict[str, Any]) -> None:
    """Add rows to a table; their times are text, and in UTC if the column has no time zone."""
    with connected() as connection:
        for row in rows:
            values = dict(row)
            if row["updated_at"]:
                moment = datetime.fromisoformat(row["updated_at"])
                values["updated_at"] = moment if table is groups else moment.replace(tzinfo=None)
            if "since" in row:
                values["since"] = date.fromisoformat(row["since"])
            connection.execute(table.insert(), values)


def execute(*statements: str) -> None:
    """Execute statements."""
    with connected() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


def fill() -> None:
    """Create the tables and fill them."""
    with connected() as connection:
        TABLES.create_all(connection, checkfirst=False)
    add(users, *USERS)
    add(groups, *GROUPS)


def restore() -> None:
    """Delete the rows that a test has added."""
    with connected() as connection:
        for table, rows in ((users, USERS), (groups, GROUPS)):
            connection.execute(table.delete().where(table.c.id.not_in([row["id"] for row in rows])))


def drop() -> None:
    """Drop the tables."""
    with connected() as connection:
        TABLES.drop_all(connection)


def default_schema() -> str:
    """Return the name of the schema that the tables are in."""
    with connected() as connection:
        return str(sa.inspect(connection).default_schema_name)
