"""What the imitations of actions in `local_actions` share: act's settings, the inputs of the step, and its outputs."""

import json
import os
import sys
from pathlib import Path
from typing import Any, NoReturn

# What `act.py` has written down of the run, and the inputs of the step.
RUN: dict[str, Any] = json.loads((Path(os.environ["ACT_ENGINE"]) / "settings.json").read_text(encoding="utf-8"))
INPUTS: dict[str, str] = json.loads(os.environ["INPUTS"])


def output(line: str) -> None:
    """Set an output of the step, `NAME=VALUE`."""
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")


def fail(message: str) -> NoReturn:
    """Fail the step with an error."""
    sys.exit(f"::error::{message}")
