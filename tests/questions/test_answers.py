"""A bad answer is refused before anything is written; an accepted one needs no edit afterwards."""

import importlib.metadata
import itertools
import json
import re
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import copier
import email_validator
import pytest
import yaml
from jinja2 import meta
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from stdlib_names import prohibited_names

from tests.support.any_answers import assert_reads_back
from tests.support.combinations import Answers, title, variants
from tests.support.commands import run
from tests.support.environments import shared_packages
from tests.support.folder_cache import FolderCache
from tests.support.interpreters import interpreters
from tests.support.paths import ANSWERS_FILE, ANSWERS_TABLE, LICENSE, PUBLISHER_JSON, PYPROJECT, ROOT, TOOL_NAMES
from tests.support.projects import Project, Render
from tests.support.questions import choices, copy_working_tree, environment, evaluate, questions, refusal, settings
from tests.support.terminal import COLUMNS, LINES

TABLE = yaml.safe_load(ANSWERS_TABLE.read_text(encoding="utf-8"))
LONGEST = {"repository": 100, "owner": 39, "package_name": 64}
LONGEST |= {"environment": 255, "description": 512, "author_name": 200}
TOO_LONG = LONGEST | {"display_name": 64, "wrapped_command": 64}
INVISIBLE = ["a\nb", "a\r", "\x00", "\x1b[31m", "\x7f", "a\u2028b", "\u202etxt", "\ufeff", "\uffff"]
REFUSED = [
    *((question, value) for question, values in TABLE["refused"].items() for value in values),
    *((question, "x" * (longest + 1)) for question, longest in TOO_LONG.items()),
    *(("workflow_filename", "x" * 96 + ".yaml"), ("author_email", "x" * 65 + "@b.org")),
    *itertools.product(("environment", "description", "author_name"), INVISIBLE),
]
ACCEPTED = [
    *((question, value) for question, values in TABLE["accepted"].items() for value in values),
    *((question, "x" * longest) for question, longest in LONGEST.items()),
    *(("workflow_filename", "x" * 95 + ".yaml"), ("author_email", "x" * 64 + "@b.org")),
]
FORM = {
    "owner": "Owner",
    "repository": "Repository name",
    "package_name": "PyPI Project Name",
    "environment": "Environment name",
    "workflow_filename": "Workflow name",
}
USE_ONE = "Use one of these in --data or in the data file"
NOT_TEXT = ["012", "3.10", "2026-11-24", "[a, b]", "true", "{a: 1}", "~"]  # 3.10 would become 3.1, and 012 ten
QUOTE = "Put quotes around description. In the data file, YAML reads this value"
COMPUTED = [name for name, question in settings().items() if name[0] != "_" and question.get("when") is False]


def shown(value: str) -> str:
    """Return a value as error messages show it: on one line, as typed or, if a character is invisible, with escapes."""
    return json.dumps(value, ensure_ascii=not value.isprintable())


def copy(template: Path, destination: Path, **data: Any) -> Project:  # noqa: ANN401
    """Copy the template in this process, without trust."""
    copier.run_copy(str(template), destination, data=data, defaults=True, quiet=True)
    return Project(destination, data)


@pytest.mark.parametrize(("question", "value"), REFUSED, ids=lambda text: shown(text)[:40])
def test_a_bad_answer_is_refused_in_one_line(question: str, value: str) -> None:
    """A refusal is one line that says what is allowed, in a sentence that fits a terminal, and then shows the value."""
    if choices(question):
        assert value not in choices(question)
        return
    message = refusal(question, value)
    assert f"Given: {shown(value)}." in message
    assert message.isprintable()
    first, _, _ = f"Validation error for question '{question}': {message}".partition(". ")
    assert len(first) < COLUMNS, "a terminal cuts off what the first sentence says"


