"""A mapper, a target, an extension, and a state backend pass their checks after the edits that the pages describe."""

import json
import re
from contextlib import chdir
from pathlib import Path

import pytest

from meltano_release.settings import kind_of, write_settings
from tests.support.combinations import REPOSITORIES, Answers, cases, variants
from tests.support.environments import assert_passes_all_checks, pretend_install, shared_packages
from tests.support.folder_cache import FolderCache
from tests.support.interpreters import newest_interpreter
from tests.support.pages import page
from tests.support.paths import ENV_EXAMPLE
from tests.support.projects import Render
from tests.support.recipes import follow, recipes

PLUGINS = [one for one in variants() if one["kind"] != "library"]
MOST_LINES = 120  # of AGENTS.md
PROJECTS: dict[str, Answers] = {  # by the page of their kind
    "write-a-mapper": {"kind": "mapper", "repository": "map-weather"},
    "write-a-target": {"kind": "target", "repository": "target-weather", "sink_type": "batch"},
    "write-an-extension": {"kind": "extension", "repository": "weather-ext", "wrapped_command": "curl"},
    "write-a-state-backend": {"kind": "state-backend", "repository": "meltano-state-backend-weather"},
}
FIRST = {  # the headings of a first plugin, which are followed together
    "write-a-mapper": ("Declare what can be set", "Change the records", "Test it", "Run it with Meltano"),
    "write-a-target": ("Declare what can be set", "Send a batch", "Test it"),
    "write-an-extension": (),
    "write-a-state-backend": ("Write the manager", "Name it in the entry points", "Test it"),
}
TYPES = """
import json, sys
from singer_sdk import typing as th
types = [eval(name, {"th": th}) for name in sys.argv[1:]]
print(json.dumps([th.PropertiesList(th.Property("x", each)).to_dict()["properties"]["x"] for each in types]))
"""
ELSEWHERE = {"Columns of other types"}  # tested with a database
IN_PLAIN_NOX = "Leave out records"


def pages() -> list[object]:
    """Return each recipe of a page, and the steps of the first plugin, as parameters of a test."""
    return [
        pytest.param(name, headings, id=headings[0], marks=[] if headings[0] == IN_PLAIN_NOX else pytest.mark.slow)
        for name, first in FIRST.items()
        for headings in [first, *((other,) for other in recipes(f"how-to/{name}.md") if other not in first)]
        if headings and headings[0] not in ELSEWHERE
    ]


@pytest.mark.parametrize(("name", "headings"), pages())
def test_a_project_with_a_recipe_passes_its_checks(
    name: str, headings: tuple[str, ...], render: Render, tmp_path: Path, once: FolderCache
) -> None:
    """Linter, type checker and tests find nothing, the build works; among the tests are those of the recipe."""
    project = render(**PROJECTS[name]).copy(tmp_path / "project")
    before = project.read("tests/test_core.py")
    follow(project, f"how-to/{name}.md", *headings)
    assert project.read("tests/test_core.py") != before
    python = newest_interpreter()
    if (project.path / ENV_EXAMPLE).exists():
        pretend_install(project, PROJECTS[name]["repository"])
        with chdir(project.path), pytest.MonkeyPatch.context() as patch:
            patch.setenv("VIRTUAL_ENV", str(shared_packages(project, python, once).parents[2]))
            patch.setenv("PYTHONPATH", "src")
            assert write_settings() == 0
    is_covered = headings in FIRST.values()  # a recipe for a part has no tests of the rest
    assert_passes_all_checks(project.init(), python, tmp_path / "venv", once, is_covered=is_covered)


@pytest.mark.parametrize("answers", cases(PLUGINS, "tap, REST, API Key", "target, SQL", "extension"))
def test_the_map_of_a_project_is_short_and_names_recipes_that_exist(answers: Answers, render: Render) -> None:
    """AGENTS.md has few lines, and each recipe that it names is a heading of the page that it links to."""
    text = render(**answers, repository=REPOSITORIES[answers["kind"]]).read("AGENTS.md")
    assert text.count("\n") <= MOST_LINES
    (guide,) = re.findall(r"/how-to/(write-\S+)\.html", text)
    named = {" ".join(name.split()) for name in re.findall(r"\*([A-Z][^*]+)\*", text)}
    assert named
    assert named - set(re.findall(r"^##+ (.+)$", page(f"how-to/{guide}.md"), re.MULTILINE)) == set()


def test_the_page_of_types_has_what_they_become(render: Render, once: FolderCache) -> None:
    """Each type has the JSON Schema that the SDK makes of it, and the kind that a setting of it has in Meltano."""
    rows = re.findall(r"^\| `(th\..+?)` \| `(.+?)` \| `(\w+)` \|$", page("reference/types.md"), re.MULTILINE)
    names, *expected = zip(*rows, strict=True)
    project = render(**PROJECTS["write-a-mapper"])
    python = shared_packages(project, newest_interpreter(), once).parents[2] / "bin/python"
    made = json.loads(project.run(python, "-c", TYPES, *names).stdout)
    assert [*map(json.dumps, made)] == [*expected[0]]
    assert [*map(kind_of, made)] == [*expected[1]]
