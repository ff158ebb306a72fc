"""How to break a release: functions that change a sandbox, and functions that return such functions."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.simulation.github import environment
from tests.simulation.sandbox import PUBLISHER, Sandbox
from tests.simulation.server import Fault
from tests.support.editing import replace, replace_hashes
from tests.support.paths import ACTIONS, OWN_BACKENDS_LOCK, PYPROJECT, README, RELEASE_WORKFLOW, WORKFLOWS
from tests.support.projects import WHEEL
from tests.support.repositories import OLD_RELEASE

Change = Callable[[Sandbox], object]


def nothing(_: Sandbox) -> None:
    """Change nothing."""


# The publisher on PyPI.


def register_publisher(project: str = "my-package", **values: str) -> Change:
    """Register a publisher that differs from the form in some fields, or under another project."""

    def change(sandbox: Sandbox) -> None:
        sandbox.loopback.pypi.publishers.clear()
        sandbox.loopback.pypi.register(PUBLISHER._replace(**values), project)

    return change


def register_pending(project: str, days: int = 0) -> Change:
    """Have a pending publisher, some days old, instead of a project."""
    return lambda sandbox: sandbox.loopback.reset().pypi.register_pending(PUBLISHER, project, days)


def leave_pending(sandbox: Sandbox) -> None:
    """Leave a pending publisher beside the real one."""
    sandbox.loopback.pypi.register_pending(PUBLISHER, "my-package")


def upload_other_wheel(sandbox: Sandbox) -> None:
    """Have a file with the wheel's name and another content on PyPI."""
    sandbox.loopback.pypi.files("my-package")[WHEEL] = b"other"


def fail_with(**fault: Any) -> Change:  # noqa: ANN401 - what a `Fault` has
    """Let PyPI misbehave."""
    return lambda sandbox: sandbox.loopback.faults.append(Fault(**fault))


# The repository on GitHub.


def rename_repository(name: str) -> Change:
    """Rename the repository on GitHub, which redirects the old name."""

    def change(sandbox: Sandbox) -> None:
        sandbox.github.former_slugs.append(sandbox.github.slug)
        sandbox.github.repository = name

    return change


def make_own_fork(sandbox: Sandbox) -> None:
    """Make the publisher's own repository a fork on GitHub."""
    sandbox.github.fork = True


def make_contributors_fork(sandbox: Sandbox) -> None:
    """Make the repository a fork of somebody else's."""
    sandbox.github.fork = True
    sandbox.github.owner = "contributor"


def make_release_immutable(sandbox: Sandbox) -> None:
    """Publish the release as an immutable one."""
    sandbox.github.create_release(sandbox.tag, immutable=True)


def cancel(job: str) -> Change:
    """Cancel the run while a job waits for its reviewer, or runs."""
    return lambda sandbox: setattr(sandbox.github, "canceled_job", job)


def delete_environment(sandbox: Sandbox) -> None:
    """Have no environment on GitHub."""
    sandbox.github.environments.clear()


def set_environment(**rules: Any) -> Change:  # noqa: ANN401
    """Give the environment other rules."""
    return lambda sandbox: sandbox.github.environments.update(publishing=environment(**rules))


# The files of the project.


def edit(file: str, old: str, new: str) -> Change:
    """Replace a text in a file of the project, and commit."""

    def change(sandbox: Sandbox) -> None:
        replace(sandbox.project.path / file, old, new)
        sandbox.commit()

    return change


def keep_old_workflow(sandbox: Sandbox) -> None:
    """Keep a workflow from before, which publishes when a tag is pushed."""
    sandbox.project.write(f"{WORKFLOWS}/publish.yml", OLD_RELEASE)
    sandbox.commit()


def rename_workflow(sandbox: Sandbox) -> None:
    """Give the release workflow another file name."""
    sandbox.project.run("git", "mv", RELEASE_WORKFLOW, str(Path(RELEASE_WORKFLOW).with_name("publish.yaml")))
    sandbox.commit()


def remove_environment_from_workflow(sandbox: Sandbox) -> None:
    """Delete the environment of every job."""
    text = sandbox.project.read(RELEASE_WORKFLOW)
    text = re.sub(r"    environment:\n      name: .*\n      url: .*\n", "", text)
    sandbox.project.write(RELEASE_WORKFLOW, text)
    sandbox.commit()


def tamper_with_hashes(sandbox: Sandbox) -> None:
    """Have a lock of the project's own in which the hashes of the build backend are wrong."""
    lock = sandbox.project.path / OWN_BACKENDS_LOCK
    shutil.copy(ACTIONS / "build/backends.txt", lock)
    replace_hashes(lock, "poetry-core")
    sandbox.commit()


def use_backend(text: str) -> Change:
    """Build with a backend of the project, which is a module in front of the real one."""

    def change(sandbox: Sandbox) -> None:
        sandbox.project.write("backend.py", text)
        for old, new in [
            ('"poetry_dynamic_versioning.backend"', '"backend"\nbackend-path = ["."]'),
            ("requires-poetry =", 'include = [{ path = "backend.py", format = "sdist" }]\nrequires-poetry ='),
        ]:
            replace(sandbox.project.path / PYPROJECT, old, new)
        sandbox.commit()

    return change


build_other_bytes = use_backend(
    """\
import secrets
from pathlib import Path

from poetry_dynamic_versioning.backend import build_sdist, build_wheel

Path("src/my_package/stamp.py").write_text(f"STAMP = {secrets.token_hex()!r}\\n")
"""
)


def break_readme(sandbox: Sandbox) -> None:
    """Have a README that is not valid reStructuredText."""
    sandbox.project.write("README.rst", "Title\n==\n\n.. nonsense::\n\n`broken\n")
    edit(PYPROJECT, f'readme = "{README}"', 'readme = "README.rst"')(sandbox)


lengthen_summary = edit(PYPROJECT, 'description = "', 'description = "' + "long " * 120)


# The tags and the remote of the clone.


def replace_tag(tag: str) -> Change:
    """Give the commit another tag, which is released."""

    def change(sandbox: Sandbox) -> None:
        sandbox.project.run("git", "tag", "--delete", sandbox.tag)
        sandbox.project.run("git", "tag", tag)
        sandbox.tag = tag

    return change


def move_tag(sandbox: Sandbox) -> None:
    """Move the tag to another commit after the release was published."""
    sandbox.project.write(README, "# Changed\n")
    sandbox.commit()


def change_tag_during_the_run(*, move: bool) -> Change:
    """Move or delete the tag after the build, while the run waits for its reviewer."""

    def change(sandbox: Sandbox) -> None:
        later = sandbox.github.git.with_name("later.git")
        sandbox.project.run("git", "clone", "--quiet", "--bare", ".", later)
        git = ("git", "--git-dir", later)
        other = sandbox.project.run(*git, "commit-tree", "-m", "Another", "HEAD^{tree}").stdout.strip()
        sandbox.project.run(*git, "tag", *(["--force", sandbox.tag, other] if move else ["--delete", sandbox.tag]))
        sandbox.github.git_at_approval = later

    return change


def set_remote(url: str) -> Change:
    """Clone from another URL."""
    return lambda sandbox: sandbox.project.run("git", "remote", "set-url", "origin", url)
