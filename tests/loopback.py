"""GitHub's token endpoint and PyPI, played by one server on loopback.

The real tools talk to it by the real addresses: `HTTPS_PROXY` leads them here, and a certificate authority made for
the occasion vouches for the hosts. Tokens are real: RS256 JWTs that GitHub's side signs and PyPI's side verifies.
How PyPI matches a publisher and what it refuses at an upload follows warehouse (`oidc/views.py`,
`oidc/models/github.py`, `forklift/legacy.py`, `forklift/metadata.py`), and so do its messages.
"""

import base64
import hashlib
import io
import json
import re
import secrets
import ssl
import tarfile
import threading
import time
import zipfile
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qs, urlsplit

import jwt
import trustme
from cryptography.hazmat.primitives.asymmetric import rsa
from email_validator import EmailNotValidError, validate_email
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version
from readme_renderer import markdown, rst
from trove_classifiers import classifiers, deprecated_classifiers

ISSUER = "https://token.actions.githubusercontent.com"
HOSTS = ("pypi.org", "upload.pypi.org")
PENDING_DAYS = 30
MINTED_SECONDS = 900
LONGEST_SUMMARY = 512

Answer = tuple[int, str, dict[str, Any]]  # status, reason, body
Form = dict[str, list[str]]


@cache
def signing_key() -> rsa.RSAPrivateKey:
    """Return the key that GitHub's side signs with, one for all tests."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Publisher(NamedTuple):
    """A publisher as the form registers it; `owner_id` is what PyPI looks up when the form is sent."""

    owner: str
    repository: str
    workflow_filename: str
    environment: str
    owner_id: str = "1"


@dataclass
class Pending:
    """A publisher that waits for its project; it expires after 30 days."""

    publisher: Publisher
    project: str
    created: datetime = field(default_factory=lambda: datetime.now(UTC))

    def expired(self) -> bool:
        """Tell whether PyPI has deleted it by now."""
        return datetime.now(UTC) - self.created > timedelta(days=PENDING_DAYS)


class Upload(NamedTuple):
    """What an upload sends: the form's fields, and the file."""

    form: Form
    filename: str
    content: bytes

    def one(self, name: str) -> str:
        """Return the first value of a field, or an empty text."""
        return self.form.get(name, [""])[0]


class RefusedError(Exception):
    """PyPI says no: a status and the sentence that the user sees."""

    def __init__(self, message: str, status: int = 400) -> None:
        """Keep the sentence and the status."""
        super().__init__(message)
        self.status = status


class GitHubTokens:
    """GitHub's token endpoint: signs an ID token for a job that may ask for one."""

    def __init__(self, address: str) -> None:
        """Begin without jobs; the address is this server's, which a job is told."""
        self.address = address
        self.jobs: dict[str, dict[str, str]] = {}
        self.asked = 0

    def admit(self, claims: dict[str, str]) -> dict[str, str]:
        """Let a job ask for tokens with these claims; return the variables that GitHub gives it."""
        bearer = secrets.token_hex(16)
        self.jobs[bearer] = claims
        return {
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self.address}/idtoken?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": bearer,
        }

    def sign(self, authorization: str, audience: str) -> Answer:
        """Answer a job's request for an ID token."""
        claims = self.jobs.get(authorization.partition(" ")[2])
        if claims is None:
            return 401, "Unauthorized", {"message": "not a job with id-token: write"}
        self.asked += 1
        now = int(time.time())
        payload = claims | {"iss": ISSUER, "aud": audience, "iat": now, "nbf": now, "exp": now + 300}
        payload["jti"] = secrets.token_hex(16)
        return 200, "OK", {"value": jwt.encode(payload, signing_key(), algorithm="RS256")}


