"""Run the script of a step that builds as `build_cache.py` does: the arguments are those of bash."""

import json
import os
import sys
from pathlib import Path

from tests.simulation.build_cache import BuildCache
from tests.support.folder_cache import FolderCache


def main() -> int:
    """Run it, or repeat what the same one gave before; return its exit code."""
    settings = json.loads((Path(os.environ["ACT_ENGINE"]) / "settings.json").read_text(encoding="utf-8"))
    cache = BuildCache(FolderCache(Path(settings["folders"])), settings["online"])
    script = Path(sys.argv[-1]).read_text(encoding="utf-8")
    code, output = cache.run(script, ["/bin/bash", *sys.argv[1:]], Path.cwd(), os.environ)
    print(output, end="")
    return code


if __name__ == "__main__":
    sys.exit(main())
