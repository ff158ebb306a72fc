"""A rendered project is green at birth, with zero edits."""

from pathlib import Path

from conftest import VERSION, Project


def test_the_built_version_is_the_tags(built: Path) -> None:
    """One wheel and one source distribution, both named after the tag."""
    names = sorted(path.name for path in built.iterdir())
    assert names == [f"my_package-{VERSION}-py3-none-any.whl", f"my_package-{VERSION}.tar.gz"]


def test_poetry_installs_and_tests_it(default: Project, tmp_path: Path) -> None:
    """The commands of the message after the copy."""
    project = default.copy(tmp_path / "my-package")
    project.run("poetry", "check", "--strict")
    project.run("poetry", "install")
    project.run("poetry", "run", "pytest")
    project.run("poetry", "build")
