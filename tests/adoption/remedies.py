"""What a maintainer does, as the tutorial and the messages say: `repositories.yml` has commands, and these names."""

import re
from typing import Any

import tomlkit

from tests.support.adoption import maintain
from tests.support.editing import replace
from tests.support.pages import code_blocks, page
from tests.support.paths import PYPROJECT, WORKFLOWS
from tests.support.projects import Project

TUTORIAL = page("tutorial/adopt.md")


def perform(action: str, project: Project) -> None:
    """Call the function that an action names, with the other words of the action, or run its commands."""
    name, *arguments = action.split() or [""]
    if function := globals().get(name):
        function(project, *arguments)
    else:
        project.run("bash", "-euc", action)


def write_lock(project: Project) -> None:
    """Run the command that a failed build names, and the one that it prints if git ignores the lock."""
    printed = maintain(project, "lock").stdout
    for command in re.findall("`(git add .*)`", printed):
        project.run("bash", "-euc", command)


def merge(table: dict[str, Any], lines: dict[str, Any]) -> None:
    """Write keys and tables into a TOML table, in place of those that it has."""
    for key, value in lines.items():
        if isinstance(value, dict) and key in table:
            merge(table[key], value)
        else:
            table[key] = value


def take_version_from_tag(project: Project, backend: str) -> None:
    """Paste the tutorial's lines for a build backend into pyproject.toml."""
    (lines,) = map(tomlkit.parse, code_blocks(TUTORIAL, "toml", backend))
    text = project.read(PYPROJECT) if (project.path / PYPROJECT).exists() else ""
    pyproject: dict[str, Any] = tomlkit.parse(text)
    if "project" in pyproject:
        pyproject["project"].pop("version", None)
    else:
        del lines["project"]
    merge(pyproject, lines)
    project.write(PYPROJECT, tomlkit.dumps(pyproject))
    if (project.path / "setup.py").exists():
        replace(project.path / "setup.py", '    version="0.3.1",\n', "")


def keep_other_jobs(project: Project) -> None:
    """Move the old release workflow aside and delete its publishing job, before the copy."""
    (command,) = re.findall(r"^git mv .*$", TUTORIAL, re.MULTILINE)
    project.run("bash", "-e", "-c", command)
    file = f"{WORKFLOWS}/release-extras.yaml"
    text = re.sub(r"  publish:\n(    .*\n)+", "", project.read(file))
    project.write(file, text.replace("needs: [build, publish]", "needs: [build]"))
    project.commit("Keep the other jobs of the release workflow")


def repair_wheel(project: Project) -> None:
    """Add the steps of the how-to to the job that builds, hand on their artifact, and lock their tools."""
    text = page("how-to/compiled.md")
    steps, output = re.findall(r"^```yaml[^\n]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    (command,) = code_blocks(text)
    workflow = f"{WORKFLOWS}/{project.answers['workflow_filename']}"
    build, gate, rest = project.read(workflow).partition("\n  gate:\n")
    build, replaced = re.subn(r"^ +artifact-id: .*\n", output, build, flags=re.MULTILINE)
    assert replaced == 1
    project.write(workflow, f"{build}\n{steps}{gate}{rest}")
    project.run("bash", "-e", "-c", command)


def advised(project: Project, pattern: str) -> list[str]:
    """Return what the doctor advises, by a pattern."""
    found = re.findall(pattern, maintain(project, "doctor", check=False).stdout)
    assert found
    return found


def add_hidden_files(project: Project) -> None:
    """Run the commands that the doctor prints for files which git ignores."""
    for command in advised(project, "git add --force .*"):
        project.run("bash", "-euc", command, env={"GIT_EDITOR": "echo Add >"})


def ignore_in_yamllint(project: Project) -> None:
    """Write what the doctor advises into the configuration of yamllint."""
    files = advised(project, r"add to \.yamllint: ignore: \[(.*)\]")
    project.write(".yamllint", f"extends: default\nignore: [{', '.join(files)}]\n")


def follow_the_name(project: Project) -> None:
    """Let the workflow that waits for the old release workflow wait for the new one, by the name that doctor says."""
    (name,) = advised(project, r"the release workflow's is (\w+)")
    replace(project.path / f"{WORKFLOWS}/image.yml", "[Publish]", f"[{name}]")
