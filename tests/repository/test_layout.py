"""The folder of the template is the picture of a project: a rendered file is found by its name and its place."""

import re
from pathlib import Path

import pytest

from tests.support.combinations import variants
from tests.support.copier import run_copier
from tests.support.paths import ANSWERS_FILE, ANSWERS_SOURCE, RELEASE_WORKFLOW, ROOT, TEMPLATE, WORKFLOWS
from tests.support.projects import Render
from tests.support.questions import choices
from tests.support.versions import Versions

ONLY = re.compile(r"\{\{ only\.(\w+) \}\}/")  # a folder whose content only some projects get
ANSWERS_NAME = Path(ANSWERS_SOURCE).stem
SOME = {  # combinations of answers
    "each kind": [next(filter(lambda answers: answers["kind"] == kind, variants())) for kind in choices("kind")],
    "all": variants(),
}


@pytest.mark.parametrize("of", ["each kind", pytest.param("all", marks=pytest.mark.slow)])
def test_every_file_is_found_in_the_template_by_its_name_and_place(of: str, render: Render) -> None:
    """Each rendered file has a source in the template at the same path, apart from one folder in front of it."""
    paths = [path.relative_to(TEMPLATE).as_posix() for path in TEMPLATE.rglob("*") if path.is_file()]
    sources = {re.sub(rf"\A{ONLY.pattern}", "", path).removesuffix(".jinja") for path in paths}
    for answers in SOME[of]:
        project = render(**answers)
        for path in filter(Path.is_file, project.path.rglob("*")):
            file = path.relative_to(project.path).as_posix()
            place = file.replace("src/my_package/", "src/{{ import_name }}/")
            place = place.replace(RELEASE_WORKFLOW, f"{WORKFLOWS}/{{{{ workflow_filename }}}}")
            assert place.replace(ANSWERS_FILE, ANSWERS_NAME) in sources, file


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
