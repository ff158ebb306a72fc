"""github.com for git and for the tools of bots: pushes under the rules of the repository, and the REST API."""

import json
import threading
from typing import TYPE_CHECKING, Any

from werkzeug import Request, Response

from tests.simulation.rest import RULES, RefusedError, actor_of, respond, violates
from tests.support.serving import answer_git, json_response

if TYPE_CHECKING:
    from tests.simulation.github import GitHub

LOCK = threading.Lock()  # around the state, because a tool asks for several things at once
NOTHING = "0" * 40  # the ID of no object
HOOK = f"""\
#!/bin/sh
[ -z "$REFUSED" ] || {{ echo "error: GH013: {RULES} for $REFUSED." >&2; exit 1; }}
"""


def find_token(request: Request, tokens: dict[str, Any]) -> str:
    """Return the token of a request: git sends it as a user or a password, the tools of bots as a bearer."""
    given = request.authorization
    candidates = [given.username, given.password, given.token] if given else []
    return next((token for token in candidates if token in tokens), "")


def updates(body: bytes) -> list[tuple[str, str]]:
    """Return what a push does: the kind of each update, and its full ref (gitprotocol-pack)."""
    found = []
    while (length := int(body[:4] or b"0", 16)) > 4:
        old, new, ref = body[4:length].partition(b"\0")[0].decode().split()
        found.append(("creation" if old == NOTHING else "deletion" if new == NOTHING else "update", ref))
        body = body[length:]
    return found


def serve_git(request: Request, github: "GitHub") -> Response:
    """Answer git as its own CGI program does; a push needs a token that may write, and rules may refuse it."""
    state = github.read_state()
    token = find_token(request, state["tokens"])
    if state["tokens"].get(token, {}).get("contents") != "write":
        return Response("", status=401, headers={"WWW-Authenticate": 'Basic realm="GitHub"'})
    state["actor"] = actor_of(state, token)
    refused = []
    if request.path.endswith("/git-receive-pack"):
        refused = [ref for kind, ref in updates(request.get_data()) if violates(state, ref, kind)]
    hook = github.git / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(HOOK, encoding="utf-8")
    hook.chmod(0o755)
    path = request.path.removeprefix(f"/{github.slug}").removeprefix(".git")
    pushes = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "http.receivepack", "GIT_CONFIG_VALUE_0": "true"}
    return answer_git(request, github.git, path, REFUSED=" ".join(refused), **pushes)


def serve_api(request: Request, github: "GitHub") -> Response:
    """Answer a request to the REST API from a tool of a bot."""
    body = json.loads(request.get_data() or b"null")
    with LOCK:
        state = github.read_state()
        state["actor"] = actor_of(state, find_token(request, state["tokens"]))
        try:
            answer = respond(state, request.method, request.full_path.strip("/").rstrip("?"), body)
        except RefusedError as refusal:
            status, message = refusal.args
            return json_response({"message": message}, f"{status} Refused")
        github.write_state(state)
    return json_response(answer, "201 Created" if request.method == "POST" else "200 OK")
