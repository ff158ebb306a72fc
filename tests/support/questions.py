"""The questions of copier.yml, and the command that asks them."""

import functools
import subprocess
from pathlib import Path
from typing import Any

import yaml
from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from tests.support.commands import run
from tests.support.paths import COPIER_YML, ROOT


@functools.cache
def settings() -> dict[str, Any]:
    """Return the content of copier.yml, to be read only: settings, which begin with `_`, and questions in order."""
    content: dict[str, Any] = yaml.safe_load(COPIER_YML.read_text(encoding="utf-8"))
    return content


def questions() -> dict[str, Any]:
    """Return the questions that a person is asked, in order."""
    return {
        name: question
        for name, question in settings().items()
        if name[0] != "_" and question.get("when") is not False and question.get("ask") is not False
    }


def choices(question: str) -> list[str]:
    """Return the values that a question offers; none if it takes text."""
    offered = settings()[question].get("choices", [])
    if isinstance(offered, str):
        offered = yaml.safe_load(evaluate(offered))
    values = offered.values() if isinstance(offered, dict) else offered
    return [value["value"] if isinstance(value, dict) else value for value in values]


@functools.cache
def environment() -> SandboxedEnvironment:
    """Return Jinja's environment as Copier sets it up for the template of the working tree."""
    extensions = ["jinja2_ansible_filters.AnsibleCoreFiltersExtension"]
    return SandboxedEnvironment(loader=FileSystemLoader(ROOT), extensions=extensions, undefined=StrictUndefined)


def evaluate(expression: str, **answers: Any) -> str:  # noqa: ANN401
    """Return what Copier makes of an expression in copier.yml, given answers to earlier questions."""
    return environment().from_string(expression).render({"scope": "package"} | answers).strip()


def refusal(question: str, value: str, **answers: Any) -> str:  # noqa: ANN401
    """Return why an answer is refused, nothing if it is accepted, by the question's own rule."""
    return evaluate(settings()[question].get("validator", ""), **answers | {question: value})


def copy_working_tree(folder: Path, *options: str, destination: str = "my-package") -> subprocess.CompletedProcess[str]:
    """Run `copier copy` in a folder, with the template of the working tree and without trust; may fail."""
    return run("copier", "copy", "--vcs-ref=HEAD", *options, ROOT, destination, cwd=folder, check=False)
