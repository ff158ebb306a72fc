"""The edits that AGENTS.md of a tap describes, made in a rendered project."""

import json
from pathlib import Path

from tests.simulation.unfriendly_api import OPENAPI
from tests.support.agents_md import paste
from tests.support.taps import Tap

PATCH = Path(__file__).with_name("tracker.patch")  # what a person changes in a REST tap with an API key
DESCRIBED = [  # of these changes
    'JSONPathPaginator("$.next_cursor")',
    'request.params["cursor"]',
    'BasicAuthenticator(username=self.config["username"], password=self.config["password"])',
    "def get_child_context(self, record: dict[str, Any], context: Context | None) -> dict[str, Any]:",
    "return dict(context or {}) |",
]


def follow_oauth2(tap: Tap) -> None:
    """Make the edits for OAuth2."""
    tap.follow("OAuth2", "auth.py")
    tap.follow("OAuth2", block=1)
    tap.add_settings("token_url", "client_id", "client_secret", "scopes", instead="auth_token")


def follow_refresh_token(tap: Tap) -> None:
    """Make the edits for a refresh token."""
    tap.follow("Refresh token", "auth.py", "SampleAuthenticator")
    argument = 'refresh_token=self.config["refresh_token"]'
    assert argument in tap.project.read("AGENTS.md")
    tap.replace("src/tap_sample/client.py", "get_authenticator(\n", f"get_authenticator(\n            {argument},\n")
    tap.add_settings("refresh_token")


def follow_early_end(tap: Tap) -> None:
    """Make the edits for access tokens that the API refuses early."""
    tap.follow("Access tokens that end early")


def follow_remaining(tap: Tap) -> None:
    """Make the edits for rate limits with the status 403."""
    tap.follow("Retries")


def follow_graphql_cursor(tap: Tap) -> None:
    """Make the edits for a cursor in GraphQL."""
    client, streams, description = (
        "src/tap_sample/client.py",
        "src/tap_sample/streams.py",
        tap.project.read("AGENTS.md"),
    )
    paginator, variable = 'JSONPathPaginator(f"$.data.{self.name}.pageInfo.endCursor")', 'variables["after"]'
    for text in (paginator, variable, "`$after`", "pageInfo { endCursor }"):
        assert text in description, text
    tap.replace(client, 'JSONPathPaginator(f"$.data.{self.name}.nextPage")', paginator)
    tap.replace(client, 'variables["page"]', variable)
    tap.replace(streams, "$page: Int", "$after: String")
    tap.replace(streams, "page: $page", "after: $after")
    tap.replace(streams, "nextPage", "pageInfo { endCursor }")
    tap.follow_table_in_source("Pagination")


def follow_page_numbers(tap: Tap) -> None:
    """Make the edits for page numbers."""
    tap.follow("Page numbers")
    tap.follow_in_source("Page numbers")


def follow_link_header(tap: Tap) -> None:
    """Make the edits for the header `Link`."""
    tap.follow("Link header")
    tap.follow_in_source("Link header")


def follow_cursor(tap: Tap) -> None:
    """Make the edits for a cursor, with pages that may be empty."""
    tap.follow_in_source("Cursor", block=0)
    tap.follow("Empty pages")
    paginator, parameter = 'CursorPaginator("$.next_cursor")', 'request.params["cursor"]'
    assert paginator in tap.project.read("AGENTS.md")
    assert parameter in tap.project.read("AGENTS.md")
    tap.replace("src/tap_sample/client.py", 'return JSONPathPaginator("$.next_page")', f"return {paginator}")
    tap.replace("src/tap_sample/client.py", 'request.params["page"]', parameter)


def follow_not_found(tap: Tap) -> None:
    """Make the edits for an API that answers 404 to a request for the children of a parent without any."""
    tap.follow("Child streams", "streams.py", "GroupsStream", block=1)


def follow_openapi(tap: Tap) -> None:
    """Make the edits for an OpenAPI document."""
    (tap.source / "openapi.json").write_text(json.dumps(OPENAPI), encoding="utf-8")
    tap.follow("From a schema", "streams.py", block=1)
    assert 'schema = ResponseSchema(OPENAPI, key="User")' in tap.project.read("AGENTS.md")
    for component in ("User", "Group"):
        schema = f'schema = ResponseSchema(OPENAPI, key="{component}")'
        paste(schema, tap.source / "streams.py", f"{component}sStream")


def follow_json_files(tap: Tap) -> None:
    """Make the edits for schemas in JSON files of the package, so that `streams.py` declares none."""
    schemas = tap.source / "schemas"
    schemas.mkdir()
    (schemas / "__init__.py").write_text('"""The schemas of the streams."""\n', encoding="utf-8")
    for stream, id_names in {"users": ["id"], "groups": ["user_id", "id"]}.items():
        properties = {name: {"type": "integer"} for name in id_names} | {"name": {"type": ["string", "null"]}}
        if stream == "users":
            properties["updated_at"] = {"type": "string", "format": "date-time"}
        (schemas / f"{stream}.json").write_text(json.dumps({"type": "object", "properties": properties}))
        tap.follow("From a schema", "streams.py", f"{stream.capitalize()}Stream")
    assert "th." not in (tap.source / "streams.py").read_text(encoding="utf-8")


def change_api(tap: Tap) -> None:
    """Make the edits for the issue tracker, as AGENTS.md describes pages, authentication, and a child of a child."""
    description = tap.project.read("AGENTS.md")
    for text in DESCRIBED:
        assert text in description, text
    tap.project.run("git", "apply", PATCH)
