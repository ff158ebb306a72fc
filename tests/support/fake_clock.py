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


def set_clock(log: Path) -> None:
    """Replace the clock of this process; write the seconds of each sleep to a line of the log."""
    authenticators: Any = importlib.import_module("singer_sdk.authenticators")
    utc_now = authenticators.utc_now
    slept: list[float] = []

    def sleep(seconds: float | SupportsIndex) -> None:
        slept.append(float(seconds))
        log.write_text("\n".join(map(str, slept)), encoding="utf-8")

    time.sleep = sleep
    authenticators.utc_now = lambda: utc_now() + timedelta(seconds=sum(slept))


if __name__ == "__main__":
    log, *sys.argv = sys.argv[1:]
    set_clock(Path(log))
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
