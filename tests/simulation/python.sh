#!/bin/sh
# Run a script in the Python of the tests, with their modules, and without those of the workspace.
exec "$TESTS_PYTHON" -I -c '
import runpy, sys
from pathlib import Path
sys.path.insert(0, str(Path(sys.argv[1]).resolve().parents[2]))
del sys.argv[:2]
runpy.run_path(sys.argv[0], run_name="__main__")
' "$0" "$@"
