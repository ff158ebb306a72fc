"""Running a composite action as a job does: its steps one after the other, with a Python that the job set up."""

import os
from pathlib import Path

import yaml

from tests.support.interpreters import interpreters
from tests.support.paths import ACTIONS
from tests.support.projects import Project

SETUP_PYTHON = "actions/setup-python@"


class Machine:
    """Where a job runs: a project that is checked out, and a folder for the job's Python and for GitHub's files."""

    def __init__(self, project: Project, folder: Path, *extra_tools: str) -> None:
        """Remember the project; `extra_tools` are installed beside the first tool that an action installs."""
        self.project, self.folder, self.extra_tools = project, folder, extra_tools
        self.path = ["/usr/bin", "/bin"]
        folder.mkdir(parents=True, exist_ok=True)

    def run_action(self, name: str, inputs: dict[str, str] | None = None) -> dict[str, str]:
        """Run every step of an action in `.github/actions`; return its outputs. A step that fails fails the test."""
        action = yaml.safe_load(self.project.read(f"{ACTIONS}/{name}/action.yml"))
        inputs = inputs or {}
        required = {key for key, rule in action.get("inputs", {}).items() if rule.get("required")}
        assert required <= inputs.keys() <= action.get("inputs", {}).keys()
        output = self.folder / "output"
        output.write_text("", encoding="utf-8")
        values = {f"${{{{ inputs.{key} }}}}": value for key, value in inputs.items()}
        for step in action["runs"]["steps"]:
            if step.get("uses", "").startswith(SETUP_PYTHON):
                self.set_up_python(filled(step["with"]["python-version"], values))
            else:
                assert step["shell"] == "bash"
                variables = {key: filled(value, values) for key, value in step.get("env", {}).items()}
                self.run_script(step["run"], **variables, GITHUB_OUTPUT=str(output))
        return dict(line.split("=", 1) for line in output.read_text(encoding="utf-8").splitlines())

    def set_up_python(self, version: str) -> None:
        """Put a Python on the PATH: an environment to install tools into, then the Python that uv makes others from."""
        environment, python = self.folder / f"python-{version}", interpreters()[version].resolve()
        self.project.run(python, "-m", "venv", environment)
        self.path = [str(environment / "bin"), str(python.parent), *self.path]

    def run_script(self, script: str, **variables: str) -> str:
        """Run a step's script as GitHub does, with the job's own tools on the PATH; return what it printed."""
        variables |= {"PATH": os.pathsep.join(self.path), "VIRTUAL_ENV": ""}
        done = self.project.run("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script, env=variables)
        if self.extra_tools and "pip install" in script:
            self.project.run("python", "-I", "-m", "pip", "install", "--quiet", *self.extra_tools, env=variables)
        return done.stdout


def filled(text: str, values: dict[str, str]) -> str:
    """Return a value with expressions replaced."""
    for expression, value in values.items():
        text = text.replace(expression, value)
    return text
