"""The documentation is true: what it lists is what there is."""

import re
from pathlib import Path

import pexpect
import pytest
import yaml
from picture import draw, perform

from tests.support.commands import ENVIRONMENT, TEMPLATE_URL, package_index, redirect, run
from tests.support.pages import code_blocks, page
from tests.support.paths import ANSWERS_FILE, DOCS, PYPROJECT, RELEASING, ROOT
from tests.support.paths import README as README_NAME
from tests.support.projects import Project, Render
from tests.support.questions import choices, questions

QUESTIONS = page("reference/questions.md")
README = ROOT / README_NAME
FORM = ["owner", "repository", "package_name", "environment", "workflow_filename"]


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bare clone of this repository, as GitHub has it."""
    clone = tmp_path_factory.mktemp("bare") / "template.git"
    run("git", "clone", "--quiet", "--bare", ROOT, clone, cwd=clone.parent)
    return clone


def section(question: str) -> str:
    """Return what the reference says of a question."""
    return QUESTIONS.partition(f"\n## `{question}`\n")[2].partition("\n## ")[0]


def test_the_reference_has_every_question_in_its_order() -> None:
    """The reference has a section for every question, in order, with its choices and a default that is a text."""
    assert re.findall(r"^## `(\w+)`", QUESTIONS, re.MULTILINE) == list(questions())
    for name, question in questions().items():
        offered = [] if isinstance(question.get("choices"), str) else choices(name)  # a list from elsewhere
        literals = re.findall(r" d\('([^']+)'\) ", question["default"])
        assert [value for value in offered if f"`{value}`" not in section(name)] == [], name
        for value in map(re.escape, literals):
            assert re.search(rf"`{value}` \(the default\)|default\s+is\s+`{value}`", section(name)), name


@pytest.mark.parametrize("question", FORM)
def test_the_form_has_one_wording(question: str, default: Project) -> None:
    """A question's help, the reference and RELEASING.md name the field of PyPI's form alike."""
    field = questions()[question]["help"].partition(": ")[0]
    assert f"*{field}*" in section(question)
    assert re.search(rf"^- {field}: `{default.answers[question]}`$", default.read(RELEASING), re.MULTILINE)


@pytest.mark.slow
def test_the_first_command_of_the_readme_makes_a_project(bare: Path, tmp_path: Path) -> None:
    """The README's first command works unchanged in a terminal with uv; git only redirects its URL to this clone."""
    command = code_blocks(README)[0]
    assert command == f"uvx copier copy {TEMPLATE_URL} my-package\n"
    environment = ENVIRONMENT | redirect(bare)
    terminal = pexpect.spawn(
        "bash", ["-euc", command], cwd=tmp_path, env=environment, encoding="utf-8", dimensions=(80, 80), timeout=60
    )
    while terminal.expect(["🎤", pexpect.EOF]) == 0:
        terminal.send("\r")
    terminal.close()
    assert terminal.exitstatus == 0, terminal.before
    recorded = yaml.safe_load((tmp_path / "my-package" / ANSWERS_FILE).read_text(encoding="utf-8"))
    assert recorded["_src_path"] == TEMPLATE_URL


@pytest.mark.slow
def test_the_second_command_of_the_readme_makes_a_project(tmp_path: Path) -> None:
    """The second command of the README works unchanged in a clone of this repository, with nothing installed."""
    run("git", "clone", "--quiet", ROOT, tmp_path / "template", cwd=tmp_path)
    run("bash", "-euc", code_blocks(README)[1], cwd=tmp_path / "template")
    assert (tmp_path / "my-package" / PYPROJECT).exists()
    recorded = yaml.safe_load((tmp_path / "my-package" / ANSWERS_FILE).read_text(encoding="utf-8"))
    assert recorded["_src_path"] == str(tmp_path / "template")


