"""A small GitHub: reads the workflow files of a repository and carries out their jobs on this machine.

It knows what the rendered workflows use and nothing more: an action, a key, a function or a variable that is not in its
tables is an error (`UnsupportedError`), never passed over. `run:` steps go to the real bash as GitHub starts it, git is
the real git, and the publishing action is the real twine. What GitHub decides is decided here as its documentation
says: which event starts which file, who needs whom, what a job's token may do, whether an environment lets a ref in,
and what an ID token claims. Repositories are private here, so that reading needs a permission, too, and, as an
organisation can demand, an action must be named by its full commit.

Package installs go out to the index that pip knows; every other step sees loopback alone. The commands that depend on
files alone (`pip install`, `python -m build` and two more) are remembered by all that goes into them.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, Self

import yaml
from conftest import ENVIRONMENT, PYTHONS, interpreters, run
from filelock import FileLock
from loopback import Loopback

FULL_COMMIT = re.compile(r"(?P<action>[\w.-]+/[\w./-]+)@[0-9a-f]{40}")
ONLINE = ("python -m pip install ", "python -m build")  # these reach the package index
REMEMBERED = (*ONLINE, "python -m pip list", "python -m twine check")
STATUS_FUNCTIONS = ("always()", "success()", "failure()", "cancelled()")

KEYS = {
    "workflow": {"name", "on", "permissions", "concurrency", "jobs"},
    "job": {
        "name", "if", "needs", "runs-on", "timeout-minutes", "permissions", "environment", "outputs", "steps", "uses",
    },
    "step": {"name", "id", "if", "uses", "with", "run", "env", "shell"},
    "environment": {"name", "url"},
    "concurrency": {"group", "cancel-in-progress"},
}  # fmt: skip


class UnsupportedError(Exception):
    """The workflow uses something that this GitHub does not know."""


class StepFailedError(Exception):
    """A step failed; the text is what the user sees."""


class InvalidWorkflowError(Exception):
    """GitHub itself refuses the file or the request before any job starts."""


def known(what: str, mapping: dict[str, Any]) -> None:
    """Raise `UnsupportedError` if a mapping of the file has a key that is not in the table."""
    if extra := set(mapping) - KEYS[what]:
        message = f"unknown keys of a {what}: {', '.join(sorted(map(str, extra)))}"
        raise UnsupportedError(message)


# Expressions: https://docs.github.com/actions/reference/evaluate-expressions-in-workflows-and-actions

TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<name>[A-Za-z_][\w-]*(?:\.[\w-]+)*)|(?P<mark>==|!=|&&|\|\||[!(),]))"
)


class Expression:
    """Evaluates one expression; contexts is a tree of dictionaries, status is `success` or `failure` so far."""

    def __init__(self, text: str, contexts: dict[str, Any], status: str) -> None:
        """Cut the text into tokens."""
        self.contexts, self.status, self.tokens = contexts, status, list(self.cut(text))

    @staticmethod
    def cut(text: str) -> Iterator[tuple[str, str]]:
        """Yield the kind and text of each token."""
        position, text = 0, text.strip()
        while position < len(text):
            match = TOKEN.match(text, position)
            if not match or not match.lastgroup:
                message = f"an expression: {text}"
                raise UnsupportedError(message)
            yield match.lastgroup, match[match.lastgroup]
            position = match.end()

    def take(self, *marks: str) -> str:
        """Remove and return the next token if it is one of the marks."""
        if self.tokens and self.tokens[0][0] == "mark" and self.tokens[0][1] in marks:
            return self.tokens.pop(0)[1]
        return ""

    def value(self) -> Any:  # noqa: ANN401 - JSON's types
        """Evaluate all of it."""
        value = self.either()
        if self.tokens:
            message = f"the rest of an expression: {self.tokens}"
            raise UnsupportedError(message)
        return value

    def either(self) -> Any:  # noqa: ANN401
        """Evaluate `a || b`."""
        value = self.both()
        while self.take("||"):
            other = self.both()
            value = value or other
        return value

    def both(self) -> Any:  # noqa: ANN401
        """Evaluate `a && b`."""
        value = self.comparison()
        while self.take("&&"):
            other = self.comparison()
            value = value and other
        return value

    def comparison(self) -> Any:  # noqa: ANN401
        """Evaluate `a == b` and `a != b`; texts compare without regard to case, as GitHub has it."""
        value = self.atom()
        if mark := self.take("==", "!="):
            sides = [side.lower() if isinstance(side, str) else side for side in (value, self.atom())]
            return (sides[0] == sides[1]) == (mark == "==")
        return value

    def atom(self) -> Any:  # noqa: ANN401
        """Evaluate a literal, a name, a call, `!a` or `(a)`."""
        if self.take("!"):
            return not self.atom()
        if self.take("("):
            value = self.either()
            self.take(")")
            return value
        kind, text = self.tokens.pop(0)
        if kind == "text":
            return text[1:-1].replace("''", "'")
        if text in ("true", "false", "null"):
            return json.loads(text)
        if self.take("("):
            if not self.take(")") or f"{text}()" not in STATUS_FUNCTIONS:
                message = f"the function {text}"
                raise UnsupportedError(message)
            return {"always": True, "cancelled": False}.get(text, self.status == text)
        node: Any = self.contexts
        for part in text.split("."):
            if not isinstance(node, dict) or part not in node:
                message = f"the context {text}"
                raise UnsupportedError(message)
            node = node[part]
        return node


def evaluate(text: Any, contexts: dict[str, Any], status: str = "success") -> str:  # noqa: ANN401
    """Return a value of the file as text, its `${{ }}` replaced."""

    def replaced(match: re.Match[str]) -> str:
        return plain(Expression(match[1], contexts, status).value())

    return re.sub(r"\$\{\{(.*?)\}\}", replaced, plain(text))


def plain(value: Any) -> str:  # noqa: ANN401
    """Return a value of YAML or JSON as GitHub writes it out."""
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    return str(value)


def holds(condition: Any, contexts: dict[str, Any], status: str) -> bool:  # noqa: ANN401
    """Decide an `if:`; without a status function in it, `success() &&` stands before it."""
    text = str(condition if condition is not None else "success()").removeprefix("${{").removesuffix("}}")
    if not any(name in text for name in STATUS_FUNCTIONS) and status != "success":
        return False
    return bool(Expression(text, contexts, status).value())


# GitHub's own state.


@dataclass
class Environment:
    """An environment's rules: the globs of branches and of tags that may deploy to it; None lets all in."""

    branches: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None
    reviewed: bool = False

    def admits(self, ref: str) -> bool:
        """Tell whether a full ref may deploy."""
        if self.branches is None and self.tags is None:
            return True
        kind, name = ref.split("/", 2)[1:]
        return any(Path(name).match(glob) for glob in (self.branches if kind == "heads" else self.tags) or ())


