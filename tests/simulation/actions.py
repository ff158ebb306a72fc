"""Imitations of the actions that the rendered workflows use."""

import shutil
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.simulation.errors import StepFailedError
from tests.simulation.tools import bare_python, execute, link
from tests.support.commands import run

if TYPE_CHECKING:
    from tests.simulation.runner import Runner


def checkout(runner: "Runner", given: dict[str, str]) -> None:
    """Clone at the event's commit: one commit without tags, or the depth asked for; the token stays unless refused."""
    runner.require("contents", "read", "actions/checkout")
    commit, event = runner.workflow_run.commit, runner.workflow_run.event

    def git(*arguments: str) -> None:
        run("git", *arguments, cwd=runner.workspace)

    git("init", "--quiet")
    git("remote", "add", "origin", f"https://github.com/{runner.github.slug}")
    source = f"file://{runner.github.git}"
    if depth := int(given.get("fetch-depth", "1")):
        target = event.ref if event.is_tag else "refs/remotes/origin/x"
        git("fetch", "--quiet", "--no-tags", f"--depth={depth}", source, f"+{commit}:{target}")
    else:
        git("fetch", "--quiet", source, "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*")
    if "sparse-checkout" in given:
        cone = given.get("sparse-checkout-cone-mode", "true") == "true"
        git("sparse-checkout", "set", "--cone" if cone else "--no-cone", *given["sparse-checkout"].split())
    git("-c", "advice.detachedHead=false", "checkout", "--quiet", commit)
    if given.get("persist-credentials", "true") != "false":
        header = f"AUTHORIZATION: basic {runner.token}"  # GitHub encodes it, which makes it no safer
        git("config", "http.https://github.com/.extraheader", header)


def setup_python(runner: "Runner", given: dict[str, str]) -> None:
    """Put a Python on the PATH."""
    link(runner.python, bare_python(given["python-version"], runner.github.once))


def upload_artifact(runner: "Runner", given: dict[str, str]) -> None:
    """Keep files under a name, without hidden ones."""
    source = runner.workspace / given["path"]
    files = [path for path in (source.rglob("*") if source.is_dir() else [source]) if path.is_file()]
    root = source if source.is_dir() else source.parent
    files = [path for path in files if not any(part.startswith(".") for part in path.relative_to(root).parts)]
    if not files:
        if given.get("if-no-files-found") == "error":
            message = f"No files were found with the provided path: {given['path']}. No artifacts will be uploaded."
            raise StepFailedError(message)
        return
    target = runner.workflow_run.folder / "artifacts" / given["name"]
    shutil.rmtree(target, ignore_errors=True)
    for path in files:
        (target / path.relative_to(root)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target / path.relative_to(root))


def download_artifact(runner: "Runner", given: dict[str, str]) -> None:
    """Fetch the files of one name, or of every name, each into a folder of its own."""
    artifacts = runner.workflow_run.folder / "artifacts"
    source = artifacts / given["name"] if "name" in given else artifacts
    if not source.is_dir():
        message = f"Unable to download artifact(s): Artifact not found for name: {given.get('name')}"
        raise StepFailedError(message)
    shutil.copytree(source, runner.workspace / given.get("path", "."), dirs_exist_ok=True)


def publish(runner: "Runner", given: dict[str, str]) -> None:
    """Do what the publishing action does, with its own tools: check, exchange tokens, upload.

    Attestations need Sigstore and are left out; the log says whether they are asked for.
    """
    runner.add_to_log(f"attestations: {given.get('attestations', 'true')}\n")
    files = sorted(str(path) for path in (runner.workspace / "dist").glob("*"))
    variables = runner.variables | {"NO_COLOR": "1", "COLUMNS": "240"}
    for command in (["check"], ["upload", "--non-interactive", "--disable-progress-bar"]):
        code, output = execute([sys.executable, "-m", "twine", *command, *files], runner.workspace, variables)
        runner.add_to_log(output)
        if code:
            raise StepFailedError


ACTIONS: dict[str, tuple[Callable[["Runner", dict[str, str]], None], set[str]]] = {
    "actions/checkout": (
        checkout,
        {"fetch-depth", "persist-credentials", "sparse-checkout", "sparse-checkout-cone-mode"},
    ),
    "actions/setup-python": (setup_python, {"python-version"}),
    "actions/upload-artifact": (upload_artifact, {"name", "path", "if-no-files-found"}),
    "actions/download-artifact": (download_artifact, {"name", "path"}),
    "pypa/gh-action-pypi-publish": (publish, {"attestations"}),
}
