"""A rendered tap reads an unfriendly API, after the edits that its AGENTS.md describes where it needs any."""

import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import pytest
from filelock import FileLock

from tests.simulation import tracker
from tests.simulation.unfriendly_api import (
    NO_REQUEST_REMAINS,
    OUTAGE,
    RATE_LIMIT,
    RATE_LIMIT_WITHOUT_RETRY_AFTER,
    Answer,
    Record,
    UnfriendlyAPI,
    as_graphql,
    serve,
)
from tests.support import tap_edits
from tests.support.combinations import UNFRIENDLY_API, Answers, RecordCells, title, variants
from tests.support.editing import all_of
from tests.support.folder_cache import FolderCache
from tests.support.taps import Tap

API_TAPS = [answers for answers in variants() if "auth_method" in answers]
MOST_LINES = 120  # to turn a rendered REST tap into one for another API
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


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param(answers, id=title(answers), marks=[] if answers is API_TAPS[0] else pytest.mark.slow)
        for answers in API_TAPS
    ],
)
def test_every_api_tap_reads_an_unfriendly_api(
    answers: Answers, make_tap: Callable[..., Tap], record: RecordCells
) -> None:
    """Every API tap reads all records without an edit, although the API limits the rate of requests and fails once.

    The tap waits for a minute if the API says so, for the time that another header announces, and for a moment after a
    failure of the server. It replaces an access token that expired during a wait before the API can refuse it.
    """
    auth_method = answers["auth_method"]
    tap = make_tap(auth_method, answers["stream_type"])
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
class Edit:
    """An edit of a rendered tap, and the API that it is for."""

    name: str
    make: Callable[[Tap], None]
    auth_method: str = "API Key"
    stream_type: str = "REST"
    api: dict[str, Any] = field(default_factory=dict)
    records: dict[str, list[Record | None]] = field(default_factory=dict)  # in place of those in RECORDS
    config: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)  # of requests, by a part of them
    wait: int = 0  # in seconds, or a moment more, for a rate limit
    passes_its_tests: bool = False  # whether the sample API can page like that


RATE_LIMITED = {"auth_method": "OAuth2", "trouble": {"/users/1/groups": [RATE_LIMIT]}}
ENDS_EARLY = {"auth_method": "refresh token", "trouble": {"/users/1/groups": [Answer(401)]}}
TWO_TOKENS = {"200 POST /oauth/token": 2}
since = "2026-01-01T00%3A00%3A00%2B00%3A00"
follow_early_end = all_of(tap_edits.follow_refresh_token, tap_edits.follow_early_end)
EDITS = [
    Edit(
        "page numbers, until the first page without records",
        tap_edits.follow_page_numbers,
        api={"pages": "number"},
        counts={"GET /users?page=": 3},
        passes_its_tests=True,
    ),
    Edit(
        "a cursor, and pages without records",
        tap_edits.follow_cursor,
        api={"pages": "cursor"},
        records={"/users": [ADA, None, None, None, None, None, GRACE, MARY]},
        passes_its_tests=True,
    ),
    Edit(
        "a cursor in GraphQL",
        tap_edits.follow_graphql_cursor,
        stream_type="GraphQL",
        api={"pages": "cursor"},
        passes_its_tests=True,
    ),
    Edit(
        "the URL in the header `Link`, as it is",
        tap_edits.follow_link_header,
        api={"pages": "link"},
        config={"start_date": "2026-01-01T00:00:00Z"},
        counts={f"GET /users?since={since}&page=2": 1},
        passes_its_tests=True,
    ),
    Edit(
        "an access token that expires during a wait",
        tap_edits.follow_oauth2,
        api=RATE_LIMITED,
        counts=TWO_TOKENS | {"401": 0},
        wait=60,
    ),
    Edit(
        "an access token in GraphQL",
        tap_edits.follow_oauth2,
        stream_type="GraphQL",
        api=RATE_LIMITED,
        counts=TWO_TOKENS | {"401": 0},
        wait=60,
    ),
    *(
        Edit(
            f"an access token that ends early, of {stream_type}",
            follow_early_end,
            "OAuth2",
            stream_type,
            api=ENDS_EARLY,
            counts=TWO_TOKENS | {"401": 1},
        )
        for stream_type in ("REST", "GraphQL")
    ),
    Edit(
        "a rate limit with the status 403",
        tap_edits.follow_remaining,
        api={"trouble": {"/users": [NO_REQUEST_REMAINS]}},
        wait=40,
    ),
    Edit(
        "a parent whose children are not found",
        tap_edits.follow_not_found,
        api={"missing": ["/users/3/groups"]},
        counts={"404 GET /users/3/groups": 1},
    ),
    Edit("schemas from JSON files", tap_edits.follow_json_files),
    Edit("schemas from an OpenAPI document", tap_edits.follow_openapi),
]


