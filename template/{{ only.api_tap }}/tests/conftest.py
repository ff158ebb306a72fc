"""The fixtures of the tests."""

import pytest
from pytest_httpserver import HTTPServer

from . import source


@pytest.fixture(scope="session")
def httpserver_listen_address() -> tuple[str, int]:
    """Return the host and the port of the sample configuration."""
    return source.HOST, source.PORT


@pytest.fixture(scope="session", autouse=True)
def _api(make_httpserver: HTTPServer) -> None:
    """Serve the sample API while the tests run."""
    source.serve(make_httpserver)
