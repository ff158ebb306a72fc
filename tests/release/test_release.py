"""A rendered project can be released and rehearsed: whole runs on act, see `checks.py`."""

import sys
from pathlib import Path

import pytest

from tests.release.checks import PLAIN, SLOW, Check, check_release
from tests.simulation.sandbox import Sandbox
from tests.support.commands import run
from tests.support.projects import VERSION


def test_a_release_can_be_installed_from_the_index(sandbox: Sandbox, tmp_path: Path) -> None:
    """A release on GitHub is built, uploaded, and attached; uv installs it, and its command prints its version."""
    check_release(sandbox)
    run("uv", "venv", "--quiet", "--python", sys.executable, "clean", cwd=tmp_path)
    install = ("uv", "pip", "install", "--quiet", "--python=clean", "--no-cache", "--index-url=https://pypi.org/simple")
    run(*install, "my-package", cwd=tmp_path, env=sandbox.loopback.variables())
    assert run("clean/bin/my-package", "--version", cwd=tmp_path).stdout.split()[-1] == VERSION


@pytest.mark.parametrize("check", PLAIN.values(), ids=PLAIN)
def test_a_run_does_what_its_check_says(check: Check, sandbox: Sandbox) -> None:
    """A dry run, and a release in a contributor's fork."""
    check(sandbox)


@pytest.mark.slow
@pytest.mark.parametrize("check", SLOW.values(), ids=SLOW)
def test_another_run_does_what_its_check_says(check: Check, sandbox: Sandbox) -> None:
    """Each check passes with all protections; otherwise, its failure without one of them would prove nothing."""
    check(sandbox)