@pytest.mark.slow
@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_an_edited_tap_reads_the_api_and_passes_its_checks(
    edit: Edit, make_tap: Callable[..., Tap], once: FolderCache
) -> None:
    """A tap with the edits of AGENTS.md reads all records, the last ones again in the next run, and passes its checks.

    The checks are ruff and mypy, and its own tests if its sample API pages as the real one does.
    """
    tap = make_tap(edit.auth_method, edit.stream_type)
    edit.make(tap)
    tap.tidy()
    tap.project.run("ruff", "check")
    cache = once("mypy", lambda _: None)
    with FileLock(cache / "edited.lock"):
        tap.project.run(tap.python, "-m", "mypy", env={"MYPY_CACHE_DIR": str(cache / "edited")})
    options = deepcopy(edit.api)  # the API takes its trouble out of it
    missing = options.pop("missing", [])
    records = {path: found for path, found in (RECORDS | edit.records).items() if path not in missing}
    with serve(UnfriendlyAPI(records, **options)) as api:
        first = tap.extract(api, api.credentials() | edit.config)
        for request, count in edit.counts.items():
            assert api.count(request) == count, request
        second = tap.extract(api, api.credentials() | edit.config, first.state)
    assert first.records == expected(edit.stream_type)
    assert second.records == {"users": expected(edit.stream_type)["users"][-1:], "groups": []}
    if edit.wait:
        assert [int(slept / 2) for slept in first.slept] == [edit.wait / 2]
    if edit.passes_its_tests:
        tap.project.run(tap.python, "-m", "pytest", env={"PYTHONPATH": "src"})


@pytest.mark.slow
def test_children_of_parents_that_did_not_change(make_tap: Callable[..., Tap]) -> None:
    """The second run reads the children of the last parent only; with `ignore_parent_replication_key`, those of all."""
    tap = make_tap()
    records = {path: list(found) for path, found in RECORDS.items()}
    with serve(UnfriendlyAPI(records)) as api:
        first = tap.extract(api, api.credentials())
        records["/users/1/groups"].append({"id": 40})
        assert tap.extract(api, api.credentials(), first.state).records["groups"] == []
        settings = [f"ignore_parent_replication_key = {value}" for value in (False, True)]
        tap.replace("src/tap_sample/streams.py", *settings)
        assert {"user_id": 1, "id": 40} in tap.extract(api, api.credentials(), first.state).records["groups"]


@pytest.mark.slow
def test_the_sample_can_have_ids_that_are_text(make_tap: Callable[..., Tap]) -> None:
    """The tests of a tap pass unedited if the IDs in its sample are text and the last parent has several children."""
    tap = make_tap()
    for file, pattern, new in (
        ("tests/source.py", r'(id": )(\d+)', r'\1"n\2"'),
        ("tests/source.py", r'(\n +)(\{"user_id": "n3".*)', r'\1\2\1{"user_id": "n3", "id": "n40", "name": "Moons"},'),
        ("src/tap_sample/streams.py", r'(id", th\.)IntegerType', r"\1StringType"),
    ):
        text, count = re.subn(pattern, new, tap.project.read(file))
        assert count, pattern
        tap.project.write(file, text)
    tap.project.run(tap.python, "-m", "pytest", env={"PYTHONPATH": "src"})


@pytest.mark.slow
@pytest.mark.parametrize("stream_type", ["REST", "Custom"])
def test_a_tap_with_a_full_table_passes_its_own_tests(stream_type: str, make_tap: Callable[..., Tap]) -> None:
    """Each run reads a stream without a replication key in full."""
    tap = make_tap("API Key", stream_type)
    tap.add_full_table_stream()
    tap.project.run(tap.python, "-m", "pytest", env={"PYTHONPATH": "src"})


def test_the_tap_becomes_one_for_another_api_with_few_changes(make_tap: Callable[..., Tap]) -> None:
    """At most `MOST_LINES` lines change for an API with other pages, other authentication, and two nested resources."""
    tap = make_tap()
    tap_edits.change_api(tap)
    tap.project.run("ruff", "check")
    tap.project.run("ruff", "format", "--check")
    changed = tap.project.run("git", "diff", "--numstat", "--", "src", "tests").stdout.splitlines()
    assert sum(int(number) for line in changed for number in line.split()[:2]) <= MOST_LINES


@pytest.mark.slow
def test_the_changed_tap_passes_its_checks_and_reads_the_other_api(make_tap: Callable[..., Tap]) -> None:
    """The tap reads the issues and the comments of each project; the next run reads those of the last project again."""
    tap = make_tap()
    tap_edits.change_api(tap)
    for check in ("mypy", "pytest"):
        tap.project.run(tap.python, "-m", check, env={"PYTHONPATH": "src"})
    with serve(UnfriendlyAPI(tracker.TRACKER, pages="cursor", auth_method="Basic Auth")) as api:
        first = tap.extract(api, api.credentials())
        second = tap.extract(api, api.credentials(), first.state)
    assert first.records == tracker.EXPECTED
    assert second.records == {
        stream: [record for record in found if record.get("project_id", record["id"]) == 3]
        for stream, found in tracker.EXPECTED.items()
    }
