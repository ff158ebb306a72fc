"""A package index on loopback, whose files have upload times."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from werkzeug import Request, Response

from tests.support.serving import serve


@pytest.fixture
def fresh_index() -> Iterator[str]:
    """Serve an index where version 1.0 of every package is a month old and 2.0 one day; yield its URL."""
    ages = {"1.0": 30, "2.0": 1}

    @Request.application
    def index(request: Request) -> Response:
        name = request.path.split("/")[2]
        files = []
        for version, days in ages.items():
            described = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
            file = f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
            if request.path.endswith(f"{file}.metadata"):
                return Response(described)
            hashes = {"sha256": hashlib.sha256(described.encode()).hexdigest()}
            uploaded = (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
            files.append({"filename": file, "url": file, "hashes": hashes, "core-metadata": hashes})
            files[-1]["upload-time"] = uploaded
        listing = json.dumps({"meta": {"api-version": "1.1"}, "name": name, "files": files})
        return Response(listing, content_type="application/vnd.pypi.simple.v1+json")

    with serve(index) as url:
        yield f"{url}/simple"
