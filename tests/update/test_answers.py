"""An update keeps the answers of a project, and a changed answer changes what it can."""

import json
import re
import shutil
from pathlib import Path

import copier
import pytest
import yaml

from meltano_release.gate import judge
from tests.support.commands import run
from tests.support.editing import replace
from tests.support.paths import (
    ANSWERS_FILE,
    DOCS,
    PUBLISHER_JSON,
    PYPROJECT,
    PYTHONS_JSON,
    RECORDED_ANSWERS,
    RELEASE_WORKFLOW,
    RELEASING,
    TEST_WORKFLOW,
    UPDATED,
    WORKFLOWS,
)
from tests.support.projects import Project, build
from tests.support.questions import choices, questions
from tests.support.versions import Versions, recorded_answers, text_changes, update

RECORDED = yaml.safe_load(RECORDED_ANSWERS.read_text(encoding="utf-8"))


@pytest.mark.parametrize("answers", RECORDED, ids=lambda answers: f"{answers['_commit']} {answers['package_name']}")
def test_every_recorded_answer_is_still_accepted(answers: dict[str, str], template: Path, tmp_path: Path) -> None:
    """Every answer that projects have recorded is accepted: a stricter validator would refuse their updates."""
    copy_again(template, tmp_path / "project", answers)
    kept = recorded_answers(tmp_path / "project")
    assert {name: kept.get(name) for name in answers if name[0] != "_"} == {
        name: answer for name, answer in answers.items() if name[0] != "_"
    }


def test_an_update_needs_nobody_and_asks_only_what_it_can_change() -> None:
    """Every question has a default, and those whose answers shape the project's own files are asked once."""
    assert [name for name, question in questions().items() if "default" not in question] == []
    again = {name for name, question in questions().items() if question.get("ask") is None}
    assert again == {"repository", "owner", "package_name", "environment", "workflow_filename"}


@pytest.mark.parametrize("scope", ["package", pytest.param("release", marks=pytest.mark.slow)])
def test_changed_answers_to_the_form_move_the_workflow(scope: str, versions: Versions, tmp_path: Path) -> None:
    """After a change of the form's answers, the release workflow has its new name, and the old file is gone.

    .github/RELEASING.md says what to do on PyPI.
    """
    project = versions.project(tmp_path / "my-package", f"--data=scope={scope}")
    answers = {"environment": "pypi", "owner": "Acme", "workflow_filename": "publish.yml"}
    update(project, *(f"--data={question}={answer}" for question, answer in answers.items()))
    project.commit()
    assert json.loads(project.read(PUBLISHER_JSON)).items() >= answers.items()
    workflows = {path.name for path in (project.path / WORKFLOWS).glob("*.y*ml")}
    assert workflows == {"publish.yml", *([Path(TEST_WORKFLOW).name] if scope == "package" else [])}
    jobs = yaml.safe_load(project.read(f"{WORKFLOWS}/publish.yml"))["jobs"]
    assert jobs["publish"]["environment"]["name"] == "pypi"
    assert "owner=Acme&repository=my-package&workflow_filename=publish.yml&environment=pypi" in project.read(RELEASING)
    assert "to PyPI that is another publisher" in project.read(RELEASING)


def test_answers_can_change_without_a_newer_version(project: Project) -> None:
    """Answers can change alone with the option that the how-to names; without it, the newest version comes along."""
    option = "--vcs-ref=:current:"
    assert f"`{option}`" in (DOCS / "how-to/update.md").read_text(encoding="utf-8")
    update(project, "--data=environment=pypi", option)
    answers = recorded_answers(project.path)
    assert (answers["_commit"], answers["environment"]) == ("v1.0.0", "pypi")
    project.commit()
    update(project)
    assert recorded_answers(project.path)["_commit"] == "v1.1.0"


