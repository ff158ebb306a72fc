"""A small API on the loopback device, which the tap reads in the tests."""

import json
import socket

{% if auth_method == 'JWT' -%}
import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
{% endif -%}
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

with socket.socket() as probe:  # finds a free port: the SDK's tests want the configuration before the server runs
    probe.bind(("127.0.0.1", 0))
    HOST, PORT = probe.getsockname()
{%- include 'includes/tap/tests/secrets.py' %}
{% include 'includes/tap/tests/config.py' %}

{% if auth_method != 'None' -%}
{% include 'includes/tap/tests/known.py' %}


{% endif -%}
def page(records: list[dict[str, object]], request: Request) -> Response:
    """Return one page of records and, if there is another, its number."""
{%- if auth_method != 'None' %}
    if not is_known(request):
        return Response(status=401)
{%- endif %}
    number = int(request.args.get("page", 1))
    data = records[PAGE_SIZE * (number - 1) : PAGE_SIZE * number]
    next_page = number + 1 if records[PAGE_SIZE * number :] else None
    return Response(json.dumps({"data": data, "next_page": next_page}), content_type="application/json")


def users(request: Request) -> Response:
    """Return the users that changed at or after a time."""
    since = request.args.get("since", "")
    return page([user for user in USERS if str(user["updated_at"]) >= since], request)


def groups(request: Request) -> Response:
    """Return the groups of one user."""
    return page(GROUPS[int(request.path.split("/")[2])], request)


def serve(server: HTTPServer) -> None:
    """Answer at the addresses of the API."""
{%- if auth_method in ['OAuth2', 'JWT'] %}
    server.expect_request("/oauth/token", method="POST").respond_with_handler(token)
{%- endif %}
    server.expect_request("/users").respond_with_handler(users)
    for user in GROUPS:
        server.expect_request(f"/users/{user}/groups").respond_with_handler(groups)
