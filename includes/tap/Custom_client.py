"""What all streams share: how the records of one are read."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from singer_sdk import Stream
from singer_sdk.helpers.types import Context


class {{ class_name }}Stream(Stream):
    """Reads the records of a stream from a file, a line of JSON for each."""

    def get_records(self, context: Context | None) -> Iterator[dict[str, Any]]:
        """Return the records that belong to the parent's and that changed since the last run or the start date."""
        since = self.get_starting_timestamp(context)
        with (Path(self.config["directory"]) / f"{self.name}.jsonl").open(encoding="utf-8") as lines:
            for line in lines:
                record: dict[str, Any] = json.loads(line)
                if context and not context.items() <= record.items():
                    continue
                if since and datetime.fromisoformat(record[str(self.replication_key)]) < since:
                    continue
                yield record