def test_another_package_name_is_explained_and_the_gate_checks_it(
    built: Path, tools: Path, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another package name changes the form but not pyproject.toml, and the gate refuses a half-renamed package."""
    output = update(project, "--data=package_name=another", "--data=repository=other", "--data=python_min=3.13").stderr
    message = " ".join(output.split())
    assert "pyproject.toml, the README, and the sources belong to the project" in message
    assert "No answer that you change alters them" in message
    assert 'see "One of the values changes" in .github/RELEASING.md' in message
    assert "One of the values changes" in project.read(RELEASING)
    assert text_changes(project) == [ANSWERS_FILE, RELEASING, PUBLISHER_JSON, RELEASE_WORKFLOW]
    monkeypatch.chdir(project.path)
    (refused,) = judge(built, {}).problems
    assert refused.startswith("The package is called my-package and the publisher is registered for another: correct")
    project.commit()
    replace(project.path / PYPROJECT, 'name = "my-package"', 'name = "another"')
    project.commit()
    build(project, tools)
    assert judge(Path("dist"), {}).problems == []


TAP = {"repository": "tap-x", "kind": "tap"}
GONE = [  # recorded answers, and those of them whose choice disappears: every question with choices is among these
    (TAP, {"stream_type": "GraphQL", "auth_method": "JWT", "license": "MIT", "python_min": "3.12"}),
    (TAP, {"update_bot": "Dependabot", "ide": "VSCode"}),
    ({"repository": "target-x", "kind": "target"}, {"sink_type": "batch"}),
    ({"repository": "map-x"}, {"kind": "mapper"}),
    ({"repository": "tap-x"}, {"scope": "release"}),
]


@pytest.fixture
def later(template: Path, tmp_path: Path) -> Path:
    """The questions of a later version of the template, which renders one file, for a test that changes them.

    It has no tag, so that Copier reads what is not committed yet.
    """
    folder = tmp_path / "template"
    shutil.copytree(template / "includes", folder / "includes")
    shutil.copy(template / "copier.yml", folder)
    (folder / PYTHONS_JSON).parent.mkdir(parents=True)
    shutil.copy(template / PYTHONS_JSON, folder / PYTHONS_JSON)
    (folder / "template").mkdir()
    (folder / UPDATED).mkdir()
    (folder / UPDATED / ".keep").touch()
    run("git", "init", "--quiet", cwd=folder)
    run("git", "add", "--all", cwd=folder)
    run("git", "commit", "--quiet", "--message", "Begin", cwd=folder)
    return folder


def change_question(template: Path, question: str, **settings: object) -> None:
    """Change a question of a template; its copier.yml stays plain text to Jinja."""
    content = yaml.safe_load((template / "copier.yml").read_text(encoding="utf-8"))
    content[question] |= settings
    text = yaml.safe_dump(content, sort_keys=False)
    (template / "copier.yml").write_text(f"# {{% raw %}}\n{text}# {{% endraw %}}\n", encoding="utf-8")


def copy_again(template: Path, folder: Path, recorded: dict[str, str], **given: str) -> None:
    """Ask a template's questions where answers are recorded, without a person, as an update does."""
    folder.mkdir()
    (folder / ANSWERS_FILE).write_text(yaml.safe_dump({"_src_path": str(template)} | recorded), encoding="utf-8")
    copier.run_copy(str(template), folder, data=given, defaults=True, quiet=True, overwrite=True, skip_tasks=True)


def test_every_choice_is_among_those_that_are_tried() -> None:
    """`GONE` has an answer to every question with choices, so that the next test leaves none out."""
    tried = set().union(*(gone for _, gone in GONE))
    assert tried == {name for name, question in questions().items() if question.get("choices")}


@pytest.mark.parametrize(("others", "gone"), GONE, ids=" ".join)
def test_a_choice_that_disappears_is_refused_and_never_replaced(
    others: dict[str, str], gone: dict[str, str], later: Path, tmp_path: Path
) -> None:
    """If recorded choices disappear, Copier names one question, the answer and what is allowed, and stops.

    An allowed answer that is given is accepted.
    """
    recorded, given = others | gone, dict[str, str]()
    copy_again(later, tmp_path / "before", recorded)
    left = {name: [value for value in choices(name) if value != answer] for name, answer in gone.items()}
    for name, values in left.items():
        change_question(later, name, choices=values)
    for number in range(len(gone)):
        with pytest.raises(ValueError, match=r"Invalid choice for '\w+': '.*' is not in") as refused:
            copy_again(later, tmp_path / str(number), recorded, **given)
        (name,) = re.findall(r"choice for '(\w+)'", str(refused.value))
        assert all(repr(value) in str(refused.value) for value in [gone[name], *left[name]])
        assert recorded_answers(tmp_path / str(number)).items() >= recorded.items()
        given[name] = left[name][0]
    assert given.keys() == gone.keys()
    copy_again(later, tmp_path / "given", recorded, **given)


def test_a_rule_that_becomes_stricter_is_refused_and_never_replaces(later: Path, tmp_path: Path) -> None:
    """A recorded answer that a new rule forbids is refused with the validator's sentence, and not replaced."""
    recorded = {"repository": "tap-x", "owner": "Acme"}
    copy_again(later, tmp_path / "before", recorded)
    change_question(later, "owner", validator="{% if owner == 'Acme' %}Use another owner.{% endif %}")
    with pytest.raises(ValueError, match="Validation error for question 'owner': Use another owner"):
        copy_again(later, tmp_path / "after", recorded)
    assert recorded_answers(tmp_path / "after")["owner"] == "Acme"
