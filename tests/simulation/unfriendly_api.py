"""An API that has what real ones have: other pages, rate limits, outages, tokens that expire, and gaps in the data.

It keeps a clock of its own: a response that asks the client to wait moves it, as if the client waited.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlencode

from werkzeug import Request, Response

from tests.support.serving import serve as serve_on_loopback

PAGE_SIZE = 2
TOKEN_SECONDS = 50  # less than the minute that a rate limit asks to wait
CREDENTIALS = {"client_id": "ali", "client_secret": "open sesame", "scope": "users:read groups:read"}
REFRESH_TOKEN = "forty thieves"  # noqa: S105

Record = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What the API answers: status, headers, and a body that becomes JSON."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None


RATE_LIMIT = Answer(429, {"Retry-After": "60"})
RATE_LIMIT_WITHOUT_RETRY_AFTER = Answer(429, {"X-RateLimit-Limit": "9", "X-RateLimit-Reset": "30"})
OUTAGE = Answer(503)


@dataclass
class UnfriendlyAPI:
    """The records at each path, how they are paged and guarded, and the answers that come before the right ones.

    `None` among the records is one that the API filters out after it cut the pages, so that pages can be empty.
    """

    records: dict[str, list[Record | None]]
    pages: Literal["cursor", "link", "number", "response"] = "response"
    guard: Literal["basic", "client", "key", "refresh"] = "key"
    trouble: dict[str, list[Answer]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)  # status, method, and URL of each, in order
    clock: float = 0
    tokens: dict[str, float] = field(default_factory=dict)  # when each expires
    url: str = ""

    def answer(self, request: Request) -> Answer:
        """Return the answer to a request."""
        path = request.path
        if (request.method, path) == ("POST", "/oauth/token"):
            return self.token(request.form.to_dict())
        if not self.allows(request):
            return Answer(401, body={"message": "Unauthorized"})
        if self.trouble.get(path):
            answer = self.trouble[path].pop(0)
            self.clock += float(answer.headers.get("Retry-After", 0))
            return answer
        if path not in self.records:
            return Answer(404, body={"message": "Not Found"})
        return self.page(path, request.args.to_dict())

    def allows(self, request: Request) -> bool:
        """Return whether a request has the right credentials."""
        given = request.authorization
        if self.guard == "key":
            return request.headers.get("x-api-key") == "open sesame"
        if self.guard == "basic":
            return given is not None and (given.username, given.password) == ("ali", "open sesame")
        return given is not None and self.tokens.get(given.token or "", 0) > self.clock

    def token(self, form: dict[str, str]) -> Answer:
        """Return a new access token for the credentials of the client or for the refresh token."""
        expected = {"grant_type": "client_credentials"} | CREDENTIALS
        if self.guard == "refresh":
            expected |= {"grant_type": "refresh_token", "refresh_token": REFRESH_TOKEN}
        if form != expected:
            return Answer(400, body={"error": "invalid_request"})
        token = f"token-{len(self.tokens) + 1}"
        self.tokens[token] = self.clock + TOKEN_SECONDS
        return Answer(body={"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS})

    def page(self, path: str, query: dict[str, str]) -> Answer:
        """Return a page of the records that changed, and where the next one is, as this API says it."""
        number = int(query.get("cursor", "c1")[1:] if self.pages == "cursor" else query.get("page", 1))
        since = query.get("since", "")
        found = [record for record in self.records[path] if not record or str(record.get("updated_at", since)) >= since]
        data = [record for record in found[PAGE_SIZE * (number - 1) : PAGE_SIZE * number] if record]
        more = bool(found[PAGE_SIZE * number :])
        if self.pages == "cursor":
            return Answer(body={"data": data, "next_cursor": f"c{number + 1}" if more else None})
        if self.pages == "link" and more:
            link = f"{self.url}{path}?{urlencode(query | {'page': str(number + 1)})}"
            return Answer(headers={"Link": f'<{link}>; rel="next"'}, body={"data": data})
        if self.pages == "response":
            return Answer(body={"data": data, "next_page": number + 1 if more else None})
        return Answer(body={"data": data})

    def count(self, text: str) -> int:
        """Return how many of the logged requests contain a text."""
        return sum(text in request for request in self.requests)


@contextmanager
def serve(api: UnfriendlyAPI) -> Iterator[UnfriendlyAPI]:
    """Serve an API on a free port of the loopback interface, and log its requests."""

    @Request.application
    def application(request: Request) -> Response:
        answer = api.answer(request)
        api.requests.append(f"{answer.status} {request.method} {request.full_path.rstrip('?')}")
        return Response(json.dumps(answer.body), answer.status, answer.headers, content_type="application/json")

    with serve_on_loopback(application) as api.url:
        yield api
