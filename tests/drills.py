"""The drills: every well-known way in which a release fails, one row each.

A row says what is broken, what the user sees and what to do; `test_release.py` carries it out, and
`docs/how-to/troubleshoot.md` is this table as a page (`python tests/drills.py` writes it).
"""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from actions import Environment
from loopback import Trouble
from world import PUBLISHER, World

PAGE = Path(__file__).parent.parent / "docs/how-to/troubleshoot.md"


class Row(NamedTuple):
    """One drill: what is broken (`cause`), what the user sees (`says`), where it stops, and what mends it."""

    title: str
    cause: str
    fix: str
    says: str
    breaks: Callable[[World], None]
    act: str = "release"  # or rehearse, rerun, doctor
    stops: str = "publish"  # the job that fails; empty if none does
    uploaded: int = 0  # files of the project on PyPI at the end
    slow: bool = False  # needs a build of its own, and the gate's tests have the case: for `nox -s release`


NO_PUBLISHER = "no publisher of it reads as below"
FORM = (
    "Correct the publisher on PyPI so that it reads as the table in the job summary, then *Re-run failed jobs*. "
    "A rehearsal finds this before a release does."
)
CONFLICT = "<<<<<<< before updating\n# my-package\n=======\n# mine\n>>>>>>> after updating\n"
AGAIN = "Delete the release and its tag, mend it, and release again."


# How to break things.


def form(**values: str) -> Callable[[World], None]:
    """Register a publisher that differs from the form in some fields."""

    def breaks(world: World) -> None:
        world.loopback.pypi.publishers.clear()
        world.loopback.pypi.register(PUBLISHER._replace(**values), "my-package")

    return breaks


def edit(file: str, old: str, new: str) -> Callable[[World], None]:
    """Replace a text in a file of the project, and commit."""

    def breaks(world: World) -> None:
        path = world.project.path / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{file} does not hold {old!r}"
        path.write_text(text.replace(old, new), encoding="utf-8")
        world.commit()

    return breaks


def retag(*tags: str) -> Callable[[World], None]:
    """Give the commit other tags; the first is released."""

    def breaks(world: World) -> None:
        world.project.run("git", "tag", "--delete", world.tag)
        for tag in tags:
            world.project.run("git", "tag", tag)
        world.tag = tags[0]

    return breaks


def trouble(*troubles: Trouble) -> Callable[[World], None]:
    """Let PyPI misbehave."""
    return lambda world: world.loopback.trouble.extend(troubles)


def pending(project: str, days: int = 0) -> Callable[[World], None]:
    """Have a pending publisher instead of a project."""

    def breaks(world: World) -> None:
        world.loopback.pypi.publishers.clear()
        world.loopback.pypi.projects.clear()
        world.loopback.pypi.register_pending(PUBLISHER, project, timedelta(days=days))

    return breaks


def all_of(*several: Callable[[World], None]) -> Callable[[World], None]:
    """Break several things."""

    def breaks(world: World) -> None:
        for one in several:
            one(world)

    return breaks


def rename_workflow(world: World) -> None:
    """Give the release workflow another file name."""
    world.project.run("git", "mv", ".github/workflows/release.yaml", ".github/workflows/publish.yaml")
    world.commit()


def rename_repository(name: str) -> Callable[[World], None]:
    """Rename the repository on GitHub."""

    def breaks(world: World) -> None:
        world.github.repository = name

    return breaks


def other_project(world: World) -> None:
    """Register the publisher under another project than the package's."""
    world.loopback.pypi.publishers.clear()
    world.loopback.pypi.register(PUBLISHER, "another-package")


def stale_pending(world: World) -> None:
    """Leave a pending publisher beside the real one."""
    world.loopback.pypi.register_pending(PUBLISHER, "my-package")


def fork(world: World) -> None:
    """Make the repository a fork."""
    world.github.fork = True


def move_tag(world: World) -> None:
    """Move the tag to another commit after the release was published."""
    (world.project.path / "README.md").write_text("# Changed\n", encoding="utf-8")
    world.commit()


def other_bytes(world: World) -> None:
    """Have a file of that name on PyPI already, and not the same."""
    world.loopback.pypi.files("my-package")["my_package-1.2.3-py3-none-any.whl"] = b"other"


def immutable(world: World) -> None:
    """Publish the release as an immutable one."""
    world.github.release(world.tag, immutable=True)


def no_environment(world: World) -> None:
    """Have no environment on GitHub."""
    world.github.environments.clear()


