"""A rendered tap of an API that a test edits as the documentation says, and runs."""

import json
import re
from contextlib import chdir
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from meltano_release.settings import write_settings
from tests.simulation.unfriendly_api import Record, UnfriendlyAPI
from tests.support.folder_cache import FolderCache
from tests.support.projects import Project
from tests.support.recipes import follow

FAKE_CLOCK = Path(__file__).with_name("fake_clock.py")


@dataclass
class Extraction:
    """What a run of a tap gave: the records of each stream, the last state, and the sleeps in seconds."""

    records: dict[str, list[Record]]
    state: dict[str, Any]
    slept: list[float]


@dataclass
class Tap:
    """A rendered tap that a test edits, and the Python of the environment that it is developed in."""

    project: Project
    python: Path

    def follow(self, *headings: str, page: str = "how-to/write-a-tap.md") -> None:
        """Make the edits under some headings of the documentation."""
        follow(self.project, page, *headings)

    def substitute(self, file: str, pattern: str, new: str) -> None:
        """Replace what matches a regular expression in a file of the project, once or more."""
        text, count = re.subn(pattern, new, self.project.read(file))
        assert count, f"{file} has no {pattern}"
        self.project.write(file, text)

    def check(self, once: FolderCache, *checks: str) -> None:
        """Run the linter, the type checker, and the tap's own tests, or only some of these; any finding fails."""
        with chdir(self.project.path), pytest.MonkeyPatch.context() as patch:
            patch.setenv("VIRTUAL_ENV", str(self.python.parents[1]))
            patch.setenv("PYTHONPATH", "src")
            assert write_settings() == 0
        cache = once("mypy", lambda _: None)
        with FileLock(cache / "edited.lock"):
            for check in checks or ("ruff check", "ruff format --check", "mypy", "pytest"):
                env = {"MYPY_CACHE_DIR": str(cache / "edited"), "PYTHONPATH": "src"}
                self.project.run(self.python, "-m", *check.split(), env=env)

    def extract(self, api: UnfriendlyAPI, config: dict[str, str], state: dict[str, Any] | None = None) -> Extraction:
        """Run the tap as a process, with a clock that only its sleeps move."""
        folder = self.project.path
        number = next(number for number in count() if not (folder / f"config{number}.json").exists())
        self.project.write(f"config{number}.json", json.dumps({"api_url": api.url + api.prefix} | config))
        self.project.write(f"state{number}.json", json.dumps(state or {}))
        log = folder / f"slept{number}.txt"
        settings = (f"--config=config{number}.json", f"--state=state{number}.json")
        done = self.project.run(
            self.python, FAKE_CLOCK, log, folder.name.replace("-", "_"), *settings, env={"PYTHONPATH": "src"}
        )
        messages = [json.loads(line) for line in done.stdout.splitlines()]
        records: dict[str, list[Record]] = {m["stream"]: [] for m in messages if m["type"] == "SCHEMA"}
        for message in messages:
            if message["type"] == "RECORD":
                records[message["stream"]].append(message["record"])
        states = [message["value"] for message in messages if message["type"] == "STATE"]
        slept = [float(line) for line in log.read_text(encoding="utf-8").splitlines()] if log.exists() else []
        return Extraction(records, states[-1], slept)
