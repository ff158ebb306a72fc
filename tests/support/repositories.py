"""Repositories that exist before the template, for the release setup to be added to; made up, like real ones."""

from dataclasses import dataclass, field
from pathlib import Path

from tests.support.paths import GITIGNORE, PYPROJECT, README, RENOVATE_JSON, TEST_WORKFLOW, WORKFLOWS
from tests.support.projects import Project

README_TEXT = "# A package\n\nIt exists already.\n"
OLD_CI = """\
on: [push]
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: pipx run poetry install && pipx run poetry run pytest
"""
OLD_RELEASE = """\
name: Publish
on:
  push:
    tags: ["v*"]
permissions: write-all
jobs:
  publish:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: pip install build twine && python -m build && twine upload dist/*
        env:
          TWINE_USERNAME: __token__
          TWINE_PASSWORD: ${{ secrets.PYPI_TOKEN }}
"""
PEP_621 = """\
[project]
name = "{name}"
description = "A tap that exists"
readme = "README.md"
requires-python = ">=3.10"
{version}
[project.scripts]
{module} = "{module}.tap:main"
"""
CLASSIC = """\
[tool.poetry]
name = "{name}"
version = "{version}"
description = "A tap that exists"
authors = ["Somebody <somebody@example.com>"]
license = "Apache-2.0"
readme = "README.md"
packages = [{{ include = "{module}" }}]

[tool.poetry.dependencies]
python = ">=3.10"

[tool.poetry.scripts]
{module} = "{module}.tap:main"
"""
TOX = """\
[tox]
env_list = py310, py311, py312, py313

[testenv]
runner = uv-venv-lock-runner
dependency_groups = test
commands = pytest
"""
PDV = "\n[tool.poetry-dynamic-versioning]\nenable = true\n"


def build_system(name: str, *requirements: str) -> str:
    """Return a [build-system] table."""
    listed = ", ".join(f'"{requirement}"' for requirement in requirements)
    return f'\n[build-system]\nrequires = [{listed}]\nbuild-backend = "{name}"\n'


