"""The simulation evaluates expressions as GitHub does: both get the same ones, GitHub by its own package."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from tests.simulation.errors import ExpressionError, InvalidWorkflowError, UnsupportedError
from tests.simulation.expressions import Parser, Scope, evaluate, is_condition_met
from tests.simulation.values import is_primitive, kind_of, to_text
from tests.support.commands import ENVIRONMENT

Outcome = tuple[str, Any]  # the type of a value and the value, or "error"

CONTEXTS = {
    "github": {"ref": "refs/tags/v1.2.3", "event_name": "Release", "event": {"action": "published"}, "true": "yes"},
    "values": {
        "null": None, "zero": 0, "one": 1, "half": 0.5, "text": "Abc", "empty": "", "number": " 0x10 ", "yes": True,
        "no": False, "list": [1, "B", None, 0.5], "object": {"Key-1": "x", "list": []},
    },
}  # fmt: skip
VALUES = ["true", "false", "null", "0", "-1", "1.5", "''", "'0'", "'abc'", "'ABC'", "NaN", "Infinity", "values.list"]
ACCEPTED = [
    # Literals.
    *VALUES, "+1", ".5", "1.", "0x1F", "0xff", "0o17", "1e3", "1E-2", "-Infinity", "'it''s'", "'a\"b'", "' '", "1e21",
    # Contexts and indexes.
    "github.ref", "GitHub.REF", "github.event.action", "github['ref']", "github['REF'] ", "github.event['action']",
    "values.list[0]", "values.list[1.9]", "values.list['1']", "values.object.key-1", "(values.list)[2]", "github.true",
    "values.object['Key-1']", "values.null", "values.half", "values.list", "values.object", "github . ref",
    # Operators.
    *(f"{left} {operator} {right}" for left in VALUES for operator in ("==", "<", ">=") for right in VALUES),
    *(f"{left} {operator} 'abc'" for left in VALUES for operator in ("!=", ">", "<=", "&&", "||")),
    *(f"!{value}" for value in VALUES), "!!1", "!'a' == false", "! values.yes", "values.number == 16", "'' == null",
    "'straße' == 'STRASSE'", "'\N{LATIN SMALL LETTER DOTLESS I}' == 'I'",
    "'a' < 'B'", "'B' < 'a'", "values.list == values.list",
    "values.object == values.object", "values.list == fromJSON('[]')", "values.list >= values.list",
    # Precedence and order.
    "true || false && false", "(true || false) && false", "1 == 1 == true", "1 < 2 == true", "3 > 2 > 1", "!1 == 0",
    "true && 'a' || 'b'", "false && 'a' || 'b'", "null || '' || 0", "1 && 2 && 3", "1==1&&2==2", "((1))",
    "true || fromJSON('x')", "false && fromJSON('x')", "1 == 2 != true", "!(1 == 2) && !false",
    # Functions.
    "contains('Hello', 'ELL')", "contains(values.list, 'b')", "contains(values.list, 2)",
    "contains(values.object, 'x')",
    "contains(values.text, values.list)", "contains(values.list, '')", "CONTAINS('a', 'b')", "contains(100, 0)",
    "startsWith(github.ref, 'REFS/tags/v')", "startsWith('a', '')", "startsWith(true, 'TR')", "startsWith(1, 2)",
    "startsWith(values.list, 'A')", "endsWith('abc', 'BC')", "endsWith('abc', null)", "endsWith('a', values.list)",
    "format('{0} {1} {0}', 'a', 1)", "format('{{{0}}}', true)", "format('}}{{')", "format(1)", "format('{0}', null)",
    "format('{0}', values.list)", "format('{0}', values.object)", "format('{0:x}', 1)", "format('a', 'b',)",
    "join(values.list)", "join(values.list, '-')", "join('a', '-')", "join(values.object)",
    "join(values.list, values.list)",
    "fromJSON('1')", "fromJSON('\"a\"')", "fromJSON('[1, {\"a\": null}]')[1].a", "fromJSON('true')", "fromJSON('null')",
    "fromJSON(' {\"A\": [1]} ').a[0]", "fromJSON('{\"a\": 1.5}')", "fromJson(1)", "fromJSON(true) && 'yes'",
    "toJSON(1)", "toJSON('a\"b')", "toJSON(values.object)", "toJSON(values.list)", "toJSON(null)", "toJSON(true)",
    # The status of the job, which has succeeded.
    "always()", "success()", "failure()", "cancelled()", "!cancelled()", "Always()", "success( ) && 'yes'",
]  # fmt: skip
BROKEN = [
    "", " ", "(true", "true)", "(", ")", "()", "a ==", "== 1", "1 ==", "'x", "x'", "'x''", "'", '"x"', "1 2", "'a' 'b'",
    "true false", "1 = 1", "1 === 1", "1 & 1", "1 | 1", "&&", "||", "!", "1 !", "!=", "true &&", "|| true", "1 <> 2",
    "1.2.3", "0x", "0xg", "1a", "--1", "+", "-", ".", "1_0", "github.", "github..ref", ".ref", "github.1", "github[",
    "github[]", "github['ref'", "github]", "github.'ref'", "'a'.b", "1[0]", "true.a", "null['a']",
    "github.ref github.ref", "$x", "@", "#", "%", "1 + 1", "1 - 1", "2 * 2", "a ? b : c", "nothing()", "contains()",
    "contains('a')", "contains('a', 'b', 'c')", "startsWith('a')", "endsWith('a', 'b', 'c')", "format()", "join()",
    "join(1, 2, 3)", "fromJSON()", "fromJSON('1', '2')", "always(1)", "success('x')", "contains('a' 'b')",
    "contains(,)",
    "contains('a', 'b'", "format('{0}')", "format('{')", "format('}')", "format('{a}', 1)", "format('{}', 1)",
    "format('{1}', 'a')", "fromJSON('')", "fromJSON('x')", "fromJSON('{')", "fromJSON(values.empty)", "fromJSON('NaN')",
    'fromJSON("1")', "fromJSON('''a''')", "a\fb", "é", "'a'\f== 'a'", "`a`", "{a}", "${{ 1 }}",
]  # fmt: skip
UNSUPPORTED = ["values.list.*", "values.list[*]", "github.nothing", "values.list[9]", "github.ref.a"]
UNSUPPORTED += ["hashFiles('a')", "case(true, 1, 2)", "secrets.TOKEN", "nothing", "nothing.a", "a-b", "TRUE", "nan"]


@pytest.fixture(scope="session")
def github_outcome(language_service: Path) -> Iterator[Callable[[str], Outcome]]:
    """Yield a function that evaluates an expression with GitHub's own package; all share one process of Node.js."""
    command = ["node", str(language_service / "evaluate.mjs")]
    with subprocess.Popen(
        command, env=ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as node:
        assert node.stdin
        assert node.stdout
        to_node, from_node = node.stdin, node.stdout

        def outcome(expression: str) -> Outcome:
            case = {"expression": expression, "contexts": CONTEXTS, "status": "success"}
            to_node.write(json.dumps(case) + "\n")
            to_node.flush()
            answer = json.loads(from_node.readline())
            if "error" in answer:
                return "error", None
            return {"Dictionary": "Object"}.get(answer["kind"], answer["kind"]), answer["value"]

        yield outcome
        to_node.close()


def simulated_outcome(expression: str) -> Outcome:
    """Return what the simulation makes of an expression; raise `UnsupportedError` if it does not know a part."""
    try:
        value = Parser(expression).parse()(Scope(CONTEXTS))
    except ExpressionError:
        return "error", None
    return kind_of(value), to_text(value) if is_primitive(value) else value


@pytest.mark.parametrize("expression", ACCEPTED)
def test_a_value_is_that_of_github(expression: str, github_outcome: Callable[[str], Outcome]) -> None:
    """An expression has the same value, of the same type, in the simulation and in GitHub's own package."""
    expected = github_outcome(expression)
    assert expected[0] != "error"
    assert simulated_outcome(expression) == expected


@pytest.mark.parametrize("expression", BROKEN)
def test_what_github_refuses_is_an_error(expression: str, github_outcome: Callable[[str], Outcome]) -> None:
    """An expression that GitHub cannot parse or cannot evaluate is an error in the simulation, too."""
    assert github_outcome(expression)[0] == "error"
    assert simulated_outcome(expression)[0] == "error"


@pytest.mark.parametrize("expression", UNSUPPORTED)
def test_what_the_simulation_does_not_know_is_an_error(expression: str) -> None:
    """What the simulation does not know is an error of its own kind, whether GitHub would evaluate it or not."""
    with pytest.raises(UnsupportedError):
        simulated_outcome(expression)


WORDS = [*"()[]!,.", "==", "!=", "&&", "||", "<", ">=", "github", "ref", "values", "list", "'Ab'", "'ab'", "'0'", "''"]
WORDS += ["1", "-0.5", "true", "null", "contains(", "fromJSON(", "format('{0}',", "success("]
LITERALS = st.sampled_from([*VALUES, "github.ref", "values.one", "values.object", "values.empty"])
NESTED = st.recursive(
    LITERALS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "&&", "||"]), inner).map(" ".join),
        inner.map("({})".format),
        inner.map("!{}".format),
        st.tuples(inner, inner).map(lambda both: f"contains({both[0]}, {both[1]})"),
        st.tuples(inner, inner).map(lambda both: f"format('{{0}}-{{1}}', {both[0]}, {both[1]})"),
    ),
)
EXPRESSIONS = st.one_of(NESTED, st.lists(st.sampled_from(WORDS), max_size=7).map(" ".join))


