"""A formatter that a repository runs over all of its files changes none of the template's."""

import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.commands import run
from tests.support.folder_cache import FolderCache
from tests.support.npm import npm_commands
from tests.support.paths import (
    ANSWERS_FILE,
    DOCS,
    GITATTRIBUTES,
    PRETTIER_PACKAGE,
    RELEASE_WORKFLOW,
    RELEASING,
    TEST_WORKFLOW,
)
from tests.support.projects import Project, Render
from tests.support.versions import changed_files

BOTS = (DOCS / "how-to/renovate.md").read_text(encoding="utf-8")
ANSWERS: list[dict[str, str]] = [
    {"scope": "release"},
    {"scope": "release", "environment": "Zürich: {{ x }} # & | <b> $HOME % _ü_/🎵", "workflow_filename": "build.yml"},
    {"repository": "tap-x"},
]


@pytest.fixture(scope="session")
def prettier(once: FolderCache) -> Path:
    """The command of Prettier, installed by npm."""
    return npm_commands(PRETTIER_PACKAGE, once) / "prettier"


def owned(project: Project, *endings: str) -> list[Path]:
    """Return the files that belong to the template, but for the answers file, which Copier itself writes."""
    files = [path.relative_to(project.path) for path in project.tracked_files()]
    found = [file for file in files if file.parts[0] in {".github", RELEASING} and file.suffix in endings]
    assert Path(RELEASING) in found
    return found


@pytest.mark.slow
@pytest.mark.parametrize("answers", ANSWERS, ids=repr)
def test_formatters_change_nothing(answers: dict[str, str], render: Render, prettier: Path, tmp_path: Path) -> None:
    """Mdformat, with and without GitHub's Markdown, and Prettier change none of the template's files."""
    project = render(**answers).copy(tmp_path / "project").init()
    for extensions in ([], ["--no-extensions"]):
        project.run(sys.executable, "-m", "mdformat", *extensions, *owned(project, ".md"))
        assert changed_files(project) == []
    project.run(prettier, "--write", *owned(project, ".md", ".yml", ".yaml", ".json"))
    assert changed_files(project) == []


def example(title: str) -> Any:  # noqa: ANN401 - a value of YAML
    """Return the content of an example file of the page about update bots and formatters."""
    (text,) = re.findall(rf'^```yaml title="{re.escape(title)}"\n(.*?)^```$', BOTS, re.MULTILINE | re.DOTALL)
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


def test_dependabot_is_kept_off_the_templates_files(render: Render, tmp_path: Path) -> None:
    """The documented dependabot.yml is valid, and its lines match every file of the template that holds pins."""
    (tmp_path / "dependabot.yml").write_text(yaml.safe_dump(example(".github/dependabot.yml")), encoding="utf-8")
    run("check-jsonschema", "--builtin-schema", "vendor.dependabot", "dependabot.yml", cwd=tmp_path)
    excluded = example(".github/dependabot.yml")["updates"][0]["exclude-paths"]
    folders = tuple(path.removesuffix("**") for path in excluded if path.endswith("**"))
    project = render().copy(tmp_path / "project").init()
    files = {path.relative_to(project.path).as_posix() for path in project.tracked_files()}
    seen = {file for file in files if file.startswith(".github/") and not file.startswith(folders)} - set(excluded)
    assert seen == {TEST_WORKFLOW, GITATTRIBUTES}  # the latter has no pin
    assert {RELEASE_WORKFLOW, *(file for file in files if file.startswith(folders))} <= files - {ANSWERS_FILE}
