{% from 'includes/import.jinja' import import_from -%}
{% set user_id = 'userId' if stream_type == 'GraphQL' else 'user_id' -%}
"""Tests of the tap: the SDK's own, and what this tap promises."""

import json
from collections.abc import Callable
from typing import Any

import pytest
{%- if stream_type == 'GraphQL' or stream_type == 'REST' and auth_method in ['API Key', 'Bearer Token', 'Basic Auth'] %}
from singer_sdk.exceptions import FatalAPIError
{%- endif %}
from singer_sdk.testing import get_tap_test_class

{% if stream_type == 'GraphQL' -%}
{{ import_from(import_name ~ '.streams', 'UsersStream') }}
{% endif -%}
{{ import_from(import_name ~ '.tap', plugin_class) }}

from .source import CONFIG, GROUPS, USERS

Messages = list[dict[str, Any]]
Run = Callable[..., Messages]

SAMPLE: dict[str, Any] = {"config": CONFIG, "parse_env_config": False}  # a file .env is for other runs

TestStandard = get_tap_test_class({{ plugin_class }}, **SAMPLE)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the tap, from a state if there is one, and return its messages."""

    def messages(state: dict[str, Any] | None = None, **config: str) -> Messages:
        {{ plugin_class }}(config=CONFIG | config, state=state).sync_all()
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return messages


def records(messages: Messages, stream: str) -> Messages:
    """Return the records of a stream."""
    return [message["record"] for message in messages if message["type"] == "RECORD" and message["stream"] == stream]


def test_all_users_are_read{{ '' if stream_type == 'Custom' else '_page_by_page' }}(run: Run) -> None:
    """Each once, as the source has it."""
    assert records(run(), "users") == USERS


def test_all_groups_of_all_users_are_read(run: Run) -> None:
    """Each with the number of its user."""
    expected = [{"{{ user_id }}": user} | group for user, groups in GROUPS.items() for group in groups]
    assert records(run(), "groups") == expected


def test_the_next_run_reads_what_changed_since(run: Run) -> None:
    """The state of one run is where the next one begins: at the last change, which is read again."""
    state = run()[-1]["value"]
    again = run(state)
    assert records(again, "users") == USERS[-1:]
    assert [record["{{ user_id }}"] for record in records(again, "groups")] == [USERS[-1]["id"]]
    assert again[-1]["value"] == state


def test_nothing_before_the_start_date_is_read(run: Run) -> None:
    """As long as there is no state."""
    assert records(run(start_date="2026-01-02T00:00:00Z"), "users") == USERS[1:]
{%- if stream_type != 'Custom' and auth_method != 'None' %}


def test_a_wrong_credential_is_refused(run: Run) -> None:
    """With the answer of the source, and without another try."""
{%- if auth_method in ['API Key', 'Bearer Token'] %}
    with pytest.raises(FatalAPIError, match="401"):
        run(auth_token="wrong")  # noqa: S106
{%- elif auth_method == 'Basic Auth' %}
    with pytest.raises(FatalAPIError, match="401"):
        run(password="wrong")  # noqa: S106
{%- elif auth_method == 'OAuth2' %}
    with pytest.raises(RuntimeError, match="status=401"):
        run(client_secret="wrong")  # noqa: S106
{%- else %}
    with pytest.raises(RuntimeError, match="status=401"):
        run(client_id="wrong")
{%- endif %}
{%- endif %}
{%- if stream_type == 'GraphQL' %}


def test_a_failed_query_is_not_taken_for_an_empty_answer(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The API tells of it in an answer whose status is 200."""
    monkeypatch.setattr(UsersStream, "query", "query { nobody }")
    with pytest.raises(FatalAPIError, match="nobody"):
        run()
{%- endif %}
