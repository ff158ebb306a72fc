"""The fixtures of the tests."""

from collections.abc import Iterator

import pytest
from pytest_httpserver import HTTPServer
from singer_sdk import RESTStream

from . import source


@pytest.fixture(scope="session")
def httpserver_listen_address() -> tuple[str, int]:
    """Return the host and the port of the sample configuration."""
    return source.HOST, source.PORT


@pytest.fixture(scope="session", autouse=True)
def _api(make_httpserver: HTTPServer) -> Iterator[None]:
    """Serve the sample API while the tests run. An error of it ends a test at once: no request is sent again."""
    source.serve(make_httpserver)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RESTStream, "backoff_max_tries", lambda _: 1)
        yield
