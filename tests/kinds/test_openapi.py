"""A tap that is made from an OpenAPI document, as the documentation says, reads the API of that document."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.simulation.documented_api import DocumentedAPI
from tests.simulation.unfriendly_api import SECRET, Record, serve
from tests.support.combinations import Answers
from tests.support.folder_cache import FolderCache
from tests.support.meltano import MeltanoProject, installed_from, with_plugins
from tests.support.npm import npm_file
from tests.support.projects import Project
from tests.support.recipes import recipes
from tests.support.taps import Tap

PAGE = "how-to/openapi.md"
NUMBERS = (1, 2, 3)
REPOSITORIES: list[Record | None] = [{"id": number, "name": f"repo{number}"} for number in NUMBERS]
ISSUES: list[Record | None] = [{"number": number, "updated_at": f"2026-01-0{number}T00:00:00Z"} for number in NUMBERS]
COMMENTS: list[Record | None] = [{"id": number} for number in NUMBERS]
ADVISORIES: list[Record | None] = [{"ghsa_id": f"GHSA-{number}"} for number in NUMBERS]
RECORDS: dict[str, list[Record | None]] = {"/orgs/octo-org/repos": REPOSITORIES}
for repository in ("repo1", "repo2", "repo3"):
    RECORDS[f"/repos/octocat/{repository}/issues"] = ISSUES
    RECORDS[f"/repos/octocat/{repository}/security-advisories"] = ADVISORIES
    RECORDS |= {f"/repos/octocat/{repository}/issues/{number}/comments": COMMENTS for number in NUMBERS}
COUNTS = {"repositories": 3, "issues": 9, "comments": 27, "advisories": 9}


NESTED = {  # a document in which parts have parts, and properties stand beside them
    "ID": {"type": "string", "pattern": "^U"},
    "Kept": {"required": ["id"], "properties": {"id": {"$ref": "#/components/schemas/ID"}}},
    "Named": {"allOf": [{"$ref": "#/components/schemas/Kept"}], "properties": {"name": {"type": "string"}}},
    "User": {
        "allOf": [{"$ref": "#/components/schemas/Named"}],
        "required": ["email"],
        "properties": {"boss": {"properties": {"at": {"type": "string", "format": "date-time", "nullable": True}}}},
    },
}
READ = """
from types import SimpleNamespace
import json
from singer_sdk import OpenAPISchema
from singer_sdk.typing import StringType
from tap_github.openapi import OPENAPI, ResponseSchema
stream = SimpleNamespace(primary_keys=("org", "id"))
made = ResponseSchema("User", org=StringType).get_stream_schema(stream, None)
print(json.dumps([made, OpenAPISchema(OPENAPI.source).get_schema("User")]))
"""


@pytest.fixture
def github(make_tap: Callable[..., Tap], once: FolderCache) -> tuple[Tap, DocumentedAPI]:
    """Make a tap of GitHub's API from its document, and that API."""
    document = npm_file("openapi", "generated/api.github.com.json", once)
    tap = make_tap("REST", "Bearer Token", "github")
    tap.project.write("src/tap_github/openapi.json", document.read_text(encoding="utf-8"))
    tap.follow(*recipes(PAGE), page=PAGE)
    loaded = json.loads(document.read_text(encoding="utf-8"))
    return tap, DocumentedAPI(RECORDS, pages="link", auth_method="Bearer Token", document=loaded)


@pytest.mark.slow
def test_a_schema_has_all_parts_and_only_its_keys_are_required(github: tuple[Tap, DocumentedAPI]) -> None:
    """A schema has what stands beside `allOf` at any depth, and IDs that are text; the SDK alone loses some of it."""
    tap, _ = github
    document = {"openapi": "3.1.0", "components": {"schemas": NESTED}}
    tap.project.write("src/tap_github/openapi.json", json.dumps(document))
    made, without = json.loads(tap.project.run(tap.python, "-c", READ, env={"PYTHONPATH": "src"}).stdout)
    text = ["string", "null"]
    assert made["required"] == ["org", "id"]
    assert made["properties"] == {
        "org": {"type": ["string"]},
        "id": {"type": "string"},
        "name": {"type": text},
        "boss": {"type": ["object", "null"], "properties": {"at": {"type": text, "format": "date-time"}}},
    }
    assert without["properties"].keys() < made["properties"].keys() - {"org"}, "the SDK merges `allOf`: see openapi.md"


@pytest.mark.slow
def test_the_tap_passes_its_checks_and_targets_load_what_it_reads(
    github: tuple[Tap, DocumentedAPI],
    once: FolderCache,
    meltano: Path,
    create: Callable[[Answers], Project],
    tmp_path: Path,
) -> None:
    """With the schemas of the document, JSON lines and a database have all records, the IDs of parents included."""
    tap, api = github
    tap.check(once)
    tap.project.commit()
    targets = (tap.project, create({"kind": "target", "sink_type": "SQL"}))
    loaders = [plugin for target in targets for plugin in installed_from(target, "loaders")]
    project = with_plugins(tap.project, tmp_path / "meltano/tap-github", loaders=loaders)
    with serve(api):
        settings = {"TAP_GITHUB_API_URL": api.url, "TAP_GITHUB_AUTH_TOKEN": SECRET, "TAP_GITHUB_ORG": "octo-org"}
        runs = MeltanoProject(
            meltano, project, settings | {"TARGET_SAMPLE_SQLALCHEMY_URL": "sqlite:///output/output.db"}
        )
        runs("run", "tap-github", "target-jsonl")
        read = {stream: runs.loaded(stream) for stream in COUNTS}
        runs("run", "tap-github", "target-sample")
    assert {stream: len(found) for stream, found in read.items()} == COUNTS
    assert {stream: len(runs.loaded(stream)) for stream in COUNTS} == COUNTS
    assert {(row["owner"], row["repo"], row["ghsa_id"]) for row in read["advisories"]} == {
        ("octocat", f"repo{number}", f"GHSA-{other}") for number in NUMBERS for other in NUMBERS
    }
    assert api.count("422") == 0
