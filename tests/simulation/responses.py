"""The JSON answers of the simulated services."""

import json
from typing import Any

from werkzeug import Response


def json_response(content: dict[str, Any], status: str = "200 OK") -> Response:
    """Return a response with a JSON object; the status is a number and a reason."""
    return Response(json.dumps(content), status=status, content_type="application/json")
