"""GitHub's token endpoint: signs ID tokens (RS256 JWTs) for the jobs that may ask for one."""

import secrets
import time
from collections import Counter
from functools import cache

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from werkzeug import Request, Response

from tests.simulation.responses import json_response

ISSUER = "https://token.actions.githubusercontent.com"
PATH = "/idtoken"
URL, BEARER = "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"  # a job's variables


@cache
def signing_key() -> rsa.RSAPrivateKey:
    """Return the key that GitHub signs with, one for all tests."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


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
        bearer = request.authorization.token if request.authorization else None
        claims = self.claims.get(bearer or "")
        if claims is None:
            return json_response({"message": "not a job with id-token: write"}, "401 Unauthorized")
        self.issued[bearer or ""] += 1
        now = int(time.time())
        audience = request.args.get("audience", "")
        payload = claims | {"iss": ISSUER, "aud": audience, "iat": now, "nbf": now, "exp": now + 300}
        payload["jti"] = secrets.token_hex(16)
        return json_response({"value": jwt.encode(payload, signing_key(), algorithm="RS256")})