class PyPI:
    """The parts of PyPI that a release meets: publishers, tokens, projects and their files."""

    def __init__(self) -> None:
        """Begin empty."""
        self.publishers: dict[Publisher, set[str]] = {}  # and the projects that each may upload to
        self.pending: list[Pending] = []
        self.projects: dict[str, dict[str, bytes]] = {}  # by normalized name: file name to content
        self.minted: dict[str, tuple[Publisher, float]] = {}
        self.burned: list[str] = []
        self.used: set[str] = set()
        self.attempts: list[tuple[str, int]] = []  # every upload: file name, status

    def register(self, publisher: Publisher, project: str) -> Self:
        """Fill in the publisher form of a project that exists."""
        self.projects.setdefault(canonicalize_name(project), {})
        self.publishers.setdefault(publisher, set()).add(canonicalize_name(project))
        return self

    def register_pending(self, publisher: Publisher, project: str, age: timedelta = timedelta()) -> Self:
        """Fill in the form for a project that does not exist, some time ago."""
        self.pending.append(Pending(publisher, project, datetime.now(UTC) - age))
        return self

    def files(self, project: str) -> dict[str, bytes]:
        """Return the files of a project, by name."""
        return self.projects.get(canonicalize_name(project), {})

    def mint(self, body: bytes) -> Answer:
        """Exchange an ID token for an upload token, and a pending publisher for a project."""
        try:
            token = json.loads(body)["token"]
            claims = jwt.decode(
                token, signing_key().public_key(), algorithms=["RS256"], audience="pypi", issuer=ISSUER, leeway=30
            )
        except (ValueError, KeyError, jwt.PyJWTError):
            return self.refuse("invalid-token", "malformed or invalid token")
        try:
            waiting = self.find([pending.publisher for pending in self.pending if not pending.expired()], claims)
        except RefusedError:
            pass
        else:
            pending = next(pending for pending in self.pending if pending.publisher == waiting)
            self.pending.remove(pending)
            if canonicalize_name(pending.project) in self.projects:
                return self.refuse("invalid-pending-publisher", "valid token, but project already exists")
            self.register(waiting, pending.project)
        try:
            publisher = self.find(list(self.publishers), claims)
        except RefusedError as refusal:
            return self.refuse("invalid-publisher", f"valid token, but no corresponding publisher ({refusal})")
        if claims["jti"] in self.used:
            return self.refuse("invalid-reuse-token", "invalid token: already used")
        self.used.add(claims["jti"])
        minted, expires = f"pypi-{secrets.token_urlsafe(32)}", time.time() + MINTED_SECONDS
        self.minted[minted] = publisher, expires
        return 200, "OK", {"success": True, "token": minted, "expires": int(expires)}

    @staticmethod
    def refuse(code: str, description: str) -> Answer:
        """Return the answer to a token that is not taken."""
        errors = [{"code": code, "description": description}]
        return 422, "Unprocessable Entity", {"message": "Token request failed", "errors": errors}

    @staticmethod
    def find(publishers: list[Publisher], claims: dict[str, str]) -> Publisher:
        """Return the publisher that the claims are of; raise `RefusedError` if there is none.

        Owner, repository and workflow count to the letter, the environment without regard to case; a publisher
        that names the environment goes before one that names none.
        """
        for name in ("repository", "repository_owner_id", "job_workflow_ref", "ref", "sha", "event_name", "jti"):
            if name not in claims:
                message = f"Missing claim {name!r}"
                raise RefusedError(message)
        owner, _, repository = claims["repository"].partition("/")
        workflow = re.search(r"([^/]+\.ya?ml)(?=@)", claims["job_workflow_ref"])
        environment = claims.get("environment", "").lower()
        wanted = (owner, repository, workflow[0] if workflow else "", claims["repository_owner_id"])
        fitting = [
            publisher
            for publisher in publishers
            if (publisher.owner, publisher.repository, publisher.workflow_filename, publisher.owner_id) == wanted
        ]
        specific = [publisher for publisher in fitting if environment and publisher.environment.lower() == environment]
        chosen = [*specific, *(publisher for publisher in fitting if not publisher.environment)]
        if not chosen:
            message = "Publisher with matching claims was not found"
            raise RefusedError(message)
        path = f"{owner}/{repository}/.github/workflows/{chosen[0].workflow_filename}"
        if claims["job_workflow_ref"] not in {f"{path}@{claims['ref']}", f"{path}@{claims['sha']}"}:
            message = f"The job_workflow_ref claim does not match, got {claims['job_workflow_ref']!r}"
            raise RefusedError(message)
        if claims["event_name"] == "pull_request_target":
            message = "Publishing from a workflow invoked via 'pull_request_target' is not supported."
            raise RefusedError(message)
        return chosen[0]

    def burn(self, token: str) -> Answer:
        """Throw a minted token away."""
        self.minted.pop(token, None)
        self.burned.append(token)
        return 200, "OK", {}

    def upload(self, authorization: str, upload: Upload) -> Answer:
        """Take a file, or refuse it with PyPI's sentence."""
        try:
            answer = self.take(authorization, upload)
        except RefusedError as refusal:
            sentence = str(refusal).encode("iso-8859-1", "replace").decode("iso-8859-1")
            answer = refusal.status, sentence, {"message": sentence}
        self.attempts.append((upload.filename, answer[0]))
        return answer

    def take(self, authorization: str, upload: Upload) -> Answer:
        """Take a file; raise `RefusedError` for one that PyPI refuses."""
        kind, _, credentials = authorization.partition(" ")
        user, _, token = base64.b64decode(credentials).decode().partition(":") if kind == "Basic" else ("", "", "")
        publisher, expires = self.minted.get(token, (None, 0.0))
        if user != "__token__" or publisher is None or expires < time.time():
            message = "Invalid or non-existent authentication information."
            raise RefusedError(message, 403)
        check_form(upload)
        check_addresses(upload)
        name = canonicalize_name(upload.one("name"))
        if name not in self.projects:
            message = (
                "Non-user identities cannot create new projects. This was probably caused by successfully using a "
                "pending publisher but specifying the project name incorrectly (either in the publisher or in your "
                "project's metadata). Please ensure that both match."
            )
            raise RefusedError(message)
        if name not in self.publishers[publisher]:
            message = f"The given token isn't allowed to upload to project '{name}'."
            raise RefusedError(message, 403)
        check_description(upload)
        blake2 = hashlib.blake2b(upload.content, digest_size=32).hexdigest()
        if hashlib.sha256(upload.content).hexdigest() != upload.one("sha256_digest"):
            message = "The digest supplied does not match a digest calculated from the uploaded file."
            raise RefusedError(message)
        present = self.projects[name].get(upload.filename)
        if present == upload.content:
            return 200, "OK", {}
        if present is not None:
            message = f"File already exists ({upload.filename!r}, with blake2_256 hash {blake2!r})."
            raise RefusedError(message)
        check_file(upload)
        self.projects[name][upload.filename] = upload.content
        return 200, "OK", {}