@dataclass
class GitHub:
    """One repository on GitHub: its name, its git, its releases and environments, and what was asked of it by `gh`."""

    git: Path  # bare
    folder: Path  # for the runs
    loopback: Loopback
    owner: str = "MeltanoLabs"
    repository: str = "my-package"
    owner_id: str = "1"
    fork: bool = False
    environments: dict[str, Environment] = field(default_factory=dict)
    runs: int = 0

    @property
    def slug(self) -> str:
        """Return `OWNER/REPOSITORY`."""
        return f"{self.owner}/{self.repository}"

    @property
    def state(self) -> Path:
        """Return the file that the stub of `gh` keeps: releases, tokens, requests."""
        return self.folder / "github.json"

    def read(self) -> dict[str, Any]:
        """Return what `gh` knows and was asked."""
        empty: dict[str, Any] = {"slug": self.slug, "releases": {}, "tokens": {}, "asked": [], "answers": {}}
        return json.loads(self.state.read_text(encoding="utf-8")) if self.state.exists() else empty

    def write(self, state: dict[str, Any]) -> None:
        """Keep the state for `gh`."""
        self.state.write_text(json.dumps(state), encoding="utf-8")

    def answers(self) -> dict[str, Any]:
        """Return what GitHub's API says of the repository and its environments, by path."""
        found: dict[str, Any] = {f"repos/{self.slug}": {"full_name": self.slug, "default_branch": "main"}}
        for name, rules in self.environments.items():
            path = f"repos/{self.slug}/environments/{name}"
            found[path] = {"name": name, "protection_rules": [{"type": "required_reviewers"}] if rules.reviewed else []}
            policies = [{"name": glob, "type": "branch"} for glob in rules.branches or ()]
            policies += [{"name": glob, "type": "tag"} for glob in rules.tags or ()]
            found[f"{path}/deployment-branch-policies"] = {"branch_policies": policies}
        return found

    def release(self, tag: str, *, immutable: bool = False) -> None:
        """Create a release for `gh` to find."""
        state = self.read()
        state["releases"].setdefault(tag, {"immutable": immutable, "assets": {}})
        self.write(state)

    def commit(self, ref: str) -> str:
        """Return the commit of a ref."""
        return run("git", "rev-parse", f"{ref}^{{commit}}", cwd=self.git).stdout.strip()

    def show(self, commit: str, path: str) -> str:
        """Return a file as it is in a commit."""
        return run("git", "show", f"{commit}:{path}", cwd=self.git).stdout

    def workflows(self, commit: str) -> dict[str, dict[str, Any]]:
        """Return the workflow files of a commit, parsed, by name."""
        names = run("git", "ls-tree", "--name-only", commit, ".github/workflows/", cwd=self.git).stdout.split("\n")
        texts = {Path(name).name: self.show(commit, name) for name in names if name.endswith((".yaml", ".yml"))}
        return {name: parse(text) for name, text in texts.items()}


