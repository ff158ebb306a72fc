"""The sink: where records go, one at a time."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from singer_sdk.singerlib.json import serialize_json
from singer_sdk.sinks import RecordSink


class {{ class_name }}Sink(RecordSink):
    """Appends each record of a stream to a file, as a line of JSON."""

    @property
    def path(self) -> Path:
        """The file of the stream; a stream's name cannot lead out of the folder."""
        name: str = self.config["file_naming_scheme"].format(stream_name=quote(self.stream_name, safe=" "))
        return Path(self.config["filepath"]) / name

    def setup(self) -> None:
        """Make the folder, before the first record."""
        super().setup()
        self.path.parent.mkdir(parents=True, exist_ok=True)

    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:  # noqa: ARG002
        """Write a record."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(f"{serialize_json(record)}\n")