def check_form(upload: Upload) -> None:
    """Check the fields of an upload as PyPI does."""
    version = Version(upload.one("version"))
    if version.local:
        message = f"The use of local versions in '{version}' is not allowed."
        raise RefusedError(message)
    if len(upload.one("summary")) > LONGEST_SUMMARY:
        message = f"'summary' field must be {LONGEST_SUMMARY} characters or less."
        raise RefusedError(message)
    for name in upload.form.get("classifiers", []):
        if name not in classifiers:
            message = f"{name!r} is not a valid classifier."
            raise RefusedError(message)
        if name in deprecated_classifiers:
            instead = deprecated_classifiers[name]
            message = f"The classifier {name!r} has been deprecated" + (
                f", use one of {instead} instead." * bool(instead)
            )
            raise RefusedError(message)
    for requirement in upload.form.get("requires_dist", []):
        if Requirement(requirement).url:
            message = f"Can't have direct dependency: {requirement}"
            raise RefusedError(message)
    if upload.one("license") and upload.one("license_expression"):
        message = "License is deprecated when License-Expression is present."
        raise RefusedError(message)


def check_addresses(upload: Upload) -> None:
    """Check the e-mail addresses of an upload as PyPI does."""
    for name in ("author_email", "maintainer_email"):
        if address := parseaddr(upload.one(name))[1]:
            try:
                validate_email(address, check_deliverability=False)
            except EmailNotValidError as error:
                message = f"{address!r} is not a valid email address: {error}"
                raise RefusedError(message) from error


