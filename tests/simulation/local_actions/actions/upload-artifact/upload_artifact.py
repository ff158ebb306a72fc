"""Keep files of the run as actions/upload-artifact v7.0.1 does (`src/shared/search.ts`, read at v7.0.0).

Hidden files stay behind unless asked for, a single file loses its folder, and a name that is taken is an error unless
it may be overwritten. One path per artifact, no globs.
"""

import json
import os
import shutil
import sys
from pathlib import Path


def main() -> None:
    """Upload."""
    settings = json.loads((Path(os.environ["ACT_ENGINE"]) / "settings.json").read_text(encoding="utf-8"))
    given = json.loads(os.environ["INPUTS"])
    source = Path(given["path"].strip()).absolute()
    if "\n" in given["path"].strip() or "*" in given["path"]:
        sys.exit("::error::several paths and globs are not imitated")
    root = source if source.is_dir() else source.parent
    files = [path for path in (source.rglob("*") if source.is_dir() else [source]) if path.is_file()]
    if given["include-hidden-files"] != "true":
        files = [path for path in files if not any(part.startswith(".") for part in path.relative_to(root).parts)]
    if not files:
        message = f"No files were found with the provided path: {given['path']}. No artifacts will be uploaded."
        match given["if-no-files-found"]:
            case "error":
                sys.exit(f"::error::{message}")
            case "warn":
                print(f"::warning::{message}")
        return
    target = Path(settings["artifacts"]) / given["name"]
    if target.exists() and given["overwrite"] != "true":
        sys.exit(
            "::error::Failed to CreateArtifact: Received non-retryable error: Failed request: (409) Conflict: an "
            "artifact with this name already exists on the workflow run"
        )
    shutil.rmtree(target, ignore_errors=True)
    for path in files:
        (target / path.relative_to(root)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target / path.relative_to(root))
    number = str(1000 + len(list(target.parent.parent.glob("*.id"))))
    target.parent.with_name(f"{given['name']}.id").write_text(number, encoding="utf-8")
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as outputs:
        outputs.write(f"artifact-id={number}\n")
    print(f"Artifact {given['name']} has been successfully uploaded: {len(files)} files")


main()
