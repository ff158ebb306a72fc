"""An API that has what real ones have: other pages, rate limits, outages, tokens that expire, and gaps in the data.

It keeps a clock: a response that asks the client to wait moves it, as if the client waited.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from werkzeug import Request, Response

from tests.support.serving import serve as serve_on_loopback

PAGE_SIZE = 2
TOKEN_SECONDS = 50  # less than the minute that a rate limit asks to wait
USER, SECRET = "ali", "open sesame"
SCOPES = "users:read groups:read"
REFRESH_TOKEN = "forty thieves"  # noqa: S105
CLIENT = {"client_id": USER, "client_secret": SECRET, "scopes": SCOPES}
CREDENTIALS: dict[str, dict[str, str]] = {  # the settings of a tap for each way to authenticate
    "API Key": {"auth_token": SECRET},
    "Bearer Token": {"auth_token": SECRET},
    "Basic Auth": {"username": USER, "password": SECRET},
    "OAuth2": CLIENT,
    "refresh token": CLIENT | {"refresh_token": REFRESH_TOKEN},
    "None": {},
}

Record = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What the API answers: status, headers, and a body that becomes JSON."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None


RATE_LIMIT = Answer(429, {"Retry-After": "60"})
RATE_LIMIT_WITHOUT_RETRY_AFTER = Answer(429, {"X-RateLimit-Limit": "9", "X-RateLimit-Reset": "30"})
NO_REQUEST_REMAINS = Answer(403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "40"})
OUTAGE = Answer(503, {"X-RateLimit-Remaining": "8", "X-RateLimit-Reset": "3600"})  # the hour is not for an outage


@cache
def private_key() -> rsa.RSAPrivateKey:
    """Return the key of the client that signs its assertions."""
    return rsa.generate_private_key(65537, 2048)


@dataclass
class UnfriendlyAPI:
    """The records at each path, how they are paged and guarded, and the answers that come before the right ones.

    `None` among the records is one that the API filters out after it cut the pages, so that pages can be empty. GraphQL
    queries are answered at `/graphql`, as if they were requests to these paths.
    """

    records: dict[str, list[Record | None]]
    pages: str = "next_page"  # or "next_cursor", or for a list without them: "link", or the name of the parameter
    other_pages: str = ""  # the same for groups, if they differ
    link: str = "page"  # the parameter in a link
    prefix: str = ""  # of all paths
    error: str = '{"message": "No"}'  # the body of every error
    unix: bool = False  # whether a time in the query is in seconds
    auth_method: str = "API Key"  # or any other, or "refresh token"
    trouble: dict[str, list[Answer]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)  # status, method, and URL of each, in order
    clock: float = 0
    tokens: dict[str, float] = field(default_factory=dict)  # when each expires
    url: str = ""

    def answer(self, request: Request) -> Answer:
        """Return the answer to a request."""
        if (request.method, request.path) == ("POST", "/oauth/token"):
            return self.token(request.form.to_dict())
        if not self.allows(request):
            return Answer(401)
        path = request.path.removeprefix(self.prefix)
        if path == "/graphql":
            asked = request.get_json()
            return self.graphql(asked["query"], asked["variables"])
        return self.get(path if request.path.startswith(self.prefix) else "", request.args.to_dict())

    def get(self, path: str, query: dict[str, str]) -> Answer:
        """Return the next trouble at a path, or a page."""
        if self.trouble.get(path):
            answer = self.trouble[path].pop(0)
            if answer.status != OUTAGE.status:
                self.clock += float(answer.headers.get("Retry-After", answer.headers.get("X-RateLimit-Reset", 0)))
            return answer
        if path not in self.records:
            return Answer(404)
        return self.page(self.records[path], path, query)

    def graphql(self, query: str, variables: dict[str, Any]) -> Answer:
        """Return the answer to a query for a page of users, or of the groups of one; a missing name is null."""
        match = re.search(r"{\s*(\w+)\(", query)
        assert match, query
        path = f"/users/{variables['userId']}/groups" if match[1] == "groups" else "/users"
        page = str(int(variables.get("after", 0)) + 1)
        answer = self.get(path, {"page": page} | {name: variables[name] for name in variables if name == "since"})
        if answer.status != Answer.status:
            return answer
        nodes = list(map(as_graphql, answer.body["data"]))
        data: Record = {"edges": [{"node": node} for node in nodes]} if "edges" in query else {"nodes": nodes}
        cursor = page if nodes else None  # also of the last page
        data["pageInfo"] = {"hasNextPage": bool(answer.body["next_page"]), "endCursor": cursor}
        return Answer(body={"data": {match[1]: data}})

    def allows(self, request: Request) -> bool:
        """Return whether a request has the right credentials."""
        given = request.authorization
        if self.auth_method == "None":
            return not given
        if self.auth_method == "API Key":
            return request.headers.get("x-api-key") == SECRET
        if self.auth_method == "Basic Auth":
            return given is not None and (given.username, given.password) == (USER, SECRET)
        if self.auth_method == "Bearer Token":
            return given is not None and given.token == SECRET
        return given is not None and self.tokens.get(given.token or "", 0) > self.clock

    def credentials(self) -> dict[str, str]:
        """Return the settings of a tap that the API lets in."""
        if self.auth_method == "JWT":
            key = private_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
            settings = {"client_id": USER, "private_key": key, "scopes": SCOPES}
        else:
            settings = CREDENTIALS[self.auth_method]
        return settings | ({"token_url": f"{self.url}/oauth/token"} if "client_id" in settings else {})

    def token(self, form: dict[str, str]) -> Answer:
        """Return a new access token for the credentials of the client, its assertion, or the refresh token."""
        if self.auth_method == "JWT":
            options: Any = {"verify_iat": False}  # the clock of the client may be ahead
            claims = jwt.decode(
                form["assertion"], private_key().public_key(), ["RS256"], options, audience=f"{self.url}/oauth/token"
            )
            given, expected = {name: claims[name] for name in ("iss", "scope")}, {"iss": USER, "scope": SCOPES}
        else:
            given, expected = form, {"grant_type": "client_credentials", "client_id": USER}
            expected |= {"client_secret": SECRET, "scope": SCOPES}
        if self.auth_method == "refresh token":
            expected |= {"grant_type": "refresh_token", "refresh_token": REFRESH_TOKEN}
        if given != expected:
            return Answer(400)
        token = f"token-{len(self.tokens) + 1}"
        self.tokens[token] = self.clock + TOKEN_SECONDS
        return Answer(body={"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS})

    def page(self, records: list[Record | None], path: str, query: dict[str, str]) -> Answer:
        """Return a page of the records that changed, and where the next one is, as this API says it."""
        style = self.other_pages if self.other_pages and path.endswith("groups") else self.pages
        names = {"next_page": "page", "next_cursor": "cursor", "link": self.link}
        number = int(query.get(names.get(style, style), "1"))
        since = query.get("since", "")
        since = datetime.fromtimestamp(int(since), UTC).isoformat() if since and self.unix else since
        found = [record for record in records if not record or str(record.get("updated_at", since)) >= since]
        start = number if style == "offset" else PAGE_SIZE * (number - 1)
        data = [record for record in found[start : start + PAGE_SIZE] if record]
        more = bool(found[start + PAGE_SIZE :])
        if style.startswith("next_"):
            return Answer(body={"data": data, style: str(number + 1) if more else None})
        link = f"{self.url}{self.prefix}{path}?{urlencode(query | {self.link: str(number + 1)})}"
        return Answer(headers={"Link": f'<{link}>; rel="next"'} if more and style == "link" else {}, body=data)

    def count(self, text: str) -> int:
        """Return how many of the logged requests contain a text."""
        return sum(text in request for request in self.requests)


def as_graphql(record: Record) -> Record:
    """Return a record as GraphQL answers it: with other names of properties, and with all of them."""
    properties = {"user_id": "userId", "updated_at": "updatedAt"}
    return {"name": None} | {properties.get(name, name): value for name, value in record.items()}


@contextmanager
def serve(api: UnfriendlyAPI) -> Iterator[UnfriendlyAPI]:
    """Serve an API on a free port of the loopback interface, and log its requests."""

    @Request.application
    def application(request: Request) -> Response:
        answer = api.answer(request)
        api.requests.append(
            f"{answer.status} {request.method} {request.full_path.removeprefix(api.prefix).rstrip('?')}"
        )
        body = json.dumps(answer.body) if answer.status == Answer.status else api.error
        return Response(body, answer.status, answer.headers, content_type="application/json")

    with serve_on_loopback(application) as api.url:
        yield api
