"""An update keeps the answers of a project, and a changed answer changes what it can."""

import json
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
    RECORDED_ANSWERS,
    RELEASE_WORKFLOW,
    RELEASING,
    TEST_WORKFLOW,
    UPDATED,
    WORKFLOWS,
)
from tests.support.projects import Project, build
from tests.support.questions import choices, questions
from tests.support.versions import MOVED, Versions, changed_files, recorded_answers, text_changes, update

RECORDED = yaml.safe_load(RECORDED_ANSWERS.read_text(encoding="utf-8"))


@pytest.mark.parametrize("answers", RECORDED, ids=lambda answers: f"{answers['_commit']} {answers['package_name']}")
def test_every_recorded_answer_is_still_accepted(answers: dict[str, str], template: Path, tmp_path: Path) -> None:
    """Every answer that projects have recorded is accepted: a stricter validator would refuse their updates."""
    answers_file = tmp_path / ANSWERS_FILE
    answers_file.write_text(yaml.safe_dump({"_src_path": str(template)} | answers), encoding="utf-8")
    copier.run_copy(str(template), tmp_path, defaults=True, quiet=True, overwrite=True, skip_tasks=True)
    kept = recorded_answers(tmp_path)
    assert {name: kept.get(name) for name in answers if name[0] != "_"} == {
        name: answer for name, answer in answers.items() if name[0] != "_"
    }


def test_every_question_has_a_default() -> None:
    """Every question has a default, because an unattended update fails without one."""
    assert [name for name, question in questions().items() if "default" not in question] == []


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
    workflows = [path.name for path in (project.path / WORKFLOWS).glob("*.y*ml")]
    expected = ["publish.yml", *([Path(TEST_WORKFLOW).name] if scope == "package" else [])]
    assert sorted(workflows) == sorted(expected)
    jobs = yaml.safe_load(project.read(f"{WORKFLOWS}/publish.yml"))["jobs"]
    assert jobs["publish"]["environment"]["name"] == "pypi"
    assert "owner=Acme&repository=my-package&workflow_filename=publish.yml&environment=pypi" in project.read(RELEASING)
    assert "to PyPI that is another publisher" in project.read(RELEASING)


def test_answers_can_change_without_a_newer_version(project: Project) -> None:
    """Answers can change alone with the option that the how-to names; without it, the newest version comes along."""
    option = "--vcs-ref=:current:"
    assert f"`{option}`" in (DOCS / "how-to/update.md").read_text(encoding="utf-8")
    update(project, "--data=environment=pypi", option)
    answers = yaml.safe_load(project.read(ANSWERS_FILE))
    assert (answers["_commit"], answers["environment"]) == ("v1.0.0", "pypi")
    project.commit()
    update(project)
    assert yaml.safe_load(project.read(ANSWERS_FILE))["_commit"] == "v1.1.0"


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


@pytest.mark.parametrize(
    ("scope", "other"),
    [
        ("package", "release"),
        ("release", "package"),
    ],
)
def test_another_scope_is_refused_and_nothing_is_lost(
    scope: str, other: str, versions: Versions, tmp_path: Path
) -> None:
    """An update refuses another scope in one sentence that says what to do instead, and changes no file."""
    project = versions.project(tmp_path / "my-package", f"--data=scope={scope}", "--vcs-ref=v1.0.0")
    done = update(project, f"--data=scope={other}", check=False)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert f"'scope': Keep {scope}, " in last
    assert f'Given: "{other}".' in last
    assert changed_files(project) == []


def test_another_kind_is_refused(project: Project) -> None:
    """An update refuses another kind than the one that `created_as` records, and changes no file."""
    replace(project.path / ANSWERS_FILE, "created_as: library", "created_as: tap")
    project.commit()
    done = update(project, check=False)
    assert done.returncode == 1
    assert 'Keep "tap": it cannot change.' in done.stderr.strip().splitlines()[-1]
    assert changed_files(project) == []


def test_an_update_asks_again_only_what_an_update_can_change() -> None:
    """The questions whose answers shape the project's own files are asked only by `copier copy`."""
    again = {name for name, question in questions().items() if question.get("ask") is None}
    assert again == {"repository", "owner", "package_name", "environment", "workflow_filename"}


def test_a_new_question_takes_its_default_without_asking(template: Path, tmp_path: Path) -> None:
    """An update gives a new question its default without asking, also if the list of excluded files depends on it."""
    versions = Versions.create(template, tmp_path / "template")
    project = versions.project(tmp_path / "my-package")
    versions.replace(
        "copier.yml", "environment:\n  type: str\n", "color:\n  default: red\n\nenvironment:\n  type: str\n"
    )
    versions.replace("copier.yml", "  - .DS_Store\n", "  - \"{{ '/' ~ color | d('') }}\"\n  - .DS_Store\n")
    versions.tag("v1.1.0")
    update(project)
    assert changed_files(project) == MOVED
    assert recorded_answers(project.path)["color"] == "red"


GONE = {  # a recorded answer to each question with choices, of a project that was asked it
    "scope": "release",
    "kind": "mapper",
    "stream_type": "Custom",
    "auth_method": "JWT",
    "sink_type": "batch",
    "license": "MIT",
    "python_min": "3.12",
    "ide": "VSCode",
}
BESIDE = {"auth_method": {"kind": "tap"}, "stream_type": {"kind": "tap"}, "sink_type": {"kind": "target"}}
BESIDE |= {"kind": {"repository": "map-x"}}