def parse(text: str) -> dict[str, Any]:
    """Parse a workflow file; YAML 1.1 takes the key `on` for true."""
    parsed = yaml.safe_load(text)
    return {("on" if key is True else key): value for key, value in parsed.items()}


class Event(NamedTuple):
    """What happened: the event's name, the full ref, the payload, and the commit if it is not the ref's any more."""

    name: str
    ref: str
    payload: dict[str, Any]
    commit: str = ""

    def starts(self, triggers: dict[str, Any]) -> bool:
        """Tell whether a file with these triggers runs."""
        if self.name not in triggers:
            return False
        trigger = triggers[self.name] or {}
        if extra := set(trigger) - {"types", "branches", "inputs"}:
            message = f"the filters {extra} of {self.name}"
            raise UnsupportedError(message)
        return self.payload.get("action") in trigger.get("types", [self.payload.get("action")])


def published(tag: str, action: str = "published", commit: str = "") -> Event:
    """Return the event of a release."""
    return Event("release", f"refs/tags/{tag}", {"action": action, "release": {"tag_name": tag}}, commit)


def dispatched(inputs: dict[str, str], ref: str = "refs/heads/main") -> Event:
    """Return the event of a workflow that is run by hand."""
    return Event("workflow_dispatch", ref, {"inputs": inputs})


# Runs.


@dataclass
class Job:
    """What became of a job."""

    result: str = ""  # success, failure, skipped
    log: str = ""
    summary: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    environment: str = ""
    saw: set[str] = field(default_factory=set)  # files in the workspace at its end
    leaks: list[str] = field(default_factory=list)  # files there that hold the job's token
    may: dict[str, str] = field(default_factory=dict)  # its permissions


