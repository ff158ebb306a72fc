"""Tests of the extension, with a command of their own in the place of the wrapped one."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

WRAPPED = "{{ wrapped_command }}"
EXTENSION = "{{ extension_prefix }}_extension"
INVOKER = "{{ extension_prefix }}_invoker"
STAND_IN = f"""#!{sys.executable}
import json, os, sys
print(json.dumps(sys.argv[1:]))
sys.exit(int(os.environ.get("EXIT_CODE", "0")))
"""
SCRIPTS = Path(sys.executable).parent


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run one of the extension's commands where only the stand-in can be found."""
    stand_in = tmp_path / WRAPPED
    stand_in.write_text(STAND_IN, encoding="utf-8")
    stand_in.chmod(0o755)

    def answer(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        name, *others = arguments
        environment = os.environ | {"PATH": str(tmp_path)} | environment
        command = [str(SCRIPTS / name), *others]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    return answer


@pytest.mark.parametrize("command", [[INVOKER], [EXTENSION, "invoke"]])
@pytest.mark.parametrize("arguments", [[], ["--flag", "two words", "-x"], ["--help"]])
def test_arguments_are_passed_through(run: Run, command: list[str], arguments: list[str]) -> None:
    """All of them, as they are."""
    separator = ["--"] if "--help" in arguments and len(command) > 1 else []
    done = run(*command, *separator, *arguments)
    assert done.returncode == 0
    assert json.loads(done.stdout) == arguments


@pytest.mark.parametrize("command", [[INVOKER], [EXTENSION, "invoke"]])
def test_the_exit_code_is_passed_through(run: Run, command: list[str]) -> None:
    """Meltano stops at it."""
    assert run(*command, "one", EXIT_CODE="3").returncode == 3


@pytest.mark.parametrize("command", [[INVOKER], [EXTENSION, "invoke"], [EXTENSION, "initialize"]])
def test_a_missing_command_is_named(run: Run, command: list[str]) -> None:
    """With the exit code of a shell."""
    done = run(*command, PATH="/nowhere")
    assert done.returncode == 127
    assert WRAPPED in done.stdout + done.stderr


def test_it_initializes(run: Run) -> None:
    """Once the command is there."""
    assert run(EXTENSION, "initialize").returncode == 0
    assert run(EXTENSION, "initialize", "--force").returncode == 0


def test_it_describes_the_commands_that_it_installs(run: Run) -> None:
    """Those of this package, for people and for programs."""
    described = json.loads(run(EXTENSION, "describe").stdout)
    installed = {script.name for script in entry_points(group="console_scripts")}
    assert {command["name"] for command in described["commands"]} <= installed
