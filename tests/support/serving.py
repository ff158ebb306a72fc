"""Serving a WSGI application on loopback."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

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