@dataclass
class Run:
    """A run of one workflow file, and its jobs by id; those of a called file are `caller/called`."""

    github: GitHub
    event: Event
    file: str
    workflow: dict[str, Any]
    commit: str
    folder: Path
    attempt: int = 0
    jobs: dict[str, Job] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)  # of concurrency, by file

    @property
    def result(self) -> str:
        """Return `failure` if any job failed."""
        return "failure" if any(job.result == "failure" for job in self.jobs.values()) else "success"

    @property
    def log(self) -> str:
        """Return all that the jobs printed and summarized."""
        return "\n".join(f"[{name}: {job.result}]\n{job.log}\n{job.summary}" for name, job in self.jobs.items())

    def results(self) -> dict[str, str]:
        """Return the results of the file's own jobs."""
        return {name: job.result for name, job in self.jobs.items() if "/" not in name}

    def go(self) -> Self:
        """Run the jobs, or all that did not succeed in the attempt before: GitHub's *Re-run failed jobs*."""
        self.attempt += 1
        self.jobs = {name: job for name, job in self.jobs.items() if job.result == "success"}
        contexts = self.contexts()
        self.group(self.file, self.workflow, contexts)
        pending = {name: job for name, job in self.workflow["jobs"].items() if name not in self.jobs}
        while pending:
            ready = [name for name, job in pending.items() if not set(needs(job)) & set(pending)]
            if not ready:
                message = f"jobs that need each other: {', '.join(pending)}"
                raise InvalidWorkflowError(message)
            for name in reversed(ready):  # whoever does not wait for another may come first
                self.jobs[name] = self.job(name, pending.pop(name), contexts)
        return self

    def contexts(self) -> dict[str, Any]:
        """Return what expressions may use in every job."""
        event = self.event.payload | {
            "repository": {"full_name": self.github.slug, "fork": self.github.fork, "default_branch": "main"}
        }
        github = {
            "repository": self.github.slug,
            "ref": self.event.ref,
            "ref_name": self.event.ref.split("/", 2)[2],
            "event_name": self.event.name,
            "workflow": self.workflow["name"],
            "event": event,
        }
        return {"github": github, "inputs": self.event.payload.get("inputs", {})}

    def group(self, file: str, workflow: dict[str, Any], contexts: dict[str, Any]) -> None:
        """Note the concurrency group of a file; a called file in its caller's group would wait for itself."""
        if "concurrency" not in workflow:
            return
        known("concurrency", workflow["concurrency"])
        group = evaluate(workflow["concurrency"]["group"], contexts)
        if group in [other for name, other in self.groups.items() if name != file]:
            message = f"{file} is in its caller's concurrency group {group}"
            raise InvalidWorkflowError(message)
        self.groups[file] = group

    def job(
        self, name: str, job: dict[str, Any], contexts: dict[str, Any], ceiling: dict[str, str] | None = None
    ) -> Job:
        """Run one job; `ceiling` is what a calling job may pass on."""
        known("job", job)
        needed = {other: self.jobs[other] for other in needs(job)}
        status = "success" if all(other.result == "success" for other in needed.values()) else "failure"
        contexts = contexts | {
            "needs": {key: {"result": other.result, "outputs": other.outputs} for key, other in needed.items()}
        }
        if not holds(job.get("if"), contexts, status):
            return Job("skipped")
        permissions = job.get("permissions", self.workflow.get("permissions", {"contents": "read"}))
        for scope, level in permissions.items():
            if ceiling is not None and rank(level) > rank(ceiling.get(scope, "none")):
                message = f"the job {name} asks for {scope}: {level}, which its caller does not grant"
                raise InvalidWorkflowError(message)
        if "uses" in job:
            return self.call(name, job, contexts, permissions)
        return Runner(self, name, job, contexts, permissions).go()

    def call(self, name: str, job: dict[str, Any], contexts: dict[str, Any], permissions: dict[str, str]) -> Job:
        """Run a workflow file that a job calls, by GitHub's syntax for a file of the same commit."""
        match = re.fullmatch(r"\$/\.github/workflows/([^/]+)", job["uses"])
        if not match or set(job) - {"name", "if", "needs", "uses", "permissions"}:
            message = f"a call of {job['uses']}"
            raise UnsupportedError(message)
        called = self.github.workflows(self.commit)[match[1]]
        known("workflow", called)
        if "workflow_call" not in called["on"]:
            message = f"{match[1]} has no workflow_call"
            raise InvalidWorkflowError(message)
        self.group(match[1], called, contexts)
        jobs = {key: self.job(f"{name}/{key}", value, contexts, permissions) for key, value in called["jobs"].items()}
        self.jobs |= {f"{name}/{key}": value for key, value in jobs.items()}
        outputs = (called["on"]["workflow_call"] or {}).get("outputs", {})
        inner = {"jobs": {key: {"outputs": value.outputs} for key, value in jobs.items()}}
        failed = any(value.result == "failure" for value in jobs.values())
        values = {} if failed else {key: evaluate(value["value"], inner) for key, value in outputs.items()}
        return Job("failure" if failed else "success", outputs=values)


def needs(job: dict[str, Any]) -> list[str]:
    """Return the jobs that a job needs."""
    value = job.get("needs", [])
    return [value] if isinstance(value, str) else value


def rank(level: str) -> int:
    """Order permissions."""
    return ["none", "read", "write"].index(level)


def start(github: GitHub, event: Event) -> list[Run]:
    """Let an event happen; return the run of each workflow file that it starts, carried out."""
    commit = event.commit or github.commit(event.ref)
    runs = []
    for file, workflow in github.workflows(commit).items():
        known("workflow", workflow)
        if not event.starts(workflow["on"]):
            continue
        for name, rule in ((workflow["on"][event.name] or {}).get("inputs") or {}).items():
            if rule.get("required") and not event.payload["inputs"].get(name):
                message = f"Required input '{name}' not provided"
                raise InvalidWorkflowError(message)
        github.runs += 1
        run_folder = github.folder / f"run-{github.runs}"
        runs.append(Run(github, event, file, workflow, commit, run_folder).go())
    return runs


