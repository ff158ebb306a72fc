"""Whatever a project or an event holds, the gate ends in sentences, never in a traceback."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meltano_release import summary
from meltano_release.distributions import Distribution, read_distributions
from meltano_release.gate import check_event, find_warnings, printable, run_gate
from meltano_release.publisher import FIELDS
from meltano_release.versions import find_static_causes, read_toml
from tests.gate.crafted.case import CASES
from tests.support.damage import publisher
from tests.support.examples import examples
from tests.support.gate_cases import BY_HAND, RELEASE
from tests.support.projects import Project

ODD = st.sampled_from(["x", 1, True, [], ["x"], [1, 2.5, {}], {}, {"version": "1.0"}, {"version": {"source": ["x"]}}])
ODD_JSON = ODD | st.sampled_from([None, "\ud800\n", "\0"])
BACKENDS = st.sampled_from(["poetry_dynamic_versioning.backend", "hatchling.build", "pdm.backend"])


def table(odd: st.SearchStrategy[Any], **keys: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return a table that may lack each of its keys, or something else in its place."""
    return odd | st.fixed_dictionaries({}, optional=keys)


PYPROJECTS = st.fixed_dictionaries(
    {},
    optional={
        "build-system": table(ODD, **{"build-backend": BACKENDS | ODD, "requires": ODD}),
        "project": table(ODD, version=ODD),
        "tool": table(ODD, **dict.fromkeys(("hatch", "pdm", "poetry-dynamic-versioning"), ODD)),
    },
)
EVENTS = table(
    ODD_JSON,
    inputs=table(ODD_JSON, package_name=ODD_JSON),
    repository=table(ODD_JSON, default_branch=ODD_JSON),
)


@examples(200)
@given(tables=PYPROJECTS)
def test_every_table_of_pyproject_toml_may_be_something_else(tables: dict[str, Any]) -> None:
    """The gate names the cause of a wrong version, or none, whatever types the values have."""
    assert all(isinstance(cause, str) for cause in find_static_causes(tables))


@pytest.mark.parametrize("text", ["[" * 5000, "a = " + "[" * 5000, "\0", "version", "<<<<<<< before updating\n"])
def test_what_is_not_toml_has_no_tables(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pyproject.toml that cannot be read is an empty one for the gate, and the summary says that it is not valid."""
    (tmp_path / "file.toml").write_text(text, encoding="utf-8")
    assert read_toml(str(tmp_path / "file.toml")) == {}
    monkeypatch.setattr(summary, "git", lambda *_: text)
    assert summary.build_system("HEAD") == "not valid TOML"


@pytest.fixture
def distribution(tmp_path: Path) -> Distribution:
    """A good source distribution."""
    CASES["one of each"].write(tmp_path)
    return read_distributions(tmp_path)[0]


@examples(50)
@given(payload=EVENTS.map(json.dumps) | st.sampled_from(["[" * 100_000, "{", "\xef\xbb\xbf{}", ""]))
def test_any_payload_ends_in_sentences(payload: str, distribution: Distribution, tmp_path: Path) -> None:
    """The gate judges a release and a dry run with any payload, and one that is not JSON."""
    event = tmp_path / "event.json"
    event.write_text(payload, encoding="utf-8")
    for environ in (RELEASE, BY_HAND):
        variables = environ | {"GITHUB_EVENT_PATH": str(event)}
        found = check_event(distribution, dict.fromkeys(FIELDS, "x"), variables)
        for sentence in map(printable, found + find_warnings(distribution, variables)):
            assert sentence.encode().endswith(b".")


def test_half_a_character_is_printed_as_its_code(with_dist: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """An answer in publisher.json that no terminal can print is printed as its code."""
    publisher(owner="\ud800")(with_dist)
    assert run_gate(Path("dist"), RELEASE) == 1
    printed = capsys.readouterr().out
    assert printed.encode()
    assert "registered for \\ud800/my-package" in printed
