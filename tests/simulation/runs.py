"""Runs of workflow files: which jobs run, in which order, with which permissions."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from tests.simulation.errors import InvalidWorkflowError, UnsupportedError
from tests.simulation.events import Event
from tests.simulation.expressions import Scope, evaluate, is_condition_met
from tests.simulation.github import GitHub
from tests.simulation.jobs import Job, Jobs
from tests.simulation.runner import Runner
from tests.simulation.values import Outputs
from tests.simulation.workflows import Workflow, check_keys, granted_permissions, grants, needed_jobs


class WorkflowRun:
    """What a run of a workflow left, whatever engine ran it."""

    jobs: Jobs
    folder: Path

    @property
    def result(self) -> str:
        """Return `failure` if any job failed."""
        return self.jobs.result

    @property
    def artifacts(self) -> Path:
        """Return the folder of the run's artifacts, one folder each; it exists if there is one."""
        return self.folder / "artifacts"

    def results(self) -> dict[str, str]:
        """Return the results of the file's own jobs."""
        return self.jobs.results()


@dataclass
class Run(WorkflowRun):
    """A run of one workflow file, and its jobs by id; those of a called file are `caller/called`."""

    github: GitHub
    event: Event
    file: str
    workflow: Workflow
    commit: str
    folder: Path
    attempt: int = 0
    jobs: Jobs = field(default_factory=Jobs)
    groups: dict[str, str] = field(default_factory=dict)  # of concurrency, by file

    @property
    def log(self) -> str:
        """Return all that the jobs printed and summarized."""
        return self.jobs.log

    def run_jobs(self) -> Self:
        """Run the jobs, or all that did not succeed in the attempt before: GitHub's *Re-run failed jobs*."""
        self.attempt += 1
        self.jobs = Jobs({name: job for name, job in self.jobs.items() if job.result == "success"})
        contexts = self.contexts()
        self.enter_concurrency_group(self.file, self.workflow, contexts)
        pending = {name: job for name, job in self.workflow["jobs"].items() if name not in self.jobs}
        while pending:
            ready = [name for name, job in pending.items() if not set(needed_jobs(job)) & set(pending)]
            if not ready:
                message = f"jobs that need each other: {', '.join(pending)}"
                raise InvalidWorkflowError(message)
            for name in reversed(ready):  # the order of jobs that do not need each other is not guaranteed
                self.jobs[name] = self.run_job(name, pending.pop(name), contexts)
        return self

    def contexts(self) -> dict[str, Any]:
        """Return what expressions may use in every job."""
        event = self.event.payload | {
            "repository": {"full_name": self.github.slug, "fork": self.github.fork, "default_branch": "main"}
        }
        github = {
            "repository": self.github.slug,
            "ref": self.event.ref,
            "sha": self.commit,
            "ref_name": self.event.ref_name,
            "event_name": self.event.name,
            "workflow": self.workflow["name"],
            "event": event,
        }
        return {"github": github, "inputs": self.event.payload.get("inputs", {})}

    def enter_concurrency_group(self, file: str, workflow: Workflow, contexts: dict[str, Any]) -> None:
        """Note the concurrency group of a file; a called file in its caller's group would wait for itself."""
        if "concurrency" not in workflow:
            return
        check_keys("concurrency", workflow["concurrency"])
        group = evaluate(workflow["concurrency"]["group"], Scope(contexts))
        if group in [other for name, other in self.groups.items() if name != file]:
            message = f"{file} is in its caller's concurrency group {group}"
            raise InvalidWorkflowError(message)
        self.groups[file] = group

    def run_job(
        self, name: str, job: dict[str, Any], contexts: dict[str, Any], ceiling: dict[str, str] | None = None
    ) -> Job:
        """Run one job; `ceiling` is what a calling job may pass on."""
        check_keys("job", job)
        caller = f"{name.rpartition('/')[0]}/".lstrip("/")
        needed = {other: self.jobs[f"{caller}{other}"] for other in needed_jobs(job)}
        status = "success" if all(other.result == "success" for other in needed.values()) else "failure"
        contexts = contexts | {
            "needs": {key: {"result": other.result, "outputs": other.outputs} for key, other in needed.items()}
        }
        if not is_condition_met(job.get("if"), Scope(contexts, status)):
            return Job("skipped")
        permissions = granted_permissions(self.workflow, job)
        for scope, level in permissions.items():
            if ceiling is not None and not grants(ceiling, scope, level):
                message = f"the job {name} asks for {scope}: {level}, which its caller does not grant"
                raise InvalidWorkflowError(message)
        if "uses" in job:
            return self.call_workflow(name, job, contexts, permissions)
        return Runner(self, name, job, contexts, permissions).run()

    def call_workflow(
        self, name: str, job: dict[str, Any], contexts: dict[str, Any], permissions: dict[str, str]
    ) -> Job:
        """Run a workflow file that a job calls, by GitHub's syntax for a file of the same commit."""
        match = re.fullmatch(r"\$/\.github/workflows/([^/]+)", job["uses"])
        if not match or set(job) - {"name", "if", "needs", "uses", "permissions"}:
            message = f"a call of {job['uses']}"
            raise UnsupportedError(message)
        called = self.github.workflows(self.commit)[match[1]]
        check_keys("workflow", called)
        if "workflow_call" not in called["on"]:
            message = f"{match[1]} has no workflow_call"
            raise InvalidWorkflowError(message)
        self.enter_concurrency_group(match[1], called, contexts)
        jobs = {}
        for key, value in called[
            "jobs"
        ].items():  # in the file's order, in which a job stands after those that it needs
            jobs[key] = self.jobs[f"{name}/{key}"] = self.run_job(f"{name}/{key}", value, contexts, permissions)
        if any(value.result == "failure" for value in jobs.values()):
            return Job("failure")
        outputs = (called["on"]["workflow_call"] or {}).get("outputs", {})
        scope = Scope({"jobs": {key: {"outputs": value.outputs} for key, value in jobs.items()}})
        return Job("success", outputs=Outputs({key: evaluate(value["value"], scope) for key, value in outputs.items()}))


def start_runs(github: GitHub, event: Event, *files: str) -> list[Run]:
    """Return the runs of the workflow files that an event starts, carried out; with `files`, of these alone."""
    commit = event.commit or github.commit_of(event.ref)
    runs = []
    for file, workflow in github.workflows(commit).items():
        if files and file not in files:
            continue
        check_keys("workflow", workflow)
        if not event.starts(workflow["on"]):
            continue
        for name, rule in ((workflow["on"][event.name] or {}).get("inputs") or {}).items():
            if rule.get("required") and not event.payload["inputs"].get(name):
                message = f"Required input '{name}' not provided"
                raise InvalidWorkflowError(message)
        github.runs += 1
        folder = github.folder / f"run-{github.runs}"
        runs.append(Run(github, event, file, workflow, commit, folder).run_jobs())
    return runs


def run_workflow(github: GitHub, event: Event, file: str) -> Run:
    """Return the run of one workflow file, carried out; the event must start it."""
    (done,) = start_runs(github, event, file)
    return done
