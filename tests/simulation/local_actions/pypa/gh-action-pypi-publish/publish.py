"""Publish as pypa/gh-action-pypi-publish v1.14.2 does (`twine-upload.sh`, read at v1.8.14).

Check the files, exchange the token, upload, with the real twine, which exchanges the job's ID token itself.
Attestations need Sigstore and are left out.
"""

import json
import os
import subprocess
import sys
from pathlib import Path


def main() -> None:
    """Publish."""
    given = json.loads(os.environ["INPUTS"])
    print(f"attestations: {given['attestations']}", flush=True)
    files = sorted(str(path) for path in Path(given["packages-dir"]).glob("*"))
    skip = ["--skip-existing"] if given["skip-existing"] == "true" else []
    commands = [["upload", "--non-interactive", "--disable-progress-bar", *skip, *files]]
    if given["verify-metadata"] != "false":
        commands.insert(0, ["check", *files])
    for command in commands:
        variables = os.environ | {"NO_COLOR": "1", "COLUMNS": "240"}
        done = subprocess.run([sys.executable, "-I", "-m", "twine", *command], env=variables, check=False)
        if done.returncode:
            sys.exit(done.returncode)


main()
