"""Whole runs of the release workflow: each check passes, and fails if a protection that it needs is gone."""

import hashlib
import io
import zipfile
from collections.abc import Callable
from functools import partial

import yaml

from tests.gate.crafted.case import both
from tests.release.scenarios.changes import use_backend
from tests.release.scenarios.table import SCENARIOS, Scenario
from tests.simulation.act import ActRun
from tests.simulation.events import Event
from tests.simulation.sandbox import PUBLISHER, Sandbox
from tests.simulation.workflows import parse_workflow
from tests.support.editing import replace
from tests.support.paths import PYPROJECT, RELEASE_WORKFLOW, TEST_WORKFLOW
from tests.support.projects import SDIST, VERSION, WHEEL, Project

Check = Callable[[Sandbox], None]
PRINTED = "printed by the build"
BACKEND = f"""\
import os
from pathlib import Path

from poetry_dynamic_versioning.backend import build_sdist, build_wheel

for command in ("error title=Release gate", "notice title=Release gate", "add-matcher", "set-output name=version"):
    print(f"::{{command}}::{PRINTED}", flush=True)
for name in ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY"):
    if name in os.environ:
        with open(os.environ[name], "a") as file:
            file.write("version={PRINTED}\\n")
if Path(".github").is_dir():  # in the checkout, and not in the unpacked source distribution
    Path(".github/publisher.json").write_text("{{}}")
    Path("meltano_release").mkdir(exist_ok=True)
    Path("meltano_release/__init__.py").write_text("raise SystemExit('{PRINTED}')")
"""


def carry_out(scenario: Scenario, sandbox: Sandbox) -> ActRun:
    """Break what the scenario breaks, and do what its user does; return the last run."""
    before = sandbox.project.run("git", "rev-parse", "HEAD").stdout.strip()
    scenario.change(sandbox)
    match scenario.action:
        case "rehearse":
            return sandbox.rehearse()
        case "mistyped":
            return sandbox.rehearse("my_package")
        case "moved":
            return sandbox.release(before)
    done = sandbox.release()
    if scenario.action == "again":
        sandbox.loopback.faults.clear()
        done.run_again()
    return done


def check_scenario(sandbox: Sandbox, scenario: Scenario) -> None:
    """The job that should fail does, the log has the message, and nothing more than expected is on PyPI.

    The report claims that nothing was uploaded if and only if that is so.
    """
    done = carry_out(scenario, sandbox)
    assert scenario.message in done.log, done.log
    failed = [name for name, result in done.results().items() if result == "failure"]
    expected = {"": [], "build": ["build", "gate"]}  # the gate is the required check, so it fails with the build
    assert failed == expected.get(scenario.failed_job, [scenario.failed_job]), done.log
    if "rehearse" not in (scenario.action, *failed):
        headline = done.jobs["report"].summary.partition("\n")[0]
        assert ("no file" in headline or "Nothing was uploaded" in headline) == (not sandbox.uploaded()), headline
    if scenario.action == "continued":
        assert len(sandbox.uploaded()) < scenario.uploaded
        sandbox.loopback.faults.clear()
        sandbox.github.canceled_job = ""
        assert done.run_jobs().result == "success", done.log
    assert len(sandbox.uploaded()) == scenario.uploaded
    if scenario.failed_job in {"build", "gate"}:
        assert not sandbox.loopback.tokens_issued
    if scenario.title == "The release is immutable" or (failed and scenario.action != "continued"):
        assert not sandbox.attached()


def check_failure(title: str) -> Check:
    """Return the check of a failure scenario, the first of its title."""
    return partial(check_scenario, scenario=next(one for one in SCENARIOS if one.title == title))


def check_release(sandbox: Sandbox) -> None:
    """A release is built, uploaded, attached and reported, and leaves no token behind."""
    done = sandbox.release()
    expected = {"build": "success", "gate": "success", "publish": "success", "attach": "success", "report": "success"}
    assert done.results() == expected | {"rehearse": "skipped", "rehearse-without-environment": "skipped"}, done.log
    assert sandbox.uploaded() == sandbox.attached() == {WHEEL, SDIST}
    assert "Released" in done.jobs["report"].summary
    assert f"## my-package {VERSION}" in done.jobs["gate"].summary


