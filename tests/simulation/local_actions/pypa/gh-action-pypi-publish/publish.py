"""Publish as pypa/gh-action-pypi-publish v1.14.2 does (`twine-upload.sh`, read at v1.8.14).

Check the files, make attestations, and upload, with the real twine, which exchanges the job's ID token itself. Of
Sigstore, which makes the attestations, only its log is asked, and nothing is signed.
"""

import os
import sys
from pathlib import Path

import requests
from twine.__main__ import main as run_twine

from tests.simulation.local_action import INPUTS


def twine(*arguments: str) -> None:
    """Run twine in this process; fail the step if it fails."""
    sys.argv = ["twine", *arguments]
    if run_twine():
        sys.exit(1)


os.environ |= {"NO_COLOR": "1", "COLUMNS": "240"}
files = sorted(map(str, Path(INPUTS["packages-dir"]).glob("*")))
twine("check", *files)
if INPUTS["attestations"] == "true":
    requests.post("https://rekor.sigstore.dev/api/v1/log/entries", json={}, timeout=20).raise_for_status()
twine("upload", "--non-interactive", "--disable-progress-bar", *files)
