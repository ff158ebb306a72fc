"""The commands under *Use* in the README of each kind, typed as they stand, read or write something."""

import json
import os
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from hashlib import sha256
from pathlib import Path

import pytest
import yaml

from tests.support.combinations import CUSTOM_TAP, REPOSITORIES, Answers, cases, title, variants
from tests.support.commands import ENVIRONMENT, run
from tests.support.interpreters import newest_interpreter
from tests.support.meltano import NO_HUB, hub_of, source_of, with_plugins
from tests.support.paths import MELTANO_YML, MELTANOHUB_YML, README
from tests.support.projects import Project

PLAIN = [
    answers
    for answers in variants()
    if answers["kind"] != "state-backend" and answers.get("auth_method") in {None, "API Key", "JWT", "OAuth2"}
]
WITH_MELTANO = [one for one in PLAIN if one["kind"] != "library" and one.get("auth_method") in {None, "API Key"}]
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
COPIED = {"mapper": sha256(b"Ada").hexdigest(), "extension": "sample_invoker"}  # with Meltano; else a name


@pytest.mark.parametrize("answers", cases(PLAIN, "tap, SQL"))
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
    assert re.search(EXPECTED[answers["kind"]], done.stdout + written(folder))


def written(folder: Path) -> str:
    """Return what commands have written into the files called `output` in a folder, or below one."""
    files = [file for file in [*folder.glob("output*"), *folder.glob("output/*")] if file.is_file()]
    return "".join(file.read_bytes().decode(errors="replace") for file in files)


@pytest.mark.parametrize("answers", cases(WITH_MELTANO, "target, record"))
def test_the_commands_for_meltano_run(
    answers: Answers, create: Callable[..., Project], meltano: Path, tmp_path: Path
) -> None:
    """Each block of commands with `meltano` runs as it stands: a file for GitHub's, and a hub with `tap-example`."""
    kind, name = answers["kind"], REPOSITORIES[answers["kind"]]
    project, tap = create(answers), create(answers if kind == "tap" else CUSTOM_TAP)
    other = Project(tmp_path / "other", {})
    other.path.mkdir()
    other.write(MELTANO_YML, "project_id: other\n")
    definition = yaml.safe_load(project.read(MELTANOHUB_YML)) | {"pip_url": str(project.path)}
    example = yaml.safe_load(tap.read(MELTANOHUB_YML)) | {"name": "tap-example", "pip_url": str(tap.path)}
    files = {f"{name}/HEAD/{MELTANOHUB_YML}": yaml.safe_dump(definition)}
    blocks = re.findall(r"```shell\n(meltano .+?)```", project.read(README), re.DOTALL)
    assert len(blocks) == 2
    with source_of(tap, tmp_path / "source") as variables, hub_of(example, files, str(tmp_path)) as url:
        env = NO_HUB | variables | {"MELTANO_HUB_URL": url, "TARGET_SAMPLE_SQLALCHEMY_URL": "sqlite:///output.db"}
        env["PATH"] = os.pathsep.join([str(meltano.parent), ENVIRONMENT["PATH"]])
        added = blocks[0].replace("https://raw.githubusercontent.com/MeltanoLabs", url)
        other.run("sh", "-e", "-c", added, env=env)
        (plugins,) = yaml.safe_load(other.read(MELTANO_YML))["plugins"].values()
        assert [plugin["name"] for plugin in plugins] == [name]
        used = with_plugins(project, tmp_path / name)
        done = used.run("sh", "-e", "-c", blocks[1], env=env)
    assert re.search(COPIED.get(kind, "Ada"), done.stdout + written(used.path))
    for changed in used.run("git", "diff", "--numstat").stdout.splitlines():
        assert changed.split()[1:] == ["0", MELTANO_YML], "Meltano has not only added to what the template wrote"
