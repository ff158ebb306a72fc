"""How to break a release: functions that change a world, and functions that return such functions."""

import re
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.simulation.github import Environment
from tests.simulation.server import Fault
from tests.simulation.world import PUBLISHER, World
from tests.support.editing import replace, replace_hashes
from tests.support.paths import ACTIONS, OWN_BACKENDS_LOCK, PYPROJECT, README, RELEASE_WORKFLOW, WORKFLOWS
from tests.support.projects import WHEEL
from tests.support.repositories import OLD_RELEASE

Change = Callable[[World], None]


def nothing(_: World) -> None:
    """Change nothing."""


# The publisher on PyPI.


def register_publisher(**values: str) -> Change:
    """Register a publisher that differs from the form in some fields."""

    def change(world: World) -> None:
        world.loopback.pypi.publishers.clear()
        world.loopback.pypi.register(PUBLISHER._replace(**values), "my-package")

    return change


def register_for_other_project(world: World) -> None:
    """Register the publisher under another project than the package's."""
    world.loopback.pypi.publishers.clear()
    world.loopback.pypi.register(PUBLISHER, "another-package")


def register_pending(project: str, days: int = 0) -> Change:
    """Have a pending publisher, some days old, instead of a project."""

    def change(world: World) -> None:
        world.loopback.pypi.publishers.clear()
        world.loopback.pypi.projects.clear()
        world.loopback.pypi.register_pending(PUBLISHER, project, timedelta(days=days))

    return change


def leave_pending(world: World) -> None:
    """Leave a pending publisher beside the real one."""
    world.loopback.pypi.register_pending(PUBLISHER, "my-package")


def upload_other_wheel(world: World) -> None:
    """Have a file with the wheel's name and another content on PyPI."""
    world.loopback.pypi.files("my-package")[WHEEL] = b"other"


def fail_with(*faults: Fault) -> Change:
    """Let PyPI misbehave."""
    return lambda world: world.loopback.faults.extend(faults)


# The repository on GitHub.


def rename_repository(name: str) -> Change:
    """Rename the repository on GitHub, which redirects the old name."""

    def change(world: World) -> None:
        world.github.former_slugs.append(world.github.slug)
        world.github.repository = name

    return change


def make_own_fork(world: World) -> None:
    """Make the publisher's own repository a fork on GitHub."""
    world.github.fork = True


def make_contributors_fork(world: World) -> None:
    """Make the repository a fork of somebody else's."""
    world.github.fork = True
    world.github.owner = "contributor"


def make_release_immutable(world: World) -> None:
    """Publish the release as an immutable one."""
    world.github.create_release(world.tag, immutable=True)


def delete_environment(world: World) -> None:
    """Have no environment on GitHub."""
    world.github.environments.clear()


def set_environment(**rules: Any) -> Change:  # noqa: ANN401
    """Give the environment other rules."""

    def change(world: World) -> None:
        world.github.environments["publishing"] = Environment(**rules)

    return change


# The files of the project.


def edit(file: str, old: str, new: str) -> Change:
    """Replace a text in a file of the project, and commit."""

    def change(world: World) -> None:
        replace(world.project.path / file, old, new)
        world.commit()

    return change


def keep_old_workflow(world: World) -> None:
    """Keep a workflow from before, which publishes when a tag is pushed."""
    world.project.write(f"{WORKFLOWS}/publish.yml", OLD_RELEASE)
    world.commit()


def rename_workflow(world: World) -> None:
    """Give the release workflow another file name."""
    world.project.run("git", "mv", RELEASE_WORKFLOW, str(Path(RELEASE_WORKFLOW).with_name("publish.yaml")))
    world.commit()


def remove_environment_from_workflow(world: World) -> None:
    """Delete the environment of every job."""
    text = world.project.read(RELEASE_WORKFLOW)
    text = re.sub(r"    environment:\n      name: .*\n      url: .*\n", "", text)
    world.project.write(RELEASE_WORKFLOW, text)
    world.commit()


def tamper_with_hashes(world: World) -> None:
    """Have a lock of the project's own in which the hashes of the build backend are wrong."""
    lock = world.project.path / OWN_BACKENDS_LOCK
    shutil.copy(ACTIONS / "build/backends.txt", lock)
    replace_hashes(lock, "poetry-core")
    world.commit()


def break_readme(world: World) -> None:
    """Have a README that is not valid reStructuredText."""
    world.project.write("README.rst", "Title\n==\n\n.. nonsense::\n\n`broken\n")
    edit(PYPROJECT, f'readme = "{README}"', 'readme = "README.rst"')(world)


# The tags and the remote of the clone.


def replace_tag(*tags: str) -> Change:
    """Give the commit other tags; the first is released."""

    def change(world: World) -> None:
        world.project.run("git", "tag", "--delete", world.tag)
        for tag in tags:
            world.project.run("git", "tag", tag)
        world.tag = tags[0]

    return change


def move_tag(world: World) -> None:
    """Move the tag to another commit after the release was published."""
    world.project.write(README, "# Changed\n")
    world.commit()


def delete_tag_during_the_run(world: World) -> None:
    """Delete the tag after the build, while the run waits for its reviewer."""
    world.project.run("git", "push", "--quiet", "--mirror", world.github.git)
    later = world.github.git.with_name("later.git")
    world.project.run("git", "clone", "--quiet", "--bare", world.github.git, later)
    world.project.run("git", "--git-dir", later, "update-ref", "-d", f"refs/tags/{world.tag}")
    world.github.git_at_approval = later


def set_remote(url: str) -> Change:
    """Clone from another URL."""

    def change(world: World) -> None:
        world.project.run("git", "remote", "set-url", "origin", url)

    return change
