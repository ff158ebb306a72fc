"""Every path that the tests name, defined once."""

from pathlib import Path

# This repository.
ROOT = Path(__file__).parents[2]
COPIER_YML = ROOT / "copier.yml"
DOCS = ROOT / "docs"
TEMPLATE = ROOT / "template"
ACTIONS = ROOT / "actions"
COMMAND = ROOT / "src/meltano_release"
PYTHONS_JSON = "src/meltano_release/pythons.json"  # the Pythons, oldest first, for all that lists them
COPIER_READS = ("copier.yml", "includes", "template", PYTHONS_JSON)
ACTIONS_READ = ("actions", "src", "pyproject.toml", "uv.lock")  # what a project's workflows use, by commit
STDLIB_NAMES = ROOT / "includes/stdlib.txt"
TOOL_NAMES = ROOT / "includes/tool_names.txt"
ANSWERS_TABLE = ROOT / "tests/answers.yml"
RECORDED_ANSWERS = ROOT / "tests/recorded.yml"

# Files of a rendered project, relative to its folder.
ANSWERS_FILE = ".copier-answers.yml"
PUBLISHER_JSON = ".github/publisher.json"
OWN_BACKENDS_LOCK = ".github/build-constraints.txt"
WORKFLOWS = ".github/workflows"
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
RELEASING = ".github/RELEASING.md"
RENOVATE_JSON = "renovate.json"
DEPENDABOT_YML = ".github/dependabot.yml"

# Files of the template that are not plain copies of the rendered ones, relative to this repository.
UPDATED = "template/{{ only.updated }}"  # what an update reads, and the whole release setup
ANSWERS_SOURCE = f"{UPDATED}/.{{{{ _copier_conf.sep }}}}{{{{ _copier_conf.answers_file }}}}.jinja"
PRE_COMMIT_SOURCE = f"template/{PRE_COMMIT}.jinja"
PYPROJECT_SOURCE = f"template/{PYPROJECT}.jinja"
RELEASE_WORKFLOW_SOURCE = f"{UPDATED}/{WORKFLOWS}/{{{{ workflow_filename }}}}.jinja"
RELEASING_SOURCE = f"{UPDATED}/{RELEASING}.jinja"
TEST_WORKFLOW_SOURCE = f"template/{TEST_WORKFLOW}.jinja"
RENOVATE_SOURCE = f"template/{{{{ only.renovate }}}}/{RENOVATE_JSON}.jinja"
