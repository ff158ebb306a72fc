"""Serving a WSGI application on loopback, and git repositories as one."""

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from werkzeug import Request, Response
from werkzeug.serving import WSGIRequestHandler, make_server

Application: TypeAlias = Any  # a WSGI application


class QuietHandler(WSGIRequestHandler):
    """Handles requests without a line in the log for each."""

    def log(self, *_: object) -> None:
        """Print nothing."""


@contextmanager
def serve(application: Application, handler: type[WSGIRequestHandler] = QuietHandler) -> Iterator[str]:
    """Serve an application on a free port; yield its URL."""
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()


def json_response(content: Any, status: str = "200 OK") -> Response:  # noqa: ANN401 - what JSON can hold
    """Return a response with JSON; the status is a number and a reason."""
    return Response(json.dumps(content), status=status, content_type="application/json")


def answer_git(request: Request, root: Path, path: str, **variables: str) -> Response:
    """Answer git as its own CGI program does, for a path below a folder; the variables are for that program."""
    known = {name: value for name, value in request.environ.items() if isinstance(value, str)}
    known |= {"PATH": os.environ["PATH"], "PATH_INFO": path, "GIT_PROTOCOL": known.get("HTTP_GIT_PROTOCOL", "")}
    known |= {"GIT_PROJECT_ROOT": str(root), "GIT_HTTP_EXPORT_ALL": "1"} | variables
    done = subprocess.run(["git", "http-backend"], env=known, input=request.get_data(), capture_output=True, check=True)
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
    return Response(body, status=headers.pop("Status", "200 OK"), headers=headers)


def git_repositories(root: Path) -> Application:
    """Return an application that serves every git repository below a folder for reading."""
    return Request.application(lambda request: answer_git(request, root, request.path))