@pytest.fixture
def later(template: Path, tmp_path: Path) -> Path:
    """The questions of a later version of the template, which renders one file, for a test that changes them.

    It has no tag, so that Copier reads what is not committed yet.
    """
    folder = tmp_path / "template"
    shutil.copytree(template / "includes", folder / "includes")
    (folder / "template").mkdir()
    shutil.copy(template / "copier.yml", folder)
    (folder / UPDATED).mkdir()
    (folder / UPDATED / ".keep").touch()
    run("git", "init", "--quiet", cwd=folder)
    run("git", "add", "--all", cwd=folder)
    run("git", "commit", "--quiet", "--message", "Begin", cwd=folder)
    return folder


@pytest.mark.slow
def test_the_answer_to_a_question_that_is_gone_stops_no_update(template: Path, tmp_path: Path) -> None:
    """The recorded answer to a removed question stops no update, though Copier passes it on as if it was typed.

    Only a name that is really typed is refused.
    """
    versions = Versions.create(template, tmp_path / "template", tag="v0.9.0")
    question = "environment:\n  type: str\n"
    versions.replace("copier.yml", question, f"color:\n  type: str\n  default: red\n\n{question}").tag("v1.0.0")
    project = versions.project(tmp_path / "my-package")
    assert recorded_answers(project.path)["color"] == "red"
    versions.replace("copier.yml", "color:\n  type: str\n  default: red\n\n", "").tag("v1.1.0")
    assert "There is no question color. " in update(project, "--data=color=blue", check=False).stderr
    update(project)
    assert "color" not in recorded_answers(project.path)


def change_question(template: Path, question: str, **settings: object) -> None:
    """Change a question of a template; its copier.yml stays plain text to Jinja."""
    content = yaml.safe_load((template / "copier.yml").read_text(encoding="utf-8"))
    content[question] |= settings
    text = yaml.safe_dump(content, sort_keys=False)
    (template / "copier.yml").write_text(f"# {{% raw %}}\n{text}# {{% endraw %}}\n", encoding="utf-8")


def copy_again(template: Path, folder: Path, recorded: dict[str, str], **given: str) -> None:
    """Ask a template's questions where answers are recorded, without a person, as an update does."""
    folder.mkdir()
    (folder / ANSWERS_FILE).write_text(yaml.safe_dump(recorded), encoding="utf-8")
    copier.run_copy(str(template), folder, data=given, defaults=True, quiet=True, overwrite=True)


def test_every_choice_is_among_those_that_are_tried() -> None:
    """`GONE` has an answer to every question with choices, so that the next test leaves none out."""
    assert GONE.keys() == {name for name, question in questions().items() if question.get("choices")}


@pytest.mark.parametrize(
    "question", [pytest.param(name, marks=[] if name == "license" else pytest.mark.slow) for name in GONE]
)
def test_a_choice_that_disappears_is_refused_and_never_replaced(question: str, later: Path, tmp_path: Path) -> None:
    """If a recorded choice disappears, Copier names the question, the answer and what is allowed, and stops.

    An allowed answer that is given is accepted.
    """
    recorded = {"repository": "tap-x"} | BESIDE.get(question, {}) | {question: GONE[question]}
    copy_again(later, tmp_path / "before", recorded)
    left = [value for value in choices(question) if value != GONE[question]]
    change_question(later, question, choices=left)
    with pytest.raises(ValueError, match=f"Invalid choice for '{question}': '{GONE[question]}' is not in") as refused:
        copy_again(later, tmp_path / "after", recorded)
    assert all(repr(value) in str(refused.value) for value in left)
    assert recorded_answers(tmp_path / "after") == recorded
    copy_again(later, tmp_path / "given", recorded, **{question: left[0]})


def test_a_rule_that_becomes_stricter_is_refused_and_never_replaces(later: Path, tmp_path: Path) -> None:
    """A recorded answer that a new rule forbids is refused with the validator's sentence, and not replaced."""
    recorded = {"repository": "tap-x", "owner": "Acme"}
    copy_again(later, tmp_path / "before", recorded)
    change_question(later, "owner", validator="{% if owner == 'Acme' %}Use another owner.{% endif %}")
    with pytest.raises(ValueError, match="Validation error for question 'owner': Use another owner"):
        copy_again(later, tmp_path / "after", recorded)
    assert recorded_answers(tmp_path / "after") == recorded


@pytest.mark.slow
def test_an_update_to_a_version_without_a_choice_is_refused(template: Path, tmp_path: Path) -> None:
    """`copier update` to a version without the recorded choice writes nothing; with an allowed answer it passes."""
    versions = Versions.create(template, tmp_path / "template")
    project = versions.project(tmp_path / "my-package", "--data=license=MIT")
    versions.replace("copier.yml", "choices: [Apache-2.0, MIT, None]", "choices: [Apache-2.0, None]").tag("v1.1.0")
    done = update(project, check=False)
    assert done.returncode == 1
    assert "Invalid choice for 'license': 'MIT' is not in" in done.stderr.strip().splitlines()[-1]
    assert changed_files(project) == []
    update(project, "--data=license=Apache-2.0")
    assert changed_files(project) == MOVED
