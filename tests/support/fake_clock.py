"""Run a module with a clock that only its sleeps move: `python fake_clock.py LOG MODULE [ARGUMENT ...]`.

Each sleep is written to the log in seconds, and takes no time; access tokens get older by it.
"""

import importlib
import runpy
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any, SupportsIndex

log, module, *arguments = sys.argv[1:]
authenticators: Any = importlib.import_module("singer_sdk.authenticators")
utc_now = authenticators.utc_now
slept: list[float] = []


def sleep(seconds: float | SupportsIndex) -> None:
    """Write down how long the sleep would be."""
    slept.append(float(seconds))
    Path(log).write_text("\n".join(map(str, slept)), encoding="utf-8")


time.sleep = sleep
authenticators.utc_now = lambda: utc_now() + timedelta(seconds=sum(slept))
sys.argv = [module, *arguments]
runpy.run_module(module, run_name="__main__", alter_sys=True)
