"""Fetch artifacts of the run, as actions/download-artifact v8.0.1 does (`src/download-artifact.ts`).

With a `name` its files land in `path`. Without one each artifact lands in a folder of its name below `path`, but a
single artifact, as all with `merge-multiple`, lands in `path` itself. `artifact-ids` chooses by ID, of the newest
artifact of each name. No artifact at all is not an error without a name and without IDs.
"""

import json
import os
import shutil
import sys
from fnmatch import fnmatchcase
from pathlib import Path


def main() -> None:
    """Download."""
    settings = json.loads((Path(os.environ["ACT_ENGINE"]) / "settings.json").read_text(encoding="utf-8"))
    given = json.loads(os.environ["INPUTS"])
    kept = Path(settings["artifacts"])
    target = Path(given["path"] or os.environ["GITHUB_WORKSPACE"]).absolute()
    names = sorted(path.name for path in kept.glob("*"))
    if given["name"] and given["artifact-ids"]:
        sys.exit("::error::Inputs 'name' and 'artifact-ids' cannot be used together. Please specify only one.")
    if given["artifact-ids"]:
        wanted = [number.strip() for number in given["artifact-ids"].split(",")]
        names = [name for name in names if (kept.parent / f"{name}.id").read_text(encoding="utf-8") in wanted]
        if not names:
            sys.exit("::error::Unable to download artifact(s): None of the provided artifact IDs were found")
    elif given["name"]:
        if given["name"] not in names:
            sys.exit(f"::error::Unable to download artifact(s): Artifact not found for name: {given['name']}")
        names = [given["name"]]
    elif given["pattern"]:
        names = [name for name in names if fnmatchcase(name, given["pattern"])]
    together = len(names) == 1 or given["merge-multiple"] == "true"
    for name in names:
        shutil.copytree(kept / name, target if together else target / name, dirs_exist_ok=True)
    print(f"Total of {len(names)} artifact(s) downloaded")
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as outputs:
        outputs.write(f"download-path={target}\n")


main()
