"""The folder of the template is the picture of a project: a rendered file is found by its name and its place."""

import re
from pathlib import Path

from tests.support.copier import run_copier
from tests.support.paths import ANSWERS_SOURCE, RELEASE_WORKFLOW_SOURCE, ROOT, TEMPLATE
from tests.support.versions import Versions

ONLY = re.compile(r"^\{\{ only\.\w+ \}\}/")  # a folder whose content only some projects get


def test_every_file_is_found_in_the_template_by_its_name_and_place() -> None:
    """The template has no computed name except those of two files, the package, and the folder in front of them all."""
    paths = [path.relative_to(TEMPLATE).as_posix() for path in TEMPLATE.rglob("*") if path.is_file()]
    places = {path: ONLY.sub("", path).replace("{{ import_name }}/", "my_package/", 1) for path in paths}
    assert len(places) > 50
    assert {f"template/{path}" for path, place in places.items() if "{" in place} == {
        ANSWERS_SOURCE,
        RELEASE_WORKFLOW_SOURCE,
    }


def test_a_misspelled_folder_is_an_error(template: Path, tmp_path: Path) -> None:
    """A folder whose name is not among those of the answer `only` stops every copy with a sentence that names it."""
    versions = Versions.create(template, tmp_path / "template")
    folder = versions.path / "template/{{ only.libary }}"
    folder.mkdir()
    (folder / "file.txt").touch()
    versions.tag("v1.1.0")
    done = run_copier("copy", "--quiet", "--defaults", versions.path, "my-package", cwd=tmp_path, check=False)
    assert done.returncode == 1
    assert "{{ only.libary }}: 'dict object' has no attribute 'libary'" in done.stderr
    assert not (tmp_path / "my-package").exists()


def test_the_names_of_files_say_which_hold_jinja() -> None:
    """In the template and in the includes, exactly the files that hold Jinja end in `.jinja`."""
    files = [path for folder in (TEMPLATE, ROOT / "includes") for path in folder.rglob("*") if path.is_file()]
    with_jinja = {path for path in files if re.search(r"\{\{[^{]|\{[%#]", path.read_text(encoding="utf-8"))}
    assert with_jinja == {path for path in files if path.suffix == ".jinja"}