def check_rehearsal(sandbox: Sandbox) -> None:
    """A dry run exchanges a token, discards it, and uploads nothing."""
    done = sandbox.rehearse()
    expected = {"build": "success", "gate": "success", "publish": "skipped", "attach": "skipped", "report": "success"}
    assert done.results() == expected | {"rehearse": "success", "rehearse-without-environment": "success"}, done.log
    assert done.jobs["gate"].outputs["version"] == VERSION
    assert (len(sandbox.loopback.pypi.burned), sandbox.loopback.pypi.minted) == (1, {})
    assert (sandbox.loopback.pypi.attempts, sandbox.attached()) == ([], set())
    assert "The dry run passed" in done.jobs["report"].summary


def check_contributors_fork(sandbox: Sandbox) -> None:
    """In a contributor's fork, every job is skipped; the condition does not name the event."""
    sandbox.github.fork, sandbox.github.owner = True, "contributor"
    done = sandbox.release()
    assert set(done.results().values()) == {"skipped"}, done.log
    assert not sandbox.loopback.tokens_issued


def check_own_fork(sandbox: Sandbox) -> None:
    """A project that is a fork on GitHub can release if the publisher names its repository."""
    sandbox.github.fork = True
    check_release(sandbox)


def check_first_release(sandbox: Sandbox) -> None:
    """The first release turns a pending publisher into a real one, and PyPI creates the project with its files."""
    sandbox.loopback.reset().pypi.register_pending(PUBLISHER, "my-package")
    check_release(sandbox)
    assert not sandbox.loopback.pypi.pending


def check_hotfix(sandbox: Sandbox) -> None:
    """A release of a commit that is not on the default branch succeeds, with a warning."""
    sandbox.project.run("git", "switch", "--quiet", "--create", "hotfix")
    sandbox.commit()
    done = sandbox.release()
    assert done.result == "success", done.log
    assert "::warning title=Release gate::The released commit is not on the default branch main" in done.log


def check_refused_rehearsal(sandbox: Sandbox) -> None:
    """The report of a dry run that PyPI refused has what uv printed."""
    sandbox.loopback.pypi.publishers.clear()
    done = sandbox.rehearse()
    assert "What uv printed" in done.jobs["report"].summary, done.log


def check_two_tags(sandbox: Sandbox) -> None:
    """A commit with two versions is released as the one whose tag was released, also if the other one is newer."""
    sandbox.project.run("git", "tag", "v1.2.3rc1")
    sandbox.tag = "v1.2.3rc1"
    done = sandbox.release()
    assert done.result == "success", done.log
    assert all("1.2.3rc1" in name for name in sandbox.uploaded())


def check_second_run(sandbox: Sandbox) -> None:
    """A release can be run again."""
    check_release(sandbox)
    check_release(sandbox)


def check_push(sandbox: Sandbox) -> None:
    """A commit behind the tag is built as a post-release of it, which takes the whole history."""
    sandbox.project.run("git", "rm", "--quiet", TEST_WORKFLOW)
    sandbox.project.commit()
    (done,) = sandbox.trigger(Event("push", "refs/heads/main", {}))
    assert done.jobs["gate"].outputs["version"].startswith(f"{VERSION}.post1.dev0+"), done.log


def check_printed_commands(sandbox: Sandbox) -> None:
    """What a build prints is shown and nothing else: no annotation, no output, no summary, and no other verdict.

    The gate that judges it is from another checkout.
    """
    use_backend(BACKEND)(sandbox)
    done = sandbox.release()
    build = done.jobs["build"]
    assert build.result == "success", build.log
    assert f"::error title=Release gate::{PRINTED}" in build.log
    assert (build.summary, build.annotations) == ("", [])
    assert build.outputs.keys() == {"artifact-id"}
    assert PRINTED not in "".join(job.log for name, job in done.jobs.items() if name != "build")
    assert done.jobs["gate"].outputs["version"] == VERSION
    assert sandbox.uploaded() == {WHEEL, SDIST}


