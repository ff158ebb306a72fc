"""Every kind of package passes all checks when created: plugins, extensions, state backends, and libraries."""

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.support.any_answers import assert_package_reads_back
from tests.support.combinations import (
    CHECKS,
    REPOSITORIES,
    TABLE,
    TITLES,
    Answers,
    RecordCells,
    cases,
    has_own_packages,
    pairs,
    repository,
    title,
    variants,
)
from tests.support.interpreters import interpreters
from tests.support.paths import ANSWERS_FILE, MELTANO_YML, PUBLISHER_JSON, PYPROJECT, WORKFLOWS
from tests.support.projects import Project, Render
from tests.support.questions import choices, copy_working_tree, evaluate, questions, settings
from tests.support.terminal import COLUMNS

ONE_OF_EACH_KIND = [next(filter(lambda answers: answers["kind"] == kind, variants())) for kind in REPOSITORIES]
IN_PLAIN_NOX = {"library", "tap, REST, API Key", "tap, GraphQL, OAuth2", "tap, SQL", "target, record", "target, SQL"}
IN_PLAIN_NOX |= {"mapper", "extension", "state-backend"}
LONG_IN_PLAIN_NOX = ("library", "tap, GraphQL, OAuth2", "tap, SQL", "target, SQL", "extension")


@pytest.mark.parametrize("answers", cases(pairs(), *IN_PLAIN_NOX))
def test_every_combination_passes_all_checks(
    answers: Answers, check_created: Callable[[Answers, Path], Project]
) -> None:
    """Each kind passes all checks when created, with each value of its own questions.

    The values of the other questions are spread over these projects in pairs. The first library runs on the oldest
    Python that the machine has. All others run on the newest, and projects with the same packages share them.
    """
    pythons = interpreters()
    python = list(pythons.values())[0 if answers == pairs()[0] else -1]
    answers |= {"python_min": min(answers["python_min"], list(pythons)[-1])}  # a machine may lack the newest ones
    project = check_created(answers, python)
    given = {name: value.strip() for name, value in project.answers.items() if isinstance(value, str)}
    assert given.items() >= {name: value.strip() for name, value in answers.items()}.items()
    assert_package_reads_back(project)
    metadata = tomllib.loads(project.read(PYPROJECT))["project"]
    assert f"Programming Language :: Python :: {given['python_min']}" in metadata["classifiers"]
    assert json.loads(project.read(PUBLISHER_JSON))["environment"] == given["environment"]
    assert answers.items() <= yaml.safe_load(project.read(ANSWERS_FILE)).items()
    workflow = yaml.safe_load(project.read(f"{WORKFLOWS}/{given['workflow_filename']}"))
    assert workflow["jobs"]["publish"]["environment"]["name"] == given["environment"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("python", "answers"),
    [
        pytest.param(python, answers, id=f"{python}, {title(answers)}")
        for python, chosen in {"newest": variants(), "oldest": ONE_OF_EACH_KIND}.items()
        for answers in chosen
    ],
)
def test_every_combination_passes_on_the_newest_python_and_each_kind_on_the_oldest(
    python: str, answers: Answers, check_created: Callable[[Answers, Path], Project], record: RecordCells
) -> None:
    """Every combination passes on the newest Python that the machine has, and each kind also on the oldest."""
    version, interpreter = list(interpreters().items())[0 if python == "oldest" else -1]
    own = {"repository": REPOSITORIES[answers["kind"]], "python_min": "3.10"}
    check_created(answers | own, interpreter)
    record(CHECKS, version, answers)


@pytest.mark.parametrize("answers", cases(variants(), *LONG_IN_PLAIN_NOX))
def test_the_linter_passes_with_the_longest_names_and_the_newest_python(answers: Answers, render: Render) -> None:
    """The linter passes with the longest names and for the newest Python, on which some of its rules depend."""
    project = render(**answers, python_min=choices("python_min")[-1], repository=repository(answers["kind"], "long"))
    project.run("ruff", "check")
    project.run("ruff", "format", "--check")


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("tap-weather", "tap"),
        ("Target_Weather", "target"),
        ("map-weather", "mapper"),
        ("mapper-weather", "mapper"),
        ("weather-ext", "extension"),
        ("state-backend-weather", "state-backend"),
        ("meltano-state-backend-weather", "state-backend"),
        ("weather", "library"),
        ("my-tap-weather", "library"),
        ("tap-15five", "tap"),
        ("1password-ext", "library"),  # Python could not import a plugin of that name
    ],
)
def test_a_folders_name_decides_the_kind(folder: str, kind: str) -> None:
    """The name of the folder, and so of the repository, gives the kind."""
    assert evaluate(settings()["kind"]["default"], repository=folder) == kind


