"""The command: its help, its usage, and what its commands call."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from meltano_release.cli import main
from tests.support.paths import ROOT

NEEDS = json.dumps({"build": {"result": "success"}, "gate": {"result": "success"}})
WRONG = ["gate", "gate dist other", "pythons other", "doctor x", "other", "setup --bypass-app x", "report dist"]
WRONG += ["lock --check", "lock --backends x", "update x", "status", "status . --yaml"]


@pytest.mark.parametrize("command", ["", *main.commands])
def test_every_command_has_help(command: str) -> None:
    """`--help` prints the usage and a sentence on what the command does, runs nothing, and exits with 0."""
    done = CliRunner().invoke(main, [*command.split(), "--help"], prog_name="meltano-release")
    assert done.exit_code == 0
    usage, _, rest = done.output.partition("\n")
    assert usage.startswith(f"Usage: meltano-release {command}".rstrip())
    assert rest.strip().partition("\n")[0].strip()[0].isupper()


@pytest.mark.parametrize(
    ("command", "needs"),
    [
        *((command, NEEDS) for command in WRONG),
        *(("report dist uv-output.txt", needs) for needs in ("", "{", "[]", '{"build": {"result": "success"}}')),
    ],
)
def test_wrong_usage_exits_with_2(command: str, needs: str) -> None:
    """Missing, extra or wrong arguments print what is wrong, run nothing, and exit with 2."""
    done = CliRunner().invoke(main, command.split(), env={"NEEDS": needs, "GITHUB_EVENT_NAME": "release"})
    assert done.exit_code == 2
    assert "Error: " in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("pythons", "There is no pyproject.toml in this folder"),
        ("lock", "uv is not installed"),
        ("lock --check --backends backends.txt", "uv is not installed"),
    ],
)
def test_a_command_exits_with_the_code_of_its_function(
    command: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that cannot work says why, and exits with the code that its function returns."""
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, command.split(), env={"PATH": ""})
    assert done.exit_code == 1
    assert sentence in done.output


def test_the_command_alone_loads_no_other_module() -> None:
    """The command itself loads no module of its commands, so that `pythons` needs none of what the gate needs."""
    program = (
        "import sys, meltano_release.cli; print(sorted(name for name in sys.modules if 'meltano_release' in name))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT / "src")
    assert done.stdout == "['meltano_release', 'meltano_release.cli']\n"
