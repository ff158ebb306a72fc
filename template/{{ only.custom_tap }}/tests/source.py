"""A folder of files, which the tap reads in the tests."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

FOLDER = TemporaryDirectory()  # until the tests end: the SDK's tests need the configuration before they begin
CONFIG = {"directory": FOLDER.name}
RECORDS: dict[str, list[dict[str, Any]]] = {  # what the tap reads
    "users": [
        {"id": 1, "name": "Ada", "updated_at": "2026-01-01T00:00:00+00:00"},
        {"id": 2, "name": "Grace", "updated_at": "2026-01-02T00:00:00"},
        {"id": 3, "name": "Mary", "updated_at": "2026-01-03T00:00:00Z"},
    ],
    "groups": [
        {"user_id": 1, "id": 10, "name": "Engines"},
        {"user_id": 2, "id": 10, "name": "Engines"},
        {"user_id": 2, "id": 20, "name": "Languages"},
        {"user_id": 3, "id": 30, "name": "Stars"},
    ],
}


def fill() -> None:
    """Write the files."""
    for stream, records in RECORDS.items():
        lines = "".join(f"{json.dumps(record)}\n" for record in records)
        (Path(FOLDER.name) / f"{stream}.jsonl").write_text(lines, encoding="utf-8")
