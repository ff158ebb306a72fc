"""How the tap connects to the database, and how it reads a table."""

from collections.abc import Mapping
from typing import Any

from singer_sdk.sql import SQLConnector, SQLStream


class {{ class_name }}Connector(SQLConnector):
    """Connects to the database and finds its tables."""

    def get_sqlalchemy_url(self, config: Mapping[str, Any]) -> str:
        """Return the address of the database; build it here if the settings should be host, user and so on."""
        return str(config["sqlalchemy_url"])


class {{ class_name }}Stream(SQLStream):
    """Reads a table; with a replication key, what changed since the last run."""

    connector_class = {{ class_name }}Connector
    supports_nulls_first = True
