"""Any answers, for a property-based test, and what must hold of a project that is made from them."""

import json
import re
import tomllib

import yaml
from hypothesis import strategies as st
from packaging.metadata import Metadata
from poetry.core.factory import Factory
from poetry.core.masonry.builders.builder import Builder
from readme_renderer import markdown

from tests.support.combinations import REPOSITORIES
from tests.support.paths import ANSWERS_FILE, PUBLISHER_JSON, PYPROJECT, README, WORKFLOWS
from tests.support.projects import Project
from tests.support.questions import choices, questions

MODEL = {  # answers that occur nowhere else
    "owner": "MODELOWNER",
    "repository": "MODELREPOSITORY",
    "package_name": "MODELPACKAGE",
    "environment": "MODELENVIRONMENT",
    "workflow_filename": "MODELWORKFLOW.yaml",
}
NAME = st.from_regex(r"[A-Za-z]([A-Za-z0-9._-]{0,20}[A-Za-z0-9])?", fullmatch=True)
LINE = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=60)
MARKUP = st.text(st.sampled_from("ab1 .*_`~<>[]()!#+-=:|\\/&;@{}%$\"'éü🎵"), min_size=1, max_size=40)
TEXT = (
    LINE | MARKUP | st.sampled_from(["https://a.org/_b_", "www.a.org", ":+1:", "a@b.org", "1. a", "- a", "{{ owner }}"])
)
HOSTILE = st.text(max_size=30) | MARKUP | NAME.map("0{}".format)


def mostly(good: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return a strategy that draws a hostile text in one of thirty cases: together, most answers are good."""
    return st.integers(0, 29).flatmap(lambda number: HOSTILE if number == 29 else good)


def answers_for(what: str) -> st.SearchStrategy[dict[str, str]]:
    """Return a strategy for answers to all questions together, each of them given or not.

    They are for a kind of package, or for the scope `release` of a repository that exists.
    """
    given: dict[str, st.SearchStrategy[str]] = {
        "package_name": mostly(NAME),
        "owner": mostly(st.from_regex(r"[A-Za-z0-9]{1,9}(-[A-Za-z0-9]{1,9}){0,2}", fullmatch=True)),
        "environment": mostly(TEXT.map(lambda text: re.sub(r"[\"'`,;\\]|\${{", "", text).strip() or "pypi")),
        "workflow_filename": mostly(st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9 ()._-]{0,20}\.ya?ml", fullmatch=True)),
        "description": mostly(TEXT),
        "author_name": mostly(TEXT.map(lambda text: re.sub("[<>]", "", text).strip() or "Ada")),
        "author_email": mostly(st.emails() | NAME.map(lambda name: f"{name}@example.com")),
        "wrapped_command": mostly(st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,9}", fullmatch=True)),
        "display_name": mostly(TEXT.map("A{}".format)),
        **{name: mostly(st.sampled_from(choices(name))) for name in questions() if choices(name)},
    }
    assert given.keys() | {"repository"} == questions().keys()
    del given["scope"], given["kind"]
    if what == "release":
        required: dict[str, st.SearchStrategy[str]] = {"scope": st.just(what), "repository": mostly(NAME)}
    else:
        usual = REPOSITORIES[what].replace("sample", "{}").replace("my-library", "{}")
        required = {"kind": st.just(what), "repository": mostly(NAME.map(usual.format))}
    return st.fixed_dictionaries(required, optional=given)


def assert_reads_back(project: Project) -> None:
    """Fail unless every file parses and has the answers as they were typed."""
    for path in project.path.rglob("*"):
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        if path.suffix == ".py":
            compile(text, str(path), "exec")
        elif path.suffix in {".yml", ".yaml"}:
            list(yaml.load_all(text, Loader=yaml.CSafeLoader))
        elif path.suffix == ".json":
            json.loads(text)
    assert yaml.load(project.read(ANSWERS_FILE), Loader=yaml.CSafeLoader).items() >= project.answers.items()
    publisher = json.loads(project.read(PUBLISHER_JSON))
    assert publisher == {name: project.answers[name] for name in publisher}
    if project.answers.get("scope", "package") == "package":
        assert_package_reads_back(project)


def assert_package_reads_back(project: Project) -> None:
    """Fail unless `pyproject.toml`, the metadata of a wheel, and the README have the answers as they were typed."""
    answers = {name: value.strip() if isinstance(value, str) else value for name, value in project.answers.items()}
    author = {"name": answers["author_name"], "email": answers["author_email"]}
    described = tomllib.loads(project.read(PYPROJECT))["project"]
    assert described["name"] == answers["package_name"]
    assert described["description"] == answers["description"]
    assert described["authors"] == [author]
    metadata = metadata_of(project)
    assert metadata.name == answers["package_name"]
    assert metadata.summary == answers["description"]
    assert (metadata.author, metadata.author_email) == (answers["author_name"], answers["author_email"])
    paragraph = re.split(r"^\[!\[Test\].*\n\n|^## Install$", project.read(README), flags=re.MULTILINE)[1]
    shown = markdown.render(paragraph, variant="GFM")  # as PyPI does: without links, emphasis or other markup
    assert shown is not None
    assert shown == markdown.render(plain_text(answers["description"]), variant="GFM"), (paragraph, shown)


def metadata_of(project: Project) -> Metadata:
    """Return the metadata that a wheel of a project has, without building one."""
    return Metadata.from_email(Builder(Factory().create_poetry(project.path)).get_metadata_content())


def plain_text(text: str) -> str:
    """Return Markdown that shows a text as it is: every character that could be markup is a character reference."""
    return "".join(char if char.isalnum() or char == " " else f"&#{ord(char)};" for char in text)


def assert_workflows_differ_by_the_answers_alone(project: Project, model: Project) -> None:
    """Fail unless the workflows are those of a project with the answers of `MODEL`, except for the answers."""
    for path in (model.path / WORKFLOWS).iterdir():
        name = project.answers["workflow_filename"] if path.name == MODEL["workflow_filename"] else path.name
        expected, found = (
            json.dumps(yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))
            for file in (path, project.path / WORKFLOWS / name)
        )
        for question, word in MODEL.items():
            expected = expected.replace(word, json.dumps(project.answers[question])[1:-1])
        assert found == expected, name
