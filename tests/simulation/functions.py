"""The functions of GitHub's expressions that the simulation knows, beside those of the status."""

import json
import operator
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from tests.simulation.errors import ExpressionError
from tests.simulation.values import compare, is_primitive, to_text, upper

FORMAT = re.compile(r"\{\{|\}\}|\{(?P<number>\d+)[^}]*\}|[{}]", re.ASCII)


class Function(NamedTuple):
    """A function: the possible numbers of arguments, and what it does."""

    arguments: range
    call: Callable[..., Any]


def contains(search: Any, item: Any) -> bool:  # noqa: ANN401 - JSON's types
    """Tell whether a list holds an item, or a text another one, without regard to case."""
    if isinstance(search, list):
        return any(compare(operator.eq, item, element) for element in search)
    return is_primitive(search) and is_primitive(item) and to_text(item).lower() in to_text(search).lower()


def starts_with(text: Any, start: Any) -> bool:  # noqa: ANN401
    """Tell whether a text starts with another one, without regard to case."""
    return is_primitive(text) and is_primitive(start) and upper(to_text(text)).startswith(upper(to_text(start)))


def ends_with(text: Any, end: Any) -> bool:  # noqa: ANN401
    """Tell whether a text ends with another one, without regard to case."""
    return is_primitive(text) and is_primitive(end) and upper(to_text(text)).endswith(upper(to_text(end)))


def format_text(template: Any, *values: Any) -> str:  # noqa: ANN401
    """Fill values into `{0}`, `{1}` and so on; `{{` and `}}` are braces."""
    text = to_text(template)

    def filled(match: re.Match[str]) -> str:
        if match[0] in {"{{", "}}"}:
            return match[0][0]
        if match["number"] is None or int(match["number"]) >= len(values):
            message = f"The format string is invalid, or references more arguments than were supplied: {text}"
            raise ExpressionError(message)
        return to_text(values[int(match["number"])])

    return FORMAT.sub(filled, text)


def join(value: Any, separator: Any = ",") -> str:  # noqa: ANN401
    """Join the items of a list."""
    if isinstance(value, list):
        return (to_text(separator) if is_primitive(separator) else ",").join(map(to_text, value))
    return to_text(value) if is_primitive(value) else ""


def from_json(value: Any) -> Any:  # noqa: ANN401
    """Parse JSON."""
    try:
        return json.loads(to_text(value), parse_constant=refuse_constant)
    except ValueError as error:
        message = f"Error parsing fromJson: {error}"
        raise ExpressionError(message) from error


def refuse_constant(name: str) -> None:
    """Refuse `NaN` and `Infinity`, which are no JSON, but Python accepts them."""
    raise ValueError(name)


def to_json(value: Any) -> str:  # noqa: ANN401
    """Write a value as JSON, indented by two spaces; a whole number has no fraction."""
    return json.dumps(int(value) if isinstance(value, float) and value.is_integer() else value, indent=2)


FUNCTIONS = {
    "contains": Function(range(2, 3), contains),
    "endswith": Function(range(2, 3), ends_with),
    "format": Function(range(1, 256), format_text),
    "fromjson": Function(range(1, 2), from_json),
    "join": Function(range(1, 3), join),
    "startswith": Function(range(2, 3), starts_with),
    "tojson": Function(range(1, 2), to_json),
}
