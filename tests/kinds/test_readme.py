"""The commands under *Use* in the README of each kind, typed as they stand, read or write something."""

import json
import os
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from tests.support.combinations import Answers, title, variants
from tests.support.commands import ENVIRONMENT, run
from tests.support.interpreters import newest_interpreter
from tests.support.meltano import NO_HUB, source_of
from tests.support.paths import README
from tests.support.projects import Project

PLAIN = [
    answers
    for answers in variants()
    if answers["kind"] != "state-backend" and answers.get("auth_method") in {None, "API Key", "JWT", "OAuth2"}
]
MESSAGES = [
    {"type": "SCHEMA", "stream": "users", "key_properties": [], "schema": {"properties": {"name": {"type": "string"}}}},
    {"type": "RECORD", "stream": "users", "record": {"name": "Ada Lovelace"}},
]
STAND_INS = {  # of what the README calls `some-tap` and `some-target`
    "some-tap": "cat <<'END'\n" + "".join(f"{json.dumps(message)}\n" for message in MESSAGES) + "END\n",
    "some-target": "cat\n",
}
CONFIG: dict[str, dict[str, object]] = {
    "target, SQL": {"sqlalchemy_url": "sqlite:///output.db"},
    "mapper": {"hashed_properties": []},
}
EXPECTED = {
    "library": "tap-github",
    "extension": "sample_invoker",
    "mapper": "Lovelace",
    "target": "Lovelace",
    "tap": '"RECORD"',
}


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param(answers, id=title(answers), marks=[] if title(answers) == "tap, SQL" else pytest.mark.slow)
        for answers in PLAIN
    ],
)
def test_the_commands_of_the_readme_run(
    answers: Answers, create: Callable[..., Project], meltano: Path, tmp_path: Path
) -> None:
    """A shell with the package and the files that the README names runs its first commands, and they do something."""
    project = create(answers)
    commands = project.read(README).partition("\n## Use\n")[2].partition("```shell\n")[2].partition("```")[0]
    environment, folder = tmp_path / "environment", project.copy(tmp_path / "folder").path
    for name, script in STAND_INS.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}", encoding="utf-8")
        (folder / name).chmod(0o755)
    is_tap = answers["kind"] == "tap"
    nothing: AbstractContextManager[dict[str, str]] = nullcontext({})
    with source_of(project, environment) if is_tap else nothing as variables:
        if not is_tap:
            run("uv", "venv", "--quiet", "--python", newest_interpreter(), environment, cwd=folder)
        run("uv", "pip", "install", "--quiet", "--python", environment, project.path, cwd=folder)
        found = {name.removeprefix("TAP_SAMPLE_").lower(): value for name, value in variables.items()}
        (folder / "config.json").write_text(json.dumps(found | CONFIG.get(title(answers), {})), encoding="utf-8")
        path = os.pathsep.join(map(str, (folder, environment / "bin", meltano.parent, ENVIRONMENT["PATH"])))
        done = run("sh", "-e", "-c", commands, cwd=folder, env=NO_HUB | {"PATH": path})
    written = [file.read_bytes().decode(errors="replace") for file in folder.glob("output*") if file.is_file()]
    written += [file.read_text(encoding="utf-8") for file in folder.glob("output/*")]
    assert re.search(EXPECTED[answers["kind"]], done.stdout + "".join(written))
