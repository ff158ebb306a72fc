"""A bad answer is refused before anything is written; an accepted one needs no edit afterwards."""

import importlib.metadata
import itertools
import json
import re
import tomllib
from pathlib import Path

import copier
import email_validator
import jinja2
import pytest
import yaml
from jinja2 import meta
from packaging.requirements import Requirement
from stdlib_names import prohibited_names

from tests.support.combinations import Answers, title, variants
from tests.support.commands import run
from tests.support.environments import shared_packages
from tests.support.folder_cache import FolderCache
from tests.support.interpreters import interpreters
from tests.support.paths import (
    ANSWERS_FILE,
    ANSWERS_TABLE,
    LICENSE,
    PUBLISHER_JSON,
    PYPROJECT,
    ROOT,
    TOOL_NAMES,
)
from tests.support.projects import Render
from tests.support.questions import copy_working_tree, questions, settings
from tests.support.terminal import COLUMNS, LINES

TABLE = yaml.safe_load(ANSWERS_TABLE.read_text(encoding="utf-8"))
CHOICES = {
    "kind",
    "scope",
    "license",
    "python_min",
    "update_bot",
    "ide",
}  # where the words of a refusal are Copier's own
LONGEST = {
    "repository": 100,
    "owner": 39,
    "package_name": 64,
    "environment": 255,
    "description": 512,
    "author_name": 200,
}
FIELDS = {
    "owner": "Owner",
    "repository": "Repository name",
    "package_name": "PyPI Project Name",
    "environment": "Environment name",
    "workflow_filename": "Workflow name",
}
INVISIBLE = ["a\nb", "a\r", "\x00", "\x1b[31m", "\x7f", "a\u2028b", "\u202etxt", "\ufeff", "\uffff"]
REFUSED = [
    *((question, value) for question, values in TABLE["refused"].items() for value in values),
    *((question, "x" * (longest + 1)) for question, longest in LONGEST.items()),
    *(("workflow_filename", "x" * 96 + ".yaml"), ("author_email", "x" * 65 + "@b.org")),
    *itertools.product(("environment", "description", "author_name"), INVISIBLE),
]
ACCEPTED = [
    *((question, value) for question, values in TABLE["accepted"].items() for value in values),
    *((question, "x" * longest) for question, longest in LONGEST.items()),
    *(("workflow_filename", "x" * 95 + ".yaml"), ("author_email", "x" * 64 + "@b.org")),
]


def shown(value: str) -> str:
    """Return a value as error messages show it: on one line, as typed or, if a character is invisible, with escapes."""
    return json.dumps(value, ensure_ascii=not value.isprintable())


@pytest.mark.parametrize(("question", "value"), REFUSED, ids=lambda text: shown(text)[:40])
def test_a_bad_answer_is_refused_and_nothing_is_written(
    question: str, value: str, template: Path, tmp_path: Path
) -> None:
    """A bad answer is refused in one line: the question, what is allowed, and then the value. Nothing is written."""
    destination = tmp_path / "my-package"
    with pytest.raises((ValueError, TypeError)) as refused:
        copier.run_copy(str(template), destination, data={question: value}, defaults=True, quiet=True)
    message = str(refused.value)
    assert question in message
    assert "\n" not in message
    if question not in CHOICES:
        assert f"Given: {shown(value)}." in message
        assert message.isprintable()
        assert len(re.split(r"(?<=\.) ", message)[0]) <= COLUMNS, "a terminal cuts off what the first sentence says"
    assert not destination.exists()


def together(pairs: list[tuple[str, str]]) -> list[dict[str, str]]:
    """Return answers in which every pair of a question and a value occurs once, in as few copies as possible."""
    columns = [[pair for pair in pairs if pair[0] == question] for question in dict(pairs)]
    return [dict(filter(None, row)) for row in itertools.zip_longest(*columns)]


@pytest.mark.parametrize("answers", together(ACCEPTED), ids=itertools.count())
def test_good_answers_are_accepted_and_recorded(answers: dict[str, str], render: Render) -> None:
    """Good answers are recorded as they were typed. If one were refused, Copier's message would name its question."""
    assert render(**answers).answers.items() >= answers.items()


@pytest.mark.parametrize(
    ("folder", "repository", "package_name"),
    [
        ("tap-x", "tap-x", "tap-x"),
        ("My Project (new)", "My-Project-new", "My-Project-new"),
        ("json", "json", "meltano-json"),
        ("class", "class", "meltano-class"),
        ("123", "123", "meltano-123"),
        ("con", "meltano-con", "meltano-con"),
        ("x.git", "x", "x"),
        ("..-_weird_-..", "weird", "weird"),
        ("日本", "my-package", "my-package"),
        ("naïve", "na-ve", "na-ve"),
        ("x" * 150, "x" * 90, "x" * 64),
        ("pytest", "pytest", "meltano-pytest"),
    ],
)
def test_any_folder_gets_usable_defaults(
    folder: str, repository: str, package_name: str, template: Path, tmp_path: Path
) -> None:
    """Any folder's name gives usable defaults, since a bad default would stop the copy before its first question."""
    copier.run_copy(str(template), tmp_path / folder, defaults=True, quiet=True)
    publisher = json.loads((tmp_path / folder / PUBLISHER_JSON).read_text(encoding="utf-8"))
    assert (publisher["repository"], publisher["package_name"]) == (repository, package_name)


