"""Every protection of the release, taken away once: without it, a drill fails, or it is said why it cannot matter.

The protections are read off the rendered workflow files and off the release gate, so that a new one cannot be
forgotten: a protection that `GUARDS` does not know fails the test.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
import yaml
from actions import InvalidWorkflowError, UnsupportedError, parse, published
from conftest import Project
from world import FILES, World, make_loopback, make_world  # noqa: F401 - fixtures

FLAG = re.compile(r"--[\w-]+")
# What merely carries data from one step to the next protects nothing.
WITH = {
    "attestations",
    "fetch-depth",
    "if-no-files-found",
    "persist-credentials",
    "sparse-checkout",
    "sparse-checkout-cone-mode",
}
ENV = {"PIP_CONSTRAINT"}
CHECKS = {"Check the metadata and that PyPI can render the README", "Pass the release gate"}

Workflow = dict[str, Any]
Path = tuple[Any, ...]
TakeAway = Callable[[Workflow], None]
Drill = Callable[[World], None]


def protections(file: str, workflow: Workflow) -> Iterator[tuple[str, TakeAway]]:
    """Yield the name of every protection of a workflow file, and a function that takes it away."""
    top: list[Path] = [("permissions",), ("concurrency",)]
    if "release" in workflow["on"]:
        top += [("on", "release", "types"), ("on", "workflow_dispatch", "inputs", "package_name", "required")]
    for path in top:
        yield f"{file}: {'.'.join(path)}", remove(path)
    for job, definition in workflow["jobs"].items():
        for path in [("if",), ("environment",), ("environment", "url"), ("timeout-minutes",)]:
            if path[0] in definition:
                yield f"{file}, {job}: {'.'.join(path)}", remove(("jobs", job, *path))
        for scope in definition.get("permissions", {}):
            yield f"{file}, {job}: permissions.{scope}", remove(("jobs", job, "permissions", scope))
        needs = definition.get("needs", [])
        for other in [needs] if isinstance(needs, str) else needs:
            yield f"{file}, {job}: needs {other}", unneed(job, other)
        for number, step in enumerate(definition.get("steps", [])):
            yield from of_step(f"{file}, {job}, {step['name']}", ("jobs", job, "steps", number), step)


def of_step(where: str, at: Path, step: dict[str, Any]) -> Iterator[tuple[str, TakeAway]]:
    """Yield the protections of one step."""
    if step["name"] in CHECKS:
        yield f"{where}: the step", remove(at)
    if "uses" in step:
        yield f"{where}: pin", change((*at, "uses"), lambda value: re.sub("@.*", "@v1", value))
    for name in sorted(set(step.get("with", {})) & WITH):
        yield f"{where}: {name}", remove((*at, "with", name))
    for name in sorted(set(step.get("env", {})) & ENV):
        yield f"{where}: {name}", remove((*at, "env", name))
    if "if" in step:
        yield f"{where}: if", remove((*at, "if"))
    for flag in FLAG.findall(step.get("run", "")):
        pattern = re.compile(rf" {flag}\b")
        yield f"{where}: {flag}", change((*at, "run"), partial(pattern.sub, "", count=1))


def remove(path: Path) -> Callable[[Workflow], None]:
    """Return a function that deletes what is at a path."""

    def take_away(workflow: Workflow) -> None:
        node = workflow
        for key in path[:-1]:
            node = node[key]
        del node[path[-1]]

    return take_away


def change(path: Path, how: Callable[[str], str]) -> Callable[[Workflow], None]:
    """Return a function that changes the text at a path."""

    def take_away(workflow: Workflow) -> None:
        node = workflow
        for key in path[:-1]:
            node = node[key]
        node[path[-1]] = how(node[path[-1]])

    return take_away


def unneed(job: str, other: str) -> Callable[[Workflow], None]:
    """Return a function that lets a job not wait for another one."""

    def take_away(workflow: Workflow) -> None:
        needs = workflow["jobs"][job]["needs"]
        needs = [needs] if isinstance(needs, str) else needs
        workflow["jobs"][job]["needs"] = [name for name in needs if name != other]

    return take_away


# The drills: each fails if a protection that it needs is gone.


def release(world: World) -> None:
    """A release is built, uploaded, attached and reported, and no token lies about."""
    done = world.release()
    wanted = {"build": "success", "publish": "success", "attach": "success", "rehearse": "skipped", "report": "success"}
    assert done.results() == wanted
    assert world.uploaded() == world.attached() == FILES
    assert "Released" in done.jobs["report"].summary
    assert done.groups.get("release.yaml") == "release-refs/tags/v1.2.3"  # a second run of the tag waits for it


def rehearsal(world: World) -> None:
    """A rehearsal exchanges a token, throws it away, and sees of the project what it builds and the hashes."""
    done = world.rehearse()
    wanted = {"build": "success", "publish": "skipped", "attach": "skipped", "rehearse": "success", "report": "success"}
    assert done.results() == wanted
    assert not world.uploaded()
    assert len(world.loopback.pypi.burned) == 1
    seen = {name for name in done.jobs["rehearse"].saw if not name.startswith("dist/")}
    assert seen == {".github/workflows/constraints.txt", "said.txt"}
    assert "The rehearsal passed" in done.jobs["report"].summary


def failed_rehearsal(world: World) -> None:
    """A rehearsal that PyPI refuses says why."""
    world.loopback.pypi.publishers.clear()
    done = world.rehearse()
    assert "PyPI knows no publisher" in done.jobs["report"].summary
    assert "uv said" in done.jobs["report"].summary
    assert done.jobs["rehearse"].result == "failure"


def immutable(world: World) -> None:
    """An immutable release is left alone, and that is no failure."""
    world.github.release(world.tag, immutable=True)
    assert world.release().result == "success"
    assert not world.attached()


def fork(world: World) -> None:
    """A fork builds nothing and asks for nothing."""
    world.github.fork = True
    assert set(world.release().results().values()) == {"skipped"}


def edited(world: World) -> None:
    """Editing a release starts nothing."""
    assert not world.happens(published(world.tag, "edited"))


def bad_tag(world: World) -> None:
    """A tag that is no version is not released."""
    world.project.run("git", "tag", "vnext")
    world.tag = "vnext"
    assert world.release().result == "failure"
    assert not world.uploaded()


def twice(world: World) -> None:
    """A release can be run again."""
    release(world)
    assert world.release().result == "success"


def hashes(world: World) -> None:
    """Constraints without hashes are refused."""
    path = world.project.path / ".github/workflows/constraints.txt"
    path.write_text("pyproject-hooks==1.2.0\n", encoding="utf-8")
    world.commit()
    assert "Hashes are required in --require-hashes mode" in world.release().log


def unlocked_backend(world: World) -> None:
    """A build requirement that is not locked is refused."""
    path = world.project.path / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('requires = ["poetry', 'requires = ["iniconfig", "poetry'), encoding="utf-8")
    world.commit()
    assert world.release().result == "failure"


def no_description(world: World) -> None:
    """A package without a description is refused, as twine's warnings are errors."""
    path = world.project.path / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('readme = "README.md"\n', ""), encoding="utf-8")
    world.commit()
    assert world.release().result == "failure"


