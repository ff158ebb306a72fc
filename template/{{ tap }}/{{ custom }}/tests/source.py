"""A folder of files, which the tap reads in the tests."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

FOLDER = TemporaryDirectory()  # until the tests end: the SDK's want the configuration before they begin
CONFIG = {"directory": FOLDER.name}
USERS: list[dict[str, Any]] = [
    {"id": 1, "name": "Ada", "updated_at": "2026-01-01T00:00:00+00:00"},
    {"id": 2, "name": "Grace", "updated_at": "2026-01-02T00:00:00+00:00"},
    {"id": 3, "name": "Mary", "updated_at": "2026-01-03T00:00:00+00:00"},
]
GROUPS: dict[int, list[dict[str, Any]]] = {
    1: [{"id": 10, "name": "Engines"}],
    2: [{"id": 10, "name": "Engines"}, {"id": 20, "name": "Languages"}],
    3: [{"id": 30, "name": "Stars"}],
}


def fill() -> None:
    """Write the files."""
    groups = [{"user_id": user} | group for user, found in GROUPS.items() for group in found]
    for name, records in {"users": USERS, "groups": groups}.items():
        lines = "".join(f"{json.dumps(record)}\n" for record in records)
        (Path(FOLDER.name) / f"{name}.jsonl").write_text(lines, encoding="utf-8")
