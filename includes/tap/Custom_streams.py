"""The streams: what is read, and its schema."""

from typing import Any

from singer_sdk import typing as th
from singer_sdk.helpers.types import Context

from .client import {{ class_name }}Stream


class UsersStream({{ class_name }}Stream):
    """The users that changed since the last run."""

    name = "users"
    primary_keys = ("id",)
    replication_key = "updated_at"
    schema = th.PropertiesList(
        th.Property("id", th.IntegerType, required=True, description="The number of the user"),
        th.Property("name", th.StringType, description="The name of the user"),
        th.Property("updated_at", th.DateTimeType, required=True, description="The time of the last change"),
    ).to_dict()

    def get_child_context(self, record: dict[str, Any], context: Context | None) -> dict[str, Any]:  # noqa: ARG002
        """Return what the records of a child stream have in common with their parent."""
        return {"user_id": record["id"]}


class GroupsStream({{ class_name }}Stream):
    """The groups that each of these users is in."""

    name = "groups"
    parent_stream_type = UsersStream
    state_partitioning_keys = ()  # no state for each user
    primary_keys = ("user_id", "id")
    schema = th.PropertiesList(
        th.Property("user_id", th.IntegerType, required=True, description="The number of the user"),
        th.Property("id", th.IntegerType, required=True, description="The number of the group"),
        th.Property("name", th.StringType, description="The name of the group"),
    ).to_dict()
