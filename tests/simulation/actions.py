"""Imitations of the actions that the rendered workflows use."""

import shutil
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from tests.simulation.errors import StepFailedError, UnsupportedError
from tests.simulation.tools import bare_python, execute, link
from tests.support.commands import run
from tests.support.interpreters import PYTHONS, interpreters

if TYPE_CHECKING:
    from tests.simulation.runner import Runner


def checkout(runner: "Runner", given: dict[str, str]) -> None:
    """Clone at the event's commit: one commit without tags, or the depth asked for.

    A branch is checked out as such, a tag or a pull request as a detached commit. A tag that has moved is an error, but
    not if the commit is asked for by `ref`. The token stays unless refused, in a file outside of the workspace that
    `.git/config` includes.
    """
    runner.require("contents", "read", "actions/checkout")
    commit, event = runner.workflow_run.commit, runner.workflow_run.event

    def git(*arguments: str) -> None:
        run("git", *arguments, cwd=runner.workspace)

    git("init", "--quiet")
    git("remote", "add", "origin", f"https://github.com/{runner.github.slug}")
    source = f"file://{runner.github.git}"
    by_ref = "ref" not in given
    if given.get("ref", commit) != commit:
        message = f"the ref {given['ref']}"
        raise UnsupportedError(message)
    if by_ref and event.is_tag and runner.github.commit_of(event.ref) != commit:
        message = f"The ref '{event.ref}' does not point to the expected commit '{commit}'."
        raise StepFailedError(message)
    spec = commit
    if by_ref:
        target = event.ref.replace("refs/heads/", "refs/remotes/origin/").replace("refs/pull/", "refs/remotes/pull/")
        spec = f"+{event.ref}:{event.ref}" if event.is_tag else f"+{commit}:{target}"
    if depth := int(given.get("fetch-depth", "1")):
        git("fetch", "--quiet", "--no-tags", f"--depth={depth}", source, spec)
    else:
        git("fetch", "--quiet", source, "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*")
        git("fetch", "--quiet", "--no-tags", source, spec)  # a branch may have moved on
    if "sparse-checkout" in given:
        cone = given.get("sparse-checkout-cone-mode", "true") == "true"
        git("sparse-checkout", "set", "--cone" if cone else "--no-cone", *given["sparse-checkout"].split())
    branch = ["-B", event.ref_name] if by_ref and event.ref.startswith("refs/heads/") else []
    git("-c", "advice.detachedHead=false", "checkout", "--quiet", *branch, commit)
    if given.get("persist-credentials", "true") != "false":
        header = f"AUTHORIZATION: basic {runner.token}"  # GitHub encodes it, which makes it no safer
        file = runner.temp / "git-credentials.config"
        git("config", "--file", str(file), "http.https://github.com/.extraheader", header)
        git("config", f"includeIf.gitdir:{runner.workspace / '.git'}.path", str(file))


def setup_python(runner: "Runner", given: dict[str, str]) -> None:
    """Put a Python on the PATH."""
    version = given["python-version"]
    if version not in PYTHONS:
        message = f"Python {version}, which rendered projects are not tested on"
        raise UnsupportedError(message)
    link(runner.python, bare_python(version, interpreters(), runner.github.once))


def upload_artifact(runner: "Runner", given: dict[str, str]) -> None:
    """Keep files under a name, without hidden ones. A name is taken once in a run (the service answers 409)."""
    source = runner.workspace / given["path"]
    files = [path for path in (source.rglob("*") if source.is_dir() else [source]) if path.is_file()]
    root = source if source.is_dir() else source.parent
    files = [path for path in files if not any(part.startswith(".") for part in path.relative_to(root).parts)]
    if not files:
        message = f"No files were found with the provided path: {given['path']}. No artifacts will be uploaded."
        if given.get("if-no-files-found", "warn") == "error":
            raise StepFailedError(message)
        runner.add_to_log(f"{message}\n")
        return
    target = runner.workflow_run.artifacts / given["name"]
    if target.exists():
        message = (
            "Failed to CreateArtifact: (409) Conflict: an artifact with this name already exists on the workflow run"
        )
        raise StepFailedError(message)
    for path in files:
        (target / path.relative_to(root)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target / path.relative_to(root))


def download_artifact(runner: "Runner", given: dict[str, str]) -> None:
    """Fetch the files of an artifact into `path`.

    With a name, they land in `path`. Without one, each artifact lands in a folder of its name there, but the only
    artifact of a run in `path` itself, and no artifact at all is no error.
    """
    artifacts = runner.workflow_run.artifacts
    target = runner.workspace / given.get("path", ".")
    names = sorted(path.name for path in artifacts.iterdir()) if artifacts.exists() else []
    if "name" in given:
        if given["name"] not in names:
            message = f"Unable to download artifact(s): Artifact not found for name: {given['name']}"
            raise StepFailedError(message)
        names = [given["name"]]
    for name in names:
        shutil.copytree(artifacts / name, target if len(names) == 1 else target / name, dirs_exist_ok=True)


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


class Action(NamedTuple):
    """An imitation: the version whose source it follows, what it does, and the inputs that it knows.

    Where a rendered workflow pins another version, a test fails until the source was read again and this was changed.
    """

    version: str
    run: Callable[["Runner", dict[str, str]], None]
    inputs: set[str]


ACTIONS = {
    # src/git-source-provider.ts, src/ref-helper.ts, src/git-auth-helper.ts
    "actions/checkout": Action(
        "v7.0.1",
        checkout,
        {"fetch-depth", "persist-credentials", "ref", "sparse-checkout", "sparse-checkout-cone-mode"},
    ),
    # src/setup-python.ts, src/find-python.ts
    "actions/setup-python": Action("v7.0.0", setup_python, {"python-version"}),
    # src/upload/upload-artifact.ts, and @actions/artifact 6.2; read at v7.0.0, from which v7.0.1 differs in its README
    "actions/upload-artifact": Action("v7.0.1", upload_artifact, {"name", "path", "if-no-files-found"}),
    # src/download-artifact.ts
    "actions/download-artifact": Action("v8.0.1", download_artifact, {"name", "path"}),
    # twine-upload.sh, oidc-exchange.py; read at v1.14.0, since when it has Twine 7
    "pypa/gh-action-pypi-publish": Action("v1.14.2", publish, {"attestations"}),
}