def no_environment_in_workflow(world: World) -> None:
    """Delete the environment of every job."""
    path = world.project.path / RELEASE
    text = re.sub(r"    environment:\n      name: .*\n      url: .*\n", "", path.read_text(encoding="utf-8"))
    path.write_text(text, encoding="utf-8")
    world.commit()


def environment(**rules: Any) -> Callable[[World], None]:  # noqa: ANN401
    """Give the environment other rules."""

    def breaks(world: World) -> None:
        world.github.environments["publishing"] = Environment(**rules)

    return breaks


def remote(address: str) -> Callable[[World], None]:
    """Clone from another address."""

    def breaks(world: World) -> None:
        world.project.run("git", "remote", "set-url", "origin", address)

    return breaks


def extra_tag(tag: str) -> Callable[[World], None]:
    """Have one more tag."""

    def breaks(world: World) -> None:
        world.project.run("git", "tag", tag)

    return breaks


def tags_only(world: World) -> None:
    """Let only tags into the environment."""
    world.github.environments["publishing"] = Environment(branches=(), tags=("v*",))


def branches_only(world: World) -> None:
    """Let only the default branch into the environment."""
    world.github.environments["publishing"] = Environment(branches=("main",), tags=())


def tamper(world: World) -> None:
    """Change the hashes of one package in constraints.txt."""
    path = world.project.path / ".github/workflows/constraints.txt"
    package, count = re.subn(
        r"(?<=\nbuild==).*?(?=\n    # via)",
        lambda match: re.sub(r"[0-9a-f]{64}", "0" * 64, match[0]),
        path.read_text(encoding="utf-8"),
        flags=re.DOTALL,
    )
    assert count == 1
    path.write_text(package, encoding="utf-8")
    world.commit()


def broken_readme(world: World) -> None:
    """Have a README that is no reStructuredText."""
    (world.project.path / "README.rst").write_text("Title\n==\n\n.. nonsense::\n\n`broken\n", encoding="utf-8")
    edit("pyproject.toml", 'readme = "README.md"', 'readme = "README.rst"')(world)


PYPROJECT = "pyproject.toml"
BUILD = ".github/workflows/build.yaml"
RELEASE = ".github/workflows/release.yaml"

