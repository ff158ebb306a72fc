"""Copy a library from the template, update it, install it and run its checks; on Linux, macOS and Windows alike.

Usage: python scripts/check_platform.py

Needs copier and uv beside the Python that runs it, and git. The template is a temporary clone of the last commit, with
two tags that exist nowhere else.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLD, NEW = "v9998.0.0", "v9999.0.0"  # tags of the temporary template
TAG = "v1.2.3"  # of the library
RELEASING, WORKFLOW = ".github/RELEASING.md", ".github/workflows/release.yaml"  # they name the template's version
NEWS = "This line comes with the update."
CHECKS = ("pytest", "ruff check", "ruff format --check", "mypy")


def environment() -> dict[str, str]:
    """Return the environment of the commands: a name for commits, and no virtual environment that uv might prefer."""
    variables = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    for role in ("AUTHOR", "COMMITTER"):
        variables |= {f"GIT_{role}_NAME": "Test", f"GIT_{role}_EMAIL": "test@example.com"}
    return variables


def run(*command: str | Path, cwd: Path) -> None:
    """Print a command and run it; its failure ends the script."""
    print("$", *command, flush=True)
    subprocess.run([str(part) for part in command], cwd=cwd, check=True, env=environment())


def output(*command: str, cwd: Path) -> str:
    """Return what a command prints."""
    return subprocess.run(command, cwd=cwd, check=True, env=environment(), stdout=subprocess.PIPE, text=True).stdout


def require(condition: object, message: str) -> None:
    """End the script with a message unless a condition holds."""
    if not condition:
        sys.exit(f"error: {message}")


def lines_with(text: str, file: Path) -> int:
    """Return how many lines of a file have a text; it is an error if there is none."""
    count = sum(text in line for line in file.read_text(encoding="utf-8").splitlines())
    require(count, f"{file} does not name {text}.")
    return count


def commit(repository: Path, message: str, tag: str) -> None:
    """Commit everything in a repository, and tag it."""
    run("git", "add", "--all", cwd=repository)
    run("git", "commit", "--quiet", "--message", message, cwd=repository)
    run("git", "tag", tag, cwd=repository)


def clone_template(template: Path) -> None:
    """Clone the template, and give it a newer version that adds one line to a rendered file."""
    run("git", "clone", "--quiet", ROOT, template, cwd=template.parent)
    run("git", "tag", OLD, cwd=template)
    file = template / f"template/{{{{ only.updated }}}}/{RELEASING}.jinja"
    file.write_bytes(file.read_bytes().rstrip() + f"\n\n{NEWS}\n".encode())
    commit(template, "Add a line", NEW)


def copy_and_update(template: Path, project: Path) -> None:
    """Copy a library at the older version, commit it, update it to the newer one, and commit that."""
    copier = (sys.executable, "-m", "copier")
    run(*copier, "copy", "--quiet", "--defaults", "--vcs-ref", OLD, template, project, cwd=project.parent)
    run("git", "init", "--quiet", "--initial-branch=main", cwd=project)
    commit(project, "Create the library", "v1.2.2")
    require(not output("git", "status", "--porcelain", cwd=project), "the copy is not clean after the first commit.")
    commands = lines_with(OLD, project / RELEASING)
    pins = str(lines_with(f"# {OLD}", project / WORKFLOW))
    run(*copier, "update", "--quiet", "--defaults", "--vcs-ref", NEW, cwd=project)
    run("git", "add", "--all", cwd=project)
    changed = output("git", "diff", "--cached", "--numstat", cwd=project).split()
    expected = ["1", "1", ".copier-answers.yml", str(2 + commands), str(commands), RELEASING, pins, pins, WORKFLOW]
    require(changed == expected, f"the update should change {expected} (lines added, lines removed), not {changed}.")
    added = output("git", "diff", "--cached", cwd=project).splitlines()
    require(f"+{NEWS}" in added, "the update did not bring the new line.")
    require(f"+_commit: {NEW}" in added, "the update did not record the new version.")
    commit(project, "Update from the template", TAG)


def install_and_check(project: Path, environment: Path) -> None:
    """Install the library in a new environment beside its tools, run its checks, and compare its version."""
    run("uv", "venv", "--quiet", "--python", sys.executable, environment, cwd=project)
    python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    run("uv", "pip", "install", "--quiet", "--python", python, ".", "--group", "dev", cwd=project)
    for check in CHECKS:
        run(python, "-m", *check.split(), cwd=project)
    version = output(str(python), "-m", "my_package", "--version", cwd=project)
    require(version.split() == ["my-package", TAG[1:]], f"the installed version should be {TAG[1:]}: {version}")


def main() -> None:
    """Do all of it in a temporary folder."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        clone_template(folder / "template")
        copy_and_update(folder / "template", folder / "my-package")
        install_and_check(folder / "my-package", folder / "environment")
    print(f"On {sys.platform} with Python {sys.version.split()[0]}: copied, updated, installed and checked.")


if __name__ == "__main__":
    main()
