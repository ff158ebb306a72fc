"""GitHub's expressions.

https://docs.github.com/actions/reference/evaluate-expressions-in-workflows-and-actions; `test_expressions.py` compares
them with GitHub's own package. What a context does not hold is an error here, where GitHub gives `null`, and so are
filters (`*`) and functions that the tables below do not have.
"""

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from tests.simulation.errors import ExpressionError, InvalidWorkflowError, UnsupportedError
from tests.simulation.functions import FUNCTIONS
from tests.simulation.values import Outputs, compare, is_truthy, parse_number, to_number, to_text

GITHUB_ONLY_FUNCTIONS = ("case", "hashfiles")
STATUS_FUNCTIONS = ("always", "cancelled", "failure", "success")
LITERALS = {"true": True, "false": False, "null": None, "NaN": float("nan"), "Infinity": float("inf")}
COMPARISONS = {"==": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}

WORD = r"[^\s()\[\],.!<>=&|]"
TOKEN = re.compile(
    rf"""
      (?P<string>'(?:[^']|'')*+')
    | (?P<mark>==|!=|&&|\|\||<=|>=|[!<>()\[\],*])
    | (?P<number>[-+.\d](?:{WORD}|\.)*)
    | (?P<name>{WORD}+|[=&|])
    """,
    re.VERBOSE | re.ASCII,
)
EMBEDDED = re.compile(r"\$\{\{((?:'(?:[^']|'')*+'|[^'])*?)\}\}")


class Token(NamedTuple):
    """A piece of an expression: its kind (`string`, `mark`, `number` or `name`), and its text."""

    kind: str
    text: str


@dataclass(frozen=True)
class Scope:
    """What an expression may use: a tree of contexts, and the status of the job so far, `success` or `failure`."""

    contexts: dict[str, Any]
    status: str = "success"


Node = Callable[[Scope], Any]


def tokenize(text: str) -> list[Token]:
    """Cut an expression into tokens; raise `ExpressionError` where GitHub finds an unexpected symbol."""
    tokens: list[Token] = []
    position = 0
    while remaining := text[position:].lstrip(" \t\r\n"):
        position = len(text) - len(remaining)
        before = tokens[-1] if tokens else Token("", "")
        match = TOKEN.match(remaining)
        if remaining[0] == "." and (before.kind == "name" or before.text in {")", "]", "*"}):
            tokens.append(Token("mark", "."))
        elif not match or not match.lastgroup:
            message = f"Unexpected symbol: {remaining!r} in {text!r}"
            raise ExpressionError(message)
        else:
            tokens.append(Token(match.lastgroup, match[0]))
        if tokens[-1].kind == "name" and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", tokens[-1].text):
            message = f"Unexpected symbol: {tokens[-1].text!r} in {text!r}"
            raise ExpressionError(message)
        position += len(tokens[-1].text)
    return tokens


