"""Findings about the last commit and the clone, except for the workflows."""

from tests.doctor.cases.case import (
    OTHER,
    RESTORE,
    Case,
    both,
    delete,
    ignore,
    move_below,
    on_github,
    run,
    submodule,
    substitute,
    withdraw_version,
    workflow,
    write,
)
from tests.release.scenarios.changes import edit, set_remote
from tests.support.damage import make_shallow
from tests.support.paths import ANSWERS_FILE, PUBLISHER_JSON, PYPROJECT, RELEASE_WORKFLOW, RELEASING
from tests.support.projects import TAG

PRIVATE_DATA = on_github(others={"MeltanoLabs/data": True})
PUBLIC_DATA = on_github(others={"MeltanoLabs/data": False})
LFS = write(".gitattributes", "*.csv filter=lfs diff=lfs merge=lfs -text\n")


COMMIT = {
    "a workflow that git ignores": Case(
        "error",
        f"The last commit lacks {RELEASE_WORKFLOW}, so GitHub will not have it: line 1 of .gitignore ignores it (re*",
        ignore(RELEASE_WORKFLOW, "re*.yaml"),
        write(".gitignore", "re*.yaml\n"),
        f"git add --force {RELEASE_WORKFLOW} && git commit {RELEASE_WORKFLOW}",
    ),
    "a file of the template that is not committed": Case(
        "error", f"The last commit lacks {PUBLISHER_JSON}, so GitHub will not have it.",
        both(run("git", "rm", "--quiet", "--cached", PUBLISHER_JSON), run("git", "commit", "--quiet", "-m", "x")),
        remedy=f"git add --force {PUBLISHER_JSON}",
    ),
    "a file of the template that differs from the commit": Case(
        "note", f"{PUBLISHER_JSON} differs from the last commit, which is what GitHub sees",
        lambda sandbox: sandbox.project.write(PUBLISHER_JSON, sandbox.project.read(PUBLISHER_JSON) + "\n"),
        remedy=f"git commit {PUBLISHER_JSON}",
    ),
    "a file of the template that the folder lacks": Case(
        "note", f"{RELEASING} differs from the last commit", delete(RELEASING, commit=False),
        remedy=f"git restore {RELEASING}",
    ),
    "no documentation of the release": Case(
        "note", f"There is no {RELEASING}, and `copier update` does not bring it back", delete(RELEASING),
        remedy=RESTORE + RELEASING,
    ),
    "no publisher": Case("error", f"{PUBLISHER_JSON} is missing", delete(PUBLISHER_JSON), remedy=""),
    "no commit": Case(
        "error", "There is no commit that GitHub could get", run("git", "update-ref", "-d", "HEAD"),
        remedy="git add . && git commit",
    ),
    "a setup below the top of the repository": Case(
        "error", "The release setup is in package/, and GitHub reads .github at the top of the repository alone",
        move_below,
    ),
    "conflict markers in a workflow": Case(
        "error", f"{OTHER} has conflict markers (line 2)",
        write(OTHER, "name: a\n<<<<<<< before updating\n=======\n>>>>>>> after updating\n"),
        write(OTHER, "name: a # <<<<<<< before\n# =======\n"), "delete the markers",
    ),
    "a release workflow with conflict markers": Case(
        "error", f"GitHub cannot read {RELEASE_WORKFLOW}: could not find expected ':' (line ",
        edit(RELEASE_WORKFLOW, "permissions: {}\n", "<<<<<<< a\n=======\npermissions: {}\n>>>>>>> b\n"),
        remedy=RESTORE + RELEASE_WORKFLOW,
    ),
    "another workflow that is broken": Case(
        "not checked", f"{OTHER} cannot be read: found unhashable key (line 1)", write(OTHER, "on: {{ push }}\n"),
        write(OTHER, "on: push\n"),
    ),
    "a submodule in a private repository": Case(
        "error", "The build cannot fetch the submodule data: MeltanoLabs/data is private",
        both(submodule("../data.git"), PRIVATE_DATA), both(submodule("../data.git"), PUBLIC_DATA),
        "make that repository public",
    ),
    "a submodule that is not there": Case(
        "error", "The build cannot fetch the submodule data: MeltanoLabs/data is not there",
        submodule("git@github.com:MeltanoLabs/data"), both(submodule("git@github.com:MeltanoLabs/data"), PUBLIC_DATA),
        "make that repository public",
    ),
    "a submodule that needs a key": Case(
        "error", "The build cannot fetch the submodule data from ssh://git.example.com/data: it has no key",
        submodule("ssh://git.example.com/data"), both(submodule("https://github.com/MeltanoLabs/data"), PUBLIC_DATA),
    ),
    "a submodule without a URL": Case(
        "error", "The build cannot fetch the submodule data: .gitmodules has no URL of it",
        both(submodule("../data"), run("git", "rm", "-q", "--cached", ".gitmodules"), run("git", "commit", "-qm", "x")),
        both(submodule("../data"), PUBLIC_DATA),
    ),
    "a .gitmodules that git cannot read": Case(
        "not checked", "The submodules: .gitmodules cannot be read (File contains no section headers.)",
        write(".gitmodules", "path = data\n"), write(".gitmodules", ""),
    ),
    "a submodule on another server": Case(
        "not checked", "Whether anybody can fetch the submodule data from https://git.example.com/data",
        submodule("https://me:secret@git.example.com/data"),
    ),
    "files of Git LFS elsewhere": Case(
        "error", "The build fetches the files of Git LFS from https://lfs.example.com/x, where it has no login",
        both(LFS, write(".lfsconfig", "[lfs]\n\turl = https://me:secret@lfs.example.com/x\n")), LFS,
        "delete `url` from .lfsconfig",
    ),
    "a version of the template that was withdrawn": Case(
        "error", "The template has no version v0.9.0 any more, and `copier update` stops", withdraw_version,
        remedy=f"write the full commit that {RELEASE_WORKFLOW} names into `_commit` of {ANSWERS_FILE}",
    ),
    "a template that cannot be reached": Case(
        "not checked", "The version of the template: fatal: '/nowhere' does not appear to be a git repository",
        substitute(ANSWERS_FILE, "(_src_path: ).*", r"\1/nowhere"),
    ),
}  # fmt: skip

