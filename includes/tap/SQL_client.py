"""How the tap connects to the database, and how it reads a table."""

from collections.abc import Mapping
from typing import Any

from singer_sdk.helpers.types import Context
from singer_sdk.sql import SQLConnector, SQLStream
from sqlalchemy import Select, Table


class {{ class_name }}Connector(SQLConnector):
    """Connects to the database and finds its tables."""

    def get_sqlalchemy_url(self, config: Mapping[str, Any]) -> str:
        """Return the address of the database; build it here if the settings should be host, user and so on."""
        return str(config["sqlalchemy_url"])


class {{ class_name }}Stream(SQLStream):
    """Reads a table; with a replication key, what changed since the last run."""

    connector_class = {{ class_name }}Connector

    def apply_query_filters(self, query: Select[Any], table: Table, *, context: Context | None = None) -> Select[Any]:
        """Leave out what the last run has read; a time is compared as such, not as text."""
        if not self.replication_key:
            return query
        column = table.columns[self.replication_key]
        query = query.order_by(column)
        if self.is_timestamp_replication_key:
            since = self.get_starting_timestamp(context)
        else:
            since = self.get_starting_replication_key_value(context)
        return query if since is None else query.where(column >= since)
