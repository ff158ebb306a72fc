"""An update keeps the answers of a project, and a changed answer changes what it can."""

import json
import re
from pathlib import Path

import copier
import pytest
import yaml

from meltano_release.gate import judge
from tests.support.editing import replace
from tests.support.paths import (
    ANSWERS_FILE,
    DOCS,
    PUBLISHER_JSON,
    PYPROJECT,
    RECORDED_ANSWERS,
    RELEASE_WORKFLOW,
    RELEASING,
    TEST_WORKFLOW,
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
    expected = {name: answer for name, answer in answers.items() if name[0] != "_"}
    assert recorded_answers(tmp_path / "project").items() >= expected.items()


def test_an_update_needs_nobody_and_asks_only_what_it_can_change() -> None:
    """Every question has a default, and those whose answers shape the project's own files are asked once."""
    assert [name for name, question in questions().items() if "default" not in question] == []
    again = {name for name, question in questions().items() if question.get("ask") is None}
    assert again == {"repository", "owner", "package_name", "environment", "workflow_filename"}


@pytest.mark.parametrize("scope", ["package", pytest.param("release", marks=pytest.mark.slow)])
def test_changed_answers_to_the_form_move_the_workflow(scope: str, versions: Versions, tmp_path: Path) -> None:
    """After a change of the form's answers, the release workflow has its new name, and the old file is gone.

    .github/RELEASING.md says what to do on PyPI. Answers can change alone with the option that the how-to names;
    without it, the newest version comes along.
    """
    option = "--vcs-ref=:current:"
    assert f"`{option}`" in (DOCS / "how-to/update.md").read_text(encoding="utf-8")
    project = versions.project(tmp_path / "my-package", f"--data=scope={scope}", "--vcs-ref=v1.0.0")
    answers = {"environment": "pypi", "owner": "Acme", "workflow_filename": "publish.yml"}
    update(project, option, *(f"--data={question}={answer}" for question, answer in answers.items()))
    assert recorded_answers(project.path)["_commit"] == "v1.0.0"
    project.commit()
    assert json.loads(project.read(PUBLISHER_JSON)).items() >= answers.items()
    workflows = {path.name for path in (project.path / WORKFLOWS).glob("*.y*ml")}
    assert workflows == {"publish.yml", *([Path(TEST_WORKFLOW).name] if scope == "package" else [])}
    jobs = yaml.safe_load(project.read(f"{WORKFLOWS}/publish.yml"))["jobs"]
    assert jobs["publish"]["environment"]["name"] == "pypi"
    assert "owner=Acme&repository=my-package&workflow_filename=publish.yml&environment=pypi" in project.read(RELEASING)
    assert "to PyPI that is another publisher" in project.read(RELEASING)
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


def copy_again(template: Path, folder: Path, recorded: dict[str, str]) -> None:
    """Ask a template's questions where answers are recorded, without a person, as an update does."""
    folder.mkdir()
    (folder / ANSWERS_FILE).write_text(yaml.safe_dump({"_src_path": str(template)} | recorded), encoding="utf-8")
    copier.run_copy(str(template), folder, defaults=True, quiet=True, overwrite=True)


@pytest.mark.parametrize("question", [*filter(choices, questions()), "owner"])
def test_a_recorded_answer_that_is_no_longer_allowed_is_refused_and_never_replaced(
    question: str, template: Path, tmp_path: Path
) -> None:
    """If a recorded choice disappears, or a new rule forbids the answer, Copier says what is allowed, and stops."""
    *left, gone = choices(question) or ["Acme"]
    versions = Versions.create(template, tmp_path / "template")
    content = yaml.safe_load((versions.path / "copier.yml").read_text(encoding="utf-8"))
    if left:
        content[question]["choices"] = left
        message = f"Invalid choice for '{question}': '{gone}' is not in {left}"
    else:
        content[question]["validator"] = "{% if owner == 'Acme' %}Use another.{% endif %}"
        message = "Validation error for question 'owner': Use another."
    text = yaml.safe_dump(content, sort_keys=False)
    (versions.path / "copier.yml").write_text(f"# {{% raw %}}\n{text}# {{% endraw %}}\n", encoding="utf-8")
    versions.tag("v1.1.0")
    recorded = {"repository": "tap-x", "kind": "target" if question == "sink_type" else "tap"} | {question: gone}
    with pytest.raises(ValueError, match=re.escape(message)):
        copy_again(versions.path, tmp_path / "project", recorded)
    assert recorded_answers(tmp_path / "project").items() >= recorded.items()
