"""What the doctor sees in the files of the last commit, except for the workflows."""

from __future__ import annotations

import configparser
import re
import shlex
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from meltano_release.doctor.findings import Finding
from meltano_release.doctor.pins import find_answers
from meltano_release.git import git
from meltano_release.publisher import FILE, workflow_path

if TYPE_CHECKING:
    from meltano_release.commit import Commit

ANSWERS = ".copier-answers.yml"
ATTRIBUTES = ".github/.gitattributes"
RELEASING = ".github/RELEASING.md"
MARKERS = r"^(<{7}|>{7}) "


def restore(file: str) -> str:
    """Return how to restore a file."""
    return f"restore the file from git: git log -- {shlex.quote(file)}"


def template_files(publisher: dict[str, str], commit: Commit) -> list[str]:
    """Return the files that the template owns; the answers file may have another name: Copier's `--answers-file`."""
    here = sorted(path.as_posix() for path in Path().glob(".copier-answers*.y*ml"))
    answers = next(iter([*find_answers(commit), *here]), ANSWERS)
    return [answers, FILE.as_posix(), ATTRIBUTES, RELEASING, workflow_path(publisher)]


def check_template_files(publisher: dict[str, str], commit: Commit) -> list[Finding]:
    """Look whether the last commit has the files that the template owns: GitHub will not have what only the folder has.

    A `.gitignore` of the project can hide them, and `git add .` then leaves them out.
    """
    files = template_files(publisher, commit)
    changed = git("diff", "--name-only", "-z", "HEAD", "--", *files).split("\0")
    findings = []
    for name in files:
        file, here = shlex.quote(name), Path(name).is_file()
        if name in commit.modes:
            if name in changed:
                sentence = f"{name} differs from the last commit, which is what GitHub sees"
                findings.append(Finding("note", sentence, f"git commit {file}" if here else f"git restore {file}"))
        elif here:
            rule = re.match(r"(.*):(\d+):(.*)\t", git("check-ignore", "--verbose", "--no-index", "--", name))
            ignored = f": line {rule[2]} of {rule[1]} ignores it ({rule[3]})" if rule else ""
            sentence = f"The last commit lacks {name}, so GitHub will not have it{ignored}"
            findings.append(Finding("error", sentence, f"git add --force {file} && git commit {file}"))
        elif name != workflow_path(publisher):  # which the workflows' check reports
            sentence = f"There is no {name}, and `copier update` does not bring it back"
            findings.append(Finding("note", sentence, restore(name)))
    return findings


def check_conflicts(_: dict[str, str], __: Commit) -> list[Finding]:
    """Look for conflict markers in the workflows and the template's files: GitHub cannot read such a workflow."""
    found = git("grep", "--text", "-n", "-z", "-E", MARKERS, "HEAD", "--", ".github", ".copier-answers*").splitlines()
    lines: dict[str, str] = {}
    for entry in found:
        path, line, _text = entry.removeprefix("HEAD:").split("\0", 2)
        lines.setdefault(path, line)
    remedy = "keep what you need between the markers, delete the markers, and commit"
    return [Finding("error", f"{path} has conflict markers (line {line})", remedy) for path, line in lines.items()]


def find_package_name(commit: Commit) -> tuple[str, str]:
    """Return the name of the package and the file that has it; empty texts if no file has it, or it cannot be read."""
    try:
        pyproject = tomllib.loads(commit.read("pyproject.toml"))
        name = (pyproject.get("project") or pyproject.get("tool", {}).get("poetry") or {}).get("name")
        if isinstance(name, str):
            return name, "pyproject.toml"
        setup = configparser.RawConfigParser()
        setup.read_string(commit.read("setup.cfg"))
        return setup.get("metadata", "name", fallback=""), "setup.cfg"
    except (tomllib.TOMLDecodeError, configparser.Error, AttributeError):
        return "", ""


def check_package_name(publisher: dict[str, str], commit: Commit) -> list[Finding]:
    """Compare the publisher with the name that the package is built under."""
    (name, file), wanted = find_package_name(commit), publisher["package_name"]
    if not name:
        return [Finding("not checked", "The name of the package is neither in pyproject.toml nor in setup.cfg")]
    if canonicalize_name(name) != canonicalize_name(wanted):
        remedy = f"correct `name` in {file}, or the answer `package_name` with `copier update` and the form on PyPI"
        return [Finding("error", f"{file} calls the package {name}, and the publisher {wanted}", remedy)]
    return [Finding("ok", f"{file} and the publisher call the package {wanted}")]
