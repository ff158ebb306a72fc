"""The streams: what is asked for, and its schema."""

from typing import Any

from singer_sdk import typing as th
from singer_sdk.helpers.types import Context

from .client import {{ class_name }}Stream


class UsersStream({{ class_name }}Stream):
    """The users that changed since the last run."""

    name = "users"
    primary_keys = ("id",)
    replication_key = "updatedAt"
    schema = th.PropertiesList(
        th.Property("id", th.IntegerType, required=True, description="The number of the user"),
        th.Property("name", th.StringType, description="The name of the user"),
        th.Property("updatedAt", th.DateTimeType, required=True, description="The time of the last change"),
    ).to_dict()
    query = """
        query ($page: Int, $since: String) {
            users(page: $page, since: $since) {
                nodes { id name updatedAt }
                nextPage
            }
        }
    """

    def get_child_context(self, record: dict[str, Any], context: Context | None) -> dict[str, Any]:  # noqa: ARG002
        """Return the variable that the query of a child stream needs."""
        return {"userId": record["id"]}


class GroupsStream({{ class_name }}Stream):
    """The groups that each of these users is in."""

    name = "groups"
    parent_stream_type = UsersStream
    state_partitioning_keys = ()  # no state for each user
    primary_keys = ("userId", "id")
    schema = th.PropertiesList(
        th.Property("userId", th.IntegerType, required=True, description="The number of the user"),
        th.Property("id", th.IntegerType, required=True, description="The number of the group"),
        th.Property("name", th.StringType, description="The name of the group"),
    ).to_dict()
    query = """
        query ($page: Int, $userId: Int!) {
            groups(page: $page, userId: $userId) {
                nodes { id name }
                nextPage
            }
        }
    """

    def post_process(self, row: dict[str, Any], context: Context | None = None) -> dict[str, Any]:
        """Add the number of the user, which the API leaves out."""
        return row | dict(context or {})
