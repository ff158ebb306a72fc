"""A copy of a commit that nektos/act can run: what act does not have is put into the workflow file.

- The template's own actions are the real ones, `actions/` of this repository. Those of others are the imitations in
  `local_actions`, each with its source and version in its docstring.
- A step's shell is a script that starts bash as act does, but without a terminal: always with `-o pipefail`, where
  GitHub starts `bash -e {0}` unless the step names the shell (actions/runner, `ScriptHandlerHelpers.cs`).
- Every job has a separate `GITHUB_TOKEN` with the job's permissions, and asks for ID tokens only with
  `id-token: write`. The claims are those that GitHub documents.
- An environment that refuses the ref, or whose reviewer rejects, fails its job, in GitHub's words.
- A job that is canceled fails. Those that need it run in the next attempt, for which it is one that was canceled.
- The legs of a matrix run one after the other, because act keeps one result for all of them, and the last one wins.
- A job that an earlier attempt has finished is a stand-in with the same result and outputs.

What act would pass over in silence is refused: unknown inputs of an action, and keys of a job that act ignores.
"""

import hashlib
import json
import re
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.simulation.events import Event
from tests.simulation.github import GitHub, refusal
from tests.simulation.workflows import Workflow, granted_permissions, parse_workflow
from tests.support.commands import run
from tests.support.paths import ROOT, WORKFLOWS

SHELL = Path(__file__).with_name("step.sh")
LOCAL_ACTIONS = Path(__file__).with_name("local_actions")
UNREACHED = ""  # the result of a job that act did not come to
PROBE = "act-probe"  # a last job that writes down what act knows of the others
LINUX = "ubuntu-24.04"

OURS = re.compile(r"(?P<repository>[\w.-]+/[\w.-]+)/actions/(?P<name>[\w-]+)@(?P<commit>[0-9a-f]{40})")
REFUSED = {"container", "continue-on-error", "defaults", "services"}  # keys of a job, ignored by act or not needed


@dataclass
class Job:
    """The result of a job, and what it printed and left."""

    result: str = ""  # success, failure, skipped, cancelled; empty if act did not come to it
    log: str = ""
    summary: str = ""
    annotations: list[str] = field(default_factory=list)  # what act took for a command `error`, `warning` or `notice`
    outputs: dict[str, str] = field(default_factory=dict)
    tokens_asked: int = 0  # ID tokens