CLONE = {
    "another job named like the required check": Case(
        "error", f"The job a of {OTHER} is called Release gate, too: checks are required by name",
        workflow("name: Release gate"), workflow("name: Release gates"), f"give that job another name in {OTHER}",
    ),
    "a listener of a workflow that is gone": Case(
        "error", f"{OTHER} waits for the workflow Publish, and no workflow has this name: it never starts",
        workflow("steps: []", on="{workflow_run: {workflows: [Publish, Test]}}"),
        workflow("steps: []", on="{workflow_run: {workflows: [Release, Test]}}"), "the release workflow's is Release",
    ),
    "another name of the package": Case(
        "error", "pyproject.toml calls the package another, and the publisher my-package",
        edit(PYPROJECT, 'name = "my-package"', 'name = "another"'),
        edit(PYPROJECT, 'name = "my-package"', 'name = "My.Package"'), "correct `name` in pyproject.toml",
    ),
    "another name of the package in setup.cfg": Case(
        "error", "setup.cfg calls the package another, and the publisher my-package",
        both(write("setup.cfg", "[metadata]\nname = another\n"), delete(PYPROJECT)),
        both(write("setup.cfg", "[metadata]\nname = my_package\n")),
    ),
    "a package without a name": Case(
        "not checked", "The name of the package is neither in pyproject.toml nor in setup.cfg", delete(PYPROJECT),
    ),
    "a broken pyproject.toml": Case(
        "not checked", "The name of the package is neither in pyproject.toml nor in setup.cfg", write(PYPROJECT, "[a"),
    ),
    "another remote": Case(
        "error", "The git remote is MeltanoLabs/My-Package, and the publisher MeltanoLabs/my-package: case counts",
        set_remote("https://me:secret@github.com/MeltanoLabs/My-Package"),
        set_remote("ssh://git@ssh.github.com:443/MeltanoLabs/my-package.git"),
        "git remote set-url origin https://github.com/MeltanoLabs/my-package.git",
    ),
    "a remote elsewhere": Case(
        "not checked", "The git remote: the git remote origin is not on GitHub (https://gitlab.com/a/b.git)",
        set_remote("https://oauth2:secret@gitlab.com/a/b.git"),
    ),
    "a shallow clone": Case(
        "error", "The clone is shallow", lambda sandbox: make_shallow(sandbox.project),
        remedy="git fetch --unshallow --tags",
    ),
    "tags that are not versions": Case(
        "note", "No release can be made from v1.0-beta, 1.0.0: a release tag is `v` and a version",
        both(run("git", "tag", "1.0.0"), run("git", "tag", "v1.0-beta")), run("git", "tag", "v1.0b1"),
    ),
    "no tag": Case(
        "note", "No tag is a release tag (`v1.2.3`) yet: the first release makes one", run("git", "tag", "-d", TAG),
    ),
}  # fmt: skip
