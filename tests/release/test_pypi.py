"""What PyPI's index says of a project is distinguished from what could not be looked at."""

import hashlib

import pytest

from meltano_release.errors import NotCheckedError
from meltano_release.pypi import find_files
from tests.simulation.server import Fault, Loopback


@pytest.fixture
def pypi(loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> Loopback:
    """PyPI on loopback, empty, where this process finds it under its real URL."""
    for name, value in loopback.reset().variables().items():
        monkeypatch.delenv(name.lower(), raising=False)
        monkeypatch.setenv(name, value)
    return loopback


def test_files_come_with_their_digests(pypi: Loopback) -> None:
    """A project's files are found with their SHA-256; an empty project has none, and PyPI does not know another."""
    pypi.pypi.projects |= {"my-package": {"my_package-1.0.tar.gz": b"sdist"}, "empty": {}}
    assert find_files("my-package") == {"my_package-1.0.tar.gz": hashlib.sha256(b"sdist").hexdigest()}
    assert find_files("empty") == {}
    assert find_files("other") is None


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Fault("pypi.org", 503), "PyPI answered with status 503"),
        (Fault("pypi.org"), r"PyPI cannot be reached \(.+\)"),
        (Fault("pypi.org", body=b"<html>"), "PyPI returned an invalid response for my-package"),
        (Fault("pypi.org", body=b'{"files": [{}]}'), "PyPI returned an invalid response for my-package"),
        (Fault("pypi.org", body=b"[]"), "PyPI returned an invalid response for my-package"),
    ],
    ids=["a status", "no answer", "not JSON", "a file without a name", "another document"],
)
def test_an_error_of_pypi_is_not_a_missing_project(pypi: Loopback, fault: Fault, message: str) -> None:
    """An error of PyPI, or of the way there, is not taken for a project that does not exist."""
    pypi.faults.append(fault)
    with pytest.raises(NotCheckedError, match=f"^{message}$"):
        find_files("my-package")
