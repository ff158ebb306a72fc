"""A GraphQL API whose connections are Strawberry's: it sends a cursor with the last page, too."""

from typing import Any

import strawberry
from strawberry import relay
from strawberry.schema.config import StrawberryConfig
from strawberry.types import Info

from tests.simulation.unfriendly_api import PAGE_SIZE, Answer, UnfriendlyAPI


@strawberry.type
class User:
    """A user."""

    id: int
    name: str | None
    updated_at: str


@strawberry.type
class Group:
    """A group of a user."""

    id: int
    name: str | None


@strawberry.type
class Query:
    """The queries, about the records that are the context."""

    @relay.connection(relay.ListConnection[User])  # type: ignore[type-var,untyped-decorator]
    def users(self, info: Info[Any, None], since: str = "") -> list[User]:
        """Return the users that changed at or after a time."""
        users = [User(**{"name": None} | user) for user in info.context["/users"]]
        return [user for user in users if user.updated_at >= since]

    @relay.connection(relay.ListConnection[Group])  # type: ignore[type-var,untyped-decorator]
    def groups(self, info: Info[Any, None], user_id: int) -> list[Group]:
        """Return the groups of a user."""
        return [Group(**{"name": None} | group) for group in info.context[f"/users/{user_id}/groups"]]


SCHEMA = strawberry.Schema(Query, config=StrawberryConfig(relay_max_results=PAGE_SIZE))


class RelayAPI(UnfriendlyAPI):
    """An API that answers queries with Strawberry."""

    def graphql(self, query: str, variables: dict[str, Any]) -> Answer:
        """Return the answer to a query."""
        result = SCHEMA.execute_sync(query, variables, context_value=self.records)
        assert not result.errors, result.errors
        return Answer(body={"data": result.data})
