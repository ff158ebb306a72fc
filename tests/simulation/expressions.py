"""GitHub's expressions.

https://docs.github.com/actions/reference/evaluate-expressions-in-workflows-and-actions
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.simulation.errors import UnsupportedError

STATUS_FUNCTIONS = ("always()", "success()", "failure()", "cancelled()")

TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<name>[A-Za-z_][\w-]*(?:\.[\w-]+)*)|(?P<mark>==|!=|&&|\|\||[!(),]))"
)


@dataclass(frozen=True)
class Scope:
    """What an expression may use: a tree of contexts, and the status of the job so far, `success` or `failure`."""

    contexts: dict[str, Any]
    status: str = "success"


class Expression:
    """Evaluates one expression; with the contexts and the status of its scope."""

    def __init__(self, text: str, scope: Scope) -> None:
        """Cut the text into tokens."""
        self.scope, self.tokens = scope, list(self.cut(text))

    @staticmethod
    def cut(text: str) -> Iterator[tuple[str, str]]:
        """Yield the kind and text of each token."""
        position, text = 0, text.strip()
        while position < len(text):
            match = TOKEN.match(text, position)
            if not match or not match.lastgroup:
                message = f"an expression: {text}"
                raise UnsupportedError(message)
            yield match.lastgroup, match[match.lastgroup]
            position = match.end()

    def take(self, *marks: str) -> str:
        """Remove and return the next token if it is one of the marks."""
        if self.tokens and self.tokens[0][0] == "mark" and self.tokens[0][1] in marks:
            return self.tokens.pop(0)[1]
        return ""

    def value(self) -> Any:  # noqa: ANN401 - JSON's types
        """Evaluate all of it."""
        value = self.either()
        if self.tokens:
            message = f"the rest of an expression: {self.tokens}"
            raise UnsupportedError(message)
        return value

    def either(self) -> Any:  # noqa: ANN401
        """Evaluate `a || b`."""
        value = self.both()
        while self.take("||"):
            other = self.both()
            value = value or other
        return value

    def both(self) -> Any:  # noqa: ANN401
        """Evaluate `a && b`."""
        value = self.comparison()
        while self.take("&&"):
            other = self.comparison()
            value = value and other
        return value

    def comparison(self) -> Any:  # noqa: ANN401
        """Evaluate `a == b` and `a != b`; texts compare without regard to case, as GitHub has it."""
        value = self.atom()
        if mark := self.take("==", "!="):
            sides = [side.lower() if isinstance(side, str) else side for side in (value, self.atom())]
            return (sides[0] == sides[1]) == (mark == "==")
        return value

    def atom(self) -> Any:  # noqa: ANN401
        """Evaluate a literal, a name, a call, `!a` or `(a)`."""
        if self.take("!"):
            return not self.atom()
        if self.take("("):
            value = self.either()
            self.take(")")
            return value
        kind, text = self.tokens.pop(0)
        if kind == "text":
            return text[1:-1].replace("''", "'")
        if text in ("true", "false", "null"):
            return json.loads(text)
        if self.take("("):
            if not self.take(")") or f"{text}()" not in STATUS_FUNCTIONS:
                message = f"the function {text}"
                raise UnsupportedError(message)
            return {"always": True, "cancelled": False}.get(text, self.scope.status == text)
        node: Any = self.scope.contexts
        for part in text.split("."):
            if not isinstance(node, dict) or part not in node:
                message = f"the context {text}"
                raise UnsupportedError(message)
            node = node[part]
        return node


def evaluate(text: Any, scope: Scope) -> str:  # noqa: ANN401
    """Return a value of the file as text, its `${{ }}` replaced."""

    def replaced(match: re.Match[str]) -> str:
        return to_text(Expression(match[1], scope).value())

    return re.sub(r"\$\{\{(.*?)\}\}", replaced, to_text(text))


def to_text(value: Any) -> str:  # noqa: ANN401
    """Return a value of YAML or JSON as GitHub writes it out."""
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    return str(value)


def is_condition_met(condition: Any, scope: Scope) -> bool:  # noqa: ANN401
    """Decide an `if:`; without a status function in it, `success() &&` stands before it."""
    text = str(condition if condition is not None else "success()").removeprefix("${{").removesuffix("}}")
    if not any(name in text for name in STATUS_FUNCTIONS) and scope.status != "success":
        return False
    return bool(Expression(text, scope).value())