def normalized(name: str) -> str:
    """Return a name as PyPI compares it (PEP 503)."""
    return "-".join(filter(None, name.lower().replace("_", "-").replace(".", "-").split("-")))


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
        pytest.param(answers, python, id=f"{title(answers)}, {python}", marks=[pytest.mark.slow] if python == 0 else [])
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
    build_system = tomllib.loads(project.read(PYPROJECT))["build-system"]
    used = used.union(*map(required, build_system["requires"]))
    refused = prohibited_names().union(TOOL_NAMES.read_text(encoding="utf-8").split())
    names = {normalized(name) for name in used if re.fullmatch(r"[A-Za-z][A-Za-z0-9._-]*", name)}
    missing = sorted(names - refused)
    assert not missing, f"add these to {TOOL_NAMES}: {' '.join(missing)}"


@pytest.mark.parametrize("email", [value for question, value in ACCEPTED if question == "author_email"])
def test_every_accepted_email_address_is_one_that_pypi_accepts(email: str) -> None:
    """Every accepted email address passes email-validator, with which PyPI validates it."""
    email_validator.validate_email(email, check_deliverability=False)


@pytest.mark.parametrize(("question", "value"), [("owner", "a b"), ("description", "two\nlines"), ("license", "GPL")])
def test_the_command_refuses_a_bad_answer(question: str, value: str, tmp_path: Path) -> None:
    """For a bad answer, `copier copy` exits with 1, names question and value last, and leaves nothing behind."""
    done = copy_working_tree(tmp_path, "--defaults", "--data", f"{question}={value}")
    assert done.returncode == 1
    last = done.stderr.strip().split("\n")[-1]
    assert question in last
    assert value.splitlines()[0] in last
    assert list(tmp_path.iterdir()) == []


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
    page = f"{site['site_url']}latest/how-to/poetry{'/' if site['use_directory_urls'] else '.html'}"
    assert f"\n{page}\n" in message
    assert (ROOT / "docs/how-to/poetry.md").exists()
    assert all(len(line) <= COLUMNS for line in message.splitlines())
    assert message.rstrip().partition("git init")[2].count("\n") < LINES, "the commands are not on the last screen"


def test_the_template_can_be_a_git_url(tmp_path: Path) -> None:
    """Copier copies the template from a git URL, as everybody without a clone does, and records the URL."""
    run("git", "clone", "--quiet", "--bare", ROOT, tmp_path / "template.git", cwd=tmp_path)
    url = f"git+file://{tmp_path}/template.git"
    run("copier", "copy", "--defaults", "--vcs-ref=HEAD", url, "my-package", cwd=tmp_path)
    answers = yaml.safe_load((tmp_path / f"my-package/{ANSWERS_FILE}").read_text(encoding="utf-8"))
    assert answers["_src_path"] == url


def test_the_questions_of_the_form_stand_together_and_begin_with_its_fields() -> None:
    """The first questions are the scope, the repository, the kind, and the other fields of PyPI's form.

    The help of each field's question begins with the name that PyPI gives the field.
    """
    order = ["scope", "repository", "kind", "owner", "package_name", "environment", "workflow_filename"]
    assert list(questions())[: len(order)] == order
    for question, field in FIELDS.items():
        assert questions()[question]["help"].startswith(f"{field}: ")


def test_answers_can_come_from_a_file(tmp_path: Path) -> None:
    """Answers can come from a file, as they do for a script that makes many packages."""
    (tmp_path / "answers.yml").write_text("owner: from-file\nlicense: MIT\n", encoding="utf-8")
    done = copy_working_tree(tmp_path, "--defaults", "--data-file", "answers.yml")
    assert done.returncode == 0, done.stderr
    assert "MIT License" in (tmp_path / f"my-package/{LICENSE}").read_text(encoding="utf-8")
    assert "owner: from-file" in (tmp_path / f"my-package/{ANSWERS_FILE}").read_text(encoding="utf-8")


def test_the_destination_can_be_the_current_folder(tmp_path: Path) -> None:
    """The destination can be the current folder, whose name then gives the package its name, too."""
    (tmp_path / "meltano-thing").mkdir()
    done = copy_working_tree(tmp_path / "meltano-thing", "--defaults", destination=".")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "meltano-thing/src/meltano_thing/__init__.py").exists()


COMPUTED = [name for name, question in settings().items() if name[0] != "_" and question.get("when") is False]


@pytest.mark.parametrize(
    ("name", "value"), [*((name, "rm -rf") for name in [*COMPUTED, "created_as"]), ("created_as", "library")]
)
def test_a_computed_answer_cannot_be_given(name: str, value: str, template: Path, tmp_path: Path) -> None:
    """An answer that the template computes cannot be given: it would be rendered without being recorded."""
    destination = tmp_path / "my-package"
    message = "This answer is computed from the others"
    with pytest.raises(ValueError, match=message):
        copier.run_copy(str(template), destination, data={name: value}, defaults=True, quiet=True)
    assert not destination.exists()


