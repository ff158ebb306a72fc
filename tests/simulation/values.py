"""The values of GitHub's expressions: JSON's types, with GitHub's own rules of comparison and conversion."""

import math
import re
from collections.abc import Callable
from typing import Any

KINDS = {bool: "Boolean", int: "Number", float: "Number", str: "String", list: "Array", dict: "Object"}
BASES = {"0x": 16, "0o": 8, "0b": 2}
DOTLESS_I = "\N{LATIN SMALL LETTER DOTLESS I}"
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)


class Outputs(dict[str, Any]):
    """The outputs of a step or a job, or the steps that ran; as on GitHub, what is not there is null."""


def kind_of(value: Any) -> str:  # noqa: ANN401 - JSON's types
    """Return what GitHub calls the type of a value."""
    return "Null" if value is None else KINDS[type(value)]


def is_truthy(value: Any) -> bool:  # noqa: ANN401
    """Tell whether a value counts as true."""
    if isinstance(value, float) and math.isnan(value):
        return False
    return isinstance(value, (dict, list)) or bool(value)


def parse_number(text: str) -> float:
    """Return the number that a text is; an empty text is 0, any other text is not a number."""
    text = text.strip()
    if text[:2].lower() in BASES:
        digits, base = text[2:], BASES[text[:2].lower()]
        return float(int(digits, base)) if re.fullmatch("[0-9a-fA-F]+", digits) else math.nan
    if re.fullmatch(r"[-+]?Infinity", text) or NUMBER.fullmatch(text):
        return float(text)
    return math.nan if text else 0.0


def to_number(value: Any) -> float:  # noqa: ANN401
    """Return a value as a number; what is none is not a number."""
    if isinstance(value, str):
        return parse_number(value)
    return math.nan if isinstance(value, (dict, list)) else float(value or 0)


def to_text(value: Any) -> str:  # noqa: ANN401
    """Return a value as a text; of an object or an array it is the name of the type."""
    match kind_of(value):
        case "Null":
            return ""
        case "Boolean":
            return str(value).lower()
        case "Number":
            return number_to_text(float(value))
        case "String":
            return str(value)
        case kind:
            return kind


def number_to_text(number: float) -> str:
    """Return a number with 15 decimals at the most, and without a point if it is whole."""
    if not math.isfinite(number):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(number)]
    rounded = float(f"{number:.15f}")
    if rounded.is_integer() and abs(rounded) < 1e21:
        return str(int(rounded))
    return re.sub(r"e([-+])0", r"e\1", repr(rounded))


def upper(text: str) -> str:
    """Return a text as GitHub compares it: in upper case, but for the dotless i."""
    return DOTLESS_I.join(part.upper() for part in text.split(DOTLESS_I))


def compare(test: Callable[[Any, Any], bool], left: Any, right: Any) -> bool:  # noqa: ANN401
    """Compare two values with an operator of Python, after GitHub's conversions.

    Values of two primitive types are compared as numbers, texts without regard to case. Objects and arrays are equal
    to themselves alone.
    """
    if kind_of(left) != kind_of(right):
        if not is_primitive(left) or not is_primitive(right):
            return False
        return test(to_number(left), to_number(right))
    if left is None or not is_primitive(left):
        return left is right and test(0, 0)
    return test(upper(left), upper(right)) if isinstance(left, str) else test(left, right)


def is_primitive(value: Any) -> bool:  # noqa: ANN401
    """Tell whether a value is no object and no array."""
    return not isinstance(value, (dict, list))
