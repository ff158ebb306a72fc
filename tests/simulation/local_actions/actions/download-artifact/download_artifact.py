"""Fetch one artifact of the run, as actions/download-artifact v8.0.1 does (`src/download-artifact.ts`).

It is chosen by `name`, the newest of that name, or by `artifact-ids`; without either, it is the only one. Its files
land in `path`.
"""

import shutil
from pathlib import Path

from tests.simulation.local_action import fail, inputs, settings


def main() -> None:
    """Download."""
    run, given = settings(), inputs()
    kept = Path(run["artifacts"])
    ids = {path.name: (kept.parent / f"{path.name}.id").read_text(encoding="utf-8") for path in kept.glob("*")}
    if given["artifact-ids"]:
        names = [name for name, number in ids.items() if number == given["artifact-ids"]]
        message = "None of the provided artifact IDs were found"
    else:
        names = [name for name in ids if given["name"] in ("", name)]
        message = f"Artifact not found for name: {given['name']}"
    if len(names) != 1:
        fail(f"Unable to download artifact(s): {message}")
    shutil.copytree(kept / names[0], Path(given["path"]).absolute(), dirs_exist_ok=True)
    print(f"Artifact {names[0]} downloaded")


main()