def test_computed_answers_are_refused_together(template: Path, tmp_path: Path) -> None:
    """All computed answers that are given are named at once, also one that is not text."""
    data = {"only": {"tap": "."}, "command": "rm", "owner": "me"}
    with pytest.raises(ValueError, match=r"'scope': Leave out only, command\. These answers are computed"):
        copier.run_copy(str(template), tmp_path / "my-package", data=data, defaults=True, quiet=True)
    assert not (tmp_path / "my-package").exists()


@pytest.mark.parametrize("options", [[], ["--overwrite"]], ids=" ".join)
def test_the_answers_file_of_another_project_creates_no_package(options: list[str], tmp_path: Path) -> None:
    """A new project from another one's answers file is refused; without `created_as` in it, it is accepted.

    With `--overwrite`, this looks like an update, and only the template's own files are written.
    """
    assert copy_working_tree(tmp_path, "--quiet", "--defaults", destination="old").returncode == 0
    answers = tmp_path / "old" / ANSWERS_FILE
    done = copy_working_tree(tmp_path, "--defaults", "--data-file", str(answers), *options, destination="new")
    if options:
        assert done.returncode == 0, done.stderr
        written = {path.relative_to(tmp_path / "new").parts[0] for path in (tmp_path / "new").iterdir()}
        assert written == {".github", ANSWERS_FILE}
    else:
        assert done.returncode == 1
        assert "'scope': Leave out created_as. This answer is computed" in done.stderr.strip().splitlines()[-1]
        assert not (tmp_path / "new").exists()
    shown = [line for line in answers.read_text(encoding="utf-8").splitlines() if not line.startswith("created_as:")]
    (tmp_path / "answers.yml").write_text("\n".join(shown), encoding="utf-8")
    done = copy_working_tree(tmp_path, "--quiet", "--defaults", "--data-file", "answers.yml", destination="fresh")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "fresh" / PYPROJECT).read_text(encoding="utf-8") == (tmp_path / "old" / PYPROJECT).read_text(
        encoding="utf-8"
    )


@pytest.mark.parametrize("scope", ["package", "release"])
def test_a_name_that_is_no_question_is_refused(scope: str, template: Path, tmp_path: Path) -> None:
    """An unknown question is refused with the names of all questions: a misspelled one would have no effect."""
    data = {"scope": scope, "ownr": "me", "_private": "ignored"}
    with pytest.raises(ValueError, match=r"There is no question ownr\. ") as refused:
        copier.run_copy(str(template), tmp_path / "my-package", data=data, defaults=True, quiet=True)
    assert str(refused.value).endswith(f": {', '.join(questions())}.")


NOT_ASKED = {  # answers to questions that are not asked, by what is asked instead
    "library": {
        "display_name": "x",
        "stream_type": "SQL",
        "auth_method": "JWT",
        "sink_type": "SQL",
        "wrapped_command": "rm",
    },
    "tap": {"sink_type": "SQL", "wrapped_command": "rm"},
    "target": {"stream_type": "SQL", "auth_method": "JWT", "wrapped_command": "rm"},
    "release": {"kind": "tap", "display_name": "x", "description": "x", "ide": "VSCode"},
}


@pytest.mark.parametrize("what", NOT_ASKED)
def test_an_answer_to_a_question_that_is_not_asked_has_no_effect(what: str, template: Path, tmp_path: Path) -> None:
    """An answer to a question that is not asked changes neither a file nor the recorded answers."""
    asked = {"scope": "release"} if what == "release" else {"kind": what, "repository": "tap-x"}
    for folder, data in {"without": asked, "with": asked | NOT_ASKED[what]}.items():
        copier.run_copy(str(template), tmp_path / folder / "tap-x", data=data, defaults=True, quiet=True)
    done = run("diff", "--recursive", "without", "with", cwd=tmp_path, check=False)
    assert done.stdout == ""


def test_a_question_reads_earlier_answers_only() -> None:
    """The default and the condition of a question read no later answer: it would be missing, or that of the last time.

    `creates_package` alone asks whether there is a last time.

    The default of a question that is asked is its own recorded answer, if there is one: so an update refuses a
    recorded answer that is no longer allowed, where Copier would replace it.
    """
    environment = jinja2.Environment(extensions=["jinja2_ansible_filters.AnsibleCoreFiltersExtension"], autoescape=True)
    order = [name for name in settings() if name[0] != "_"]
    for number, name in enumerate(order):
        parts = [str(settings()[name].get(part, "")) for part in ("default", "when")]
        read = set().union(*(meta.find_undeclared_variables(environment.parse(part)) for part in parts))
        assert read & set(order[number + 1 :]) == ({"created_as"} if name == "creates_package" else set()), name
        assert (name in read) == (name in questions()), name