OWN = "every job names its own permissions"
COST = "it bounds what a machine that hangs costs"
SHOWN = "GitHub shows the address, and nothing else uses it"
CHECKOUT = "build, Check out the whole history, which holds the version"
SPARSE = "rehearse, Check out the hashes of the tools, and nothing else"
EXCHANGE = "rehearse, Exchange a token for PyPI's and throw it away"
SAID = "rehearse, Keep what was said for the report"

GUARDS: dict[str, Drill | str] = {
    "build.yaml: permissions": OWN,
    "build.yaml: concurrency": "it saves time when a pull request moves on",
    "build.yaml, build: timeout-minutes": COST,
    "build.yaml, build: permissions.contents": release,
    f"build.yaml, {CHECKOUT}: pin": release,
    f"build.yaml, {CHECKOUT}: fetch-depth": release,
    f"build.yaml, {CHECKOUT}: persist-credentials": release,
    "build.yaml, build, Set up Python: pin": release,
    "build.yaml, build, Install the build tools, each with a known hash: --require-hashes": hashes,
    "build.yaml, build, Install the build tools, each with a known hash: --requirement": release,
    "build.yaml, build, Build the source distribution, and the wheel from it: PIP_CONSTRAINT": unlocked_backend,
    "build.yaml, build, Check the metadata and that PyPI can render the README: the step": no_description,
    "build.yaml, build, Check the metadata and that PyPI can render the README: --strict": no_description,
    "build.yaml, build, Pass the release gate: the step": bad_tag,
    "build.yaml, build, Keep the files for the release: pin": release,
    "build.yaml, build, Keep the files for the release: if-no-files-found": "the gate has refused an empty folder",
    "release.yaml: permissions": OWN,
    "release.yaml: concurrency": release,
    "release.yaml: on.release.types": edited,
    "release.yaml: on.workflow_dispatch.inputs.package_name.required": "the gate refuses an empty name, too",
    "release.yaml, build: if": fork,
    "release.yaml, build: permissions.contents": release,
    "release.yaml, publish: if": rehearsal,
    "release.yaml, publish: environment": release,
    "release.yaml, publish: environment.url": SHOWN,
    "release.yaml, publish: timeout-minutes": COST,
    "release.yaml, publish: permissions.id-token": release,
    "release.yaml, publish: needs build": release,
    "release.yaml, publish, Fetch what was built: pin": release,
    "release.yaml, publish, Publish, with attestations: pin": release,
    "release.yaml, publish, Publish, with attestations: attestations": "it is the action's default, written down",
    "release.yaml, attach: timeout-minutes": COST,
    "release.yaml, attach: permissions.contents": release,
    "release.yaml, attach: needs publish": rehearsal,
    "release.yaml, attach, Fetch what was built: pin": release,
    "release.yaml, attach, Attach it, unless the release is immutable: --jq": immutable,
    "release.yaml, attach, Attach it, unless the release is immutable: --clobber": twice,
    "release.yaml, rehearse: if": release,
    "release.yaml, rehearse: environment": rehearsal,
    "release.yaml, rehearse: environment.url": SHOWN,
    "release.yaml, rehearse: timeout-minutes": COST,
    "release.yaml, rehearse: permissions.contents": rehearsal,
    "release.yaml, rehearse: permissions.id-token": rehearsal,
    "release.yaml, rehearse: needs build": rehearsal,
    f"release.yaml, {SPARSE}: pin": rehearsal,
    f"release.yaml, {SPARSE}: persist-credentials": rehearsal,
    f"release.yaml, {SPARSE}: sparse-checkout": rehearsal,
    f"release.yaml, {SPARSE}: sparse-checkout-cone-mode": rehearsal,
    "release.yaml, rehearse, Set up Python: pin": rehearsal,
    "release.yaml, rehearse, Install uv, with a known hash: --require-hashes": "the build has refused such a file",
    "release.yaml, rehearse, Install uv, with a known hash: --requirement": rehearsal,
    "release.yaml, rehearse, Fetch what was built: pin": rehearsal,
    f"release.yaml, {EXCHANGE}: --no-config": "no file of the project that could configure uv is checked out",
    f"release.yaml, {EXCHANGE}: --dry-run": rehearsal,
    f"release.yaml, {EXCHANGE}: --trusted-publishing": failed_rehearsal,
    f"release.yaml, {SAID}: pin": failed_rehearsal,
    f"release.yaml, {SAID}: if": failed_rehearsal,
    "release.yaml, report: if": failed_rehearsal,
    "release.yaml, report: timeout-minutes": COST,
    "release.yaml, report: permissions.contents": release,
    "release.yaml, report: needs build": release,
    "release.yaml, report: needs publish": release,
    "release.yaml, report: needs rehearse": rehearsal,
    "release.yaml, report, Check out the doctor: pin": release,
    "release.yaml, report, Check out the doctor: persist-credentials": release,
    "release.yaml, report, Fetch what was built and said: pin": release,
    "release.yaml, report, Write the job summary: --report": release,
}


