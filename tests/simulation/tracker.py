"""An issue tracker, whose API differs from the sample's in pages, authentication, and records.

Two resources are nested in its projects: their issues, and the comments on these.
"""

from pathlib import Path

import yaml

from tests.simulation.unfriendly_api import Record

TRACKER: dict[str, list[Record | None]] = yaml.safe_load(Path(__file__).with_suffix(".yml").read_text(encoding="utf-8"))
EXPECTED: dict[str, list[Record]] = {}  # by stream, with the IDs of what a record is nested in
for path, records in TRACKER.items():
    _, *parents, stream = path.split("/")
    ids = {f"{parent[:-1]}_id": int(number) for parent, number in zip(parents[::2], parents[1::2], strict=True)}
    EXPECTED.setdefault(stream, []).extend(ids | record for record in records if record)
