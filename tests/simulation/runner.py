"""A machine that runs one job: a workspace, a home, a token, the steps one after the other.

As an organization can demand, an action must be named by its full commit. Package installs use the index that pip
knows; every other step finds loopback alone.
"""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tests.simulation.actions import ACTIONS
from tests.simulation.errors import StepFailedError, UnsupportedError
from tests.simulation.expressions import Scope, evaluate, is_condition_met
from tests.simulation.github import Environment
from tests.simulation.jobs import Job
from tests.simulation.oidc import BEARER
from tests.simulation.remembered import Memory, Place, online_variables
from tests.simulation.tools import execute, stub_folder
from tests.simulation.values import Outputs
from tests.simulation.workflows import check_keys, grants
from tests.support.commands import ENVIRONMENT

if TYPE_CHECKING:
    from tests.simulation.runs import Run

FULL_COMMIT = re.compile(r"(?P<action>[\w.-]+/[\w./-]+)@[0-9a-f]{40}")
SHELLS = {None: ["-e"], "bash": ["--noprofile", "--norc", "-eo", "pipefail"]}  # as GitHub starts them


class Runner:
    """The machine; `run` gives the job."""

    def __init__(
        self,
        workflow_run: "Run",
        name: str,
        definition: dict[str, Any],
        contexts: dict[str, Any],
        permissions: dict[str, str],
    ) -> None:
        """Prepare the folders and the contexts."""
        self.workflow_run, self.github, self.definition = workflow_run, workflow_run.github, definition
        self.folder = workflow_run.folder / f"{name.replace('/', '-')}-{workflow_run.attempt}"
        self.workspace, self.temp, self.python = (self.folder / part for part in ("work", "temp", "python"))
        for folder in (self.workspace, self.temp, self.folder / "home"):
            folder.mkdir(parents=True)
        self.job = Job(permissions=permissions)
        self.token = f"ghs_{hashlib.sha256(str(self.folder).encode()).hexdigest()[:36]}"
        self.masks = [self.token]
        self.steps = Outputs()
        github = contexts["github"] | {"token": self.token, "workspace": str(self.workspace)}
        self.contexts = contexts | {"github": github, "steps": self.steps}

    def evaluate(self, value: Any) -> str:  # noqa: ANN401 - a value of YAML
        """Return a value of the job as text, its expressions replaced."""
        return evaluate(value, Scope(self.contexts))

    def evaluate_all(self, values: Mapping[str, Any]) -> dict[str, str]:
        """Return the values of a mapping as texts, their expressions replaced."""
        return {key: self.evaluate(value) for key, value in values.items()}

    def run(self) -> Job:
        """Run the job."""
        state = self.github.read_state()
        state["tokens"][self.token] = self.job.permissions
        self.github.write_state(state)
        try:
            self.enter_environment()
        except StepFailedError as error:
            self.job.result, self.job.log = "failure", str(error)
            return self.job
        self.variables = self.default_variables() | self.token_variables()
        self.job.result = "success"
        for number, step in enumerate(self.definition["steps"]):
            check_keys("step", step)
            if not is_condition_met(step.get("if"), Scope(self.contexts, self.job.result)):
                continue
            try:
                self.run_step(number, step)
            except StepFailedError as error:
                self.job.log += f"{error}\nError: Process completed with exit code 1.\n"
                if not step.get("continue-on-error"):
                    self.job.result = "failure"
        self.job.tokens_asked = self.github.loopback.tokens.issued[self.variables.get(BEARER, "")]
        # Outputs of a failed job are there, too: actions/runner 258d6c85, JobExtension.cs, FinalizeJob.
        self.job.outputs = Outputs(self.evaluate_all(self.definition.get("outputs", {})))
        self.inspect_workspace()
        return self.job

    def inspect_workspace(self) -> None:
        """Note the files of the workspace, and those that hold the token, there or in RUNNER_TEMP; mask the log."""
        files = [path for path in self.workspace.rglob("*") if path.is_file()]
        inside = [path.relative_to(self.workspace).as_posix() for path in files]
        self.job.files_seen = {name for name in inside if not name.startswith(".git/")}
        files += [path for path in self.temp.rglob("*") if path.is_file()]
        self.job.files_with_token = [path.name for path in files if self.token.encode() in path.read_bytes()]
        for mask in self.masks:
            self.job.log = self.job.log.replace(mask, "***")

    def enter_environment(self) -> None:
        """Fail the job unless its environment admits the ref; a name that does not exist creates one without rules."""
        environment = self.definition.get("environment")
        if environment is None:
            return
        check_keys("environment", environment)
        name = self.evaluate(environment["name"])
        self.evaluate(environment.get("url", ""))
        rules = self.github.environments.setdefault(name.lower(), Environment())
        event = self.workflow_run.event
        if not rules.admits(event.ref):
            kind = "Tag" if event.is_tag else "Branch"
            message = (
                f'{kind} "{event.ref_name}" is not allowed to deploy to {name} due to environment protection rules.'
            )
            raise StepFailedError(message)
        self.job.environment = name

    @property
    def workflow_ref(self) -> str:
        """Return the workflow file and its ref as GitHub names them."""
        return f"{self.github.slug}/.github/workflows/{self.workflow_run.file}@{self.workflow_run.event.ref}"

    def default_variables(self) -> dict[str, str]:
        """Return the variables of every step, as GitHub sets them."""
        event = self.workflow_run.event
        payload = self.temp / "event.json"
        payload.write_text(json.dumps(self.contexts["github"]["event"]), encoding="utf-8")
        path = [str(self.python / "bin"), str(stub_folder(self.github.once)), "/usr/bin", "/bin"]
        return {
            "CI": "true",
            "HOME": str(self.folder / "home"),
            "PATH": os.pathsep.join(path),
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": event.name,
            "GITHUB_EVENT_PATH": str(payload),
            "GITHUB_OUTPUT": str(self.temp / "output"),
            "GITHUB_PATH": str(self.temp / "path"),
            "GITHUB_REF": event.ref,
            "GITHUB_REF_NAME": event.ref_name,
            "GITHUB_REPOSITORY": self.github.slug,
            "GITHUB_RUN_ID": "1",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_SHA": self.workflow_run.commit,
            "GITHUB_STEP_SUMMARY": str(self.temp / "summary"),
            "GITHUB_WORKFLOW": self.workflow_run.workflow["name"],
            "GITHUB_WORKFLOW_REF": self.workflow_ref,
            "GITHUB_WORKSPACE": str(self.workspace),
            "LOOPBACK_GITHUB": str(self.github.state_file),
            "RUNNER_TEMP": str(self.temp),
        } | self.github.loopback.variables()

    def token_variables(self) -> dict[str, str]:
        """Return the variables with which a step asks for an ID token; none without `id-token: write`."""
        if not grants(self.job.permissions, "id-token", "write"):
            return {}
        event, environment = self.workflow_run.event, self.job.environment
        subject = f"environment:{environment}" if environment else f"ref:{event.ref}"
        claims = {
            "sub": f"repo:{self.github.slug}:{subject}",
            "repository": self.github.slug,
            "repository_owner": self.github.owner,
            "repository_owner_id": self.github.owner_id,
            "workflow_ref": self.workflow_ref,
            "job_workflow_ref": self.workflow_ref,
            "ref": event.ref,
            "sha": self.workflow_run.commit,
            "event_name": event.name,
        } | ({"environment": environment} if environment else {})
        return self.github.loopback.allow_tokens(claims)

    def run_step(self, number: int, step: dict[str, Any]) -> None:
        """Run one step; raise `StepFailedError` if it fails. What it wrote for GitHub counts all the same."""
        try:
            if "run" in step:
                self.run_script(step)
            else:
                self.run_action(step)
        finally:
            self.steps[step.get("id", f"__{number}")] = {"outputs": read_outputs(self.take("output"))}
            self.job.summary += self.take("summary")
            for folder in self.take("path").splitlines():
                self.variables["PATH"] = f"{folder}{os.pathsep}{self.variables['PATH']}"

    def take(self, file: str) -> str:
        """Return what a step wrote into one of GitHub's files, and empty the file for the next step."""
        path = self.temp / file
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        path.unlink(missing_ok=True)
        return text

    def run_action(self, step: dict[str, Any]) -> None:
        """Run the imitation of an action."""
        match = FULL_COMMIT.fullmatch(step["uses"])
        if not match:
            message = f"{step['uses']} is not pinned to a full-length commit, which this organization demands."
            raise StepFailedError(message)
        if match["action"] not in ACTIONS:
            message = f"the action {match['action']}"
            raise UnsupportedError(message)
        action = ACTIONS[match["action"]]
        given = self.evaluate_all(step.get("with", {}))
        if extra := set(given) - action.inputs:
            message = f"the inputs {extra} of {match['action']}"
            raise UnsupportedError(message)
        action.run(self, given)

    def run_script(self, step: dict[str, Any]) -> None:
        """Give a script to bash as GitHub does: `bash -e`, and with `shell: bash` also `-o pipefail`."""
        script = self.temp / "script.sh"
        script.write_text(self.evaluate(step["run"]), encoding="utf-8")
        if step.get("shell") not in SHELLS:
            message = f"the shell {step['shell']}"
            raise UnsupportedError(message)
        variables = self.variables | self.evaluate_all(step.get("env", {}))
        command = ["/bin/bash", *SHELLS[step.get("shell")], str(script)]
        memory = Memory(self.github.once, online_variables(ENVIRONMENT))
        if memory.knows(step["run"]):
            code, output = memory.run(step["run"], command, Place(self.workspace, self.python), variables)
        else:
            code, output = execute(command, self.workspace, variables)
        self.add_to_log(output)
        if code:
            raise StepFailedError

    def add_to_log(self, output: str) -> None:
        """Add to the log; a workflow command masks what follows it."""
        self.masks += re.findall(r"^::add-mask::(.+)$", output, re.MULTILINE)
        self.job.log += output

    def require(self, scope: str, level: str, action: str) -> None:
        """Fail the step of an action unless the job's token has a permission."""
        if not grants(self.job.permissions, scope, level):
            message = f"{action} needs the permission {scope}: {level}"
            raise StepFailedError(message)


def read_outputs(text: str) -> Outputs:
    """Read `name=value` lines."""
    return Outputs(line.split("=", 1) for line in text.splitlines())