@dataclass(frozen=True)
class Repository:
    """A repository before it adopts the release setup, and its answers to the publisher form."""

    repository: str
    package_name: str
    pyproject: str
    folder: str = ""  # of the sources: the top of the repository, or src
    workflow_filename: str = "release.yaml"
    files: dict[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ("v1.2.2",)

    @property
    def module(self) -> str:
        """Return the import name of the package."""
        return self.repository.replace("-", "_")

    def write(self, path: Path) -> Project:
        """Write the repository, with its history; its owner is Acme."""
        files = {
            GITIGNORE: "dist/\n__pycache__/\n*.egg-info/\n",
            README: README_TEXT,
            PYPROJECT: self.pyproject,
            f"{self.folder}/{self.module}/__init__.py".lstrip("/"): "",
            f"{self.folder}/{self.module}/tap.py".lstrip("/"): 'def main() -> None:\n    print("{}")\n',
            **self.files,
        }
        for name, text in files.items():
            if name == PYPROJECT and not text:  # a repository without the file
                continue
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_text(text, encoding="utf-8")
        answers = {
            "owner": "Acme",
            "repository": self.repository,
            "package_name": self.package_name,
            "workflow_filename": self.workflow_filename,
        }
        project = Project(path, answers).init(self.tags[0])
        for tag in self.tags[1:]:
            project.run("git", "tag", tag)
        return project


def metadata(text: str, name: str, module: str, version: str = 'dynamic = ["version"]\n') -> str:
    """Fill in a metadata table."""
    return text.format(name=name, module=module, version=version)


REPOSITORIES = {
    "PEP 621 with PDV": Repository(
        "tap-alpha",
        "acme-tap-alpha",
        metadata(PEP_621, "acme-tap-alpha", "tap_alpha")
        + '\n[tool.poetry]\nversion = "0.0.0"\npackages = [{ include = "tap_alpha" }]\n'
        + PDV
        + build_system(
            "poetry_dynamic_versioning.backend", "poetry-core>=2", "poetry-dynamic-versioning>=1.0.0,<2.0.0"
        ),
    ),
    "classic with PDV": Repository(
        "tap-beta",
        "tap-beta",
        metadata(CLASSIC, "tap-beta", "tap_beta", "0.0.0")
        + PDV
        + build_system(
            "poetry_dynamic_versioning.backend", "poetry-core>=1.0.8", "poetry-dynamic-versioning>=1.0.0,<2.0.0"
        ),
    ),
    "hatch-vcs with uv.lock": Repository(
        "tap-gamma",
        "meltanolabs-tap-gamma",
        metadata(PEP_621, "meltanolabs-tap-gamma", "tap_gamma")
        + '\n[tool.hatch.version]\nsource = "vcs"\n\n[tool.hatch.build.targets.wheel]\npackages = ["tap_gamma"]\n'
        + build_system("hatchling.build", "hatchling>=1.27", "hatch-vcs>=0.4"),
        files={
            "uv.lock": 'version = 1\nrequires-python = ">=3.10"\n\n[[package]]\nname = "meltanolabs-tap-gamma"\n'
            'source = { editable = "." }\n',
            f"{WORKFLOWS}/test.yml": OLD_CI,
            ".github/dependabot.yml": "version: 2\nupdates: []\n",
        },
    ),
    "poetry.lock and its own CI": Repository(
        "tap-delta",
        "tap-delta",
        metadata(CLASSIC, "tap-delta", "tap_delta", "0.0.0")
        + PDV
        + 'vcs = "git"\n'
        + build_system("poetry_dynamic_versioning.backend", "poetry-core", "poetry-dynamic-versioning"),
        files={
            "poetry.lock": 'package = []\n\n[metadata]\nlock-version = "2.1"\npython-versions = ">=3.10"\n'
            'content-hash = "0"\n',
            TEST_WORKFLOW: OLD_CI,
            f"{WORKFLOWS}/release-drafter.yml": "on: [push]\njobs: {}\n",
            RENOVATE_JSON: '{ "extends": ["config:recommended"] }\n',
        },
    ),
    "setuptools-scm, one job with every permission, tags without v": Repository(
        "tap-epsilon",
        "Acme.Tap_Epsilon",
        metadata(PEP_621, "Acme.Tap_Epsilon", "tap_epsilon")
        + "\n[tool.setuptools_scm]\n"
        + build_system("setuptools.build_meta", "setuptools>=64", "setuptools-scm>=8"),
        folder="src",
        workflow_filename="release.yml",
        files={f"{WORKFLOWS}/release.yml": OLD_RELEASE},
        tags=("1.2.1",),
    ),
    "hatch-vcs with tox": Repository(
        "tap-iota",
        "tap-iota",
        metadata(PEP_621, "tap-iota", "tap_iota")
        + '\n[dependency-groups]\ntest = ["pytest>=9"]\ndev = ["tox>=4.22", "tox-uv>=1.20", '
        '{ include-group = "test" }]\n'
        + '\n[tool.hatch.version]\nsource = "vcs"\n'
        + build_system("hatchling.build", "hatchling", "hatch-vcs"),
        files={
            "tox.ini": TOX,
            "tests/test_tap.py": "from tap_iota.tap import main\n\n\ndef test_tap(capsys):\n    main()\n"
            '    assert capsys.readouterr().out == "{}\\n"\n',
            f"{WORKFLOWS}/ci.yml": OLD_CI,
        },
    ),
}
STATIC = {
    "classic with a static version": Repository(
        "tap-zeta",
        "tap-zeta",
        metadata(CLASSIC, "tap-zeta", "tap_zeta", "0.3.1")
        + build_system("poetry.core.masonry.api", "poetry-core>=1.0.0"),
    ),
    "uv's backend": Repository(
        "tap-eta",
        "tap-eta",
        metadata(PEP_621, "tap-eta", "tap_eta", 'version = "0.3.1"\n') + build_system("uv_build", "uv_build>=0.9"),
        folder="src",
    ),
    "hatchling with a static version": Repository(
        "tap-theta",
        "tap-theta",
        metadata(PEP_621, "tap-theta", "tap_theta", 'version = "0.3.1"\n')
        + build_system("hatchling.build", "hatchling"),
    ),
}
