"""An API that is made from an OpenAPI document: its paths, parameters and examples."""

import re
from dataclasses import dataclass, field
from functools import reduce
from operator import getitem
from typing import Any

from tests.simulation.unfriendly_api import Answer, UnfriendlyAPI


@dataclass
class DocumentedAPI(UnfriendlyAPI):
    """Answers with the example of a path, once for each record there, which changes some of its values.

    It refuses a parameter that the document does not have.
    """

    document: dict[str, Any] = field(default_factory=dict)

    def resolved(self, part: dict[str, Any]) -> dict[str, Any]:
        """Return a part of the document, or what it refers to."""
        return reduce(getitem, part["$ref"].split("/")[1:], self.document) if "$ref" in part else part

    def get(self, path: str, query: dict[str, str]) -> Answer:
        """Return a page of a path, or the error of GitHub for an unknown parameter."""
        paths = [known for known in self.document["paths"] if re.fullmatch(re.sub("{[^}]+}", "[^/]+", known), path)]
        operation = self.document["paths"][min(paths, key=lambda known: known.count("{"))]["get"]
        parameters = {parameter["name"] for parameter in map(self.resolved, operation["parameters"])}
        if query.keys() - parameters:
            return Answer(422)
        content = operation["responses"]["200"]["content"]["application/json"]
        example = self.resolved(content["examples"]["default"])["value"][0]
        self.link = "page" if "page" in parameters else "after"
        return self.page([example | record for record in self.records[path] if record], path, query)
