"""GitHub's token endpoint, PyPI, and the log of Sigstore, served on loopback.

The real tools ask by the real URLs: `HTTPS_PROXY` leads them here, and a certificate authority that is made for the
tests vouches for the hosts.
"""

import re
import ssl
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import jwt
import trustme
from werkzeug import Request, Response

from tests.simulation.git_host import serve_api, serve_git
from tests.simulation.pypi import KEY, PyPI
from tests.support.serving import QuietHandler, json_response, serve

if TYPE_CHECKING:
    from tests.simulation.github import GitHub

HOSTS = ("pypi.org", "upload.pypi.org", "rekor.sigstore.dev", "github.com", "api.github.com")


@dataclass
class Fault:
    """What goes wrong on PyPI's side, for URLs that contain `url`, from the request numbered `after` on."""

    url: str
    status: int = 0  # an answer instead of PyPI's; 0 cuts the connection
    delay: float = 0  # seconds before PyPI's answer
    after: int = 0
    body: bytes = b""  # of the answer


class Loopback:
    """The application: both services, the faults, and the variables that lead a tool to them."""

    def __init__(self, certificate: Path) -> None:
        """Keep the file of the certificate authority; `address` is set when the application is served."""
        self.certificate, self.address = certificate, ""
        self.reset()

    def reset(self) -> Self:
        """Forget all that was registered, uploaded and broken."""
        self.pypi = PyPI()
        self.tokens_issued: Counter[str] = Counter()  # ID tokens, by what a job asks with
        self.faults: list[Fault] = []
        self.github: GitHub | None = None  # whose git and API are served
        return self

    def variables(self) -> dict[str, str]:
        """Return the environment in which a tool finds the services under their real URLs, and nothing else."""
        proxies = dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY"), self.address) | {"NO_PROXY": "127.0.0.1"}
        names = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "GIT_SSL_CAINFO")
        return proxies | dict.fromkeys(names, str(self.certificate))

    def allow_tokens(self, claims: dict[str, str]) -> tuple[str, dict[str, str]]:
        """Let a job ask for ID tokens with these claims; return what it asks with, and the variables that it gets."""
        url, bearer = f"{self.address}/idtoken?api-version=2.0", jwt.encode(claims, KEY)
        return bearer, {"ACTIONS_ID_TOKEN_REQUEST_URL": url, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": bearer}

    def sign(self, request: Request) -> Response:
        """Answer a job's request for an ID token."""
        bearer = (request.authorization and request.authorization.token) or ""
        try:
            claims = jwt.decode(bearer, KEY, ["HS256"])
        except jwt.InvalidTokenError:
            return json_response({"message": "not a job with id-token: write"}, "401 Unauthorized")
        self.tokens_issued[bearer] += 1
        now = int(time.time())
        claims |= {"aud": request.args.get("audience", ""), "iat": now, "exp": now + 300}
        return json_response({"value": jwt.encode(claims, KEY)})

    def answer(self, request: Request) -> Response:
        """Answer a request, or do what a fault says."""
        return self.faulty_response(request) or self.response(request) or self.github_response(request)

    def faulty_response(self, request: Request) -> Response | None:
        """Return the response that a fault gives instead of the service; some faults wait or cut the connection."""
        for number, fault in enumerate(self.faults):
            if fault.url not in request.url:
                continue
            if fault.after > 0:
                self.faults[number] = replace(fault, after=fault.after - 1)
            elif fault.delay:
                time.sleep(fault.delay)
            elif fault.body:
                return Response(fault.body, content_type="application/json")
            elif fault.status:
                return json_response({"message": "trouble"}, f"{fault.status} Trouble")
            else:
                raise ConnectionAbortedError
        return None

    def github_response(self, request: Request) -> Response:
        """Return the response of GitHub's git or API, if it is served; a URL that belongs to none is a 404."""
        host = urlsplit(request.url).hostname
        if self.github is None or host not in {"github.com", "api.github.com", "127.0.0.1"}:
            return json_response({"message": f"no such URL: {request.method} {request.url}"}, "404 Not Found")
        return serve_git(request, self.github) if host == "github.com" else serve_api(request, self.github)

    def response(self, request: Request) -> Response | None:
        """Return the response of PyPI, of Sigstore, or of the token endpoint, if the URL belongs to them."""
        response = None
        match request.method, urlsplit(request.url).hostname, request.path.rstrip("/"):
            case "GET", "127.0.0.1", "/idtoken":
                response = self.sign(request)
            case "GET", "pypi.org" | "upload.pypi.org", "/_/oidc/audience":
                response = json_response({"audience": "pypi"})
            case "POST", "pypi.org" | "upload.pypi.org", "/_/oidc/mint-token" | "/_/oidc/github/mint-token":
                response = self.pypi.mint(request)
            case "POST", "pypi.org" | "upload.pypi.org", "/_/oidc/burn-token":
                response = self.pypi.burn(request)
            case "POST", "rekor.sigstore.dev", _:
                response = json_response({})
            case "POST", "upload.pypi.org", "/legacy":
                response = self.pypi.upload(request)
            case "GET", "pypi.org", path if project := re.fullmatch(r"/simple/([^/]+)", path):
                response = self.pypi.simple_index(project[1])
            case "GET", "pypi.org", path if file := re.fullmatch(r"/files/(.+)", path):
                response = Response(next(files[file[1]] for files in self.pypi.projects.values() if file[1] in files))
        return response


class TunnelHandler(QuietHandler):
    """One connection: `CONNECT` to a simulated host, then requests inside TLS. Others go to GitHub's token endpoint."""

    context: ssl.SSLContext
    tunnel = False

    def do_CONNECT(self) -> None:  # noqa: N802 - the name that http.server calls
        """Open the tunnel; only to hosts that are simulated."""
        if self.path.partition(":")[0] not in HOSTS:
            self.send_error(403, "not on loopback")
            return
        self.send_response(200, "Connection established")
        self.end_headers()
        self.connection = self.context.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)
        self.close_connection, self.tunnel = False, True

    def make_environ(self) -> dict[str, Any]:
        """Return werkzeug's environment of a request; inside a tunnel, its URL is https."""
        return super().make_environ() | ({"wsgi.url_scheme": "https"} if self.tunnel else {})

    def connection_dropped(self, *_: object) -> None:
        """Wait for no other request after a fault has cut the connection."""
        self.close_connection = True

    def finish(self) -> None:
        """Close the tunnel, too."""
        super().finish()
        self.connection.close()


@contextmanager
def serve_loopback(folder: Path) -> Iterator[Loopback]:
    """Serve GitHub's token endpoint and PyPI, with new certificates in the folder."""
    authority = trustme.CA()
    certificate = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(certificate))

    class Handler(TunnelHandler):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

    authority.issue_cert(*HOSTS).configure_cert(Handler.context)
    loopback = Loopback(certificate)
    with serve(Request.application(loopback.answer), Handler) as loopback.address:
        yield loopback