@pytest.mark.parametrize(("question", "value"), dict(reversed(REFUSED)).items())
def test_copier_refuses_a_bad_answer_and_writes_nothing(
    question: str, value: str, template: Path, tmp_path: Path
) -> None:
    """Copier shows the question and the refusal, and nothing is written."""
    message = re.escape(refusal(question, value)) if not choices(question) else question
    kind = {"display_name": "tap", "wrapped_command": "extension"}.get(question, "library")
    with pytest.raises((ValueError, TypeError), match=message) as refused:
        copy(template, tmp_path / "my-package", **{"kind": kind, "repository": "x", question: value})
    assert question in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "my-package").exists()


def together(pairs: list[tuple[str, str]]) -> list[dict[str, str]]:
    """Return answers in which every pair of a question and a value occurs once, in as few copies as possible."""
    columns = [[pair for pair in pairs if pair[0] == question] for question in dict(pairs)]
    return [dict(filter(None, row)) for row in itertools.zip_longest(*columns)]


@pytest.mark.parametrize("answers", together(ACCEPTED), ids=itertools.count())
def test_good_answers_are_accepted_and_recorded(answers: dict[str, str], render: Render) -> None:
    """Good answers are recorded as they were typed, and every file has them. A refusal would name its question.

    An accepted email address is one that PyPI accepts: it validates with email-validator.
    """
    project = render(**answers)
    assert project.answers.items() >= answers.items()
    assert_reads_back(project)
    project.run("ruff", "check", "--quiet")
    project.run("ruff", "format", "--check", "--quiet")
    if "author_email" in answers:
        email_validator.validate_email(answers["author_email"], check_deliverability=False)


FOLDERS: dict[str, list[str]] = TABLE["defaults of folders"] | {"x" * 150: ["x" * 90, "x" * 64]}


@pytest.mark.parametrize(("folder", "names"), FOLDERS.items())
def test_any_folder_gets_usable_defaults(folder: str, names: list[str]) -> None:
    """Any folder's name gives usable defaults, since a bad default would stop the copy before its first question."""
    repository, package_name = names
    assert evaluate(settings()["repository"]["default"], _folder_name=folder) == repository
    assert evaluate(settings()["package_name"]["default"], repository=repository) == package_name
    assert not refusal("repository", repository)
    assert not refusal("package_name", package_name)


@pytest.mark.parametrize(("owner", "email"), TABLE["default emails"].items())
def test_the_default_email_is_that_of_the_owner(owner: str, email: str) -> None:
    """Meltano's organizations have one address, however they are spelled; anybody else has GitHub's, as it is typed."""
    assert evaluate(settings()["author_email"]["default"], owner=owner) == email


HAVE_ALL_PACKAGES = ("library", "tap, REST, JWT", "tap, SQL", "target, SQL", "extension", "state-backend")
NAMES_IN_ENVIRONMENT = """
import importlib.metadata, json, pathlib, sys
names = {path.name for path in pathlib.Path(sys.executable).parent.iterdir()}
for distribution in importlib.metadata.distributions():
    names |= {distribution.metadata["Name"]}
    names |= {file.parts[0].removesuffix(".py") for file in distribution.files or () if file.suffix == ".py"}
print(json.dumps(sorted(names)))
"""


def required(requirement: str) -> set[str]:
    """Return the names of a package and of all that it needs, as they are installed beside the tests."""
    name = Requirement(requirement).name
    needed = map(Requirement, importlib.metadata.requires(name) or [])
    needed_here = [need.name for need in needed if not need.marker or need.marker.evaluate({"extra": ""})]
    return {name}.union(*map(required, needed_here))


