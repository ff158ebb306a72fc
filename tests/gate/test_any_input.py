"""Whatever a project or an event holds, the gate ends in sentences, never in a traceback."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from meltano_release import summary
from meltano_release.distributions import read_distributions
from meltano_release.gate import check_event, find_warnings, printable, run_gate
from meltano_release.publisher import read_publisher
from meltano_release.versions import check_version, doubt_version
from tests.support.damage import add_commit, publisher
from tests.support.examples import examples
from tests.support.gate_cases import BY_HAND, EVENT, RELEASE
from tests.support.paths import PYPROJECT
from tests.support.projects import Project

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
Judge = Callable[[str], None]


def nested(keys: st.SearchStrategy[str], leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return mappings of mappings, lists and leaves."""
    inside = st.recursive(
        leaves,
        lambda children: st.lists(children, max_size=3) | st.dictionaries(keys, children, max_size=4),
        max_leaves=12,
    )
    return st.dictionaries(keys, inside, max_size=4)


def check_sentences(found: Iterable[str]) -> None:
    """Fail unless each text is a sentence that can be printed."""
    for sentence in map(printable, found):
        assert sentence.encode()
        assert sentence.endswith(".")


@pytest.fixture
def judge_pyproject(default: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Judge:
    """A function that judges a version beside any pyproject.toml: in a release, on a pull request, in the summary."""
    project = default.copy(tmp_path / "project")
    add_commit(project)
    monkeypatch.chdir(project.path)

    def judged(text: str) -> None:
        project.write(PYPROJECT, text)
        check_sentences(check_version(Version("1.2.3"), "v1.2.4"))
        check_sentences(doubt_version(Version("1.2.3")))
        with monkeypatch.context() as patch:
            patch.setattr(summary, "git", lambda *_: text)
            summary.build_system("HEAD").encode()

    return judged


WRONG_TYPES: list[dict[str, Any]] = [
    *({"tool": {name: {"version": "1.0"}}} for name in ("pdm", "hatch", "poetry-dynamic-versioning")),
    {"tool": {"pdm": "1"}},
    {"tool": []},
    {"build-system": "x"},
    {"build-system": {"requires": 1}},
    {"build-system": {"build-backend": 1, "requires": "hatchling"}},
    {"build-system": {"build-backend": ["pdm.backend"], "requires": [1, 2.5, {}]}},
    {"project": "x", "tool": {"poetry-dynamic-versioning": True}},
    {"project": ["version"]},
]
NO_TOML = ("[" * 5000, "a = " + "[" * 5000, "\0", "version", "<<<<<<< before updating\n")


def test_every_table_may_be_something_else(judge_pyproject: Judge) -> None:
    """A table of another type ends in sentences, for each build backend; what is not TOML is read as an empty one."""
    for backend in BACKENDS:
        for tables in WRONG_TYPES:
            judge_pyproject(tomlkit.dumps({"build-system": {"build-backend": backend}} | tables))
    for text in NO_TOML:
        judge_pyproject(text)


@examples(10)
@given(tables=nested(KEYS, TOML_LEAVES))
def test_any_pyproject_toml_ends_in_sentences(tables: dict[str, Any], judge_pyproject: Judge) -> None:
    """The gate judges any pyproject.toml, in a release whose version is wrong and in a pull request."""
    judge_pyproject(tomlkit.dumps(tables))


@pytest.fixture
def judge_payload(with_dist: Project) -> Judge:
    """A function that judges a run with any payload: a release, and a dry run."""
    distribution, publisher_form = read_distributions(Path("dist"))[0], read_publisher()

    def judged(payload: str) -> None:
        with_dist.write(EVENT, payload)
        for environ in (RELEASE, BY_HAND, {"GITHUB_EVENT_NAME": "release", "GITHUB_EVENT_PATH": EVENT}):
            check_sentences(check_event(distribution, publisher_form, environ))
            check_sentences(find_warnings(distribution, environ))

    return judged


PAYLOADS = [
    {"inputs": {}},
    {"inputs": "x", "repository": "x"},
    {"inputs": {"package_name": ["x"]}, "repository": {"default_branch": ["x"]}},
    {"inputs": {"package_name": "\ud800\n"}, "repository": {"default_branch": "\0"}},
    {"inputs": ["package_name"], "repository": {"default_branch": "\ud800"}},
]


@pytest.mark.parametrize("payload", [*map(json.dumps, PAYLOADS), "[" * 100_000, "{", "\xef\xbb\xbf{}", ""])
def test_an_odd_payload_ends_in_sentences(payload: str, judge_payload: Judge) -> None:
    """The gate judges a payload with values of other types, and one that is not JSON."""
    judge_payload(payload)


@examples(10)
@given(payload=nested(PAYLOAD_KEYS, JSON_LEAVES) | JSON_LEAVES | st.lists(JSON_LEAVES))
def test_any_payload_ends_in_sentences(payload: Any, judge_payload: Judge) -> None:  # noqa: ANN401
    """The gate judges any payload."""
    judge_payload(json.dumps(payload))


def test_half_a_character_is_printed_as_its_code(with_dist: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """An answer in publisher.json that no terminal can print is printed as its code."""
    publisher(owner="\ud800")(with_dist)
    assert run_gate(Path("dist"), RELEASE) == 1
    printed = capsys.readouterr().out
    assert printed.encode()
    assert "registered for \\ud800/my-package" in printed
