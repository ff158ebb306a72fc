"""GitHub's REST API, asked through `gh`, which has the user's login: no token passes through here.

https://docs.github.com/rest
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from typing import Any, NamedTuple
from urllib.parse import quote

from meltano_release.errors import NotCheckedError

Json = Any
NOT_FOUND = 404
STATUS = re.compile(r"\(HTTP (\d{3})\)")


class GitHubError(NotCheckedError):
    """GitHub refused a request, or `gh` could not send it: the text says why, `status` is 0 without a response."""

    def __init__(self, message: str) -> None:
        """Read the status from what `gh` printed."""
        super().__init__(message)
        match = STATUS.search(message)
        self.status = int(match[1]) if match else 0


class Request(NamedTuple):
    """A request that changes something on GitHub, and a sentence that says why."""

    why: str
    method: str
    path: str
    body: dict[str, Json]

    def show_body(self) -> str:
        """Return the body as JSON, with a line for each value, and for each item of a list."""
        lines = []
        for name, value in self.body.items():
            items = [f"\n    {json.dumps(item)}" for item in value] if isinstance(value, list) and value else []
            lines.append(f"  {json.dumps(name)}: " + (f"[{','.join(items)}\n  ]" if items else json.dumps(value)))
        return "{\n" + ",\n".join(lines) + "\n}"

    def command(self) -> str:
        """Return the request as a command to paste into a shell."""
        return f"gh api --method {self.method} {shlex.quote(self.path)} --input - <<'JSON'\n{self.show_body()}\nJSON"

    def send(self) -> None:
        """Send the request; raise `GitHubError` if GitHub refuses it."""
        run_gh("api", "--method", self.method, self.path, "--input", "-", stdin=json.dumps(self.body))


def run_gh(*arguments: str, stdin: str = "") -> str:
    """Return what `gh` prints; raise `GitHubError` if it is missing or fails."""
    try:
        done = subprocess.run(
            ["gh", *arguments], input=stdin, capture_output=True, encoding="utf-8", errors="replace", check=False
        )
    except FileNotFoundError as error:
        message = "`gh` is not installed"
        raise GitHubError(message) from error
    if done.returncode:
        message = " ".join(done.stderr.split()).removeprefix("gh: ") or f"`gh {' '.join(arguments)}` failed"
        raise GitHubError(message)
    return done.stdout.strip()


def get(path: str) -> Json:
    """Return the response of GitHub's API, None for a 404; raise `GitHubError` if there is no valid one."""
    try:
        response = run_gh("api", path)
    except GitHubError as error:
        if error.status == NOT_FOUND:
            return None
        raise
    try:
        return json.loads(response)
    except ValueError as error:
        message = f"`gh api {path}` did not print JSON"
        raise GitHubError(message) from error


def slug(publisher: dict[str, str]) -> str:
    """Return `OWNER/REPOSITORY`."""
    return f"{publisher['owner']}/{publisher['repository']}"


def environment_path(publisher: dict[str, str]) -> str:
    """Return the path of the publisher's environment in the API."""
    return f"repos/{slug(publisher)}/environments/{quote(publisher['environment'], safe='')}"