@pytest.mark.parametrize(
    ("answers", "python"),
    [
        pytest.param(
            answers,
            python,
            id=f"{title(answers)}, {python}",
            marks=[] if python and title(answers) in HAVE_ALL_PACKAGES else pytest.mark.slow,
        )
        for answers in variants()
        if answers.get("auth_method", "JWT") == "JWT"
        for python in (0, -1)
    ],
)
def test_every_name_that_a_project_needs_is_refused(
    answers: Answers, python: int, render: Render, once: FolderCache
) -> None:
    """A package cannot have the name of a package, module or command that its project installs.

    Such a project could not install its dependencies or build itself, or its command would hide one of theirs.
    """
    project = render(**answers, python_min="3.10")
    packages = shared_packages(project, list(interpreters().values())[python], once)
    used = set(json.loads(project.run(packages.parents[2] / "bin/python", "-c", NAMES_IN_ENVIRONMENT).stdout))
    used = used.union(*map(required, tomllib.loads(project.read(PYPROJECT))["build-system"]["requires"]))
    refused = prohibited_names().union(TOOL_NAMES.read_text(encoding="utf-8").split())
    names = {canonicalize_name(name.strip("._-")) for name in used if re.fullmatch(r"[A-Za-z][A-Za-z0-9._-]*", name)}
    missing = sorted(names - refused)
    assert not missing, f"add these to {TOOL_NAMES}: {' '.join(missing)}"


def test_the_command_needs_no_trust_and_says_what_it_made(tmp_path: Path) -> None:
    """`copier copy` works without trust, and its message has the values of PyPI's form and the next commands."""
    done = copy_working_tree(tmp_path, "--defaults", "--data", "owner=me", "--data", "package_name=meltano-thing")
    assert done.returncode == 0, done.stderr
    publisher = json.loads((tmp_path / f"my-package/{PUBLISHER_JSON}").read_text(encoding="utf-8"))
    assert publisher["owner"] == "me"
    message = done.stderr[done.stderr.index("Warning: you named the template by a local path") :]
    assert "\n\nCreated my-package:\n" in message
    assert all(value in message for value in publisher.values())
    assert "\n\nNext:\n\n  cd my-package\n  git init" in message
    assert "copy again\nand name it by its https URL" in message
    assert all(f"`git config --global {name} " in message for name in ("user.name", "user.email"))
    site = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]
    assert f"\n{site['site_url']}latest/how-to/poetry.html\n" in message
    assert (ROOT / "docs/how-to/poetry.md").exists()
    assert all(len(line) <= COLUMNS for line in message.splitlines())
    assert message.rstrip().partition("git init")[2].count("\n") < LINES, "the commands are not on the last screen"


def test_answers_can_come_from_a_file_and_the_destination_can_be_this_folder(tmp_path: Path) -> None:
    """A script can give answers in a file; the current folder's name gives the package its name."""
    (tmp_path / "answers.yml").write_text("owner: from-file\nlicense: MIT\n", encoding="utf-8")
    folder = tmp_path / "meltano-thing"
    folder.mkdir()
    done = copy_working_tree(folder, "--defaults", "--data-file", "../answers.yml", destination=".")
    assert done.returncode == 0, done.stderr
    assert (folder / "src/meltano_thing/__init__.py").exists()
    assert "MIT License" in (folder / LICENSE).read_text(encoding="utf-8")
    assert "owner: from-file" in (folder / ANSWERS_FILE).read_text(encoding="utf-8")


def test_the_questions_of_the_form_stand_together_and_begin_with_its_fields() -> None:
    """The first questions are the scope, the repository, the kind, and the other fields of PyPI's form.

    The help of each field's question begins with the name that PyPI gives the field.
    """
    order = ["scope", "repository", "kind", "owner", "package_name", "environment", "workflow_filename"]
    assert list(questions())[: len(order)] == order
    assert all(questions()[question]["help"].startswith(f"{field}: ") for question, field in FORM.items())


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        *(({name: "rm -rf"}, f"Leave out {name}. This answer is computed from the others") for name in COMPUTED),
        ({"created_as": "library"}, "Leave out created_as. This answer is computed"),
        ({"only": {"tap": "."}, "command": "rm", "owner": "me"}, "Leave out only, command. These answers are computed"),
        ({"ownr": "me", "_private": "ignored"}, f"There is no question ownr. {USE_ONE}: {', '.join(questions())}."),
        *(({"description": yaml.safe_load(value), "owner": "me"}, QUOTE) for value in NOT_TEXT),
        ({"_private": "ignored", "owner": "me"}, ""),
    ],
    ids=str,
)
def test_what_is_not_a_question_is_refused(data: dict[str, Any], sentence: str) -> None:
    """A computed answer, a misspelled question, and a value that is not text are refused by name."""
    conf = SimpleNamespace(data=data, overwrite=False, vcs_ref_hash="x")
    found = refusal("scope", "package", _copier_conf=conf)
    assert found.startswith(sentence)
    assert bool(found) == bool(sentence)