class Runner:
    """One machine for one job: a workspace, a home, a token, the steps one after the other."""

    def __init__(
        self, run_: Run, name: str, job: dict[str, Any], contexts: dict[str, Any], permissions: dict[str, str]
    ) -> None:
        """Prepare the folders and the variables."""
        self.run, self.github, self.name, self.definition = run_, run_.github, name, job
        self.folder = run_.folder / f"{name.replace('/', '-')}-{run_.attempt}"
        self.workspace, self.temp, self.tools = (self.folder / part for part in ("work", "temp", "tools"))
        for folder in (self.workspace, self.temp, self.folder / "home"):
            folder.mkdir(parents=True)
        self.job = Job(may=permissions)
        self.token = f"ghs_{hashlib.sha256(str(self.folder).encode()).hexdigest()[:36]}"
        self.masks = [self.token]
        self.steps: dict[str, Any] = {}
        contexts = contexts | {"steps": self.steps}
        self.contexts = contexts | {
            "github": contexts["github"] | {"token": self.token, "workspace": str(self.workspace)},
        }

    def go(self) -> Job:
        """Run the job."""
        state = self.github.read()
        state["tokens"][self.token] = self.job.may
        self.github.write(state)
        try:
            self.enter_environment()
            self.variables = self.prepare()
        except StepFailedError as error:
            self.job.result, self.job.log = "failure", str(error)
            return self.job
        status = "success"
        for number, step in enumerate(self.definition["steps"]):
            known("step", step)
            if not holds(step.get("if"), self.contexts, status):
                continue
            try:
                self.step(number, step)
            except StepFailedError as error:
                status = "failure"
                self.job.log += f"{error}\nError: Process completed with exit code 1.\n"
        self.job.result = status
        outputs = self.definition.get("outputs", {})
        self.job.outputs = (
            {key: evaluate(value, self.contexts) for key, value in outputs.items()} if status == "success" else {}
        )
        self.look_around()
        return self.job

    def look_around(self) -> None:
        """Note the files of the workspace, and those that hold the token; mask the log."""
        files = [path for path in self.workspace.rglob("*") if path.is_file()]
        inside = [path.relative_to(self.workspace).as_posix() for path in files]
        self.job.saw = {name for name in inside if not name.startswith(".git/")}
        needle = self.token.encode()
        self.job.leaks = [name for name, path in zip(inside, files, strict=True) if needle in path.read_bytes()]
        for mask in self.masks:
            self.job.log = self.job.log.replace(mask, "***")

    def enter_environment(self) -> None:
        """Ask the environment to let the run in; a name that does not exist creates one without rules."""
        environment = self.definition.get("environment")
        if environment is None:
            return
        known("environment", environment)
        name = evaluate(environment["name"], self.contexts)
        evaluate(environment.get("url", ""), self.contexts)
        rules = self.github.environments.setdefault(name.lower(), Environment())
        if not rules.admits(self.run.event.ref):
            kind = "Tag" if self.run.event.ref.startswith("refs/tags/") else "Branch"
            ref = self.run.event.ref.split("/", 2)[2]
            message = f'{kind} "{ref}" is not allowed to deploy to {name} due to environment protection rules.'
            raise StepFailedError(message)
        self.job.environment = name

    def prepare(self) -> dict[str, str]:
        """Return the variables of every step, as GitHub sets them; an ID token only with `id-token: write`."""
        event, slug = self.run.event, self.github.slug
        payload = self.temp / "event.json"
        payload.write_text(json.dumps(self.contexts["github"]["event"]), encoding="utf-8")
        workflow_ref = f"{slug}/.github/workflows/{self.run.file}@{event.ref}"
        variables = {
            "CI": "true",
            "HOME": str(self.folder / "home"),
            "PATH": os.pathsep.join([str(self.tools / "bin"), str(stub_folder()), "/usr/bin", "/bin"]),
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": event.name,
            "GITHUB_EVENT_PATH": str(payload),
            "GITHUB_OUTPUT": str(self.temp / "output"),
            "GITHUB_REF": event.ref,
            "GITHUB_REF_NAME": event.ref.split("/", 2)[2],
            "GITHUB_REPOSITORY": slug,
            "GITHUB_RUN_ID": "1",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_SHA": self.run.commit,
            "GITHUB_STEP_SUMMARY": str(self.temp / "summary"),
            "GITHUB_WORKFLOW": self.run.workflow["name"],
            "GITHUB_WORKFLOW_REF": workflow_ref,
            "GITHUB_WORKSPACE": str(self.workspace),
            "LOOPBACK_GITHUB": str(self.github.state),
            "RUNNER_TEMP": str(self.temp),
        } | self.github.loopback.variables()
        if self.job.may.get("id-token") == "write":
            subject = f"environment:{self.job.environment}" if self.job.environment else f"ref:{event.ref}"
            claims = {
                "sub": f"repo:{slug}:{subject}",
                "repository": slug,
                "repository_owner": self.github.owner,
                "repository_owner_id": self.github.owner_id,
                "workflow_ref": workflow_ref,
                "job_workflow_ref": workflow_ref,
                "ref": event.ref,
                "sha": self.run.commit,
                "event_name": event.name,
            } | ({"environment": self.job.environment} if self.job.environment else {})
            variables |= self.github.loopback.github.admit(claims)
        return variables

    def step(self, number: int, step: dict[str, Any]) -> None:
        """Run one step; raise `StepFailedError` if it fails."""
        if "run" in step:
            self.shell(step)
        else:
            match = FULL_COMMIT.fullmatch(step["uses"])
            if not match:
                message = f"{step['uses']} is not pinned to a full-length commit, which this organisation demands."
                raise StepFailedError(message)
            if match["action"] not in ACTIONS:
                message = f"the action {match['action']}"
                raise UnsupportedError(message)
            inputs, allowed = ACTIONS[match["action"]]
            given = {key: evaluate(value, self.contexts) for key, value in step.get("with", {}).items()}
            if extra := set(given) - allowed:
                message = f"the inputs {extra} of {match['action']}"
                raise UnsupportedError(message)
            inputs(self, given)
        self.steps[step.get("id", f"__{number}")] = {"outputs": read_output(self.temp / "output")}
        (self.temp / "output").unlink(missing_ok=True)
        if (summary := self.temp / "summary").exists():
            self.job.summary += summary.read_text(encoding="utf-8")
            summary.unlink()

    def shell(self, step: dict[str, Any]) -> None:
        """Give a script to bash as GitHub does: `bash -e`, and with `shell: bash` also `-o pipefail`."""
        script = self.temp / "script.sh"
        script.write_text(evaluate(step["run"], self.contexts), encoding="utf-8")
        options = {None: ["-e"], "bash": ["--noprofile", "--norc", "-eo", "pipefail"]}
        if step.get("shell") not in options:
            message = f"the shell {step['shell']}"
            raise UnsupportedError(message)
        variables = self.variables | {key: evaluate(value, self.contexts) for key, value in step.get("env", {}).items()}
        command = ["/bin/bash", *options[step.get("shell")], str(script)]
        if step["run"].startswith(ONLINE):
            variables = {key: value for key, value in variables.items() if "PROXY" not in key}
            passed = {key: value for key, value in ENVIRONMENT.items() if key.startswith(("PIP_", "SSL_", "REQUESTS_"))}
            variables = passed | variables | {"PIP_CACHE_DIR": str(tool_folder() / "pip")}
            for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
                variables[name] = passed.get(name, "")
        remember = remembered if step["run"].startswith(REMEMBERED) else None
        code, output = (
            remember(self, step["run"], command, variables) if remember else execute(command, self.workspace, variables)
        )
        self.note(output)
        if code:
            raise StepFailedError

    def note(self, output: str) -> None:
        """Add to the log; a workflow command masks what follows it."""
        self.masks += re.findall(r"^::add-mask::(.+)$", output, re.MULTILINE)
        self.job.log += output

    def need(self, scope: str, level: str, what: str) -> None:
        """Fail the step unless the job's token may do it."""
        if rank(self.job.may.get(scope, "none")) < rank(level):
            message = f"{what} needs the permission {scope}: {level}"
            raise StepFailedError(message)


