"""Release what was merged as googleapis/release-please-action v4.2.0 does (`src/index.ts`), with real release-please.

The action makes the releases of merged pull requests first, and its own pull requests then, which is left out.
"""

import os
import subprocess
import sys
from pathlib import Path

from tests.simulation.local_action import INPUTS, RUN
from tests.support.folder_cache import FolderCache

packages = FolderCache(Path(RUN["folders"]))("npm release-please", lambda _: sys.exit("npm has not run"))
api = os.environ["HTTPS_PROXY"]  # which Node.js does not use: it asks the loopback itself
given = {"token": INPUTS["token"], "repo-url": os.environ["GITHUB_REPOSITORY"], "api-url": api, "graphql-url": api}
command = [RUN["node"], packages / "node_modules/release-please/build/src/bin/release-please.js"]
options = [f"--{name}={value}" for name, value in given.items()]
sys.exit(subprocess.run([*command, "github-release", *options], check=False).returncode)
