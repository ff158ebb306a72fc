"""A rendered tap reads an unfriendly API, and other APIs after the edits that the documentation describes."""

import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import pytest

from tests.simulation import tracker
from tests.simulation.unfriendly_api import (
    NO_REQUEST_REMAINS,
    OUTAGE,
    RATE_LIMIT,
    RATE_LIMIT_WITHOUT_RETRY_AFTER,
    SECRET,
    Answer,
    Record,
    UnfriendlyAPI,
    as_graphql,
    serve,
)
from tests.support.combinations import EDITED, UNFRIENDLY_API, Answers, RecordCells, cases, variants
from tests.support.folder_cache import FolderCache
from tests.support.recipes import recipes
from tests.support.taps import Tap

API_TAPS = [answers for answers in variants() if "auth_method" in answers]
TUTORIAL = "tutorial/write-a-tap.md"
MOST_LINES = 90  # to turn a rendered REST tap into that of the tutorial
ADA: Record = {"id": 1, "name": "Ada", "updated_at": "2026-01-01T00:00:00+00:00"}
GRACE: Record = {"id": 2, "updated_at": "2026-01-02T00:00:00+00:00"}  # without the optional name
MARY: Record = {"id": 3, "name": "Mary", "updated_at": "2026-01-03T00:00:00+00:00"}
USERS = [ADA, GRACE, MARY]
GROUPS: list[Record] = [{"id": 10, "name": "Engines"}, {"id": 20, "name": None}, {"id": 30}]
RECORDS: dict[str, list[Record | None]] = {
    "/users": [*USERS],
    "/users/1/groups": [*GROUPS],
    "/users/2/groups": [*GROUPS[:1]],
    "/users/3/groups": [],  # a parent without children
}
EXPECTED = {"users": USERS, "groups": [{"user_id": 1} | group for group in GROUPS] + [{"user_id": 2} | GROUPS[0]]}


def expected(stream_type: str) -> dict[str, list[Record]]:
    """Return the records that a tap reads, as its kind of API has them."""
    is_graphql = stream_type == "GraphQL"
    return {stream: list(map(as_graphql, found)) if is_graphql else found for stream, found in EXPECTED.items()}


@pytest.mark.parametrize("answers", cases(API_TAPS, "tap, REST, API Key"))
def test_every_api_tap_reads_an_unfriendly_api(
    answers: Answers, make_tap: Callable[..., Tap], record: RecordCells
) -> None:
    """Every API tap reads all records without an edit, although the API limits the rate of requests and fails once.

    The tap waits for a minute if the API says so, for the time that another header announces, and for a moment after a
    failure of the server. It replaces an access token that expired during a wait before the API can refuse it.
    """
    auth_method = answers["auth_method"]
    tap = make_tap(answers["stream_type"], auth_method)
    trouble = {"/users": [RATE_LIMIT, RATE_LIMIT_WITHOUT_RETRY_AFTER], "/users/1/groups": [OUTAGE]}
    with serve(UnfriendlyAPI(RECORDS, auth_method=auth_method, trouble=trouble)) as api:
        extraction = tap.extract(api, api.credentials())
    assert extraction.records == expected(answers["stream_type"])
    minute, half, moment = extraction.slept
    assert 60 <= minute < 62
    assert 30 <= half < 32
    assert 2 <= moment < 4
    assert api.count("401") == 0
    assert api.count("200 POST /oauth/token") == (2 if auth_method in {"OAuth2", "JWT"} else 0)
    rows = f"{len(EXPECTED['users'])} and {len(EXPECTED['groups'])} rows after 3 refusals"
    record(UNFRIENDLY_API, rows, answers)


@dataclass(frozen=True)
class Recipe:
    """A recipe of the documentation, the tap that it is for, and the API that the tap can read then."""

    heading: str
    stream_type: str = "REST"
    auth_method: str = "API Key"
    api: dict[str, Any] = field(default_factory=dict)
    records: dict[str, list[Record | None]] = field(default_factory=dict)  # in place of those in RECORDS
    missing: str = ""  # a path that the API does not know
    counts: dict[str, int] = field(default_factory=dict)  # of requests, by a part of them
    wait: int = 0  # in seconds, or a moment more, for a rate limit
    also: tuple[str, ...] = ()  # recipes to follow before

    def __str__(self) -> str:
        """Return what the tests call it."""
        return " after ".join([self.heading, *self.also])


