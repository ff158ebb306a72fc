"""Compare the CPU time of a rendered SQL tap and target with that of their peers on PyPI, on the same 50,000 rows.

Usage: PYTHONPATH=. python scripts/bench_sql.py [--runs N]

The peers are `meltanolabs-tap-postgres` and `meltanolabs-target-postgres`. All take turns on one PostgreSQL, and
both targets load what the peer's tap has read. Only the ratio of the medians says something: it has to be below 1.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import copier

from tests.support.commands import run
from tests.support.paths import ROOT
from tests.support.postgresql import Database, running_server

PEERS = {"tap": "tap-postgres", "target": "target-postgres"}
ANSWERS = {"tap": {"kind": "tap", "stream_type": "SQL"}, "target": {"kind": "target", "sink_type": "SQL"}}
COLUMNS = """
    id bigint PRIMARY KEY, name text, email text, score numeric(12, 4), ratio double precision, active boolean,
    birthday date, updated_at timestamptz, details jsonb
"""
ROWS = """
    INSERT INTO users SELECT n, 'Name ' || n, 'user' || n || '@example.com', n * 1.2345, n / 7.0, n % 2 = 0,
        date '1980-01-01' + n % 9000, timestamptz '2026-01-01Z' + n * interval '1 second',
        jsonb_build_object('a', n, 'b', jsonb_build_array(n, 'x')) FROM generate_series(1, 50000) n
"""


class Plugin(NamedTuple):
    """The command of a tap or a target, in its environment, and the file of its settings."""

    command: Path
    config: Path

    def cpu(self, *options: str | Path, stdin: str | Path = os.devnull, stdout: str | Path = os.devnull) -> float:
        """Run it, and return the seconds of CPU time that it needed."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with Path(stdin).open() as read, Path(stdout).open("w") as written:
            command = (self.command, "--config", self.config, *options)
            subprocess.run(command, check=True, stdin=read, stdout=written, stderr=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def install(folder: Path, kind: str, *, peer: bool) -> Plugin:
    """Install a rendered plugin, or its peer, into an environment."""
    environment = folder / f"{'peer' if peer else 'own'} {kind}"
    run("uv", "venv", "--quiet", environment, cwd=folder)
    package, name = f"meltanolabs-{PEERS[kind]}", PEERS[kind]
    if not peer:
        name = f"{kind}-sample"
        answers = ANSWERS[kind] | {"repository": name}
        copier.run_copy(str(ROOT), folder / name, data=answers, defaults=True, vcs_ref="HEAD", quiet=True)
        for command in (
            ("init", "--quiet"),
            ("add", "."),
            ("commit", "--quiet", "--message", "Begin"),
            ("tag", "v1.0.0"),
        ):
            run("git", *command, cwd=folder / name)
        package = f"{folder / name}[postgresql]"
    run("uv", "pip", "install", "--quiet", "--python", environment, package, cwd=folder)
    return Plugin(environment / "bin" / name, folder / f"{environment.name}.json")


def peer_url(database: Database) -> str:
    """Return the URL of a database as the peer's tap needs it: with a host and a password, which nobody reads."""
    return f"postgresql+psycopg2://postgres:unused@localhost/{database.name}?host={database.socket}"


def select(tap: Plugin, folder: Path) -> Path:
    """Return a catalog in which a tap's only table is selected."""
    file = folder / f"{tap.config.stem} catalog.json"
    tap.cpu("--discover", stdout=file)
    streams = [entry for entry in json.loads(file.read_text())["streams"] if entry["table_name"] == "users"]
    for entry in streams[0]["metadata"]:
        entry["metadata"] |= {} if entry["breadcrumb"] else {"selected": True, "replication-method": "FULL_TABLE"}
    file.write_text(json.dumps({"streams": streams}))
    return file


def measure(server: Database, folder: Path, runs: int) -> dict[tuple[str, bool], list[float]]:
    """Return the CPU times of each tap and target, by kind and whether it is the peer."""
    source = server.create("source")
    source.run(f"CREATE TABLE users ({COLUMNS})", ROWS)
    plugins = {(kind, peer): install(folder, kind, peer=peer) for kind in PEERS for peer in (True, False)}
    for (kind, peer), plugin in plugins.items():
        url = peer_url(source) if peer else source.url
        plugin.config.write_text(json.dumps({"sqlalchemy_url": url if kind == "tap" else server.create("copy").url}))
    catalogs = {peer: select(plugins["tap", peer], folder) for peer in (True, False)}
    times: dict[tuple[str, bool], list[float]] = {key: [] for key in plugins}
    for _ in range(runs):
        for peer, catalog in catalogs.items():
            output = folder / f"{peer}.jsonl"
            times["tap", peer].append(plugins["tap", peer].cpu("--catalog", catalog, stdout=output))
        for peer in (True, False):
            server.create("copy")
            times["target", peer].append(plugins["target", peer].cpu(stdin=folder / "True.jsonl"))
    return times


def main() -> None:
    """Print the ratio of each kind; exit 1 unless all are below 1."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    with tempfile.TemporaryDirectory() as folder, running_server() as server:
        times = measure(server, Path(folder), parser.parse_args().runs)
    medians = {key: statistics.median(values) for key, values in times.items()}
    for kind, name in PEERS.items():
        own, peer = medians[kind, False], medians[kind, True]
        print(f"{kind}: {own:.2f} s, {name}: {peer:.2f} s, ratio {own / peer:.2f}")
    sys.exit(any(medians[kind, False] >= medians[kind, True] for kind in PEERS))


if __name__ == "__main__":
    main()
