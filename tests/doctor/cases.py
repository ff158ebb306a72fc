"""The findings of the doctor in cases.yml, and what is done to a repository that has the fault, or is like it."""

import textwrap
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.release.scenarios import changes
from tests.release.scenarios.changes import Change, shell, write
from tests.simulation.sandbox import Sandbox
from tests.support.editing import all_of, change_of
from tests.support.paths import WORKFLOWS

HOOK = "repos:\n- repo: https://example.com/hooks\n  rev: v1\n  hooks:\n  - {{id: {name}, args: {arguments}}}\n"


class Case(NamedTuple):
    """A finding: its line without the state, the repository that has the fault, and one that does not."""

    state: str
    line: str  # the beginning of the sentence
    fault: Change
    sound: Change
    remedy: str  # a part of it
    refused_by: str  # the command of a linter, which accepts the sound repository
    accepted_by: str


def workflow(job: str, starts: str = "push") -> Change:
    """Write another workflow with one job, `a`, whose keys are YAML."""
    head = f"name: Other\non: {starts}\njobs:\n  a:\n    runs-on: ubuntu-latest\n"
    return write(**{f"{WORKFLOWS}/other.yml": head + textwrap.indent(f"{job}\n", "    ")})


def step(uses: str, inputs: dict[str, str] | None = None) -> Change:
    """Write another workflow whose job has one step."""
    given = "".join(f"\n    {key}: {value}" for key, value in (inputs or {}).items())
    return workflow(f"steps:\n- uses: {uses}\n" + (f"  with:{given}" if given else ""))


def hook(name: str, arguments: str = "[]", exclude: str = "") -> Change:
    """Run a hook of pre-commit, over all files or with some excluded."""
    return write(**{".pre-commit-config.yaml": exclude + HOOK.format(name=name, arguments=arguments)})


def submodule(url: str) -> Change:
    """Have a submodule from a URL."""
    entry = 'git update-index --add --cacheinfo "160000,$(git rev-parse HEAD),data" && git commit --quiet --message x'
    files = {".gitmodules": f'[submodule "data"]\n\tpath = data\n\turl = {url}\n'}
    return all_of(write(**files), shell(entry))


def release(tag: str, *, author: str = "ada", draft: bool = False) -> Change:
    """Have a release on GitHub."""

    def change(sandbox: Sandbox) -> None:
        sandbox.github.create_release(tag)
        state = sandbox.github.read_state()
        state["releases"][tag] |= {"author": author, "draft": draft}
        sandbox.github.write_state(state)
        sandbox.project.run("git", "tag", "--force", tag)

    return change


def rules(number: int, changed: dict[str, Any]) -> Change:
    """Change one of the rulesets."""
    return lambda sandbox: sandbox.github.rulesets[number].update(changed)


def case_of(described: dict[str, Any]) -> Case:
    """Return a case of the table."""
    known = vars(changes) | globals()
    fault, sound = (change_of(described.get(name, "nothing"), known) for name in ("fault", "sound"))
    rest = (described.get(name, "") for name in ("remedy", "refused by", "accepted by"))
    return Case(*next(iter(described.items())), fault, sound, *rest)


TABLE = yaml.load(Path(__file__).with_name("cases.yml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
CASES: dict[str, Case] = {title: case_of(described) for title, described in TABLE.items()}
