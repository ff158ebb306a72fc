"""Keep files of the run as actions/upload-artifact v7.0.1 does (`src/shared/search.ts`, read at v7.0.0).

Hidden files stay behind, a single file loses its folder, and a name that is taken is an error unless it may be
overwritten. One path per artifact, no globs.
"""

import shutil
from pathlib import Path

from tests.simulation.local_action import append, fail, inputs, settings


def main() -> None:
    """Upload."""
    given = inputs()
    source, target = Path(given["path"]).absolute(), Path(settings()["artifacts"]) / given["name"]
    root = source if source.is_dir() else source.parent
    files = [path for path in (source.rglob("*") if source.is_dir() else [source]) if path.is_file()]
    files = [path for path in files if not any(part.startswith(".") for part in path.relative_to(root).parts)]
    if not files and given["if-no-files-found"] != "error":
        return
    if not files:
        fail(f"No files were found with the provided path: {given['path']}. No artifacts will be uploaded.")
    if target.exists() and given["overwrite"] != "true":
        fail("Failed to CreateArtifact: (409) Conflict: an artifact with this name already exists on the workflow run")
    shutil.rmtree(target, ignore_errors=True)
    for path in files:
        (target / path.relative_to(root)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target / path.relative_to(root))
    number = 1000 + len(list(target.parent.parent.glob("*.id")))
    target.parent.with_name(f"{given['name']}.id").write_text(str(number), encoding="utf-8")
    append("GITHUB_OUTPUT", f"artifact-id={number}")
    print(f"Artifact {given['name']} has been successfully uploaded: {len(files)} files")


main()