RATE_LIMITED = {"auth_method": "OAuth2", "trouble": {"/users/1/groups": [RATE_LIMIT]}}
ENDS_EARLY = {"auth_method": "OAuth2", "trouble": {"/users/1/groups": [Answer(401)]}}
EMPTY_PAGES: list[Record | None] = [ADA, None, None, None, None, None, GRACE, MARY]
TOKENS = {"200 POST /oauth/token": 2, "401": 0}
RECIPES = [
    Recipe("A cursor", api={"pages": "next_cursor"}),
    Recipe("Page numbers", api={"pages": "page"}, counts={"GET /users?page=": 3}),
    Recipe("Offsets", api={"pages": "offset"}, counts={"GET /users?offset=": 3}),
    Recipe("Link header", api={"pages": "link"}, counts={"GET /users?page=2": 1}),
    Recipe("One stream that pages in another way", api={"other_pages": "p"}, counts={"groups?p=3": 1}),
    Recipe("Pages without records", api={"pages": "next_cursor"}, records={"/users": EMPTY_PAGES}),
    Recipe("Page size and other parameters", counts={"per_page=100": 6}),
    Recipe("A filter in Unix time", api={"unix": True}),
    *(
        Recipe("A missing list is an empty one", api=pages, missing="/users/3/groups", counts={"404 GET": 1}, also=also)
        for also, pages in {
            (): {},
            ("Link header",): {"pages": "link"},
            ("Pages without records",): {"pages": "next_cursor"},
        }.items()
    ),
    Recipe("OAuth2", api=RATE_LIMITED, counts=TOKENS, wait=60),
    Recipe(
        "Refresh token", "REST", "OAuth2", api=RATE_LIMITED | {"auth_method": "refresh token"}, counts=TOKENS, wait=60
    ),
    Recipe("Access tokens that end early", "REST", "OAuth2", api=ENDS_EARLY, counts=TOKENS | {"401": 1}),
    Recipe("Access tokens that end early in GraphQL", "GraphQL", "OAuth2", api=ENDS_EARLY, counts=TOKENS | {"401": 1}),
    Recipe("A rate limit with the status 403", api={"trouble": {"/users": [NO_REQUEST_REMAINS]}}, wait=40),
    Recipe("Take schemas from files"),
    Recipe("Edges", "GraphQL", counts={"POST": 6}),  # although the API sends a cursor with the last page, too
]
SHAPES: dict[str, dict[str, Any]] = {
    "JSON errors": {},
    "text IDs, a prefix, and HTML errors": {"error": "<!doctype html>", "prefix": "/api/v2"},
    "empty errors": {"error": ""},
}
OTHERS = {  # recipes that this API is not for
    "Add a stream": "REST",
    "A connection in another object": "GraphQL",
    "Page numbers in GraphQL": "GraphQL",
}
ELSEWHERE = {"Test with recorded responses", "Columns of other types"}  # tested by tests that name them
TAPS = [(recipe.heading, (recipe.stream_type, recipe.auth_method)) for recipe in RECIPES if not recipe.also]
TAPS += [(heading, (stream_type, "API Key")) for heading, stream_type in OTHERS.items()]
EDITED_TAPS = [pytest.param(*tap, id=tap[0], marks=[] if tap == TAPS[0] else pytest.mark.slow) for tap in TAPS]


def test_every_recipe_is_tested() -> None:
    """Each recipe of the page that has code is in one of the tables above, and no other one."""
    assert {recipe.heading for recipe in RECIPES} | OTHERS.keys() | ELSEWHERE == recipes("how-to/write-a-tap.md").keys()


