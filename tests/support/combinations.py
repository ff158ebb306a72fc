"""The combinations of answers that decide what a project is made of, and the table of what was run for each."""

import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable

import pytest
from allpairspy import AllPairs

from tests.support.paths import DOCS
from tests.support.questions import choices, questions
from tests.support.reports import recorded, with_rows

API_STREAMS = ("REST", "GraphQL")
AUTH_METHODS, SINK_TYPES = choices("auth_method"), choices("sink_type")
REPOSITORIES = {"library": "my-library", "tap": "tap-sample", "target": "target-sample"}
REPOSITORIES |= {"mapper": "map-sample", "extension": "sample-ext", "state-backend": "meltano-state-backend-sample"}
CUSTOM_TAP = {"kind": "tap", "stream_type": "Custom"}  # the source for plugins of other kinds
PROPERTY = "combination"  # of a test in a report
TABLE = DOCS / "reference/combinations.md"
CHECKS = "rendered, linted, formatted, typed, tested, built, checked"
MELTANO = "run by Meltano"
POSTGRESQL = "on PostgreSQL"
UNFRIENDLY_API = "against an unfriendly API"
POETRY = "set up with Poetry"
EDITED = "edited as the documentation says"  # the number of how-tos
COLUMNS = (CHECKS, POETRY, MELTANO, POSTGRESQL, UNFRIENDLY_API, EDITED)

LONGEST_NAME = "x" * 63 + "Z"
HOSTILE_TEXT = """ "double" 'single' `tick` \\back\\slash\\ {{ braces }} {% tag %} {# note #} ${{ github.token }} $HOME %s #no *b* _i_ <i> & &amp; [l](x) a|b: - ü 日本 👩🏽‍🚀 """  # noqa: E501
HOSTILE_AUTHOR = HOSTILE_TEXT.replace("<", "").replace(">", "")
DEFAULT = "(not given)"
DECIDING = {"scope", "kind", "stream_type", "auth_method", "sink_type"}  # questions of which every combination is run
SHARED = {
    **{name: choices(name) for name in questions() if choices(name) and name not in DECIDING},
    "package_name": [DEFAULT, "A.b_-C", LONGEST_NAME],
    "spelling": ["usual", "long", "odd"],
    "display_name": [DEFAULT, "GitHub", 'Zoë\'s "15" & Co: {{ x }} #1'],
    "owner": ["MeltanoLabs", "a"],
    "environment": ["publishing", "Zürich: {{ x }} # & | <b> $HOME % ü/🎵"],
    "workflow_filename": ["release.yaml", "0.Publish_to-PyPI.yml"],
    "description": [DEFAULT, HOSTILE_TEXT],
    "author_name": ["MeltanoLabs", HOSTILE_AUTHOR],
    "author_email": ["hello@meltano.com", "o'neil+x@bücher.example"],
}
SHARED_PAIRS = list(AllPairs(list(SHARED.values())))

Answers = dict[str, str]
RecordCells = Callable[..., None]  # the fixture `record` of tests/kinds


def variants() -> list[Answers]:
    """Return the answers of every combination, the plain ones first."""
    taps = [{"stream_type": stream, "auth_method": auth} for stream in API_STREAMS for auth in AUTH_METHODS]
    taps += [{"stream_type": "SQL"}, {"stream_type": "Custom"}]
    return [
        {"kind": "library"},
        *({"kind": "tap"} | tap for tap in taps),
        *({"kind": "target", "sink_type": sink} for sink in SINK_TYPES),
        {"kind": "mapper"},
        {"kind": "extension"},
        {"kind": "state-backend"},
    ]


def title(answers: Answers) -> str:
    """Return how the table and the tests call a combination: its kind and the answers that go with it."""
    names = ("kind", "stream_type", "auth_method", "sink_type")
    return ", ".join(answers[name] for name in names if name in answers)


def cases(combinations: Iterable[Answers], *in_plain_nox: str) -> list[object]:
    """Return combinations as parameters of a test; those without one of these titles or kinds are slow."""
    return [
        pytest.param(one, id=title(one), marks=[] if {title(one), one["kind"]} & {*in_plain_nox} else pytest.mark.slow)
        for one in combinations
    ]


def repository(kind: str, spelling: str) -> str:
    """Return a repository's name for a project of a kind: usual, as long as names get, or hard to make a class from."""
    usual = REPOSITORIES[kind]
    if spelling == "long":
        return usual.replace("sample", "s" * (64 - len(usual) + len("sample"))).replace("my", "m" * (64 - 8))
    if spelling == "odd":
        odd = {"library": "My_2.lib", "tap": "tap-15Five.users", "target": "target-15Five.users"}
        odd |= {"mapper": "mapper_15.Five", "extension": "My.15Five_x-ext"}
        odd |= {"state-backend": "state_backend-15Five"}
        return odd[kind]
    return usual


def runs_in_plain_nox(variant: Answers) -> bool:
    """Return whether plain `nox` runs a combination: each way to authenticate with one kind of API, in turn."""
    auth = variant.get("auth_method")
    return not auth or (API_STREAMS.index(variant["stream_type"]) + AUTH_METHODS.index(auth)) % len(API_STREAMS) == 0


def has_own_packages(variant: Answers) -> bool:
    """Return whether a combination needs other packages than all before it."""
    return variant.get("auth_method", "JWT") in {"API Key", "JWT"} and variant.get("sink_type") != "batch"


def pairs() -> list[Answers]:
    """Return combinations in which every value of every question occurs, those that all kinds share in all pairs.

    A library's names follow its package, so there is one more with a hard name.
    """
    kinds = [variant for variant in variants() if runs_in_plain_nox(variant)]
    kinds.append({"kind": "library", "package_name": "A.b_-C"})
    found = []
    for number, variant in enumerate(kinds):
        row = dict(zip(SHARED, SHARED_PAIRS[number % len(SHARED_PAIRS)], strict=True))
        answers = {"repository": repository(variant["kind"], row.pop("spelling"))} | row | variant
        if variant["kind"] == "library":
            answers["display_name"] = DEFAULT
        answers = {name: value for name, value in answers.items() if value != DEFAULT}
        if variant["kind"] == "extension":
            answers["wrapped_command"] = "no-such-command"
        found.append(answers)
    return found


def table(*reports: str) -> str:
    """Return the page of the combinations as runs of the tests have found them; a test that failed leaves a gap."""
    ran: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for name, column, words in (json.loads(cell) for test in recorded(*reports) for cell in test.get(PROPERTY, [])):
        ran[name, column].add(words)
    return with_rows(TABLE, ([name, *(table_cell(column, ran[name, column]) for column in COLUMNS)] for name in TITLES))


def table_cell(column: str, found: set[str]) -> str:
    """Return what a cell says: how many recipes were followed, versions in their order, or other words."""
    if column == EDITED and found:
        return f"{len(found)} recipe{'s' * (len(found) > 1)}"
    return ", ".join(sorted(found, key=lambda text: ([int(part) for part in text.split(".") if part.isdigit()], text)))


TITLES = [title(variant) for variant in variants()]

if __name__ == "__main__":
    TABLE.write_text(table(*sys.argv[1:]), encoding="utf-8")
