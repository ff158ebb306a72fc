"""Repositories that exist before the template, for the release setup to be added to; made up, like real ones."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.support.paths import ANSWERS_FILE, GITIGNORE, PYPROJECT, README, ROOT
from tests.support.projects import TAG, Project

CONTENT: dict[str, Any] = yaml.safe_load((ROOT / "tests/adoption/repositories.yml").read_text(encoding="utf-8"))
LINTERS: dict[str, str] = CONTENT["linters"]
OLD_RELEASE: str = CONTENT["shared"]["release"]
METADATA: dict[str, str] = CONTENT["metadata"]


@dataclass(frozen=True)
class Repository:
    """A repository before it adopts the release setup, by its cause of trouble; an entry of repositories.yml."""

    cause: str
    name: str
    package_name: str = ""  # the name, if it has no other one
    metadata: str = "PEP 621"  # the key of a text in METADATA
    version: str = ""  # a static one
    tools: str = '[tool.hatch.version]\nsource = "vcs"\n'
    build: str = "hatchling.build hatchling hatch-vcs"  # the backend, and what it requires
    folder: str = ""  # of the sources: the top of the repository, or src
    workflow_filename: str = "release.yaml"
    files: dict[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ("v1.2.2",)
    adopted: bool = True  # whether the page of adopted repositories has it
    message: str = ""  # of the build, the gate or the doctor; nothing if no hand is needed
    advice: str = ""  # what the maintainer does about it, for the page
    remedy: str = ""  # does it: commands, or a function of remedies.py; without one, the repository is not supported
    prepare: str = ""  # what the tutorial has done before the copy
    stays: bool = False  # whether the message stays for pull requests
    lint: dict[str, str] = field(default_factory=dict)  # its linters, of LINTERS, and what they do: passes or fails
    tag: str = TAG  # of the first try to release
    answers_file: str = ANSWERS_FILE
    on_act: str = ""  # what runs as a whole workflow, and not only by steps
    fork: bool = False  # whether the repository is a fork on GitHub

    @property
    def pyproject(self) -> str:
        """The text of pyproject.toml, nothing if the repository has no such file."""
        dynamic = 'dynamic = ["version"]' if self.metadata == "PEP 621" else "0.0.0"
        static = f'version = "{self.version}"' if self.metadata == "PEP 621" else self.version
        values = {"name": self.package_name or self.name, "module": self.name.replace("-", "_")}
        parts = [METADATA[self.metadata].format(**values, version=static if self.version else dynamic), self.tools]
        if self.build:
            backend, *required = self.build.split()
            parts.append(f"[build-system]\nrequires = {required}\nbuild-backend = '{backend}'\n")
        return "\n".join(filter(None, parts))

    def write(self, path: Path) -> Project:
        """Write the repository, with its history; its owner is Acme."""
        module = f"{self.folder}/{self.name.replace('-', '_')}".lstrip("/")
        files = {
            GITIGNORE: "dist/\n__pycache__/\n*.egg-info/\n",
            README: "# A package\n\nIt exists already.\n",
            f"{module}/__init__.py": "",
            f"{module}/tap.py": 'def main() -> None:\n    print("{}")\n',
            **({PYPROJECT: self.pyproject} if self.pyproject else {}),
            **self.files,
        }
        for name, text in files.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_text(text, encoding="utf-8")
        answers = {"owner": "Acme", "repository": self.name, "package_name": self.package_name or self.name}
        project = Project(path, answers | {"workflow_filename": self.workflow_filename}).init(self.tags[0])
        for tag in self.tags[1:]:
            project.run("git", "tag", tag)
        return project


REPOSITORIES = {cause: Repository(cause, **values) for cause, values in CONTENT["repositories"].items()}
