"""GitHub's token endpoint, which signs ID tokens for the jobs that may ask for one; with a key that PyPI has, too."""

import json
import secrets
import time
from collections import Counter
from typing import Any

import jwt
from werkzeug import Request, Response

PATH = "/idtoken"
URL, BEARER = "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"  # a job's variables
KEY = secrets.token_hex()  # GitHub signs with RS256; the tools do not look at that


def json_response(content: Any, status: str = "200 OK") -> Response:  # noqa: ANN401 - what JSON can hold
    """Return a response with JSON; the status is a number and a reason."""
    return Response(json.dumps(content), status=status, content_type="application/json")


class TokenEndpoint:
    """The endpoint; `issued` counts the tokens that it signed, by the bearer token of a job."""

    def __init__(self) -> None:
        """Begin without jobs."""
        self.claims: dict[str, dict[str, str]] = {}  # by the bearer token of a job
        self.issued: Counter[str] = Counter()

    def allow(self, claims: dict[str, str]) -> str:
        """Let a job ask for tokens with these claims; return the bearer token that it asks with."""
        bearer = secrets.token_hex(16)
        self.claims[bearer] = claims
        return bearer

    def sign(self, request: Request) -> Response:
        """Answer a job's request for an ID token."""
        bearer = (request.authorization and request.authorization.token) or ""
        if bearer not in self.claims:
            return json_response({"message": "not a job with id-token: write"}, "401 Unauthorized")
        self.issued[bearer] += 1
        now = int(time.time())
        claims = self.claims[bearer] | {"aud": request.args.get("audience", ""), "iat": now, "exp": now + 300}
        return json_response({"value": jwt.encode(claims, KEY)})
