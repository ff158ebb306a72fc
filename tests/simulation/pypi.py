"""PyPI: publishers, tokens, projects and their files. What PyPI refuses about a file is the release gate's to know.

How PyPI finds the publisher of a token follows warehouse (`oidc/views.py`, `oidc/models/github.py`), and so do its
messages.
"""

import hashlib
import re
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Self

import jwt
from packaging.utils import canonicalize_name
from werkzeug import Request, Response

from tests.simulation.oidc import ISSUER, signing_key
from tests.simulation.responses import json_response

PENDING_DAYS = 30
MINTED_SECONDS = 900
CLAIMS = ("repository", "repository_owner_id", "job_workflow_ref", "ref", "sha", "event_name", "jti")


class RefusedError(Exception):
    """PyPI refuses a request: a status, and the sentence that the user sees."""

    def __init__(self, message: str, status: int = 400) -> None:
        """Keep the sentence and the status."""
        super().__init__(message)
        self.status = status


class Upload(NamedTuple):
    """What an upload sends: the project's normalized name, the digest that the form names, and the file."""

    project: str
    digest: str
    filename: str
    content: bytes

    @classmethod
    def from_request(cls, request: Request) -> Self:
        """Read the body of a request."""
        file = request.files["content"]
        form = request.form
        return cls(canonicalize_name(form["name"]), form["sha256_digest"], file.filename or "", file.read())


class Publisher(NamedTuple):
    """A publisher as the form registers it; PyPI looks `owner_id` up when the form is sent."""

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
        """Return whether PyPI has deleted it."""
        return datetime.now(UTC) - self.created > timedelta(days=PENDING_DAYS)


class PyPI:
    """The parts of PyPI that a release uses."""

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

    def mint(self, request: Request) -> Response:
        """Exchange an ID token for an upload token, and a pending publisher for a project."""
        try:
            claims = jwt.decode(
                request.get_json(force=True)["token"],
                signing_key().public_key(),
                algorithms=["RS256"],
                audience="pypi",
                issuer=ISSUER,
                leeway=30,
            )
        except (ValueError, KeyError, jwt.PyJWTError):
            return refused_token("invalid-token", "malformed or invalid token")
        pending = self.find_pending(claims)
        if pending:
            self.pending.remove(pending)
            if canonicalize_name(pending.project) in self.projects:
                return refused_token("invalid-pending-publisher", "valid token, but project already exists")
            self.register(pending.publisher, pending.project)
        try:
            publisher = find_publisher(list(self.publishers), claims)
        except RefusedError as refusal:
            return refused_token("invalid-publisher", f"valid token, but no corresponding publisher ({refusal})")
        if claims["jti"] in self.used:
            return refused_token("invalid-reuse-token", "invalid token: already used")
        self.used.add(claims["jti"])
        minted, expires = f"pypi-{secrets.token_urlsafe(32)}", time.time() + MINTED_SECONDS
        self.minted[minted] = publisher, expires
        return json_response({"success": True, "token": minted, "expires": int(expires)})

    def find_pending(self, claims: dict[str, str]) -> Pending | None:
        """Return the pending publisher that the claims match, if there is one."""
        waiting = [pending for pending in self.pending if not pending.expired()]
        try:
            publisher = find_publisher([pending.publisher for pending in waiting], claims)
        except RefusedError:
            return None
        return next(pending for pending in waiting if pending.publisher == publisher)

    def burn(self, request: Request) -> Response:
        """Throw a minted token away."""
        token = request.get_json(force=True)["token"]
        self.minted.pop(token, None)
        self.burned.append(token)
        return json_response({})

    def upload(self, request: Request) -> Response:
        """Accept a file, or refuse it with PyPI's sentence."""
        upload = Upload.from_request(request)
        try:
            self.accept(request, upload)
            response = json_response({})
        except RefusedError as refusal:
            sentence = str(refusal).encode("iso-8859-1", "replace").decode("iso-8859-1")
            response = json_response({"message": sentence}, f"{refusal.status} {sentence}")
        self.attempts.append((upload.filename, response.status_code))
        return response

    def accept(self, request: Request, upload: Upload) -> None:
        """Accept a file; raise `RefusedError` for one that PyPI refuses."""
        given = request.authorization
        user, token = (given.username, given.password) if given and given.type == "basic" else (None, None)
        publisher, expires = self.minted.get(token or "", (None, 0.0))
        if user != "__token__" or publisher is None or expires < time.time():
            message = "Invalid or non-existent authentication information."
            raise RefusedError(message, 403)
        if upload.project not in self.projects:
            message = (
                "Non-user identities cannot create new projects. This was probably caused by successfully using a "
                "pending publisher but specifying the project name incorrectly (either in the publisher or in your "
                "project's metadata). Please ensure that both match."
            )
            raise RefusedError(message)
        if upload.project not in self.publishers[publisher]:
            message = f"The given token isn't allowed to upload to project '{upload.project}'."
            raise RefusedError(message, 403)
        if hashlib.sha256(upload.content).hexdigest() != upload.digest:
            message = "The digest supplied does not match a digest calculated from the uploaded file."
            raise RefusedError(message)
        present = self.projects[upload.project].get(upload.filename)
        if present == upload.content:
            return
        if present is not None:
            blake2 = hashlib.blake2b(upload.content, digest_size=32).hexdigest()
            message = f"File already exists ({upload.filename!r}, with blake2_256 hash {blake2!r})."
            raise RefusedError(message)
        self.projects[upload.project][upload.filename] = upload.content

    def simple_index(self, project: str) -> Response:
        """Answer as PyPI's index does (PEP 691), which has projects without files, too."""
        name = canonicalize_name(project)
        if name not in self.projects:
            return json_response({"message": "Not Found"}, "404 Not Found")
        sums = {file: hashlib.sha256(content).hexdigest() for file, content in self.projects[name].items()}
        files = [{"filename": file, "hashes": {"sha256": value}} for file, value in sums.items()]
        return json_response({"name": name, "files": files})


def refused_token(code: str, description: str) -> Response:
    """Return the answer to an ID token that PyPI refuses."""
    errors = [{"code": code, "description": description}]
    return json_response({"message": "Token request failed", "errors": errors}, "422 Unprocessable Entity")


def find_publisher(publishers: list[Publisher], claims: dict[str, Any]) -> Publisher:
    """Return the publisher that the claims match; raise `RefusedError` if there is none.

    Owner, repository and workflow are compared exactly, the environment without regard to case; a publisher that names
    the environment wins over one that names none.
    """
    for name in CLAIMS:
        if name not in claims:
            message = f"Missing claim {name!r}"
            raise RefusedError(message)
    owner, _, repository = claims["repository"].partition("/")
    workflow = re.search(r"([^/]+\.ya?ml)(?=@)", claims["job_workflow_ref"])
    environment = claims.get("environment", "").lower()
    claimed = (owner, repository, workflow[0] if workflow else "", claims["repository_owner_id"])
    matching = [
        publisher
        for publisher in publishers
        if (publisher.owner, publisher.repository, publisher.workflow_filename, publisher.owner_id) == claimed
    ]
    specific = [publisher for publisher in matching if environment and publisher.environment.lower() == environment]
    chosen = [*specific, *(publisher for publisher in matching if not publisher.environment)]
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