def test_a_computed_answer_is_refused_by_copier(template: Path, tmp_path: Path) -> None:
    """Copier shows that refusal, and writes nothing."""
    with pytest.raises(ValueError, match=r"'scope': Leave out only, command\. These answers are computed"):
        copy(template, tmp_path / "my-package", only={"tap": "."}, command="rm")
    assert not (tmp_path / "my-package").exists()


def test_the_answers_file_of_another_project_creates_no_package(template: Path, tmp_path: Path) -> None:
    """A new project from another one's answers file is refused; without `created_as` in it, it is accepted.

    With `--overwrite`, this looks like an update, and only the template's own files are written.
    """
    old = copy(template, tmp_path / "old", repository="my-package")
    recorded = yaml.safe_load(old.read(ANSWERS_FILE))
    with pytest.raises(ValueError, match=r"'scope': Leave out created_as\. This answer is computed"):
        copy(template, tmp_path / "new", **recorded)
    assert not (tmp_path / "new").exists()
    copier.run_copy(str(template), tmp_path / "new", data=recorded, defaults=True, overwrite=True, quiet=True)
    assert {path.name for path in (tmp_path / "new").iterdir()} == {".github", ANSWERS_FILE}
    del recorded["created_as"]
    assert copy(template, tmp_path / "fresh", **recorded).read(PYPROJECT) == old.read(PYPROJECT)


NOT_ASKED = {  # answers to questions that are not asked, by what is asked instead
    "library": {"display_name": "x", "stream_type": "SQL", "sink_type": "SQL", "wrapped_command": "rm"},
    "tap": {"sink_type": "SQL", "wrapped_command": "rm"},
    "target": {"stream_type": "SQL", "auth_method": "JWT", "wrapped_command": "rm"},
    "release": {"kind": "tap", "display_name": "x", "description": "x", "ide": "VSCode"},
}


@pytest.mark.parametrize("what", NOT_ASKED)
def test_an_answer_to_a_question_that_is_not_asked_has_no_effect(what: str, template: Path, tmp_path: Path) -> None:
    """An answer to a question that is not asked changes neither a file nor the recorded answers."""
    asked = {"scope": "release"} if what == "release" else {"kind": what, "repository": "tap-x"}
    copy(template, tmp_path / "without/tap-x", **asked)
    copy(template, tmp_path / "with/tap-x", **asked | NOT_ASKED[what])
    assert run("diff", "--recursive", "without", "with", cwd=tmp_path, check=False).stdout == ""


def test_a_question_reads_earlier_answers_only() -> None:
    """The default and the condition of a question read no later answer: it would be missing, or that of the last time.

    `creates_package` alone asks whether there is a last time.

    The default of a question that is asked is its own recorded answer, if there is one: so an update refuses a
    recorded answer that is no longer allowed, where Copier would replace it.
    """
    order = [name for name in settings() if name[0] != "_"]
    for number, name in enumerate(order):
        parts = [str(settings()[name].get(part, "")) for part in ("default", "when")]
        read = set().union(*(meta.find_undeclared_variables(environment().parse(part)) for part in parts))
        assert read & set(order[number + 1 :]) == ({"created_as"} if name == "creates_package" else set()), name
        assert (name in read) == (name in questions()), name
