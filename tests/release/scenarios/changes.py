"""How to break a release: functions that change a sandbox, and functions that return such functions."""

import shutil
from collections.abc import Callable
from typing import Any

from tests.simulation.github import environment
from tests.simulation.sandbox import PUBLISHER, Sandbox
from tests.simulation.server import Fault
from tests.support.editing import all_of, replace, replace_hashes
from tests.support.paths import ACTIONS, OWN_BACKENDS_LOCK, PYPROJECT, WORKFLOWS
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


def fail_with(**fault: Any) -> Change:  # noqa: ANN401 - what a `Fault` has
    """Let PyPI misbehave."""
    return lambda sandbox: sandbox.loopback.faults.append(Fault(**fault))


def upload(name: str) -> Change:
    """Have a file of the project on PyPI."""
    return lambda sandbox: sandbox.loopback.pypi.files("my-package").update({name: b"x"})


# The repository on GitHub.


def on_github(**state: Any) -> Change:  # noqa: ANN401
    """Have something else on GitHub."""
    return lambda sandbox: vars(sandbox.github).update(state)


def rename_repository(name: str) -> Change:
    """Rename the repository on GitHub, which redirects the old name."""

    def change(sandbox: Sandbox) -> None:
        sandbox.github.former_slugs.append(sandbox.github.slug)
        sandbox.github.repository = name

    return change


def make_release_immutable(sandbox: Sandbox) -> None:
    """Publish the release as an immutable one."""
    sandbox.github.create_release(sandbox.tag, immutable=True)


def set_environment(**rules: Any) -> Change:  # noqa: ANN401
    """Give the environment other rules."""
    return lambda sandbox: sandbox.github.environments.update(publishing=environment(**rules))


# The files of the project.


def write(**files: str) -> Change:
    """Write files, and commit."""

    def change(sandbox: Sandbox) -> None:
        for name, text in files.items():
            (sandbox.project.path / name).parent.mkdir(parents=True, exist_ok=True)
            sandbox.project.write(name, text)
        sandbox.commit()

    return change


def edit(file: str, old: str, new: str) -> Change:
    """Replace a text in a file of the project, and commit."""

    def change(sandbox: Sandbox) -> None:
        replace(sandbox.project.path / file, old, new)
        sandbox.commit()

    return change


def shell(script: str) -> Change:
    """Run commands in the clone."""
    return lambda sandbox: sandbox.project.run("bash", "-euc", script)


commit: Change = Sandbox.commit
keep_old_workflow = write(**{f"{WORKFLOWS}/publish.yml": OLD_RELEASE})
lengthen_summary = edit(PYPROJECT, 'description = "', 'description = "' + "long " * 120)


def use_backend(text: str) -> Change:
    """Build with a backend of the project, which is a module in front of the real one."""
    packaged = 'include = [{ path = "backend.py", format = "sdist" }]\nrequires-poetry ='
    return all_of(
        edit(PYPROJECT, '"poetry_dynamic_versioning.backend"', '"backend"\nbackend-path = ["."]'),
        edit(PYPROJECT, "requires-poetry =", packaged),
        write(**{"backend.py": text}),
    )


def tamper_with_hashes(sandbox: Sandbox) -> None:
    """Have a lock of the project's own in which the hashes of the build backend are wrong."""
    lock = sandbox.project.path / OWN_BACKENDS_LOCK
    shutil.copy(ACTIONS / "build/backends.txt", lock)
    replace_hashes(lock, "poetry-core")
    sandbox.commit()


# The tags and the remote of the clone.


def replace_tag(tag: str) -> Change:
    """Give the commit another tag, which is released."""

    def change(sandbox: Sandbox) -> None:
        sandbox.project.run("git", "tag", "--delete", sandbox.tag)
        sandbox.project.run("git", "tag", tag)
        sandbox.tag = tag

    return change


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
