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
    """A project's files are found by name, with the SHA-256 digest of each."""
    pypi.pypi.projects["my-package"] = {"my_package-1.0.tar.gz": b"sdist"}
    assert find_files("my-package") == {"my_package-1.0.tar.gz": hashlib.sha256(b"sdist").hexdigest()}


def test_an_empty_project_is_not_a_missing_one(pypi: Loopback) -> None:
    """A project that has no files yet is there; one that PyPI does not know is None."""
    pypi.pypi.projects["my-package"] = {}
    assert find_files("my-package") == {}
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
