"""The sink: where records go, many at a time."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from singer_sdk.singerlib.json import serialize_json
from singer_sdk.sinks import BatchSink


class {{ class_name }}Sink(BatchSink):
    """Writes each batch of a stream to a file of its own, a line of JSON for each record.

    The setting `batch_size_rows`, which the SDK adds, says how many records a batch has.
    """

    def path(self, batch_id: str) -> Path:
        """Return the file of a batch; a stream's name cannot lead out of the folder."""
        stream_name = quote(self.stream_name, safe=" ")
        name: str = self.config["file_naming_scheme"].format(stream_name=stream_name, batch_id=batch_id)
        return Path(self.config["filepath"]) / name

    def process_batch(self, context: dict[str, Any]) -> None:
        """Write the records that the SDK has collected."""
        path = self.path(context["batch_id"])
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.writelines(f"{serialize_json(record)}\n" for record in context["records"])
