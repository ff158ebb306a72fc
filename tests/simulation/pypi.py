"""PyPI: publishers, tokens, projects and their files. What PyPI refuses about a file is the release gate's to know.

How PyPI finds the publisher of a token follows warehouse (`oidc/views.py`, `oidc/models/github.py`), and so do its
messages.
"""

import hashlib
import json
import re
import secrets
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import jwt
from packaging.utils import canonicalize_name
from werkzeug import Request, Response

from tests.support.serving import json_response

KEY = secrets.token_hex()  # of the ID tokens: GitHub signs with RS256, which the tools do not look at
PENDING_DAYS = 30


class Publisher(NamedTuple):
    """A publisher as the form registers it."""

    owner: str
    repository: str
    workflow_filename: str
    environment: str


@dataclass
class PyPI:
    """The parts of PyPI that a release uses."""

    publishers: dict[Publisher, set[str]] = field(default_factory=dict)  # and the projects that each may upload to
    pending: list[tuple[Publisher, str]] = field(default_factory=list)  # and the project that each waits for
    projects: dict[str, dict[str, bytes]] = field(default_factory=dict)  # by normalized name: file name to content
    minted: dict[str, Publisher] = field(default_factory=dict)
    burned: list[str] = field(default_factory=list)
    attempts: list[tuple[str, int]] = field(default_factory=list)  # every upload: file name, status

    def register(self, publisher: Publisher, project: str) -> Self:
        """Fill in the publisher form of a project that exists."""
        self.projects.setdefault(canonicalize_name(project), {})
        self.publishers.setdefault(publisher, set()).add(canonicalize_name(project))
        return self

    def register_pending(self, publisher: Publisher, project: str, days: int = 0) -> Self:
        """Fill in the form for a project that does not exist, some days ago: PyPI deletes it after 30."""
        self.pending += [(publisher, project)] if days <= PENDING_DAYS else []
        return self

    def files(self, project: str) -> dict[str, bytes]:
        """Return the files of a project, by name."""
        return self.projects.get(canonicalize_name(project), {})

    def mint(self, request: Request) -> Response:
        """Exchange an ID token for an upload token, and a pending publisher for a project."""
        claims = jwt.decode(request.get_json(force=True)["token"], KEY, ["HS256"], audience="pypi")
        waiting = find_publisher([publisher for publisher, _ in self.pending], claims)
        for publisher, project in [one for one in self.pending if one[0] == waiting]:
            self.pending.remove((publisher, project))
            if canonicalize_name(project) in self.projects:
                return refused_token("invalid-pending-publisher", "valid token, but project already exists")
            self.register(publisher, project)
        trusted = find_publisher(list(self.publishers), claims)
        if not trusted:
            why = "Publisher with matching claims was not found"
            return refused_token("invalid-publisher", f"valid token, but no corresponding publisher ({why})")
        minted = f"pypi-{secrets.token_urlsafe(32)}"
        self.minted[minted] = trusted
        return json_response({"success": True, "token": minted})

    def burn(self, request: Request) -> Response:
        """Throw a minted token away."""
        token = request.get_json(force=True)["token"]
        self.minted.pop(token, None)
        self.burned.append(token)
        return json_response({})

    def upload(self, request: Request) -> Response:
        """Accept a file, or refuse it with PyPI's sentence."""
        name, content = request.files["content"].filename or "", request.files["content"].read()
        status, sentence = self.judge(request, name, content)
        if not sentence:
            self.files(request.form["name"])[name] = content
        self.attempts.append((name, status))
        sentence = sentence.encode("iso-8859-1", "replace").decode("iso-8859-1")
        return json_response({"message": sentence}, f"{status} {sentence}")

    def judge(self, request: Request, name: str, content: bytes) -> tuple[int, str]:
        """Return the status for an upload, and why PyPI refuses it; the latter is empty if it does not."""
        project, given = canonicalize_name(request.form["name"]), request.authorization
        publisher = self.minted.get((given and given.password) or "")
        present = self.files(project).get(name, content)
        if publisher is None:
            return 403, "Invalid or non-existent authentication information."
        if project not in self.projects:
            return 400, (
                "Non-user identities cannot create new projects. This was probably caused by successfully using a "
                "pending publisher but specifying the project name incorrectly (either in the publisher or in your "
                "project's metadata). Please ensure that both match."
            )
        if project not in self.publishers[publisher]:
            return 403, f"The given token isn't allowed to upload to project '{project}'."
        if present != content:
            blake2 = hashlib.blake2b(content, digest_size=32).hexdigest()
            return 400, f"File already exists ({name!r}, with blake2_256 hash {blake2!r})."
        return 200, ""

    def simple_index(self, project: str) -> Response:
        """Answer as PyPI's index does (PEP 691), which has projects without files, too."""
        if project not in self.projects:
            return json_response({"message": "Not Found"}, "404 Not Found")
        sums = {file: hashlib.sha256(content).hexdigest() for file, content in self.projects[project].items()}
        files = [{"filename": file, "url": f"/files/{file}", "hashes": {"sha256": sums[file]}} for file in sums]
        content = json.dumps({"meta": {"api-version": "1.0"}, "name": project, "files": files})
        return Response(content, content_type="application/vnd.pypi.simple.v1+json")


def refused_token(code: str, description: str) -> Response:
    """Return the answer to an ID token that PyPI refuses."""
    errors = [{"code": code, "description": description}]
    return json_response({"message": "Token request failed", "errors": errors}, "422 Unprocessable Entity")


def find_publisher(publishers: list[Publisher], claims: dict[str, Any]) -> Publisher | None:
    """Return the publisher that the claims match, if there is one.

    Owner, repository and workflow are compared exactly, the environment without regard to case; a publisher that names
    the environment wins over one that names none.
    """
    claimed = (claims["repository"], re.findall(r"/([^/@]+)@", claims["job_workflow_ref"])[0])
    environments = ("", claims.get("environment", "").lower())
    matching = [
        one
        for one in publishers
        if (f"{one.owner}/{one.repository}", one.workflow_filename) == claimed
        and one.environment.lower() in environments
    ]
    return max(matching, key=lambda one: one.environment, default=None)
