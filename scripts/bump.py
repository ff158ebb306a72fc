"""Move every pin of the template and of what it renders to the newest version that is at least a week old.

Usage: python scripts/bump.py

Pins are `NAME==VERSION` and, for the SDKs, `NAME~=VERSION`, in pyproject.toml and in what is rendered, the tags of the
pre-commit hooks, and the version of nox in the test command. Prints each change; `nox -s bump` then writes the locks.

`packaging` gets the version that the pinned publishing action has, because the gate judges what that action uploads.
"""

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterable
from pathlib import Path

from packaging.version import Version

ROOT = Path(__file__).parent.parent
OLDEST_PYTHON = json.loads((ROOT / "src/meltano_release/pythons.json").read_text(encoding="utf-8"))[0]
COOLDOWN = "7 days"  # bad releases are mostly found, and yanked, within it
FILES = [
    "pyproject.toml",
    "template/pyproject.toml.jinja",
    "template/.pre-commit-config.yaml.jinja",
    "includes/meltano/loader.yml",
    "docs/how-to/write-a-state-backend.md",  # the lines of a project that an author replaces
    "docs/how-to/write-a-target.md",
    # The template's own: the hooks, and the version of nox in the command that runs the tests.
    ".pre-commit-config.yaml",
    ".ci/run",
    "CONTRIBUTING.md",
    "README.md",
]
HELD = {"packaging"}  # at the version of the publishing action, older or newer
WORKFLOW = "template/{{ only.updated }}/.github/workflows/{{ workflow_filename }}.jinja"
PUBLISHING_ACTION = re.compile(r"uses: (pypa/gh-action-pypi-publish@[0-9a-f]{40})\b")
PIN = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?P<rest>(?:\[[a-z,-]+\]|\{\{.*?\}\})?[=~]=)(?P<version>[0-9][^\s\"',\]]*)"
)
HOOK = re.compile(r"(?P<start>/(?:mirrors-)?(?P<name>[a-z-]+?)(?:-pre-commit)?\n +rev: v?)(?P<version>\d\S*)")


def newest(names: set[str]) -> dict[str, str]:
    """Return the newest versions, at least a cooldown old, that the oldest supported Python can install, by name."""
    command = ["uv", "pip", "compile", "--quiet", "--no-header", "--no-deps", "--python-version", OLDEST_PYTHON]
    command += ["--exclude-newer", COOLDOWN, "-"]
    compiled = subprocess.run(
        command, check=True, capture_output=True, text=True, input="\n".join(sorted(names))
    ).stdout
    found = {match["name"]: match["version"] for match in PIN.finditer(compiled)}
    return {name: found[normalized(name)] for name in names if normalized(name) in found}


def held(workflow: str, server: str = "https://raw.githubusercontent.com") -> dict[str, str]:
    """Return the version of each held package in the requirements of the publishing action that a workflow pins.

    Nothing, and a line on stderr, if the requirements cannot be read from the server: then the packages stay.
    """
    (pin,) = PUBLISHING_ACTION.findall(workflow)
    url = f"{server}/{pin.replace('@', '/')}/requirements/runtime.txt"
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - GitHub, or the server of a test
            required = answer.read().decode()
    except OSError as error:
        print(f"{', '.join(sorted(HELD))}: not moved, because {url} cannot be read: {error}", file=sys.stderr)
        return {}
    return {pin["name"]: pin["version"] for pin in PIN.finditer(required) if pin["name"] in HELD}


def movable(texts: Iterable[str]) -> set[str]:
    """Return the names of the packages that texts pin, without those that stay where they are."""
    return {pin["name"] for text in texts for pin in PIN.finditer(text)} - HELD


def normalized(name: str) -> str:
    """Return a name as uv writes it (PEP 503), whatever is pinned: ruamel-yaml for ruamel.yaml."""
    return re.sub(r"[-_.]+", "-", name).lower()


def bump(text: str, versions: dict[str, str]) -> str:
    """Return the text with its pins and hooks at the given versions, unless they are at a later one and not held."""

    def later(match: re.Match[str]) -> str:
        found = versions.get(match["name"], match["version"])
        return found if match["name"] in HELD else max(match["version"], found, key=Version)

    text = PIN.sub(lambda pin: pin["name"] + pin["rest"] + later(pin), text)
    return HOOK.sub(lambda hook: f"{hook['start']}{later(hook)}", text)


def main() -> None:
    """Rewrite the files."""
    texts = {file: (ROOT / file).read_text(encoding="utf-8") for file in FILES}
    versions = newest(movable(texts.values())) | held((ROOT / WORKFLOW).read_text(encoding="utf-8"))
    for file, text in texts.items():
        bumped = bump(text, versions)
        for before, after in zip(text.splitlines(), bumped.splitlines(), strict=True):
            if before != after:
                print(f"{file}: {before.strip()} -> {after.strip()}")
        (ROOT / file).write_text(bumped, encoding="utf-8")


if __name__ == "__main__":
    main()
