"""A small GraphQL API on the loopback device, which the tap reads in the tests."""

import json
import socket
from typing import Any

{% if auth_method == 'JWT' -%}
import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
{% endif -%}
from graphql import build_schema, graphql_sync
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

with socket.socket() as probe:  # finds a free port: the SDK's tests want the configuration before the server runs
    probe.bind(("127.0.0.1", 0))
    HOST, PORT = probe.getsockname()
{%- include 'includes/tap/tests/secrets.py' %}
{% include 'includes/tap/tests/config.py' %}
SCHEMA = build_schema("""
    type Query {
        users(page: Int = 1, since: String = ""): Users
        groups(page: Int = 1, userId: Int!): Groups
    }
    type Users { nodes: [User], nextPage: Int }
    type User { id: Int, name: String, updatedAt: String }
    type Groups { nodes: [Group], nextPage: Int }
    type Group { id: Int, name: String }
""")


def one_page(records: list[Any], number: int) -> dict[str, Any]:
    """Return one page of records and, if there is another, its number."""
    next_page = number + 1 if records[PAGE_SIZE * number :] else None
    return {"nodes": records[PAGE_SIZE * (number - 1) : PAGE_SIZE * number], "nextPage": next_page}


class Root:
    """What the queries begin with."""

    def users(self, _: object, page: int, since: str) -> dict[str, Any]:
        """Return the users that changed at or after a time."""
        return one_page([user for user in USERS if str(user["updatedAt"]) >= since], page)

    def groups(self, _: object, page: int, userId: int) -> dict[str, Any]:  # noqa: N803
        """Return the groups of one user."""
        return one_page(GROUPS[userId], page)

{% if auth_method != 'None' %}
{% include 'includes/tap/tests/known.py' %}

{% endif %}
def answer(request: Request) -> Response:
    """Answer a query."""
{%- if auth_method != 'None' %}
    if not is_known(request):
        return Response(status=401)
{%- endif %}
    asked = request.get_json()
    result = graphql_sync(SCHEMA, asked["query"], Root(), variable_values=asked["variables"])
    return Response(json.dumps(result.formatted), content_type="application/json")


def serve(server: HTTPServer) -> None:
    """Answer at the address{{ 'es' if auth_method in ['OAuth2', 'JWT'] else '' }} of the API."""
{%- if auth_method in ['OAuth2', 'JWT'] %}
    server.expect_request("/oauth/token", method="POST").respond_with_handler(token)
{%- endif %}
    server.expect_request("/graphql", method="POST").respond_with_handler(answer)
