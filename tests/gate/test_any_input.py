"""Whatever a project or an event holds, the gate ends in sentences, never in a traceback."""

import json
import os
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from meltano_release.gate import run_gate
from tests.support.damage import add_commit, publisher
from tests.support.gate_cases import BY_HAND, EVENT, RELEASE, RUN
from tests.support.paths import PYPROJECT
from tests.support.projects import Project

EXAMPLES = int(os.environ.get("ANY_ANSWERS", "0"))  # `nox -s fuzz` sets it
SETTINGS = settings(
    max_examples=EXAMPLES or 8,
    derandomize=not EXAMPLES,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=(HealthCheck.too_slow, HealthCheck.function_scoped_fixture),
)
WORDS = (
    "backend-path build-backend build-system dynamic enable hatch name pdm poetry poetry-dynamic-versioning project "
    "requires setuptools_scm source tool version versioneer"
)
KEYS = st.sampled_from(WORDS.split())
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x7f"), max_size=10)
TEXTS |= st.sampled_from(["hatchling.build", "pdm.backend", "poetry_dynamic_versioning.backend", "scm", "1.2.3"])
TOML_LEAVES = TEXTS | st.integers(-(2**63), 2**63 - 1) | st.booleans() | st.dates()
JSON_LEAVES = st.none() | st.integers() | st.booleans() | st.text(max_size=10)
PAYLOAD_KEYS = st.sampled_from(["repository", "default_branch", "inputs", "package_name", "release", "tag_name"])
BACKENDS = ("poetry_dynamic_versioning.backend", "hatchling.build", "pdm.backend", "setuptools.build_meta")


def nested(keys: st.SearchStrategy[str], leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return mappings of mappings, lists and leaves."""
    inside = st.recursive(
        leaves,
        lambda children: st.lists(children, max_size=3) | st.dictionaries(keys, children, max_size=4),
        max_leaves=12,
    )
    return st.dictionaries(keys, inside, max_size=4)


def dump(value: Any) -> str:  # noqa: ANN401 - of TOML
    """Return a value as TOML writes it, in one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {dump(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(dump, value)) + "]"
    return value.isoformat() if isinstance(value, date) else json.dumps(value, ensure_ascii=False)


def dump_document(tables: Mapping[str, Any]) -> str:
    """Return a TOML document."""
    text = "".join(f"{key} = {dump(value)}\n" for key, value in tables.items())
    assert tomllib.loads(text) == tables
    return text


def check_run(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """Run the gate: it passes or refuses, and every line that it prints is a sentence or the verdict."""
    code = run_gate(Path("dist"), environ)
    printed = capsys.readouterr().out
    printed.encode()
    lines = printed.removesuffix("\n").split("\n")
    if code:
        assert [line for line in lines if not (line.startswith("Refused: ") and line.endswith("."))] == []
    else:
        assert lines.pop().startswith("my-package 1.2.3 ")
        assert [line for line in lines if not (line.startswith("Warning: ") and line.endswith("."))] == []


WRONG_TYPES: list[dict[str, Any]] = [
    *({"tool": {name: {"version": "1.0"}}} for name in ("pdm", "hatch", "poetry-dynamic-versioning")),
    {"tool": {"pdm": "1"}},
    {"tool": []},
    {"build-system": "x"},
    {"build-system": {"build-backend": 1, "requires": "hatchling"}},
    {"build-system": {"build-backend": ["pdm.backend"], "requires": [1, 2.5, {}]}},
    {"project": "x", "tool": {"poetry-dynamic-versioning": True}},
    {"project": ["version"]},
]


def test_every_table_may_be_something_else(with_dist: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """A table of pyproject.toml of another type ends in sentences, for each build backend."""
    add_commit(with_dist)
    for backend in BACKENDS:
        for tables in WRONG_TYPES:
            with_dist.write(PYPROJECT, dump_document({"build-system": {"build-backend": backend}} | tables))
            check_run({}, capsys)


@pytest.mark.parametrize("text", ["[" * 5000, "a = " + "[" * 5000, "\0", "version", "<<<<<<< before updating\n"])
def test_what_is_not_toml_ends_in_sentences(text: str, with_dist: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """A pyproject.toml that cannot be parsed is read as an empty one: nothing is built from it."""
    with_dist.write(PYPROJECT, text)
    add_commit(with_dist)
    check_run({}, capsys)
    check_run(RELEASE, capsys)


@SETTINGS
@given(tables=nested(KEYS, TOML_LEAVES))
def test_any_pyproject_toml_ends_in_sentences(
    tables: dict[str, Any], with_dist: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """The gate judges any pyproject.toml, in a release whose version is wrong and in a pull request."""
    with_dist.write(PYPROJECT, dump_document(tables))
    if not (with_dist.path / "next").exists():
        with_dist.write("next", "")
        add_commit(with_dist)
    check_run({}, capsys)
    check_run(RELEASE | {"GITHUB_REF_NAME": "v1.2.4"}, capsys)


@SETTINGS
@given(payload=nested(PAYLOAD_KEYS, JSON_LEAVES) | JSON_LEAVES | st.lists(JSON_LEAVES))
@example(payload={"inputs": {}})
@example(payload={"inputs": "x", "repository": "x"})
@example(payload={"inputs": {"package_name": ["x"]}, "repository": {"default_branch": ["x"]}})
@example(payload={"inputs": {"package_name": "\ud800\n"}, "repository": {"default_branch": "\0"}})
@example(payload={"inputs": ["package_name"], "repository": {"default_branch": "\ud800"}})
def test_any_payload_ends_in_sentences(payload: Any, with_dist: Project, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: ANN401
    """The gate judges any payload, in a release and in a dry run."""
    with_dist.write(EVENT, json.dumps(payload))
    for environ in (RELEASE, BY_HAND, RUN):
        check_run(environ, capsys)


@pytest.mark.parametrize("payload", ["[" * 100_000, "{", "\xef\xbb\xbf{}", ""])
@pytest.mark.parametrize("environ", [RELEASE, BY_HAND, {"GITHUB_EVENT_NAME": "release"}])
def test_what_is_not_json_ends_in_sentences(
    payload: str, environ: dict[str, str], with_dist: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """The gate judges an invalid payload, and a run without the usual variables."""
    with_dist.write(EVENT, payload)
    check_run(environ, capsys)


def test_half_a_character_is_printed_as_its_code(with_dist: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """An answer in publisher.json that no terminal can print is printed as its code."""
    publisher(owner="\ud800")(with_dist)
    assert run_gate(Path("dist"), RELEASE) == 1
    printed = capsys.readouterr().out
    assert printed.encode()
    assert "registered for \\ud800/my-package" in printed