def execute(command: list[str], folder: Path, variables: dict[str, str]) -> tuple[int, str]:
    """Run a command; return its exit code and all that it printed."""
    done = subprocess.run(
        command, cwd=folder, env=variables, stdin=subprocess.DEVNULL, stdout=-1, stderr=-2, text=True, check=False
    )
    return done.returncode, done.stdout


def read_output(file: Path) -> dict[str, str]:
    """Read `name=value` lines."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return dict(line.split("=", 1) for line in lines)


# The commands that depend on files alone: done once for the same input, also by tests that run in parallel.


def remembered(runner: Runner, text: str, command: list[str], variables: dict[str, str]) -> tuple[int, str]:
    """Run an installation, a build or a check, or repeat what the same one gave: exit code, output, what it made."""
    install, build = text.startswith("python -m pip install"), text.startswith("python -m build")
    dist = runner.workspace / "dist"
    ingredients = [text, str(runner.tools.readlink()) if runner.tools.is_symlink() else ""]
    ingredients += what_pip_reads(runner, variables) if install or build else []
    ingredients += what_a_build_reads(runner.workspace) if build else []
    ingredients += [hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(dist.glob("*"))]
    memory = tool_folder() / hashlib.sha256(repr(ingredients).encode()).hexdigest()
    with FileLock(f"{memory}.lock"):
        if not memory.exists():
            folder = memory.with_suffix(".new")
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            if install:
                shutil.copytree(str(runner.tools.readlink()), folder / "made", symlinks=True)
                point(runner.tools, folder / "made")
            code, output = execute(command, runner.workspace, variables)
            output = "(installed)\n" if install and not code else output
            (folder / "answer.json").write_text(json.dumps([code, output]), encoding="utf-8")
            if build and dist.exists():
                shutil.copytree(dist, folder / "made")
            folder.rename(memory)
    code, output = json.loads((memory / "answer.json").read_text(encoding="utf-8"))
    if install:
        point(runner.tools, memory / "made")
    elif build and (memory / "made").exists():
        shutil.copytree(memory / "made", dist, dirs_exist_ok=True)
    return code, output


def what_pip_reads(runner: Runner, variables: dict[str, str]) -> list[str]:
    """Return the constraints, and the variables that point pip to them."""
    file = runner.workspace / ".github/workflows/constraints.txt"
    pip = sorted(f"{key}={value}" for key, value in variables.items() if key.startswith("PIP_"))
    constraints = file.read_text(encoding="utf-8") if file.exists() else ""
    return [constraints, *(line.replace(str(runner.workspace), "") for line in pip)]


def what_a_build_reads(workspace: Path) -> list[str]:
    """Return the files of a clone, but for `.github`, and its history as far as a version comes from it."""

    def git(*arguments: str) -> str:
        return run("git", *arguments, cwd=workspace, check=False).stdout

    files = [line for line in git("ls-tree", "HEAD").splitlines() if not line.endswith("\t.github")]
    here = git("tag", "--points-at", "HEAD")
    shallow = git("rev-parse", "--is-shallow-repository")
    return [*files, shallow, git("status", "--porcelain"), here or git("rev-parse", "HEAD") + git("show-ref", "--tags")]


def point(link: Path, target: Path) -> None:
    """Make a symbolic link, instead of the one that is there."""
    link.unlink(missing_ok=True)
    link.symlink_to(target)


# The actions.


def checkout(runner: Runner, given: dict[str, str]) -> None:
    """Clone at the event's commit: one commit without tags, or the depth asked for; the token stays unless refused."""
    runner.need("contents", "read", "actions/checkout")
    depth = int(given.get("fetch-depth", "1"))
    ref, work = runner.run.event.ref, runner.workspace
    run("git", "init", "--quiet", cwd=work)
    run("git", "remote", "add", "origin", f"https://github.com/{runner.github.slug}", cwd=work)
    source = f"file://{runner.github.git}"
    if depth:
        refs = (
            [f"+{runner.run.commit}:{ref}"]
            if ref.startswith("refs/tags/")
            else [f"+{runner.run.commit}:refs/remotes/origin/x"]
        )
        run("git", "fetch", "--quiet", "--no-tags", f"--depth={depth}", source, *refs, cwd=work)
    else:
        run(
            "git",
            "fetch",
            "--quiet",
            source,
            "+refs/heads/*:refs/remotes/origin/*",
            "+refs/tags/*:refs/tags/*",
            cwd=work,
        )
    if "sparse-checkout" in given:
        cone = given.get("sparse-checkout-cone-mode", "true") == "true"
        run(
            "git",
            "sparse-checkout",
            "set",
            "--cone" if cone else "--no-cone",
            *given["sparse-checkout"].split(),
            cwd=work,
        )
    run("git", "-c", "advice.detachedHead=false", "checkout", "--quiet", runner.run.commit, cwd=work)
    if given.get("persist-credentials", "true") != "false":
        header = f"AUTHORIZATION: basic {runner.token}"  # GitHub's is encoded, and no safer
        run("git", "config", "http.https://github.com/.extraheader", header, cwd=work)