class Parser:
    """Parses one expression; `functions` are the names of those that it calls, in lower case."""

    def __init__(self, text: str) -> None:
        """Cut the expression into tokens."""
        self.text, self.tokens, self.functions = text, tokenize(text), set[str]()

    def parse(self) -> Node:
        """Return the function that evaluates the expression."""
        node = self.parse_or()
        if self.tokens:
            raise self.unexpected()
        return node

    def unexpected(self) -> ExpressionError:
        """Return the error that the next token, or the end, is none that can stand here."""
        found = f"symbol: {self.tokens[0].text!r}" if self.tokens else "end of expression"
        return ExpressionError(f"Unexpected {found} in {self.text!r}")

    def take(self, *marks: str) -> str:
        """Remove and return the next token if it is one of the marks, else return an empty text."""
        if self.tokens and self.tokens[0].kind == "mark" and self.tokens[0].text in marks:
            return self.tokens.pop(0).text
        return ""

    def expect(self, mark: str) -> None:
        """Remove the next token, which must be the mark."""
        if not self.take(mark):
            raise self.unexpected()

    def parse_or(self) -> Node:
        """Parse `a || b`."""
        node = self.parse_and()
        while self.take("||"):
            node = choose(node, self.parse_and(), when=False)
        return node

    def parse_and(self) -> Node:
        """Parse `a && b`."""
        node = self.parse_equality()
        while self.take("&&"):
            node = choose(node, self.parse_equality(), when=True)
        return node

    def parse_equality(self) -> Node:
        """Parse `a == b` and `a != b`."""
        node = self.parse_order()
        while mark := self.take("==", "!="):
            node = binary(mark, node, self.parse_order())
        return node

    def parse_order(self) -> Node:
        """Parse `a < b` and the like."""
        node = self.parse_not()
        while mark := self.take("<", "<=", ">", ">="):
            node = binary(mark, node, self.parse_not())
        return node

    def parse_not(self) -> Node:
        """Parse `!a`."""
        if self.take("!"):
            node = self.parse_not()
            return lambda scope: not is_truthy(node(scope))
        return self.parse_access()

    def parse_access(self) -> Node:
        """Parse `a`, `a.b` and `a[b]`."""
        indexable = bool(self.tokens) and (self.tokens[0].kind == "name" or self.tokens[0].text == "(")
        indexable = indexable and self.tokens[0].text not in LITERALS
        node = self.parse_primary()
        while indexable and (mark := self.take(".", "[")):
            if self.take("*"):
                message = f"a filter in the expression {self.text!r}"
                raise UnsupportedError(message)
            if mark == "[":
                node = index(node, self.parse_or())
                self.expect("]")
            elif self.tokens and self.tokens[0].kind == "name":
                node = index(node, constant(self.tokens.pop(0).text))
            else:
                raise self.unexpected()
        return node

    def parse_primary(self) -> Node:
        """Parse a literal, the name of a context, a call or `(a)`."""
        if self.take("("):
            node = self.parse_or()
            self.expect(")")
            return node
        if not self.tokens or self.tokens[0].kind == "mark":
            raise self.unexpected()
        kind, text = self.tokens.pop(0)
        if kind == "string":
            return constant(text[1:-1].replace("''", "'"))
        if kind == "number":
            number = parse_number(text)
            if math.isnan(number):
                message = f"Unexpected symbol: {text!r} in {self.text!r}"
                raise ExpressionError(message)
            return constant(number)
        if text in LITERALS:
            return constant(LITERALS[text])
        return self.parse_call(text.lower()) if self.take("(") else index(lambda scope: scope.contexts, constant(text))

    def parse_call(self, name: str) -> Node:
        """Parse the arguments of a function."""
        arguments: list[Node] = []
        while not self.take(")"):
            arguments.append(self.parse_or())
            if not self.take(","):
                self.expect(")")
                break
        self.functions.add(name)
        if name in STATUS_FUNCTIONS and not arguments:
            return lambda scope: {"always": True, "cancelled": False}.get(name, scope.status == name)
        if name in GITHUB_ONLY_FUNCTIONS:
            message = f"the function {name}"
            raise UnsupportedError(message)
        if name not in FUNCTIONS or len(arguments) not in FUNCTIONS[name].arguments:
            message = f"No function {name} takes {len(arguments)} arguments: {self.text!r}"
            raise ExpressionError(message)
        return lambda scope: FUNCTIONS[name].call(*(argument(scope) for argument in arguments))


def constant(value: Any) -> Node:  # noqa: ANN401 - JSON's types
    """Return a node that is always the value."""
    return lambda _: value


def choose(left: Node, right: Node, *, when: bool) -> Node:
    """Return a node that is `right` if the truth of `left` is `when`, else `left`."""

    def chosen(scope: Scope) -> Any:  # noqa: ANN401
        value = left(scope)
        return right(scope) if is_truthy(value) == when else value

    return chosen


def binary(mark: str, left: Node, right: Node) -> Node:
    """Return a node that compares two others."""
    if mark == "!=":
        return lambda scope: not compare(operator.eq, left(scope), right(scope))
    return lambda scope: compare(COMPARISONS[mark], left(scope), right(scope))


def index(node: Node, key: Node) -> Node:
    """Return a node that looks a key up, without regard to case; a key that is not there is an `UnsupportedError`."""

    def looked_up(scope: Scope) -> Any:  # noqa: ANN401
        value, name = node(scope), key(scope)
        if isinstance(value, dict):
            for known, item in value.items():
                if known.lower() == to_text(name).lower():
                    return item
        if value is None or isinstance(value, Outputs):
            return None
        if isinstance(value, list) and 0 <= to_number(name) < len(value):
            return value[int(to_number(name))]
        message = f"there is no {to_text(name)} in a context"
        raise UnsupportedError(message)

    return looked_up


def evaluate(text: Any, scope: Scope) -> str:  # noqa: ANN401 - a value of YAML
    """Return a value of a workflow file as text, its `${{ }}` replaced."""

    def replaced(match: re.Match[str]) -> str:
        value = Parser(match[1]).parse()(scope)
        if isinstance(value, (dict, list)):
            message = f"an object as text: {match[0]}"
            raise UnsupportedError(message)
        return to_text(value)

    text = to_text(text)
    if "${{" in EMBEDDED.sub("", text):
        message = f"The expression is not closed: {text}"
        raise InvalidWorkflowError(message)
    return EMBEDDED.sub(replaced, text)


def is_condition_met(condition: Any, scope: Scope) -> bool:  # noqa: ANN401 - a value of YAML
    """Decide an `if:`; without a status function in it, `success() &&` stands before it."""
    text = to_text(condition) if condition is not None else "success()"
    parser = Parser(text.removeprefix("${{").removesuffix("}}"))
    node = parser.parse()
    if scope.status != "success" and not parser.functions & set(STATUS_FUNCTIONS):
        return False
    return is_truthy(node(scope))