def check_description(upload: Upload) -> None:
    """Check that the README renders."""
    text, kind = upload.one("description"), upload.one("description_content_type")
    renderers = {"text/markdown": markdown, "text/x-rst": rst}
    renderer = renderers.get(kind.partition(";")[0].strip() or "text/x-rst")
    if text.strip() and renderer and renderer.render(text, stream=io.StringIO()) is None:
        message = (
            f"The description failed to render for '{kind}'."
            if kind
            else "The description failed to render in the default format of reStructuredText."
        )
        raise RefusedError(message)


def check_file(upload: Upload) -> None:
    """Check that the name of a file is the normalized one, and that the licence files it names are in it."""
    name = canonicalize_name(upload.one("name")).replace("-", "_")
    version = str(Version(upload.one("version")))
    if upload.filename.endswith(".whl"):
        if parse_wheel_filename(upload.filename)[1] != Version(version) or upload.filename.split("-")[0] != name:
            message = f"Filename {upload.filename!r} should contain the normalized project name {name!r}."
            raise RefusedError(message)
        inside, folder = zipfile.ZipFile(io.BytesIO(upload.content)).namelist(), f"{name}-{version}.dist-info/licenses"
    else:
        if upload.filename != f"{name}-{version}.tar.gz":
            message = f"Filename {upload.filename!r} is invalid, should be '{name}-{version}.tar.gz'."
            raise RefusedError(message)
        with tarfile.open(fileobj=io.BytesIO(upload.content)) as sdist:
            inside, folder = sdist.getnames(), f"{name}-{version}"
    for licence in upload.form.get("license_files", []) + upload.form.get("license_file", []):
        if f"{folder}/{licence}" not in inside:
            message = (
                f"License-File {licence} does not exist in distribution file {upload.filename} at {folder}/{licence}"
            )
            raise RefusedError(message)


def parse_multipart(content_type: str, body: bytes) -> Upload:
    """Read the body of an upload."""
    boundary = b"--" + content_type.partition("boundary=")[2].strip('"').encode()
    form: Form = {}
    filename, content = "", b""
    for part in body.split(boundary)[1:-1]:
        head, _, value = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        value = value.removesuffix(b"\r\n")
        names = dict(re.findall(r'(\w+)="([^"]*)"', head.decode()))
        if "filename" in names:
            filename, content = names["filename"], value
        else:
            form.setdefault(names["name"], []).append(value.decode())
    return Upload(form, filename, content)


@dataclass
class Trouble:
    """What goes wrong on PyPI's side: for paths that contain `path`, from the request numbered `after` on."""

    path: str
    status: int = 0  # an answer instead of PyPI's; 0 cuts the connection
    delay: float = 0  # seconds before PyPI's answer
    after: int = 0


