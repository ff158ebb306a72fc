"""Every path that the tests name, defined once."""

from pathlib import Path

# This repository.
ROOT = Path(__file__).parents[2]
COPIER_YML = ROOT / "copier.yml"
DOCS = ROOT / "docs"
TEMPLATE = ROOT / "template"
COPIER_READS = ("copier.yml", "includes", "template")
STDLIB_NAMES = ROOT / "includes/stdlib.txt"
TAKEN_NAMES = ROOT / "includes/taken.txt"
ANSWERS_TABLE = ROOT / "tests/answers.yml"
RECORDED_ANSWERS = ROOT / "tests/recorded.yml"
LANGUAGE_SERVICE = ROOT / "tests/languageservice"
RENOVATE_PACKAGE = ROOT / "tests/renovate/package.json"

# Files of a rendered project, relative to its folder.
ANSWERS_FILE = ".copier-answers.yml"
PUBLISHER_JSON = ".github/publisher.json"
DOCTOR_SCRIPT = ".github/publisher_doctor.py"
GATE_SCRIPT = ".github/release_gate.py"
RUFF_SETTINGS = ".github/ruff.toml"
WORKFLOWS = ".github/workflows"
BUILD_WORKFLOW = f"{WORKFLOWS}/build.yaml"
RELEASE_WORKFLOW = f"{WORKFLOWS}/release.yaml"
TEST_WORKFLOW = f"{WORKFLOWS}/test.yaml"
CONSTRAINTS = f"{WORKFLOWS}/constraints.txt"
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
RENOVATE_SOURCE = f"template/{RENOVATE_JSON}.jinja"


def source(path: str) -> str:
    """Return where the template keeps a file that it copies as it is, relative to this repository."""
    return f"template/{path}"
