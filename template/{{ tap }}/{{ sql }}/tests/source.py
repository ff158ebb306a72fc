"""A SQLite database, which the tap reads in the tests."""

import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

FOLDER = TemporaryDirectory()  # until the tests end: the SDK's want the database before they begin
DATABASE = Path(FOLDER.name) / "source.db"
CONFIG = {"sqlalchemy_url": f"sqlite:///{DATABASE}"}
USERS: list[dict[str, Any]] = [
    {"id": 1, "name": "Ada", "updated_at": "2026-01-01 00:00:00.000000"},
    {"id": 2, "name": "Grace", "updated_at": "2026-01-02 00:00:00.000000"},
    {"id": 3, "name": "Mary", "updated_at": "2026-01-03 00:00:00.000000"},
]
GROUPS: list[dict[str, Any]] = [
    {"id": 10, "name": "Engines", "user_id": 1, "updated_at": "2026-01-01 00:00:00.000000"},
    {"id": 20, "name": "Languages", "user_id": 2, "updated_at": "2026-01-02 00:00:00.000000"},
]


def fill() -> None:
    """Make the tables and fill them."""
    with closing(sqlite3.connect(DATABASE)) as database:
        database.executescript("""
            CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, updated_at DATETIME NOT NULL);
            CREATE TABLE groups (id INTEGER PRIMARY KEY, name TEXT, user_id INTEGER, updated_at DATETIME NOT NULL);
        """)
        database.executemany("INSERT INTO users VALUES (:id, :name, :updated_at)", USERS)
        database.executemany("INSERT INTO groups VALUES (:id, :name, :user_id, :updated_at)", GROUPS)
        database.commit()