class Loopback:
    """The server; a context manager that also answers which variables lead a tool to it."""

    def __init__(self, folder: Path) -> None:
        """Prepare certificates in the folder; each test has its own GitHub and PyPI."""
        authority = trustme.CA()
        self.certificate = folder / "authority.pem"
        authority.cert_pem.write_to_path(str(self.certificate))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*HOSTS).configure_cert(self.context)
        loopback = self

        class Handler(LoopbackHandler):
            server_side = loopback

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.reset()

    def reset(self) -> Self:
        """Forget all that was registered, uploaded and broken."""
        self.github, self.pypi = GitHubTokens(self.address), PyPI()
        self.trouble: list[Trouble] = []
        self.requests: list[str] = []
        return self

    def __enter__(self) -> Self:
        """Begin to serve."""
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving."""
        self.server.shutdown()
        self.server.server_close()

    def variables(self) -> dict[str, str]:
        """Return the environment in which a tool finds this server under the real addresses, and nothing else."""
        proxies = dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY"), self.address) | {"NO_PROXY": "127.0.0.1"}
        return proxies | dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"), str(self.certificate))

    def answer(self, method: str, address: str, headers: dict[str, str], body: bytes) -> Answer:
        """Answer a request; an address that neither side has is a 404."""
        url = urlsplit(address)
        authorization = headers.get("authorization", "")
        answer: Answer = 404, "Not Found", {"message": f"no such address: {method} {address}"}
        match method, url.hostname, url.path.rstrip("/"):
            case "GET", "127.0.0.1", "/idtoken":
                answer = self.github.sign(authorization, parse_qs(url.query).get("audience", [""])[0])
            case "GET", "pypi.org" | "upload.pypi.org", "/_/oidc/audience":
                answer = 200, "OK", {"audience": "pypi"}
            case "POST", "pypi.org" | "upload.pypi.org", "/_/oidc/mint-token" | "/_/oidc/github/mint-token":
                answer = self.pypi.mint(body)
            case "POST", "pypi.org" | "upload.pypi.org", "/_/oidc/burn-token":
                answer = self.pypi.burn(json.loads(body)["token"])
            case "POST", "upload.pypi.org", "/legacy":
                answer = self.pypi.upload(authorization, parse_multipart(headers.get("content-type", ""), body))
            case "GET", "pypi.org", path if name := re.fullmatch(r"/simple/([^/]+)", path):
                answer = self.simple(canonicalize_name(name[1]))
        return answer

    def simple(self, name: str) -> Answer:
        """Answer as PyPI's index does (PEP 691): a project without files exists, too."""
        if name not in self.pypi.projects:
            return 404, "Not Found", {"message": "Not Found"}
        sums = {file: hashlib.sha256(content).hexdigest() for file, content in self.pypi.projects[name].items()}
        files = [{"filename": file, "hashes": {"sha256": value}} for file, value in sums.items()]
        return 200, "OK", {"name": name, "files": files}


class LoopbackHandler(BaseHTTPRequestHandler):
    """One connection: a `CONNECT` to a host that is played, then requests inside TLS."""

    protocol_version = "HTTP/1.1"
    server_side: Loopback
    origin = ""  # of the tunnel; empty for GitHub's token endpoint, which is asked directly

    def do_CONNECT(self) -> None:
        """Open the tunnel; only to hosts that are played."""
        host = self.path.partition(":")[0]
        if host not in HOSTS:
            self.server_side.requests.append(f"CONNECT {self.path}")
            self.send_error(403, "not on loopback")
            return
        self.origin = f"https://{host}"
        self.send_response(200, "Connection established")
        self.end_headers()
        self.connection = self.server_side.context.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)
        self.close_connection = False

    def do_GET(self) -> None:
        """Answer a GET."""
        self.reply()

    def do_POST(self) -> None:
        """Answer a POST."""
        self.reply()

    def do_DELETE(self) -> None:
        """Answer a DELETE."""
        self.reply()

    def reply(self) -> None:
        """Read the body, let trouble happen, send the answer."""
        side = self.server_side
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.headers.get("transfer-encoding") == "chunked":
            body = self.read_chunks()
        address = f"{self.origin or side.address}{self.path}"
        side.requests.append(f"{self.command} {address}")
        status, reason, content = 0, "", {}
        for trouble in side.trouble:
            if trouble.path in address:
                if trouble.after > 0:
                    side.trouble[side.trouble.index(trouble)] = replace(trouble, after=trouble.after - 1)
                    continue
                time.sleep(trouble.delay)
                if not trouble.delay:
                    status, reason, content = trouble.status, "Trouble", {"message": "trouble"}
                    break
        else:
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, reason, content = side.answer(self.command, address, headers, body)
        if not status:
            self.close_connection = True
            return
        payload = json.dumps(content).encode()
        self.send_response(status, reason)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def read_chunks(self) -> bytes:
        """Read a chunked body (RFC 9112, 7.1)."""
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def finish(self) -> None:
        """Close the tunnel, too."""
        super().finish()
        self.connection.close()

    def log_message(self, *_: object) -> None:
        """Print nothing."""
