"""Repositories by what stands beside the package: workflows, bots, formatters, other templates, other packages."""

import sys

from tests.adoption.repositories.backends import HATCH_VCS, project
from tests.adoption.repositories.case import CHECKED, RELEASED, Case
from tests.adoption.repositories.remedies import delete_publishing_workflow, delete_tag, keep_other_jobs, repair_wheel
from tests.support.paths import ANSWERS_FILE, PYPROJECT, RELEASING, WORKFLOWS
from tests.support.projects import Project
from tests.support.repositories import OLD_CI, OLD_RELEASE, Repository, build_system
from tests.support.versions import changed_files

HATCHLING = HATCH_VCS + build_system("hatchling.build", "hatchling", "hatch-vcs")
CONSTRAINED_CI = OLD_CI.replace("pipx run poetry install", "pip install -c .github/workflows/constraints.txt tox")
DEPENDABOT = """\
version: 2
updates:
  - package-ecosystem: pip
    directory: /.github/workflows
    schedule:
      interval: monthly
  - package-ecosystem: github-actions
    directory: /
    schedule:
      interval: weekly
"""
OTHER_ANSWERS = "_commit: 1.0.0\n_src_path: https://example.com/other.git\nscope: everything\n"
PRE_COMMIT = """\
repos:
  - repo: https://github.com/hukkin/mdformat
    rev: 1.0.0
    hooks:
      - id: mdformat
        additional_dependencies: [mdformat-gfm]
  - repo: https://github.com/rbubley/mirrors-prettier
    rev: v3.6.2
    hooks:
      - id: prettier
"""
RELEASE_WITH_OTHER_JOBS = """\
name: Release
on:
  push:
    tags: ["v*"]
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: pipx run build
  publish:
    needs: build
    runs-on: ubuntu-latest
    permissions:
      id-token: write
    steps:
      - uses: pypa/gh-action-pypi-publish@release/v1
  test-pypi:
    needs: build
    runs-on: ubuntu-latest
    steps:
      - uses: pypa/gh-action-pypi-publish@release/v1
        with:
          repository-url: https://test.pypi.org/legacy/
  docker:
    needs: [build, publish]
    runs-on: ubuntu-latest
    steps:
      - uses: docker/build-push-action@v6
        with:
          push: true
  sign:
    needs: [build, publish]
    runs-on: ubuntu-latest
    steps:
      - run: pipx run sigstore sign dist/*
"""
SETUP_PY = """\
from setuptools import Extension, setup

setup(ext_modules=[Extension("tap_beta._speedups", ["speedups.c"])])
"""
SPEEDUPS = """\
#include <Python.h>

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_speedups", NULL, -1, NULL};

PyMODINIT_FUNC PyInit__speedups(void) { return PyModule_Create(&module); }
"""


def tap(name: str, **options: object) -> Repository:
    """Return a tap that builds with hatchling and hatch-vcs."""
    return Repository(name, name, project(name, HATCHLING), **options)  # type: ignore[arg-type]


def is_formatted(adopted: Project) -> None:
    """Fail if the formatter of its pre-commit changes what the template wrote."""
    adopted.run(sys.executable, "-m", "mdformat", RELEASING)
    assert changed_files(adopted) == []


SURROUNDINGS = [
    Case(
        "`uv.lock` and tox",
        tap("tap-psi", files={"tox.ini": "[tox]\nenv_list = py313\n", "uv.lock": "version = 1\n"}),
    ),
    Case(
        "`.github/workflows/constraints.txt` for its own CI, kept by Dependabot",
        tap(
            "tap-omega",
            files={
                f"{WORKFLOWS}/constraints.txt": "pip==25.3\ntox==4.30.0\n",
                f"{WORKFLOWS}/test.yml": CONSTRAINED_CI,
                ".github/dependabot.yml": DEPENDABOT,
            },
        ),
    ),
    Case(
        "PyPI knows `build.yaml`, which starts on a pushed tag",
        tap("tap-build", workflow_filename="build.yaml", files={f"{WORKFLOWS}/build.yaml": OLD_RELEASE}),
    ),
    Case(
        "another workflow that publishes on a pushed tag",
        tap("tap-early", files={f"{WORKFLOWS}/publish.yml": OLD_RELEASE}),
        message=f"{WORKFLOWS}/publish.yml seems to publish as well, when a tag is pushed",
        advice="what the doctor says: delete it",
        remedy=delete_publishing_workflow,
    ),
    Case(
        "a release workflow with other jobs: TestPyPI, Docker, signing",
        tap("tap-jobs", files={f"{WORKFLOWS}/release.yaml": RELEASE_WITH_OTHER_JOBS}),
        prepare=keep_other_jobs,
        advice="the tutorial's step before the copy",
    ),
    Case(
        "mdformat and Prettier in pre-commit",
        tap("tap-format", files={".pre-commit-config.yaml": PRE_COMMIT}),
        check=is_formatted,
    ),
    Case(
        "another Copier template",
        tap("tap-other", files={ANSWERS_FILE: OTHER_ANSWERS}),
        answers_file=".copier-answers.release.yml",
        advice="`--answers-file`",
    ),
    Case("a fork on GitHub", tap("tap-fork"), on_act=RELEASED, fork=True),
    Case(
        "a compiled extension",
        Repository(
            "tap-beta",
            "tap-beta",
            project("tap-beta", "\n[tool.setuptools]\npackages = ['tap_beta']\n\n[tool.setuptools_scm]\n")
            + build_system("setuptools.build_meta", "setuptools>=77", "setuptools-scm>=8"),
            files={"setup.py": SETUP_PY, "speedups.c": SPEEDUPS},
        ),
        message="PyPI refuses wheels for linux_x86_64",
        advice="[the how-to](../how-to/compiled.md)",
        remedy=repair_wheel,
        on_act=CHECKED,
    ),
    Case(
        "two packages, one of them at the top, under tags such as `tap-top-v1.2.3`",
        tap("tap-top", files={f"helpers/{PYPROJECT}": project("helpers", HATCHLING), "helpers/helpers.py": ""}),
        tag="tap-top-v1.2.3",
        message="for example as v1.2.3. Several packages in one repository are not supported.",
        advice="release the one at the top as `v1.2.3`",
        remedy=delete_tag,
    ),
    Case(
        "two packages, none at the top",
        Repository(
            "tap-mono",
            "tap-one",
            "",
            files={
                f"packages/{name}/{file}": text
                for name in ("tap-one", "tap-two")
                for file, text in ((PYPROJECT, project(name, HATCHLING)), (f"{name.replace('-', '_')}.py", ""))
            },
        ),
        message="There is no pyproject.toml or setup.py at the top of the repository.",
        advice="not supported",
    ),
]