@given(expression=EXPRESSIONS)
@settings(max_examples=500, deadline=None, database=None, derandomize=True)
def test_any_expression_has_the_outcome_of_github(expression: str, github_outcome: Callable[[str], Outcome]) -> None:
    """Any expression, valid or not, has GitHub's outcome, unless the simulation says that it does not know it."""
    try:
        found = simulated_outcome(expression)
    except UnsupportedError:
        reject()
    assert found == github_outcome(expression)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        (15, "15"),
        (True, "true"),
        (None, ""),
        ("${{ github.ref }}", "refs/tags/v1.2.3"),
        ("a ${{ values.one }} b ${{ values.yes }} c", "a 1 b true c"),
        ("${{ 'a}}b' }}", "a}}b"),
        ("${{ 'it''s }}' }}", "it's }}"),
        ("}} $ {{ x", "}} $ {{ x"),
    ],
)
def test_expressions_are_replaced_in_a_text(text: object, expected: str) -> None:
    """A text may hold several expressions, which their values replace; a string in an expression may hold `}}`."""
    assert evaluate(text, Scope(CONTEXTS)) == expected


@pytest.mark.parametrize("text", ["${{ github.ref", "${{ github.ref }", "${{ 1 }} ${{ 'a }}", "${{ }}"])
def test_an_expression_that_is_not_closed_or_empty_is_an_error(text: str) -> None:
    """An expression that is empty or not closed is an error, because GitHub refuses the workflow file."""
    with pytest.raises(InvalidWorkflowError):
        evaluate(text, Scope(CONTEXTS))


def test_an_object_is_no_text() -> None:
    """A list in the place of a text is an error: GitHub refuses some of these, and the simulation knows none."""
    with pytest.raises(UnsupportedError):
        evaluate("${{ values.list }}", Scope(CONTEXTS))


@pytest.mark.parametrize(
    ("condition", "after_success", "after_failure"),
    [
        (None, True, False),
        ("true", True, False),
        ("${{ values.one == 1 }}", True, False),
        ("values.no", False, False),
        ("always()", True, True),
        ("ALWAYS ( )", True, True),
        ("failure()", False, True),
        ("!cancelled() && values.yes", True, True),
        ("'always()' == 'a' || true", True, False),
    ],
)
def test_a_condition_without_a_status_function_needs_success(
    condition: str | None, *, after_success: bool, after_failure: bool
) -> None:
    """A condition without a status function is read as if `success() &&` stood before it."""
    assert is_condition_met(condition, Scope(CONTEXTS)) is after_success
    assert is_condition_met(condition, Scope(CONTEXTS, "failure")) is after_failure