@cache
def bare_python(version: str, folder: Path) -> Path:
    """Return an environment of a Python with pip alone, as a fresh machine has it.

    GitHub has every version; where this machine has another one, its newest stands in.
    """
    if version not in PYTHONS:
        message = f"Python {version}, which rendered projects are not tested on"
        raise UnsupportedError(message)
    found = interpreters()
    python = found.get(version, list(found.values())[-1])
    target = folder / f"python-{version}"
    with FileLock(f"{target}.lock"):
        if not target.exists():
            run(python, "-m", "venv", target, cwd=folder)
    return target


def setup_python(runner: Runner, given: dict[str, str]) -> None:
    """Put a Python on the PATH."""
    point(runner.tools, bare_python(given["python-version"], tool_folder()))


def upload_artifact(runner: Runner, given: dict[str, str]) -> None:
    """Keep files under a name; hidden ones stay behind."""
    source = runner.workspace / given["path"]
    files = [path for path in (source.rglob("*") if source.is_dir() else [source]) if path.is_file()]
    root = source if source.is_dir() else source.parent
    files = [path for path in files if not any(part.startswith(".") for part in path.relative_to(root).parts)]
    if not files:
        if given.get("if-no-files-found") == "error":
            message = f"No files were found with the provided path: {given['path']}. No artifacts will be uploaded."
            raise StepFailedError(message)
        return
    target = runner.run.folder / "artifacts" / given["name"]
    shutil.rmtree(target, ignore_errors=True)
    for path in files:
        (target / path.relative_to(root)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target / path.relative_to(root))