def with_text_ids(paths: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Return what is at each path, or in each stream, with IDs that are text in the paths and in the records."""
    return {
        re.sub(r"/(\d)", r"/n\1", path): [
            {name: f"n{value}" if name.lower().endswith("id") else value for name, value in item.items()}
            if isinstance(item, dict)
            else item
            for item in found
        ]
        for path, found in paths.items()
    }


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("recipe", RECIPES, ids=str)
def test_a_tap_with_a_recipe_reads_apis_of_several_shapes(
    recipe: Recipe, shape: str, make_tap: Callable[..., Tap]
) -> None:
    """The tap reads all records, and the last ones again in the next run, whatever an error has in its body."""
    tap = make_tap(recipe.stream_type, recipe.auth_method)
    tap.follow(*recipe.also, recipe.heading)
    api = UnfriendlyAPI(RECORDS | recipe.records, **deepcopy(recipe.api), **SHAPES[shape])
    api.records.pop(recipe.missing, None)
    results = expected(recipe.stream_type)
    if "text IDs" in shape:
        tap.substitute("src/tap_weather/streams.py", r'([iI]d", th\.)IntegerType', r"\1StringType")
        api.records, api.trouble = with_text_ids(api.records), with_text_ids(api.trouble)
        results = with_text_ids(results)
    with serve(api):
        first = tap.extract(api, api.credentials())
        assert {part: api.count(part) for part in recipe.counts} == recipe.counts
        second = tap.extract(api, api.credentials(), first.state)
    assert first.records == results
    assert second.records == {"users": results["users"][-1:], "groups": []}
    assert [int(slept / 2) for slept in first.slept] == [recipe.wait / 2] * len(first.slept) or not recipe.wait


@pytest.mark.parametrize(("heading", "kind"), EDITED_TAPS)
def test_a_tap_with_a_recipe_passes_its_checks(
    heading: str, kind: tuple[str, str], make_tap: Callable[..., Tap], once: FolderCache, record: RecordCells
) -> None:
    """The linter, the type checker, and the tap's own tests find nothing: the sample API changes with the tap."""
    tap = make_tap(*kind)
    tap.follow(heading)
    tap.check(once)
    record(EDITED, heading, {"kind": "tap", "stream_type": kind[0], "auth_method": kind[1]})


@pytest.mark.slow
def test_a_recording_has_no_secret_and_is_replayed_without_the_network(make_tap: Callable[..., Tap]) -> None:
    """A run is recorded with the credentials, and replayed without them and without the API; no file has a secret."""
    tap = make_tap()
    tap.follow("Test with recorded responses")
    tap.project.run("uv", "pip", "install", "--quiet", "--python", tap.python, "--target", "more", "pytest-recording")
    command = (tap.python, "-m", "pytest", "tests/test_recorded.py")
    env = {"PYTHONPATH": "src:more"}
    with serve(UnfriendlyAPI(RECORDS)) as api:
        tap.substitute("tests/test_recorded.py", "https://api.example.com", api.url)
        tap.project.run(*command, "--record-mode=rewrite", env=env | {"TAP_WEATHER_AUTH_TOKEN": SECRET})
        assert api.count("GET /users")
    tap.project.run(*command, "--block-network", env=env)
    (recording,) = tap.project.path.glob("tests/cassettes/**/*.yaml")
    text = recording.read_text(encoding="utf-8")
    assert "Ada" in text
    assert SECRET not in text


@pytest.mark.slow
def test_children_of_parents_that_did_not_change(make_tap: Callable[..., Tap]) -> None:
    """The second run reads the children of the last parent only; with `ignore_parent_replication_key`, those of all."""
    tap = make_tap()
    records = {path: list(found) for path, found in RECORDS.items()}
    with serve(UnfriendlyAPI(records)) as api:
        first = tap.extract(api, api.credentials())
        records["/users/1/groups"].append({"id": 40})
        assert tap.extract(api, api.credentials(), first.state).records["groups"] == []
        tap.substitute("src/tap_weather/streams.py", "(ignore_parent_replication_key = )False", r"\1True")
        assert {"user_id": 1, "id": 40} in tap.extract(api, api.credentials(), first.state).records["groups"]


@pytest.mark.slow
def test_the_sample_can_have_ids_that_are_text(make_tap: Callable[..., Tap], once: FolderCache) -> None:
    """The tests of a tap pass unedited if the IDs are text, escaped in paths; the last parent has several children."""
    tap = make_tap()
    tap.substitute("tests/source.py", r'(id": )(\d+)', r'\1"n/?%\2"')
    tap.substitute("tests/source.py", r'(\n +)(\{"user_id": "n/\?%3".*)', r'\1\2\1{"user_id": "n/?%3", "id": "n40"},')
    tap.substitute("src/tap_weather/streams.py", r'(id", th\.)IntegerType', r"\1StringType")
    tap.check(once, "pytest")


def test_a_path_that_the_sample_does_not_know_is_named_at_once(make_tap: Callable[..., Tap]) -> None:
    """If a stream and the table of routes have different paths, the tests say so; they pass if both have the same."""
    tap = make_tap()
    tests = (tap.python, "-m", "pytest", "tests/test_core.py")
    tap.substitute("src/tap_weather/streams.py", '"/users', '"/admin/users')
    started = monotonic()
    failed = tap.project.run(*tests, env={"PYTHONPATH": "src"}, check=False)
    assert monotonic() - started < 20  # one that is sent again takes half a minute
    assert "tests/source.py has no route for /admin/users: add it to ROUTES" in failed.stdout
    tap.substitute("tests/source.py", 'Route\\("', 'Route("/admin')
    tap.project.run(*tests, env={"PYTHONPATH": "src"})


def test_the_tap_of_the_tutorial_has_few_changed_lines(make_tap: Callable[..., Tap]) -> None:
    """At most `MOST_LINES` lines change for an API with other pages, other authentication, and two nested resources."""
    tap = follow_tutorial(make_tap)
    tap.project.run("ruff", "check")
    changed = tap.project.run("git", "diff", "--numstat", "--", "src", "tests").stdout.splitlines()
    assert sum(int(number) for line in changed for number in line.split()[:2]) <= MOST_LINES


@pytest.mark.slow
def test_the_tap_of_the_tutorial_passes_its_checks_and_reads_the_tracker(
    make_tap: Callable[..., Tap], once: FolderCache
) -> None:
    """The tap reads the issues and the comments of each project; the next run reads those of the last project again."""
    tap = follow_tutorial(make_tap)
    tap.check(once)
    with serve(UnfriendlyAPI(tracker.TRACKER, pages="next_cursor", auth_method="Basic Auth")) as api:
        first = tap.extract(api, api.credentials())
        second = tap.extract(api, api.credentials(), first.state)
    assert first.records == tracker.EXPECTED
    assert second.records == {
        stream: [record for record in found if record.get("project_id", record["id"]) == 3]
        for stream, found in tracker.EXPECTED.items()
    }


def follow_tutorial(make_tap: Callable[..., Tap]) -> Tap:
    """Return the tap after all edits of the tutorial."""
    tap = make_tap(name="tracker")
    tap.follow(*recipes(TUTORIAL), page=TUTORIAL)
    return tap
