"""GitHub's own description of its REST API, and what a request or an answer has that is not in it."""

import json
import re
from functools import cached_property, reduce
from operator import getitem
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from jsonschema import Draft4Validator, validators

Json = Any
MULTIPLE = ("path", "ref")  # parameters at the end of a path that may have slashes
UNDESCRIBED: Json = {"can_admins_bypass": {}}  # of an environment: GitHub answers it, and the description lacks it


Request = Draft4Validator
Answer = validators.extend(  # the simulation answers what is read alone, so properties may be missing
    Draft4Validator, {"required": lambda *_: None, "oneOf": Draft4Validator.VALIDATORS["anyOf"]}
)


def as_json_schema(part: dict[str, Json]) -> dict[str, Json]:
    """Return a part of the description that accepts null where it is `nullable`, and no property beside its own."""
    if part.get("nullable") is True:
        part |= {"type": [part["type"], "null"]} if "type" in part else {}
        part |= {"enum": [*part["enum"], None]} if "enum" in part else {}
    if isinstance(part.get("properties"), dict) and "additionalProperties" not in part:  # a misspelled one is ignored
        part |= {"additionalProperties": False, "patternProperties": UNDESCRIBED}
    return part


class Description:
    """The description, read from its file."""

    def __init__(self, file: Path) -> None:
        """Read it."""
        self.document: dict[str, Json] = json.loads(file.read_text(encoding="utf-8"), object_hook=as_json_schema)
        self.merge(self.document["components"]["schemas"])

    def merge(self, part: Json) -> None:
        """Write what consists of several objects as one, which then has all described properties."""
        if isinstance(part, dict) and isinstance(part.get("allOf"), list):
            objects = [self.resolve(one) for one in part["allOf"]]
            if all("properties" in one for one in objects):
                del part["allOf"]
                properties = {name: value for one in objects for name, value in one["properties"].items()}
                part |= as_json_schema({"properties": properties})
        for one in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
            self.merge(one)

    @cached_property
    def patterns(self) -> dict[str, re.Pattern[str]]:
        """Return the patterns of the paths, those with the fewest parameters first."""

        def pattern(path: str) -> re.Pattern[str]:
            end = next((f"/{{{name}}}" for name in MULTIPLE if path.endswith(f"/{{{name}}}")), "")
            fixed = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path.removesuffix(end)))
            return re.compile(fixed + ("/.+" if end else ""))

        return {path: pattern(path) for path in sorted(self.document["paths"], key=lambda path: path.count("{"))}

    def resolve(self, part: Json) -> Json:
        """Return a part of the description, or what it refers to."""
        while "$ref" in part:
            part = reduce(getitem, part["$ref"].split("/")[1:], self.document)
        return part

    def operation(self, method: str, url: str) -> Json:
        """Return the operation of a request; fail if there is none, or a parameter of its query is not described."""
        path = f"/{unquote(urlsplit(url).path)}"
        found = [one for one, pattern in self.patterns.items() if pattern.fullmatch(path)]
        methods = [self.document["paths"][one] for one in found if method.lower() in self.document["paths"][one]]
        assert methods, f"{method} {url} is not described"
        operation = methods[0][method.lower()]
        parameters = [self.resolve(one) for one in operation.get("parameters", [])]
        known = {one["name"]: one["schema"] for one in parameters if one["in"] == "query"}
        for name, value in parse_qsl(urlsplit(url).query, strict_parsing=True):
            assert name in known, f"{name} of {method} {url} is not described"
            typed = json.loads(value) if known[name].get("type") in {"boolean", "integer"} else value
            self.check(Request, known[name], typed, url)
        return operation

    def check(self, kind: Any, schema: Json, value: Json, what: str) -> None:  # noqa: ANN401 - a class of validators
        """Fail unless a value is as the schema describes it."""
        validator = kind(schema | {"components": self.document["components"]})
        errors = [
            f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}"
            for error in validator.iter_errors(value)
        ]
        assert errors == [], f"{what}: {errors}"

    def check_request(self, method: str, url: str, body: Json) -> None:
        """Fail unless a request is as GitHub describes it."""
        operation = self.operation(method, url)
        if body is not None:
            content = self.resolve(operation["requestBody"])["content"]["application/json"]
            self.check(Request, content["schema"], body, f"{method} {url}")

    def answers(self, method: str, url: str) -> Json:
        """Return what a successful answer to a request is: its schema and examples."""
        responses = self.operation(method, url)["responses"]
        (status,) = [code for code in responses if code in {"200", "201"}]
        return self.resolve(responses[status])["content"]["application/json"]

    def check_answer(self, method: str, url: str, answer: Json) -> None:
        """Fail unless what an answer has is as GitHub describes it."""
        self.check(Answer, self.answers(method, url)["schema"], answer, f"the answer to {method} {url}")

    def example(self, method: str, url: str) -> Json:
        """Return GitHub's own example of an answer."""
        example = next(iter(self.answers(method, url)["examples"].values()))
        return self.resolve(example)["value"]