def download_artifact(runner: Runner, given: dict[str, str]) -> None:
    """Fetch the files of one name, or of every name, each into a folder of its own."""
    artifacts = runner.run.folder / "artifacts"
    source = artifacts / given["name"] if "name" in given else artifacts
    if not source.is_dir():
        message = f"Unable to download artifact(s): Artifact not found for name: {given.get('name')}"
        raise StepFailedError(message)
    shutil.copytree(source, runner.workspace / given.get("path", "."), dirs_exist_ok=True)


def publish(runner: Runner, given: dict[str, str]) -> None:
    """Do what the publishing action does, with its own tools: check, exchange tokens, upload.

    Attestations need Sigstore and are left out; that they are asked for is checked where the files are checked.
    """
    runner.note(f"attestations: {given.get('attestations', 'true')}\n")
    files = sorted(str(path) for path in (runner.workspace / "dist").glob("*"))
    twine = [sys.executable, "-m", "twine"]
    variables = runner.variables | {"NO_COLOR": "1", "COLUMNS": "240"}
    for command in (["check", *files], ["upload", "--non-interactive", "--disable-progress-bar", *files]):
        code, output = execute([*twine, *command], runner.workspace, variables)
        runner.note(output)
        if code:
            raise StepFailedError


ACTIONS: dict[str, tuple[Callable[[Runner, dict[str, str]], None], set[str]]] = {
    "actions/checkout": (
        checkout,
        {"fetch-depth", "persist-credentials", "sparse-checkout", "sparse-checkout-cone-mode"},
    ),
    "actions/setup-python": (setup_python, {"python-version"}),
    "actions/upload-artifact": (upload_artifact, {"name", "path", "if-no-files-found"}),
    "actions/download-artifact": (download_artifact, {"name", "path"}),
    "pypa/gh-action-pypi-publish": (publish, {"attestations"}),
}

FOLDERS: dict[str, Path] = {}


def tool_folder() -> Path:
    """Return the folder for what runs share; the fixture `tools` sets it."""
    return FOLDERS["tools"]


@cache
def stub_folder() -> Path:
    """Return a folder with the commands of GitHub's machines that are stubs: `gh`, and a `python` without packages."""
    folder = tool_folder() / f"bin-{os.getpid()}"
    folder.mkdir(exist_ok=True)
    stub = Path(__file__).with_name("gh.py")
    (folder / "gh").write_text(f'#!/bin/sh\nexec "{sys.executable}" "{stub}" "$@"\n', encoding="utf-8")
    (folder / "gh").chmod(0o755)
    for name in ("python", "python3"):
        (folder / name).symlink_to(Path(sys.executable).resolve())
    return folder