def files_of_wheel(sandbox: Sandbox) -> dict[str, bytes]:
    """Return the files in the uploaded wheel."""
    with zipfile.ZipFile(io.BytesIO(sandbox.loopback.pypi.files("my-package")[WHEEL])) as wheel:
        return {name: wheel.read(name) for name in wheel.namelist()}


def check_submodule(sandbox: Sandbox) -> None:
    """The build fetches submodules: their files are in the wheel."""
    data = Project(sandbox.github.folder / "data", {})
    data.path.mkdir()
    data.write("table.csv", "a,b\n")
    data.init()
    add = ("git", "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", data.path, "src/my_package/data")
    sandbox.project.run(*add)
    replace(sandbox.project.path / PYPROJECT, "requires-poetry =", 'exclude = ["**/.git"]\nrequires-poetry =')
    sandbox.commit()
    done = sandbox.release()
    assert done.result == "success", done.log
    assert files_of_wheel(sandbox).get("my_package/data/table.csv") == b"a,b\n"


def check_large_file(sandbox: Sandbox) -> None:
    """The build fetches files in Git LFS: they are in the wheel."""
    oid = hashlib.sha256(b"large").hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 5\n"
    sandbox.project.write("src/my_package/model.bin", pointer)
    sandbox.commit()
    stored = sandbox.github.git / "lfs/objects" / oid[:2] / oid[2:4] / oid
    stored.parent.mkdir(parents=True)
    stored.write_bytes(b"large")
    done = sandbox.release()
    assert done.result == "success", done.log
    assert files_of_wheel(sandbox).get("my_package/model.bin") == b"large"


def check_replaced_artifact(sandbox: Sandbox, before: str) -> None:
    """An artifact that is replaced under its name, before one of the jobs, is not what this job takes."""
    folder = sandbox.github.folder / "other"
    folder.mkdir()
    both(folder, "Summary: Another")
    workflow = parse_workflow(sandbox.project.read(RELEASE_WORKFLOW))
    (upload,) = parse_workflow((sandbox.github.actions / "build/action.yml").read_text("utf-8"))["runs"]["steps"][-1:]
    given = {"name": "dist", "path": "dist/", "overwrite": "true"}
    steps = [{"run": f"cp -r '{folder}' dist"}, {"uses": upload["uses"], "with": given}]
    needed = workflow["jobs"][before]["needs"]
    workflow["jobs"][before]["needs"] = ["intruder", *([needed] if isinstance(needed, str) else needed)]
    workflow["jobs"]["intruder"] = {"needs": needed, "runs-on": "ubuntu-24.04", "permissions": {}, "steps": steps}
    sandbox.project.write(RELEASE_WORKFLOW, yaml.safe_dump(workflow, sort_keys=False))
    sandbox.commit()
    done = sandbox.release()
    assert done.jobs["intruder"].result == "success", done.log
    assert done.jobs[before].result == "failure", done.log


PLAIN: dict[str, Check] = {"a dry run": check_rehearsal, "a contributor's fork": check_contributors_fork}
SLOW: dict[str, Check] = {
    "a fork of the project's owner": check_own_fork,
    "the first release": check_first_release,
    "a hotfix": check_hotfix,
    "a refused dry run": check_refused_rehearsal,
    "two tags": check_two_tags,
    "a second run": check_second_run,
    "a push": check_push,
    "a build that prints commands": check_printed_commands,
    "a submodule": check_submodule,
    "a large file": check_large_file,
    "an artifact that is replaced before the gate": partial(check_replaced_artifact, before="gate"),
    "an artifact that is replaced before the upload": partial(check_replaced_artifact, before="publish"),
    "an artifact that is replaced before it is attached": partial(check_replaced_artifact, before="attach"),
}
CHECKS = {"a release": check_release, **PLAIN, **SLOW}
