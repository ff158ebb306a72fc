"""A copy and an update stay cheap: what they cost is counted, because a time depends on the machine."""

from pathlib import Path

import pytest

from tests.support.compilations import BOUNDS, compilations
from tests.support.projects import Project
from tests.support.versions import MOVED, Versions, changed_files


@pytest.mark.parametrize(("kind", "folder"), [("library", "my-package"), ("tap", "tap-sample")])
def test_a_copy_compiles_few_texts(kind: str, folder: str, versions: Versions, tmp_path: Path) -> None:
    """Jinja compiles no more texts than the bound in a copy with all defaults."""
    count = compilations("copy", "--quiet", "--defaults", versions.path, folder, cwd=tmp_path)
    assert (tmp_path / folder / "pyproject.toml").exists()
    assert 300 < count <= BOUNDS[f"copy a {kind}"]


def test_an_update_compiles_few_texts(project: Project) -> None:
    """Jinja compiles no more texts than the bound in an update of a library, where one line of a workflow changed."""
    count = compilations("update", "--quiet", "--defaults", "--skip-answered", cwd=project.path)
    assert changed_files(project) == MOVED
    assert 300 < count <= BOUNDS["update a library"]
