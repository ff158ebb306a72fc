"""The files of the last commit: what GitHub gets with a push, whatever the folder has."""

from __future__ import annotations

from functools import cached_property
from pathlib import PurePosixPath

from meltano_release.git import ask_git
from meltano_release.publisher import WORKFLOWS
from meltano_release.workflows import Mapping, WorkflowError, parse_workflow

SUBMODULE = "160000"  # git's mode of one


class Commit:
    """The last commit of the repository in the working directory; what git cannot read raises `NotCheckedError`."""

    def __init__(self) -> None:
        """Read nothing yet."""
        self._texts: dict[str, str] = {}

    @cached_property
    def modes(self) -> dict[str, str]:
        """Return the mode of each file, by its path from the top of the repository."""
        listed = ask_git("ls-tree", "-r", "-z", "--full-tree", "HEAD").split("\0")
        return {path: line.split()[0] for line, _, path in (entry.partition("\t") for entry in listed if entry)}

    def read(self, path: str) -> str:
        """Return the text of a file, empty if there is none."""
        if path not in self._texts:
            known = self.modes.get(path, SUBMODULE) != SUBMODULE
            self._texts[path] = ask_git("cat-file", "blob", f"HEAD:{path}") if known else ""
        return self._texts[path]

    @cached_property
    def workflow_files(self) -> list[str]:
        """Return the paths of the workflows."""
        folder = PurePosixPath(WORKFLOWS.as_posix())
        files = [PurePosixPath(path) for path in self.modes]
        return [str(file) for file in files if file.parent == folder and file.suffix in {".yaml", ".yml"}]

    @cached_property
    def _parsed(self) -> dict[str, Mapping | WorkflowError]:
        found: dict[str, Mapping | WorkflowError] = {}
        for path in self.workflow_files:
            try:
                found[path] = parse_workflow(self.read(path))
            except WorkflowError as error:
                found[path] = error
        return found

    @property
    def workflows(self) -> dict[str, Mapping]:
        """Return the workflows that can be read, by path."""
        return {path: found for path, found in self._parsed.items() if not isinstance(found, WorkflowError)}

    @property
    def broken_workflows(self) -> dict[str, str]:
        """Return why the other workflows cannot be read, by path."""
        return {path: str(found) for path, found in self._parsed.items() if isinstance(found, WorkflowError)}
