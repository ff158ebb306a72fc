"""The questions of copier.yml, and the command that asks them."""

import functools
import subprocess
from pathlib import Path
from typing import Any

import yaml

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
    values = offered.values() if isinstance(offered, dict) else offered
    return [value["value"] if isinstance(value, dict) else value for value in values]


def copy_working_tree(folder: Path, *options: str, destination: str = "my-package") -> subprocess.CompletedProcess[str]:
    """Run `copier copy` in a folder, with the template of the working tree and without trust; may fail."""
    return run("copier", "copy", "--vcs-ref=HEAD", *options, ROOT, destination, cwd=folder, check=False)