@pytest.mark.parametrize(
    "answers", [answers for answers in ONE_OF_EACH_KIND if answers["kind"] != "library"], ids=title
)
def test_a_plugin_is_named_after_its_repository(answers: Answers, render: Render) -> None:
    """A plugin's command, import name and name in Meltano are its repository's, whatever its name on PyPI is."""
    name = REPOSITORIES[answers["kind"]]
    project = render(**answers, repository=name, package_name=f"meltanolabs-{name}")
    metadata = tomllib.loads(project.read(PYPROJECT))["project"]
    assert metadata["name"] == f"meltanolabs-{name}"
    assert (project.path / "src" / name.replace("-", "_") / "__init__.py").exists()
    if answers["kind"] == "state-backend":
        assert list(metadata["entry-points"]["meltano.state_backends"]) == ["sample"]
        assert list(metadata["entry-points"]["meltano.settings"]) == ["sample-sqlalchemy-url"]
        assert yaml.safe_load(project.read(MELTANO_YML))["state_backend"]["uri"] == "sample://"
    else:
        assert name in metadata["scripts"]
        assert f"- name: {name}\n" in project.read(MELTANO_YML)


@pytest.mark.parametrize(
    ("kind", "name", "words"),
    [
        ("tap", "_", ["a letter or a digit is missing", 'Use "tap-example", for example.']),
        ("tap", "1tap", ["Python cannot import its name", 'Use "tap-1tap", for example.']),
        ("extension", "15five", ["Python cannot import its name", 'Use "meltano-15five-ext", for example.']),
        ("extension", "x" * 65, ["a name has 64 characters at most"]),
        ("mapper", "json", ["its name is a module of Python", 'Use "map-json", for example.']),
        ("state-backend", "class", ["its name is a keyword of Python", 'Use "state-backend-class", for example.']),
        ("extension", "poetry", ["its name is another package's", 'Use "poetry-ext", for example.']),
        ("target", "tests", ["the project has such a folder", 'Use "target-tests", for example.']),
    ],
)
def test_a_plugin_that_python_cannot_import_is_refused(kind: str, name: str, words: list[str]) -> None:
    """A name that no plugin can have is refused with its cause and the fix; the name that is offered is accepted."""
    rules = {
        choice["value"]: choice["validator"]
        for choice in questions()["kind"]["choices"].values()
        if choice != "library"
    }
    refusal = evaluate(rules[kind], repository=name)
    for word in ["Rename the repository: ", *words, f'Given: "{name}".']:
        assert word in refusal
    widest = max(questions()["kind"]["choices"], key=len)
    assert len(f"   - {widest} ({refusal.partition('. ')[0]}.") <= COLUMNS, "a terminal cuts off why a kind is refused"
    for offered in re.findall(r'Use "(\S+)", for example', refusal):
        assert evaluate(rules[kind], repository=offered) == ""
        assert evaluate(settings()["kind"]["default"], repository=offered) == kind


def test_copier_refuses_such_a_plugin(tmp_path: Path) -> None:
    """Copier shows that refusal in its last line, and writes nothing."""
    done = copy_working_tree(tmp_path, "--quiet", "--defaults", "--data=repository=json", "--data=kind=mapper")
    assert done.returncode == 1
    assert "'kind': " in done.stderr.strip().splitlines()[-1]
    assert "its name is a module of Python" in done.stderr.strip().splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_the_table_of_combinations_has_them_all() -> None:
    """The table that `nox -s matrix` writes has every combination, and each was run in every way that it has."""
    lines = TABLE.read_text(encoding="utf-8").partition("| Combination |")[2].splitlines()[2:]
    rows = {name: cells for name, *cells in ([cell.strip() for cell in line[1:-1].split("|")] for line in lines)}
    assert list(rows) == TITLES
    for variant in variants():
        is_sql = "SQL" in (variant.get("stream_type"), variant.get("sink_type"))
        has_recipes = variant.get("auth_method") in {"API Key", "OAuth2"}
        expected = [True, has_own_packages(variant), variant["kind"] != "library"]
        expected += [is_sql, "auth_method" in variant, has_recipes]
        assert [bool(cell) for cell in rows[title(variant)]] == expected