def rendered(project: Project) -> dict[str, TakeAway]:
    """Return the protections of the rendered workflow files of a release, by name."""
    files = ("build.yaml", "release.yaml")
    return {
        name: take_away
        for file in files
        for name, take_away in protections(file, parse(project.read(f".github/workflows/{file}")))
    }


def test_every_protection_of_the_files_is_listed(default: Project) -> None:
    """A new protection needs a drill that misses it, or a reason."""
    assert set(GUARDS) == set(rendered(default))


DRILLED = {name: drill for name, drill in GUARDS.items() if not isinstance(drill, str)}


@pytest.mark.slow
@pytest.mark.parametrize("drill", sorted(set(DRILLED.values()), key=str))
def test_a_drill_passes_with_all_protections(drill: Drill, world: World) -> None:
    """Else its failure would prove nothing."""
    drill(world)


@pytest.mark.slow
@pytest.mark.parametrize("name", DRILLED)
def test_a_drill_misses_the_protection(name: str, world: World) -> None:
    """Taken away from the file, it makes its drill fail."""
    file = world.project.path / ".github/workflows" / name[: name.index(".yaml") + 5]
    workflow = parse(file.read_text(encoding="utf-8"))
    rendered(world.project)[name](workflow)
    file.write_text(yaml.safe_dump(workflow, sort_keys=False), encoding="utf-8")
    world.commit()
    with pytest.raises((AssertionError, InvalidWorkflowError, UnsupportedError)):
        DRILLED[name](world)
