"""A rendered tap reads an unfriendly API, after the edits that its AGENTS.md describes where it needs any."""

import json
import re
from collections.abc import Callable

import pytest
from filelock import FileLock

from tests.simulation import tracker
from tests.simulation.unfriendly_api import (
    CREDENTIALS,
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
from tests.support.combinations import UNFRIENDLY_API, Answers, record_combination, title, variants
from tests.support.folder_cache import FolderCache
from tests.support.tap_edits import (
    change_api,
    follow_cursor,
    follow_early_end,
    follow_graphql_cursor,
    follow_link_header,
    follow_not_found,
    follow_oauth2,
    follow_openapi,
    follow_page_numbers,
    follow_refresh_token,
    follow_remaining,
)
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
KEY = CREDENTIALS["API Key"]


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
    answers: Answers, make_tap: Callable[..., Tap], record_property: Callable[[str, object], None]
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
    record_combination(record_property, UNFRIENDLY_API, rows, answers)


@pytest.mark.slow
def test_page_numbers(make_tap: Callable[..., Tap]) -> None:
    """A tap that counts pages reads until the first page without records."""
    tap = make_tap()
    follow_page_numbers(tap)
    with serve(UnfriendlyAPI(RECORDS, pages="number")) as api:
        assert tap.extract(api, KEY).records == EXPECTED
    assert api.count("GET /users?page=") == 3


@pytest.mark.slow
def test_a_cursor_and_empty_pages(make_tap: Callable[..., Tap]) -> None:
    """Pages without records do not end a stream with a cursor, not even in the next run, where more pages are empty."""
    tap = make_tap()
    follow_cursor(tap)
    tap.tidy()
    users = [ADA, None, None, None, None, None, GRACE, MARY]
    with serve(UnfriendlyAPI(RECORDS | {"/users": users}, pages="cursor")) as api:
        first = tap.extract(api, KEY)
        second = tap.extract(api, KEY, first.state)
    assert first.records == EXPECTED
    assert second.records == {"users": [MARY], "groups": []}


@pytest.mark.slow
def test_a_cursor_in_graphql(make_tap: Callable[..., Tap]) -> None:
    """A GraphQL tap follows the cursor that each page has for the next one, until a page has none."""
    tap = make_tap("API Key", "GraphQL")
    follow_graphql_cursor(tap)
    with serve(UnfriendlyAPI(RECORDS, pages="cursor")) as api:
        assert tap.extract(api, KEY).records == expected("GraphQL")


@pytest.mark.slow
def test_link_header(make_tap: Callable[..., Tap]) -> None:
    """The tap requests the URL in the `Link` header as it is, which contains the parameters of the first request."""
    tap = make_tap()
    follow_link_header(tap)
    with serve(UnfriendlyAPI(RECORDS, pages="link")) as api:
        assert tap.extract(api, KEY).records == EXPECTED
        later = tap.extract(api, KEY | {"start_date": "2026-01-01T00:00:00Z"})
    assert later.records == EXPECTED
    assert api.count("GET /users?since=2026-01-01T00%3A00%3A00%2B00%3A00&page=2") == 1


@pytest.mark.slow
def test_an_access_token_that_expires_during_a_wait(make_tap: Callable[..., Tap]) -> None:
    """All streams share an access token with the configured scopes; the tap replaces one that expired during a wait."""
    tap = make_tap("API Key")
    follow_oauth2(tap)
    with serve(UnfriendlyAPI(RECORDS, auth_method="OAuth2", trouble={"/users/1/groups": [RATE_LIMIT]})) as api:
        extraction = tap.extract(api, api.credentials())
    assert extraction.records == EXPECTED
    assert api.count("200 POST /oauth/token") == 2
    assert api.count("401") == 0


@pytest.mark.slow
@pytest.mark.parametrize("stream_type", ["REST", "GraphQL"])
def test_a_refresh_token_and_an_access_token_that_ends_early(stream_type: str, make_tap: Callable[..., Tap]) -> None:
    """If the API refuses an access token before it expires, the tap gets another one with the refresh token."""
    tap = make_tap("OAuth2", stream_type)
    follow_refresh_token(tap)
    follow_early_end(tap)
    with serve(UnfriendlyAPI(RECORDS, auth_method="refresh token", trouble={"/users/1/groups": [Answer(401)]})) as api:
        extraction = tap.extract(api, api.credentials())
    assert extraction.records == expected(stream_type)
    assert api.count("200 POST /oauth/token") == 2
    assert api.count("401") == 1


@pytest.mark.slow
def test_a_rate_limit_with_the_status_403(make_tap: Callable[..., Tap]) -> None:
    """The tap waits after a status 403 whose headers show a rate limit; without them, it is a permanent refusal."""
    tap = make_tap()
    follow_remaining(tap)
    with serve(UnfriendlyAPI(RECORDS, trouble={"/users": [NO_REQUEST_REMAINS]})) as api:
        extraction = tap.extract(api, KEY)
    assert extraction.records == EXPECTED
    (wait,) = extraction.slept
    assert 40 <= wait < 42


@pytest.mark.slow
def test_a_parent_whose_children_are_not_found(make_tap: Callable[..., Tap]) -> None:
    """Some APIs answer 404 for an empty list of children; the tap goes on with the next parent."""
    tap = make_tap()
    follow_not_found(tap)
    records = {path: found for path, found in RECORDS.items() if found}
    with serve(UnfriendlyAPI(records)) as api:
        assert tap.extract(api, KEY).records == EXPECTED
    assert api.count("404 GET /users/3/groups") == 1


@pytest.mark.slow
def test_children_of_parents_that_did_not_change(make_tap: Callable[..., Tap]) -> None:
    """The second run reads the children of the last parent only; with `ignore_parent_replication_key`, those of all."""
    tap = make_tap()
    records = {path: list(found) for path, found in RECORDS.items()}
    with serve(UnfriendlyAPI(records)) as api:
        first = tap.extract(api, KEY)
        records["/users/1/groups"].append({"id": 40})
        assert tap.extract(api, KEY, first.state).records["groups"] == []
        tap.replace(
            "src/tap_sample/streams.py", *(f"ignore_parent_replication_key = {value}" for value in (False, True))
        )
        assert {"user_id": 1, "id": 40} in tap.extract(api, KEY, first.state).records["groups"]


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
def test_schemas_from_json_files(make_tap: Callable[..., Tap]) -> None:
    """A tap can read its schemas from JSON files in its package, so `streams.py` declares none."""
    tap = make_tap()
    schemas = tap.source / "schemas"
    schemas.mkdir()
    (schemas / "__init__.py").write_text('"""The schemas of the streams."""\n', encoding="utf-8")
    for stream, id_names in {"users": ["id"], "groups": ["user_id", "id"]}.items():
        properties = {name: {"type": "integer"} for name in id_names} | {"name": {"type": ["string", "null"]}}
        if stream == "users":
            properties["updated_at"] = {"type": "string", "format": "date-time"}
        (schemas / f"{stream}.json").write_text(json.dumps({"type": "object", "properties": properties}))
        tap.follow("From a schema", "streams.py", f"{stream.capitalize()}Stream")
    assert "th." not in (tap.source / "streams.py").read_text(encoding="utf-8")
    with serve(UnfriendlyAPI(RECORDS)) as api:
        assert tap.extract(api, KEY).records == EXPECTED


@pytest.mark.slow
def test_schemas_from_an_openapi_document(make_tap: Callable[..., Tap]) -> None:
    """A tap can use the OpenAPI document as the API publishes it: with references, and without what the tap adds."""
    tap = make_tap()
    follow_openapi(tap)
    tap.tidy()
    assert "th." not in (tap.source / "streams.py").read_text(encoding="utf-8")
    with serve(UnfriendlyAPI(RECORDS)) as api:
        assert tap.extract(api, KEY).records == EXPECTED


def test_the_tap_becomes_one_for_another_api_with_few_changes(
    make_tap: Callable[..., Tap], record_property: Callable[[str, object], None]
) -> None:
    """At most `MOST_LINES` lines change for an API with other pages, other authentication, and two nested resources."""
    tap = make_tap()
    change_api(tap)
    tap.project.run("ruff", "check")
    tap.project.run("ruff", "format", "--check")
    changed = tap.project.run("git", "diff", "--numstat", "--", "src", "tests").stdout.splitlines()
    lines = sum(int(number) for line in changed for number in line.split()[:2])
    record_property("changed lines", lines)
    assert lines <= MOST_LINES


@pytest.mark.slow
def test_the_changed_tap_passes_its_own_tests_and_reads_the_other_api(make_tap: Callable[..., Tap]) -> None:
    """The tap reads the issues and the comments of each project; the next run reads those of the last project again."""
    tap = make_tap()
    change_api(tap)
    tap.project.run(tap.python, "-m", "pytest", env={"PYTHONPATH": "src"})
    with serve(UnfriendlyAPI(tracker.TRACKER, pages="cursor", auth_method="Basic Auth")) as api:
        first = tap.extract(api, api.credentials())
        second = tap.extract(api, api.credentials(), first.state)
    assert first.records == tracker.EXPECTED
    assert second.records == {
        stream: [record for record in found if record.get("project_id", record["id"]) == 3]
        for stream, found in tracker.EXPECTED.items()
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stream_type", "edit"),
    [
        pytest.param("REST", follow_page_numbers, id="page numbers"),
        pytest.param("REST", follow_link_header, id="link header"),
        pytest.param("REST", follow_cursor, id="cursor"),
        pytest.param("GraphQL", follow_graphql_cursor, id="cursor in GraphQL"),
        pytest.param("REST", Tap.add_full_table_stream, id="full table"),
        pytest.param("Custom", Tap.add_full_table_stream, id="full table of Custom"),
    ],
)
def test_an_edited_tap_passes_its_own_tests(
    stream_type: str, edit: Callable[[Tap], None], make_tap: Callable[..., Tap]
) -> None:
    """The sample API pages as the real one does; each run reads a stream without a replication key in full."""
    tap = make_tap("API Key", stream_type)
    edit(tap)
    tap.project.run(tap.python, "-m", "pytest", env={"PYTHONPATH": "src"})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answers", "edit"),
    [
        pytest.param(["API Key"], follow_page_numbers, id="page numbers"),
        pytest.param(["API Key"], follow_link_header, id="link header"),
        pytest.param(["API Key"], follow_cursor, id="cursor"),
        pytest.param(["API Key", "GraphQL"], follow_graphql_cursor, id="cursor in GraphQL"),
        pytest.param(["API Key"], follow_oauth2, id="OAuth2"),
        pytest.param(["API Key", "GraphQL"], follow_oauth2, id="OAuth2 in GraphQL"),
        pytest.param(["OAuth2"], follow_refresh_token, id="refresh token"),
        pytest.param(["OAuth2"], follow_early_end, id="tokens that end early"),
        pytest.param(["OAuth2", "GraphQL"], follow_early_end, id="tokens that end early in GraphQL"),
        pytest.param(["API Key"], follow_remaining, id="status 403"),
        pytest.param(["API Key"], follow_not_found, id="not found"),
        pytest.param(["API Key"], follow_openapi, id="OpenAPI"),
        pytest.param(["API Key"], change_api, id="another API"),
    ],
)
def test_an_edited_tap_passes_the_linter_and_the_type_checker(
    answers: list[str], edit: Callable[[Tap], None], make_tap: Callable[..., Tap], once: FolderCache
) -> None:
    """A tap with any of the edits passes ruff and mypy after `ruff check --fix` and `ruff format` have tidied it."""
    tap = make_tap(*answers)
    edit(tap)
    tap.tidy()
    tap.project.run("ruff", "check")
    cache = once("mypy", lambda _: None)
    with FileLock(cache / "edited.lock"):
        tap.project.run(tap.python, "-m", "mypy", env={"MYPY_CACHE_DIR": str(cache / "edited")})
