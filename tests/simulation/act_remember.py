"""Run the script of a step of the second engine as `remembered.py` does: the arguments are those of bash."""

import json
import os
import sys
from pathlib import Path

from tests.simulation.remembered import Memory, Place
from tests.support.once import Once


def main() -> int:
    """Run it, or repeat what the same one gave before; return its exit code."""
    settings = json.loads((Path(os.environ["ACT_ENGINE"]) / "settings.json").read_text(encoding="utf-8"))
    memory = Memory(Once(Path(settings["once"])), settings["online"])
    place = Place(Path.cwd(), Path(os.environ["RUNNER_TEMP"]) / "python")
    script = Path(sys.argv[-1]).read_text(encoding="utf-8")
    code, output = memory.run(script, ["/bin/bash", *sys.argv[1:]], place, os.environ)
    print(output, end="")
    return code


if __name__ == "__main__":
    sys.exit(main())
