"""What the imitations of actions in `local_actions` share: act's settings, the inputs of the step, and its outputs."""

import json
import os
import sys
from pathlib import Path
from typing import Any, NoReturn


def settings() -> dict[str, Any]:
    """Return what `act.py` has written down of the run."""
    found: dict[str, Any] = json.loads((Path(os.environ["ACT_ENGINE"]) / "settings.json").read_text(encoding="utf-8"))
    return found


def inputs() -> dict[str, str]:
    """Return the inputs of the step."""
    given: dict[str, str] = json.loads(os.environ["INPUTS"])
    return given


def append(variable: str, line: str) -> None:
    """Append a line to the file that a variable of the runner names."""
    with Path(os.environ[variable]).open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")


def fail(message: str) -> NoReturn:
    """Fail the step with an error."""
    sys.exit(f"::error::{message}")