class Copy:
    """The files of the commit, rewritten for act, and what is to be known of the jobs in them."""

    def __init__(self, github: GitHub, event: Event, file: str, folder: Path) -> None:
        """Check out the commit into a new folder."""
        self.github, self.event, self.file = github, event, file
        self.folder, self.root = folder, folder / "copy"
        self.commit = event.commit or github.commit_of(event.ref)
        self.root.mkdir()
        checkout = ("checkout", "--quiet", self.commit, "--", ".")
        run("git", "--git-dir", github.git, "--work-tree=.", *checkout, cwd=self.root)
        self.jobs: dict[str, Job] = {}
        self.tokens: dict[str, dict[str, str]] = {}  # every GITHUB_TOKEN, and what it may do
        self.bearers: dict[str, str] = {}  # with which a job asks for ID tokens
        self.after_canceled: list[str] = []  # jobs that need one that was canceled
        self.platforms = {LINUX}
        self.repositories: dict[str, Path] = {}  # for `uses: OWNER/NAME@REF`

    def workflow(self, kept: Mapping[str, Job]) -> str:
        """Rewrite the file that the event starts, except the jobs that are kept; return the name of the copy."""
        workflow = parse_workflow((self.root / WORKFLOWS / self.file).read_text(encoding="utf-8"))
        jobs = workflow["jobs"]
        for key, job in jobs.items():
            jobs[key] = stand_in(job, kept[key]) if key in kept else self.job(key, job, workflow)
        if self.github.canceled_job in self.jobs:
            self.after_canceled = [key for key in self.jobs if self.github.canceled_job in jobs[key].get("needs", [])]
        if any(job.result == "cancelled" for job in kept.values()):  # which no job on act can be
            done = {name: kept.get(name, Job("skipped")) for name in jobs}
            seen = json.dumps({name: {"result": job.result, "outputs": job.outputs} for name, job in done.items()})
            jobs = json.loads(json.dumps(jobs).replace("${{ toJSON(needs) }}", json.dumps(seen)[1:-1]))
            workflow["jobs"] = jobs
        script = f"printf '%s' \"$NEEDS\" > '{self.folder}/needs.json'"
        step = {"run": script, "env": {"NEEDS": "${{ toJSON(needs) }}"}}
        jobs[PROBE] = {"if": "always()", "needs": [*jobs], "runs-on": LINUX, "steps": [step]}
        write_yaml(self.root / WORKFLOWS / f"act-{self.file}", workflow)
        return f"act-{self.file}"

    def job(self, name: str, job: dict[str, Any], workflow: Workflow) -> dict[str, Any]:
        """Rewrite one job."""
        unknown = REFUSED & {*job, *workflow} | {"uses"} & {*job}
        assert not unknown, f"the simulation does not know {unknown} of the job {name}"
        permissions = granted_permissions(workflow, job)
        token = f"ghs_{hashlib.sha256(f'{self.folder}/{name}'.encode()).hexdigest()[:36]}"
        self.jobs[name], self.tokens[token] = Job(), permissions
        job = with_token(job, token) | {"name": f"@{name}@"}
        self.platforms.add(job["runs-on"])
        if "matrix" in job.get("strategy", {}):
            job["strategy"]["max-parallel"] = 1
        job["env"] = job.get("env", {}) | {"ACT_JOB": name}
        if permissions.get("id-token") == "write":
            self.bearers[name], variables = self.github.loopback.allow_tokens(self.claims(job) | {"jti": token})
            job["env"] |= variables
        environment = environment_name(job)
        rules = self.github.environments.get(environment)
        if why := refusal(rules, environment, self.event.ref) if rules else "":
            job["steps"] = [{"run": f"echo {shlex.quote(why)}; exit 1"}]
        if name == self.github.canceled_job:
            self.jobs[name].result = "cancelled"
            job["steps"] = [{"run": "exit 1"}]
        job["steps"] = [self.step(step, name, token) for step in job["steps"]]
        return job

    def claims(self, job: dict[str, Any]) -> dict[str, str]:
        """Return the claims of a job's ID token.

        https://docs.github.com/actions/reference/security/oidc
        """
        name = environment_name(job)
        slug, ref = self.github.slug, self.event.ref
        return {
            "sub": f"repo:{slug}:" + (f"environment:{name}" if name else f"ref:{ref}"),
            "repository": slug,
            "workflow_ref": f"{slug}/{WORKFLOWS}/{self.file}@{ref}",
            "job_workflow_ref": f"{slug}/{WORKFLOWS}/{self.file}@{ref}",
            "ref": ref,
            "sha": self.commit,
            "event_name": self.event.name,
        } | ({"environment": name} if name else {})

    def step(self, step: dict[str, Any], job: str, token: str) -> dict[str, Any]:
        """Rewrite one step of a job or of a composite action; each job has copies of the actions, with its token."""
        if "run" in step:
            assert step.get("shell", "bash") == "bash"
            return step | {"shell": f"{SHELL} --noprofile --norc -eo pipefail {{0}}"}
        own, (name, _, ref) = OURS.fullmatch(step["uses"]), step["uses"].partition("@")
        source = self.github.actions / own["name"] if own else LOCAL_ACTIONS / name
        assert (source / "action.yml").is_file(), f"the simulation does not know the action {name}"
        action = with_token(yaml.safe_load((source / "action.yml").read_text(encoding="utf-8")), token)
        inputs, given = action.get("inputs", {}), step.get("with", {}).keys()
        missing = {key for key, value in inputs.items() if value.get("required")} - given
        assert not missing | given - inputs.keys(), f"{name} has other inputs than {given}"
        repository = own["repository"] if own else name
        folder = self.folder / "actions" / job / repository
        self.repositories[f"{repository}@{ref}-{job}"] = folder
        if not folder.exists():
            copied, to = (self.github.actions, folder / "actions") if own else (source, folder)
            shutil.copytree(copied, to, ignore=shutil.ignore_patterns("__pycache__"))
            for part in ("pyproject.toml", "src", "uv.lock") if own else ():
                (folder / part).symlink_to(ROOT / part)
        action["runs"]["steps"] = [self.step(one, job, token) for one in action["runs"]["steps"]]
        write_yaml(self.folder / "actions" / job / name / "action.yml", action)
        return step | {"uses": f"{name}@{ref}-{job}"}


def environment_name(job: dict[str, Any]) -> str:
    """Return the name of a job's environment, empty for none."""
    environment = job.get("environment") or ""
    return environment["name"] if isinstance(environment, dict) else environment


def stand_in(job: dict[str, Any], done: Job) -> dict[str, Any]:
    """Return a job that has the result and the outputs of one that is done."""
    condition = "false" if done.result == "skipped" else "always()"
    step = {"run": "exit 1" if done.result in ("failure", "cancelled") else "true"}
    kept = {key: value for key, value in job.items() if key == "needs"}
    return kept | {"if": condition, "runs-on": LINUX, "outputs": done.outputs, "steps": [step]}


def with_token(value: Any, token: str) -> Any:  # noqa: ANN401 - YAML's types
    """Return a part of a workflow with the job's own token in it: act has one for all jobs."""
    text = json.dumps(value)
    return json.loads(re.sub(r"\b(github\.token|secrets\.GITHUB_TOKEN)\b(?=[^{]*\}\})", f"'{token}'", text))


def write_yaml(path: Path, value: dict[str, Any]) -> None:
    """Write a YAML file."""
    path.write_text(yaml.safe_dump(value, sort_keys=False, width=10_000), encoding="utf-8")