ROWS = [
    # The form and what the run claims.
    Row(
        "The form names another environment",
        "The publisher on PyPI was registered with another environment than the workflow's.",
        FORM, NO_PUBLISHER, form(environment="pypi"),
    ),
    Row(
        "The form names another workflow",
        "The publisher on PyPI was registered with another file name.",
        FORM, NO_PUBLISHER, form(workflow_filename="release.yml"),
    ),
    Row(
        "The form names another owner",
        "The publisher on PyPI was registered for another user or organisation.",
        FORM, NO_PUBLISHER, form(owner="meltano"),
    ),
    Row(
        "The form names another repository",
        "The publisher on PyPI was registered for another repository.",
        FORM, NO_PUBLISHER, form(repository="my-packages"),
    ),
    Row(
        "The form spells the repository in another case",
        "PyPI stores the repository as it was typed, and compares it to the letter.",
        FORM, NO_PUBLISHER, form(repository="My-Package"),
    ),
    Row(
        "A rehearsal meets a form that differs",
        "The publisher on PyPI does not read as `.github/publisher.json`.",
        "Correct the publisher on PyPI so that it reads as the table in the job summary, and rehearse again.",
        "PyPI knows no publisher for this run's token", form(environment="pypi"), act="rehearse", stops="rehearse",
    ),
    Row(
        "GitHub spells the repository in another case",
        "The token claims GitHub's spelling, and `.github/publisher.json` has another.",
        "Answer `repository` anew with `copier update`, in GitHub's spelling, and correct the publisher on PyPI.",
        "This runs in MeltanoLabs/My-Package", rename_repository("My-Package"), stops="build",
    ),
    Row(
        "The repository was renamed or moved",
        "GitHub redirects the old name, but the token claims the new one.",
        "Answer `owner` and `repository` anew with `copier update`, and correct the publisher on PyPI.",
        "This runs in MeltanoLabs/our-package", rename_repository("our-package"), stops="build",
    ),
    Row(
        "The workflow file was renamed",
        "PyPI knows the workflow by its file name.",
        "Give the file its name again, or answer `workflow_filename` anew with `copier update` and correct the form.",
        "The workflow publish.yaml runs", rename_workflow, stops="build",
    ),
    Row(
        "The workflow names another environment",
        "The workflow was edited by hand and names another environment than `.github/publisher.json`.",
        "Correct the workflow, or answer `environment` anew with `copier update` and correct the publisher on PyPI.",
        "names the environment pypi", edit(RELEASE, 'name: "publishing"', 'name: "pypi"'), stops="build",
    ),
    Row(
        "The workflow names no environment",
        "The workflow was edited by hand and lost its environment, and with it the reviewer and the claim.",
        "Give it back, with `copier update --conflict inline` or by hand.",
        "names the environment (none)", no_environment_in_workflow, stops="build",
    ),
    Row(
        "GitHub has no such environment",
        "Nobody created the environment. GitHub creates it at the first run, and lets everybody in.",
        "Create it with a reviewer and rules, as `RELEASING.md` says.",
        "the first run would create it without protection", no_environment, act="doctor", stops="",
    ),
    Row(
        "The environment does not let the tag in",
        "The environment has no rule for tags `v*`.",
        "Add the rule, as `RELEASING.md` says, and *Re-run failed jobs*.",
        'Tag "v1.2.3" is not allowed to deploy to publishing', branches_only,
    ),
    Row(
        "The environment does not let a rehearsal in",
        "The environment has no rule for the default branch, where a rehearsal runs.",
        "Add the rule, as `RELEASING.md` says, and rehearse again.",
        'Branch "main" is not allowed to deploy to publishing', tags_only, act="rehearse", stops="rehearse",
    ),
    Row(
        "The environment asks no reviewer",
        "Whoever may publish a release publishes to PyPI.",
        "Add a reviewer, as `RELEASING.md` says.",
        "The environment publishing asks no reviewer", environment(branches=("main",), tags=("v*",)), act="doctor",
    ),
    Row(
        "The environment has no rule for tags",
        "A release would be refused at the environment.",
        "Add the rule with the command that the doctor prints.",
        "has no rule for tag v*: releases", environment(branches=("main",), reviewed=True), act="doctor",
    ),
    Row(
        "The git remote is not the publisher's repository",
        "The clone comes from another repository, or spells it in another way.",
        "Correct the remote with the command that the doctor prints, or answer `repository` anew with `copier update`.",
        "The git remote is MeltanoLabs/My-Package", remote("https://github.com/MeltanoLabs/My-Package"), act="doctor",
    ),
    Row(
        "There is no release workflow of that name",
        "`.github/publisher.json` names another file than the one that publishes.",
        "Rename the file with the command that the doctor prints.",
        "There is no .github/workflows/release.yaml; publish.yaml publishes instead", rename_workflow, act="doctor",
    ),
    Row(
        "A tag is no version",
        "No release can come from it.",
        "Delete it with the command that the doctor prints.",
        "The tag v1.0.0-rc.1 is not `v` and a canonical version: no", extra_tag("v1.0.0-rc.1"), act="doctor",
    ),
    # Pending publishers.
    Row(
        "The publisher is registered under another project",
        "PyPI takes the token, but for another project than the package's.",
        "Register the publisher under the package's own project, delete the other, then *Re-run failed jobs*.",
        "The given token isn't allowed to upload to project 'my-package'", other_project,
    ),
    Row(
        "The pending publisher has another project name",
        "PyPI has created an empty project of that other name, and will not take the package's files into it.",
        "Register a pending publisher with the right name, delete the empty project, then *Re-run failed jobs*.",
        "Non-user identities cannot create new projects", pending("my-pakage"),
    ),
    Row(
        "A rehearsal meets a pending publisher with another project name",
        "The exchange created an empty project of that other name.",
        "Register a pending publisher with the right name, and delete the empty project.",
        "PyPI has no project my-package", pending("my-pakage"), act="rehearse", stops="",
    ),
    Row(
        "The pending publisher has expired",
        "A pending publisher lasts 30 days.",
        "Register it again, then *Re-run failed jobs*.",
        "A pending publisher expires after 30 days", pending("my-package", days=31),
    ),
    Row(
        "A pending publisher was left beside the real one",
        "PyPI looks at pending publishers first, and this one waits for a project that exists.",
        "Delete the pending publisher on your account's page, or your organisation's, then *Re-run failed jobs*.",
        "invalid-pending-publisher", stale_pending,
    ),
    # The workflow and the event.
    Row(
        "The job may not ask for a token",
        "The publishing job lost its `id-token: write`.",
        "Give it back: `copier update`, or by hand.",
        "missing or insufficient OIDC token permissions",
        edit(RELEASE, "id-token: write # PyPI trusts", "actions: read # PyPI trusts"),
    ),
    Row(
        "A release of a fork",
        "A fork has no publisher. Its release builds nothing and asks for nothing.",
        "Release in the repository that `.github/publisher.json` names.",
        "[build: skipped]", fork, stops="",
    ),
    Row(
        "The workflow runs for pull_request_target",
        "PyPI refuses tokens from that event, because strangers can start it.",
        "Let releases start the workflow and nothing else: `copier update`.",
        "'pull_request_target' is not supported",
        all_of(
            edit(RELEASE, "  release:\n    types: [published]", "  pull_request_target:"),
            edit(RELEASE, "github.event_name == 'release'", "github.event_name == 'pull_request_target'"),
        ),
        act="pull_request_target",
    ),
    Row(
        "The checkout is shallow",
        "The version comes from the tags, and a shallow clone may not see them.",
        "Check out with `fetch-depth: 0`.",
        "The checkout is shallow", edit(BUILD, "fetch-depth: 0", "fetch-depth: 1"), stops="build",
    ),
    Row(
        "The tags were not fetched",
        "The checkout has the commits and no tags.",
        "Check out with `fetch-depth: 0`.",
        "the checkout has no tag v1.2.3",
        edit(BUILD, "      - name: Set up Python", "      - run: git tag -d v1.2.3\n      - name: Set up Python"),
        stops="build", slow=True,
    ),
    # The tag and the version.
    Row(
        "The tag has no v",
        "Tags of versions begin with `v`; others are ignored.",
        AGAIN, "The tag 1.2.3 does not begin with `v`", retag("1.2.3"), stops="build",
    ),
    Row(
        "The tag is not in canonical form",
        "Python would write the version in another way, and the files would not be called as the tag.",
        f"{AGAIN} Write `v1.0.0rc1`, not `v1.0.0-rc.1`.",
        "The tag v1.0.0-rc.1 is not `v` and a canonical version", retag("v1.0.0-rc.1"), stops="build",
        slow=True,
    ),
    Row(
        "The tag is no version",
        "No version can be read from it.",
        AGAIN, "The tag vnext is not `v` and a canonical version", retag("vnext"), stops="build", slow=True,
    ),
    Row(
        "The tag is on another commit",
        "The tag was moved after the release was published, and the run has the commit from before.",
        "Delete the release and its tag, and release the right commit.",
        "the tag v1.2.3 is on another commit", move_tag, act="moved", stops="build", slow=True,
    ),
    Row(
        "The version is 0.0.0",
        "That is what a project without a version has; PyPI would take it.",
        AGAIN, "The tag v0.0.0 stands for a project without a version", retag("v0.0.0"), stops="build", slow=True,
    ),
    Row(
        "The version has a local part",
        "PyPI takes no local versions.",
        AGAIN, "The tag v1.2.3+meltano.1 has a local part", retag("v1.2.3+meltano.1"), stops="build", slow=True,
    ),
    Row(
        "pyproject.toml has a static version",
        "A static version wins over the tag.",
        f"Delete the line and write `dynamic = ['version']`. {AGAIN}",
        "pyproject.toml has a static `version` in [project]",
        edit(PYPROJECT, 'dynamic = ["version"] # from the git tag', 'version = "9.9.9"'), stops="build", slow=True,
    ),
    Row(
        "The build backend knows no tags",
        "`poetry.core` builds with the placeholder, `0.0.0`.",
        f"Write `build-backend = 'poetry_dynamic_versioning.backend'`. {AGAIN}",
        "the build backend is poetry-core's own",
        edit(PYPROJECT, "poetry_dynamic_versioning.backend", "poetry.core.masonry.api"), stops="build", slow=True,
    ),
    Row(
        "The commit has two tags",
        "Only one of them can be the version of a build.",
        "Delete the other tag, or release from a new commit.",
        "the commit has 2 tags (v1.2.3, v1.2.4)", retag("v1.2.4", "v1.2.3"), stops="build", slow=True,
    ),
    # The files.
    Row(
        "PyPI has these files already",
        "The release was run again. PyPI takes a file that it has, if it is the same to the byte, and the build is.",
        "Nothing is to be done.",
        "the same to the byte", lambda _: None, act="twice", stops="", uploaded=2,
    ),
    Row(
        "PyPI has other files of this version",
        "A file name never changes its content on PyPI, not even after a deletion.",
        "Release the next version.",
        "PyPI has other bytes under the name my_package-1.2.3-py3-none-any.whl", other_bytes, uploaded=1,
    ),
    Row(
        "The upload was interrupted",
        "PyPI has one file and not the other.",
        "*Re-run failed jobs*: it continues where it stopped.",
        "1 of 2 files were uploaded", trouble(Trouble("legacy", 503, after=1)), act="continued", uploaded=2,
    ),
    Row(
        "The release is immutable",
        "GitHub takes no more files for it. They are on PyPI, and in the run's artifact.",
        "Nothing is to be done.",
        "Immutable release", immutable, stops="", uploaded=2,
    ),
    Row(
        "A pinned hash does not match",
        "A tool is not the one that was locked: somebody changed it, or constraints.txt was edited.",
        "Do not release. Take the template's file again, with `copier update`, and find out which of the two changed.",
        "DO NOT MATCH THE HASHES", tamper, stops="build",
    ),
    Row(
        "A build requirement is not locked",
        "`build-system.requires` names a package that constraints.txt does not know, so nobody knows its hash.",
        "Do without it, or ask for it in the template.",
        "In --require-hashes mode",
        edit(PYPROJECT, 'requires = ["poetry-core', 'requires = ["iniconfig", "poetry-core'), stops="build",
    ),
    Row(
        "A classifier is unknown",
        "PyPI takes the classifiers of its own list alone.",
        f"Replace it in pyproject.toml. {AGAIN}",
        "PyPI does not take the classifier 'Framework :: Meltano'",
        edit(PYPROJECT, "Typing :: Typed", "Framework :: Meltano"), stops="build", slow=True,
    ),
    Row(
        "A classifier is deprecated",
        "PyPI refuses deprecated classifiers in new releases.",
        f"Replace it in pyproject.toml. {AGAIN}",
        "PyPI does not take the classifier 'Natural Language :: Ukranian'",
        edit(PYPROJECT, "Typing :: Typed", "Natural Language :: Ukranian"), stops="build", slow=True,
    ),
    Row(
        "The README does not render",
        "PyPI refuses a description that is not what its content type says.",
        f"Mend the README. {AGAIN}",
        "has syntax errors in markup", broken_readme, stops="build",
    ),
    Row(
        "The summary is too long",
        "PyPI takes 512 characters.",
        f"Shorten `description` in pyproject.toml. {AGAIN}",
        "PyPI takes 512", edit(PYPROJECT, 'description = "', 'description = "' + "long " * 120), stops="build",
        slow=True,
    ),
    Row(
        "A dependency is an address",
        "PyPI takes no direct references.",
        f"Depend on a released version. {AGAIN}",
        "which PyPI refuses: depend on a released version",
        edit(PYPROJECT, "dependencies = []", 'dependencies = ["six @ https://example.com/six.zip"]'), stops="build",
        slow=True,
    ),
    Row(
        "The package has another name than the publisher",
        "`name` in pyproject.toml and `package_name` in `.github/publisher.json` differ.",
        "Correct the one or the other.",
        "the publisher is registered for my-package",
        edit(PYPROJECT, 'name = "my-package"', 'name = "our-package"'), stops="build", slow=True,
    ),
    Row(
        "A template update left a conflict",
        "Copier leaves conflict markers and an exit code of 0.",
        f"Keep the right side and delete the markers. {AGAIN}",
        "README.md holds conflict markers",
        edit("README.md", "# my-package\n", CONFLICT), stops="build", slow=True,
    ),
    # The rehearsal, and PyPI itself.
    Row(
        "A rehearsal was confirmed with another name",
        "The text that was typed is not the project's name.",
        "Run it again and type the name.",
        "no token was asked for", lambda _: None, act="mistyped", stops="build",
    ),
    Row(
        "PyPI is in trouble at the exchange",
        "PyPI answers with a number from 500.",
        "Wait, then *Re-run failed jobs*.",
        "PyPI was in trouble", trouble(Trouble("mint-token", 503)),
    ),
    Row(
        "PyPI is slow at the exchange",
        "PyPI answers, but not in time.",
        "Wait, then *Re-run failed jobs*.",
        "Read timed out", trouble(Trouble("mint-token", delay=6)),
    ),
    Row(
        "A rehearsal meets a PyPI in trouble",
        "PyPI answers with a number from 500, which says nothing about the publisher.",
        "Wait, and rehearse again.",
        "PyPI could not be reached or is in trouble",
        trouble(Trouble("mint-token", 503)), act="rehearse", stops="rehearse",
    ),
]  # fmt: skip


def page() -> str:
    """Return the troubleshooting page."""
    text = """# When a release fails

Every way in which a release is known to fail, with what you see, why, and what to do. This page is made from the table
that the template's tests carry out, so each of these has been seen. Unless it says otherwise, nothing was uploaded.
"""
    for row in ROWS:
        text += f"\n## {row.title}\n\n> {row.says}\n\n{row.cause}\n\n{row.fix}\n"
    return text


if __name__ == "__main__":
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
