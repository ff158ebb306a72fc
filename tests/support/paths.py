"""Every path that the tests name, defined once."""

from pathlib import Path

# This repository.
ROOT = Path(__file__).parents[2]
COPIER_YML = ROOT / "copier.yml"
DOCS = ROOT / "docs"
TEMPLATE = ROOT / "template"
COPIER_READS = ("copier.yml", "includes", "template")
STDLIB_NAMES = ROOT / "includes/stdlib.txt"
TOOL_NAMES = ROOT / "includes/tool_names.txt"
ANSWERS_TABLE = ROOT / "tests/answers.yml"
RECORDED_ANSWERS = ROOT / "tests/recorded.yml"
BROWSER = ROOT / "tests/browser"
LANGUAGE_SERVICE = ROOT / "tests/languageservice"
PRETTIER_PACKAGE = ROOT / "tests/prettier/package.json"
RENOVATE_PACKAGE = ROOT / "tests/renovate/package.json"

# Files of a rendered project, relative to its folder.
ANSWERS_FILE = ".copier-answers.yml"
RELEASE_FOLDER = ".github/release"
PUBLISHER_JSON = f"{RELEASE_FOLDER}/publisher.json"
CONSTRAINTS_SCRIPT = f"{RELEASE_FOLDER}/constraints.py"
DOCTOR_SCRIPT = f"{RELEASE_FOLDER}/doctor.py"
GATE_SCRIPT = f"{RELEASE_FOLDER}/gate.py"
REPORT_SCRIPT = f"{RELEASE_FOLDER}/report.py"
PYTHONS_SCRIPT = f"{RELEASE_FOLDER}/pythons.py"
BUILD_LOCK = f"{RELEASE_FOLDER}/build.txt"
JUDGE_LOCK = f"{RELEASE_FOLDER}/judge.txt"
BACKENDS_LOCK = f"{RELEASE_FOLDER}/backends.txt"
UV_LOCK = f"{RELEASE_FOLDER}/uv.txt"
POETRY_LOCK = f"{RELEASE_FOLDER}/poetry.txt"
LOCKS = (BUILD_LOCK, JUDGE_LOCK, BACKENDS_LOCK, UV_LOCK, POETRY_LOCK)
OWN_BACKENDS_LOCK = ".github/build-constraints.txt"
ACTIONS = ".github/actions"
WORKFLOWS = ".github/workflows"
BUILD_WORKFLOW = f"{WORKFLOWS}/release-build.yaml"
RELEASE_WORKFLOW = f"{WORKFLOWS}/release.yaml"
TEST_WORKFLOW = f"{WORKFLOWS}/test.yaml"
ENV_EXAMPLE = ".env.example"
GITATTRIBUTES = ".github/.gitattributes"
GITIGNORE = ".gitignore"
LICENSE = "LICENSE"
MELTANOHUB_YML = "meltanohub.yml"
MELTANO_YML = "meltano.yml"
PRE_COMMIT = ".pre-commit-config.yaml"
PYPROJECT = "pyproject.toml"
README = "README.md"
RELEASING = "RELEASING.md"
RENOVATE_JSON = "renovate.json"

# Files of the template that are not plain copies of the rendered ones, relative to this repository.
ANSWERS_SOURCE = "template/{{ _copier_conf.answers_file }}.jinja"
PRE_COMMIT_SOURCE = f"template/{PRE_COMMIT}.jinja"
PYPROJECT_SOURCE = f"template/{PYPROJECT}.jinja"
README_SOURCE = f"template/{README}.jinja"
TEST_WORKFLOW_SOURCE = f"template/{{{{ package }}}}/{TEST_WORKFLOW}"
RENOVATE_SOURCE = f"template/{RENOVATE_JSON}.jinja"


def source(path: str) -> str:
    """Return where the template keeps a file that it copies as it is, relative to this repository."""
    return f"template/{path}"
