"""A rendered REST tap that a test edits as its AGENTS.md says, and runs."""

import json
import re
import textwrap
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from tests.simulation.unfriendly_api import Record, UnfriendlyAPI
from tests.support.agents_md import code, paste
from tests.support.projects import Project

SOURCE, STREAMS = "tests/source.py", "src/tap_sample/streams.py"
PLANS = [{"id": number, "name": name} for number, name in enumerate(("Free", "Team", "Company"), 1)]
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

    @property
    def source(self) -> Path:
        """The folder of the tap's package."""
        return self.project.path / "src/tap_sample"

    def follow(self, heading: str, file: str = "client.py", into: str = "SampleStream", block: int = 0) -> None:
        """Paste a block of code under a heading of AGENTS.md into a file of the package, and tidy it up."""
        paste(code(self.project, heading)[block], self.source / file, into)
        self.tidy()

    def follow_in_source(self, heading: str, block: int = 1) -> None:
        """Let the sample API page as a block of code under a heading of AGENTS.md says."""
        lines = textwrap.indent(code(self.project, heading)[block], "    ")
        text, count = re.subn(r"    start = .*?\n(?=\n\ndef )", lines, self.project.read(SOURCE), flags=re.DOTALL)
        assert count == 1, text
        for needed in re.findall(r"`(from urllib\S* import (\w+))`", self.project.read("AGENTS.md")):
            if f"{needed[1]}(" in lines:
                text = text.replace("from typing import Any\n", f"from typing import Any\n{needed[0]}\n")
        self.project.write(SOURCE, text)
        self.tidy()

    def follow_table_in_source(self, heading: str) -> None:
        """Replace texts of the sample API by those in a table under a heading of AGENTS.md, and then a function."""
        (function,) = code(self.project, heading)
        section = self.project.read("AGENTS.md").partition(f"## {heading}\n")[2].partition("\n## ")[0]
        for old, new, *others in re.findall(r"^\| `(.+?)` \| `(.+?)`(?:, .* `(.+?)`)? \|$", section, re.MULTILINE):
            self.replace(SOURCE, old, "\n    ".join(filter(None, [new, *others])))
        text, count = re.subn(r"def one_page\(.*?\n(?=\n\n)", function, self.project.read(SOURCE), flags=re.DOTALL)
        assert count == 1, text
        self.project.write(SOURCE, text)
        self.tidy()

    def add_full_table_stream(self) -> None:
        """Add a stream without a replication key, its records included."""
        plans = """class PlansStream(SampleStream):
    \"\"\"The plans, all of them in each run.\"\"\"

    name = "plans"
    path = "/plans"
    primary_keys = ("id",)
    schema = th.PropertiesList(
        th.Property("id", th.IntegerType, required=True),
        th.Property("name", th.StringType),
    ).to_dict()
"""
        self.project.write(STREAMS, f"{self.project.read(STREAMS)}\n\n{plans}")
        self.replace("src/tap_sample/tap.py", "GroupsStream, ", "GroupsStream, PlansStream, ")
        self.replace("src/tap_sample/tap.py", "GroupsStream(self)", "GroupsStream(self), PlansStream(self)")
        self.replace(SOURCE, '    "groups": [', f'    "plans": {PLANS},\n    "groups": [')
        self.tidy()

    def replace(self, file: str, old: str, new: str) -> None:
        """Replace a text that a file of the project has once or more."""
        text = self.project.read(file)
        assert old in text, f"{file} has no {old}"
        self.project.write(file, text.replace(old, new))

    def add_settings(self, *names: str, instead: str = "") -> None:
        """Add settings to the class of the tap, in place of another one."""
        tap = self.source / "tap.py"
        text = tap.read_text(encoding="utf-8")
        if instead:
            setting = rf'        th\.Property\(\n            "{instead}",\n.*?\n        \),\n'
            text = re.sub(setting, "", text, flags=re.DOTALL)
        added = "".join(f'        th.Property("{name}", th.StringType(nullable=False)),\n' for name in names)
        tap.write_text(text.replace("th.PropertiesList(\n", f"th.PropertiesList(\n{added}"), encoding="utf-8")

    def tidy(self) -> None:
        """Sort the imports, remove those that are not used, and format, as AGENTS.md says."""
        self.project.run("ruff", "check", "--quiet", "--fix", "--exit-zero")
        self.project.run("ruff", "format", "--quiet")

    def extract(self, api: UnfriendlyAPI, config: dict[str, str], state: dict[str, Any] | None = None) -> Extraction:
        """Run the tap as a process, with a clock that only its sleeps move."""
        folder = self.project.path
        number = next(number for number in count() if not (folder / f"config{number}.json").exists())
        self.project.write(f"config{number}.json", json.dumps({"api_url": api.url} | config))
        self.project.write(f"state{number}.json", json.dumps(state or {}))
        log = folder / f"slept{number}.txt"
        settings = (f"--config=config{number}.json", f"--state=state{number}.json")
        done = self.project.run(self.python, FAKE_CLOCK, log, "tap_sample", *settings, env={"PYTHONPATH": "src"})
        messages = [json.loads(line) for line in done.stdout.splitlines()]
        records: dict[str, list[Record]] = {m["stream"]: [] for m in messages if m["type"] == "SCHEMA"}
        for message in messages:
            if message["type"] == "RECORD":
                records[message["stream"]].append(message["record"])
        states = [message["value"] for message in messages if message["type"] == "STATE"]
        slept = [float(line) for line in log.read_text(encoding="utf-8").splitlines()] if log.exists() else []
        return Extraction(records, states[-1], slept)
