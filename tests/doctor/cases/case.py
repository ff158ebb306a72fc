"""A finding of the doctor, and how to make a repository that has the fault, or one that is like it."""

import re
import textwrap
from typing import Any, NamedTuple

from tests.release.scenarios.changes import Change, nothing
from tests.simulation.sandbox import Sandbox
from tests.support.editing import replace
from tests.support.paths import ANSWERS_FILE, WORKFLOWS
from tests.support.projects import WHEEL

OTHER = f"{WORKFLOWS}/other.yml"


class Case(NamedTuple):
    """A finding: its line without the state, the repository that has the fault, and one that does not."""

    state: str
    line: str  # the beginning of the sentence
    fault: Change
    sound: Change = nothing
    remedy: str = ""  # a part of it


def write(file: str, text: str) -> Change:
    """Write a file, and commit."""

    def change(sandbox: Sandbox) -> None:
        path = sandbox.project.path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        sandbox.commit()

    return change


def workflow(job: str, *, on: str = "push", name: str = "Other", more: str = "") -> Change:
    """Write another workflow with one job, `a`, whose keys are YAML."""
    body = textwrap.indent(textwrap.dedent(job).strip(), "    ")
    return write(OTHER, f"name: {name}\non: {on}\n{more}jobs:\n  a:\n    runs-on: ubuntu-latest\n{body}\n")


def step(uses: str, **inputs: str) -> Change:
    """Write another workflow whose job has one step."""
    given = "".join(f"\n    {key}: {value}" for key, value in inputs.items())
    return workflow(f"steps:\n- uses: {uses}\n" + (f"  with:{given}" if given else ""))


def both(*changes: Change) -> Change:
    """Make several changes."""

    def change(sandbox: Sandbox) -> None:
        for one in changes:
            one(sandbox)

    return change


def on_github(**state: Any) -> Change:  # noqa: ANN401
    """Have something else on GitHub."""

    def change(sandbox: Sandbox) -> None:
        for name, value in state.items():
            setattr(sandbox.github, name, value)

    return change


def substitute(file: str, pattern: str, new: str) -> Change:
    """Replace a pattern in a file, and commit."""

    def change(sandbox: Sandbox) -> None:
        sandbox.project.write(file, re.sub(pattern, new, sandbox.project.read(file)))
        sandbox.commit()

    return change


def run(*command: str) -> Change:
    """Run a command in the clone."""

    def change(sandbox: Sandbox) -> None:
        sandbox.project.run(*command)

    return change


def delete(file: str, *, commit: bool = True) -> Change:
    """Delete a file, in the commit or in the folder alone."""

    def change(sandbox: Sandbox) -> None:
        (sandbox.project.path / file).unlink()
        if commit:
            sandbox.commit()

    return change


def ignore(file: str, line: str) -> Change:
    """Let git ignore a file, before it was ever committed."""

    def change(sandbox: Sandbox) -> None:
        sandbox.project.run("git", "rm", "--quiet", "--cached", file)
        sandbox.project.write(".gitignore", f"{line}\n")
        sandbox.commit()

    return change


def submodule(url: str) -> Change:
    """Have a submodule from a URL."""
    entry = 'git update-index --add --cacheinfo "160000,$(git rev-parse HEAD),data" && git commit --quiet --message x'
    return both(write(".gitmodules", f'[submodule "data"]\n\tpath = data\n\turl = {url}\n'), run("sh", "-c", entry))


def release(tag: str, *, author: str = "ada", wheel: str = "") -> Change:
    """Have a release on GitHub, and its file on PyPI or not."""

    def change(sandbox: Sandbox) -> None:
        sandbox.github.create_release(tag)
        state = sandbox.github.read_state()
        state["releases"][tag]["author"] = author
        sandbox.github.write_state(state)
        sandbox.project.run("git", "tag", "--force", tag)
        if wheel:
            sandbox.loopback.pypi.files("my-package")[wheel] = b"wheel"

    return change


def rules(number: int, **changed: Any) -> Change:  # noqa: ANN401
    """Change one of the rulesets."""
    return lambda sandbox: sandbox.github.rulesets[number].update(changed)


def tags_except(ref: str) -> Change:
    """Let the rules for tags apply to all but some."""
    return rules(0, conditions={"ref_name": {"include": ["~ALL"], "exclude": [ref]}})


def withdraw_version(sandbox: Sandbox) -> None:
    """Follow a version of the template whose tag is gone."""
    replace(sandbox.project.path / ANSWERS_FILE, "_commit: v1.0.0", "_commit: v0.9.0")
    sandbox.commit()


def move_below(sandbox: Sandbox) -> None:
    """Have the whole project in a folder of the repository."""
    folder = sandbox.project.path / "package"
    folder.mkdir()
    for path in sandbox.project.path.iterdir():
        if path.name not in {".git", folder.name}:
            path.rename(folder / path.name)
    sandbox.commit()


def forget_project(sandbox: Sandbox) -> None:
    """Have no project on PyPI."""
    sandbox.loopback.pypi.projects.clear()


def have_files(sandbox: Sandbox) -> None:
    """Have a file of the project on PyPI."""
    sandbox.loopback.pypi.files("my-package")[WHEEL] = b"wheel"


OIDC = """\
environment: pypi
permissions: {id-token: write}
steps:
- uses: pypa/gh-action-pypi-publish@release/v1
"""
PRE_COMMIT = "repos:\n- repo: https://example.com/hooks\n  rev: v1\n  hooks:\n  - {{id: {hook}, args: {arguments}}}\n"


def hook(name: str, arguments: str = "[]", exclude: str = "") -> Change:
    """Run a hook of pre-commit, over all files or with some excluded."""
    return write(".pre-commit-config.yaml", exclude + PRE_COMMIT.format(hook=name, arguments=arguments))


APP = "${{ steps.app.outputs.token }}"
OWN = "${{ secrets.GITHUB_TOKEN }}"


def creates(token: str, options: str = "") -> Change:
    """Make releases in a workflow, with a token."""
    return workflow(f"steps:\n- run: gh release create v1 {options}\n  env:\n    GH_TOKEN: {token}\n")


RESTORE = "restore the file from git: git log -- "
SETUP = "meltano-release setup"