def test_every_page_names_the_same_url() -> None:
    """The URL of this repository is written in one way: README, documentation and changelog."""
    pages = [*ROOT.glob("*.md"), *DOCS.glob("**/*.md")]
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    assert set(re.findall(r"github\.com/([\w-]+/[\w-]*package-template)\b", text)) == {
        "MeltanoLabs/meltano-package-template"
    }
    assert set(re.findall(r"copier copy .*?(https://\S+)", text)) == {TEMPLATE_URL}


@pytest.mark.slow
def test_the_tutorial_can_be_followed(bare: Path, tmp_path: Path) -> None:
    """The commands of the tutorial work up to the push, with the reader's own GitHub account and package name."""
    script = "".join(code_blocks(page("tutorial/create.md"))).partition("gh repo create")[0]
    script = "gh() { echo Some-Body; }\n" + script.replace("copier copy", "copier copy --defaults")
    done = run("bash", "-euc", script, cwd=tmp_path, env=redirect(bare))
    assert "Some-Body/tutorial-some-body" in done.stdout
    assert "tutorial_some_body-0.1.0-py3-none-any.whl" in done.stdout
    project = Project(tmp_path / "tutorial-some-body", {})
    assert project.run("git", "status", "--porcelain").stdout == ""
    assert project.run("git", "ls-files", "poetry.lock").stdout


def test_the_comparison_has_the_numbers_of_today(render: Render) -> None:
    """The comparison has this template's numbers: the files in a new tap, and the actions that are pinned by commit."""
    files = [path for path in render(repository="tap-weather").path.rglob("*") if path.is_file()]
    workflows = "\n".join(path.read_text(encoding="utf-8") for path in files if path.suffix in {".yaml", ".yml"})
    used = re.findall(r"^ +(?:- )?uses: (?![.$]/)(\S+)", workflows, re.MULTILINE)
    pinned = [action for action in used if re.search(r"@[0-9a-f]{40}$", action)]
    comparison = page("explanation/comparison.md")
    assert f"| files in a new project | {len(files)} (tap) |" in comparison
    for text in (README.read_text(encoding="utf-8"), comparison):
        assert f"| actions pinned by commit | {len(pinned)} of {len(used)} |" in text


@pytest.mark.slow
def test_poetry_works_behind_a_mirror_as_the_page_says(default: Project, tmp_path: Path) -> None:
    """With the page's commands, a Poetry that uv installs uses the mirror in PIP_INDEX_URL, and its lock no mirror."""
    project = default.copy(tmp_path / "my-package")
    variables, _, installs, plugin = code_blocks(page("how-to/mirror.md"))[:4]
    assert "PIP_INDEX_URL=https://mirror.example.com/simple" in variables
    script = [
        variables.replace("https://mirror.example.com/simple", package_index()),
        next(line for line in installs.splitlines() if line.startswith("uv tool")),
        plugin,
        'PATH="$HOME/bin:$PATH"',
        "poetry lock && poetry install --only main",
    ]
    home = {"HOME": str(tmp_path), "UV_TOOL_DIR": str(tmp_path / "tools"), "UV_TOOL_BIN_DIR": str(tmp_path / "bin")}
    project.run("bash", "-euc", "\n".join(script), env=home | {"POETRY_PYPI_MIRROR_URL": ""})
    assert package_index() not in project.read("poetry.lock")


@pytest.mark.slow
def test_poetry_can_be_got_with_python_alone(tmp_path: Path) -> None:
    """The page's commands install Poetry with Python alone, in an environment apart from the system's Python."""
    (block,) = code_blocks(page("how-to/poetry.md"), containing="-m venv")
    env = {"HOME": str(tmp_path), "PIP_INDEX_URL": package_index()}
    done = run("bash", "-euc", f'{block}\n"$HOME/.local/bin/poetry" --version', cwd=tmp_path, env=env)
    assert "Poetry (version 2." in done.stdout


@pytest.mark.slow
def test_the_picture_in_the_readme_is_current() -> None:
    """The picture in the README shows what the commands print today; `nox -s picture` draws it again."""
    assert draw(perform()) == (DOCS / "session.svg").read_text(encoding="utf-8"), "run nox -s picture"
