"""Copier's command in this process, where each text of the template is compiled once."""

import gc
import os
import subprocess
import traceback
import warnings
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import pytest
from copier._cli import CopierApp
from plumbum import local

from tests.support.commands import ENVIRONMENT


def run_copier(
    *arguments: str | Path, cwd: Path, check: bool = True, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run Copier's command in a folder and in the clean environment, plus `env`; with `check`, a failure is the test's.

    It is what a process of `copier` does, in a fifth of the time for a copy.
    """
    cache = {name: os.environ[name] for name in ("COPIER_CACHE_DIR",) if name in os.environ}  # a script has none
    variables = ENVIRONMENT | cache | (env or {})
    command, out, err = ["copier", *map(str, arguments)], StringIO(), StringIO()
    with (
        patch.dict(os.environ, variables, clear=True),
        local.env(),  # Copier's own view of the environment and of the folder
        local.cwd(cwd),
        warnings.catch_warnings(action="ignore", category=ResourceWarning),  # of folders that an exception leaves open
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        local.env.clear()
        local.env.update(variables)
        try:
            _, code = CopierApp.run(command, exit=False)
        except Exception:  # noqa: BLE001 - a process would print any exception
            traceback.print_exc()
            code = 1
        if code:
            gc.collect()
    done = subprocess.CompletedProcess(command, code, out.getvalue(), err.getvalue())
    if check and code:
        pytest.fail(f"{' '.join(command)} in {cwd}: exit {code}\n{done.stdout}\n{done.stderr}")
    return done
