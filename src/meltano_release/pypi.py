"""What PyPI knows of a project, from its public index."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from http.client import HTTPException

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from meltano_release.errors import NotCheckedError

TIMEOUT = 20  # seconds, for PyPI's response
NOT_FOUND = 404


def find_files(package_name: str) -> dict[str, str] | None:
    """Return a project's files and their SHA-256 digests, None if PyPI has no such project.

    PyPI's JSON index (PEP 691) also knows a project that has no files yet. Raises `NotCheckedError` if PyPI
    cannot be reached or answers with an error.
    """
    url = f"https://pypi.org/simple/{package_name}/"
    request = urllib.request.Request(url, headers={"Accept": "application/vnd.pypi.simple.v1+json"})
    try:
        # Not `urlopen`, which keeps the proxy of its first call.
        with urllib.request.build_opener().open(request, timeout=TIMEOUT) as response:
            return {file["filename"]: file["hashes"].get("sha256", "") for file in json.load(response)["files"]}
    except urllib.error.HTTPError as error:
        if error.code == NOT_FOUND:
            return None
        message = f"PyPI answered with status {error.code}"
        raise NotCheckedError(message) from error
    except (OSError, HTTPException) as error:
        message = f"PyPI cannot be reached ({error})"
        raise NotCheckedError(message) from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        message = f"PyPI returned an invalid response for {package_name}"
        raise NotCheckedError(message) from error


def is_of_version(filename: str, tag: str) -> bool:
    """Return whether a distribution's file name has the version of a release tag."""
    try:
        version = Version(tag.removeprefix("v"))
        parse = parse_wheel_filename if filename.endswith(".whl") else parse_sdist_filename
        return parse(filename)[1] == version
    except (InvalidVersion, InvalidWheelFilename, InvalidSdistFilename):
        return False
