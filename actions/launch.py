"""Install a tool of the actions with known hashes, once for a job, and run it or add it to the job's PATH.

Usage: python -I launch.py run {uv,meltano-release} ARGUMENT...
       python -I launch.py add {uv,poetry}

pip installs uv from `uv.txt`, and uv installs the rest: `meltano-release` from `uv.lock`, Poetry from
`setup/poetry.txt`. All of it lies below $RUNNER_TEMP. What runs sees only the variables that `KEPT` names, and no
configuration of uv, so that neither the project that was checked out nor a variable of the job changes how it runs.
uv downloads from the index that pip is set to use, by `PIP_INDEX_URL` or a configuration file.

Standard library only. It also runs on a Python that is too old for `meltano-release`, to install Poetry there.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOOLS = Path(os.environ["RUNNER_TEMP"]) / "meltano-release"
BIN = "Scripts" if os.name == "nt" else "bin"
UV = TOOLS / "uv" / "bin" / "uv"  # where pip puts it with --target, on every system
INDEX = TOOLS / "index"  # the URL that pip downloads from, if it is not PyPI
ISOLATED = ("--no-config", "--no-managed-python")
KEPT = {
    *("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "XDG_CACHE_HOME", "CI"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
    *("PIP_CERT", "PIP_INDEX_URL"),  # a mirror: the hashes decide what is accepted from it
    *("APPDATA", "COMSPEC", "LOCALAPPDATA", "PATHEXT", "SYSTEMROOT", "TEMP", "TMP", "USERPROFILE"),  # Windows
    "NEEDS",  # the results of the jobs, for the report
}
KEPT_PREFIXES = ("ACTIONS_ID_TOKEN_REQUEST_", "GITHUB_", "RUNNER_")
FILES = {"GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY"}  # that speak for the run


def variables(tool: str) -> dict[str, str]:
    """Return what a tool sees of the environment; only `meltano-release` may write to the files of the run."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.upper() in KEPT or (name.startswith(KEPT_PREFIXES) and (tool == "meltano-release" or name not in FILES))
    }
    index = INDEX.read_text(encoding="utf-8") if INDEX.exists() else ""
    return {**kept, "UV": str(UV), **({"UV_DEFAULT_INDEX": index} if index else {})}


def execute(*command: str | Path) -> str:
    """Run a command of the installation and return what it prints; if it fails, say so and exit with its code."""
    done = subprocess.run(list(map(str, command)), env=variables("uv"), stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        print("::error title=Installation::A tool of the release could not be installed: the log above says why.")
        sys.exit(done.returncode)
    return done.stdout


def pip(*arguments: str | Path) -> str:
    """Run pip, isolated from the project, with the Python that runs this."""
    return execute(sys.executable, "-I", "-m", "pip", "--disable-pip-version-check", *arguments)


def install_uv() -> Path:
    """Install uv; return the command."""
    if not UV.parent.exists():
        options = ("--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes", "--root-user-action=ignore")
        pip("install", *options, "--target", TOOLS / "uv", "--requirement", HERE / "uv.txt")
    if not INDEX.exists():
        INDEX.write_text(os.environ.get("PIP_INDEX_URL") or configured_index(), encoding="utf-8")
    return UV


def configured_index() -> str:
    """Return the index that a configuration file of pip names; empty for PyPI."""
    listed = pip("config", "list").splitlines()
    return next((line.partition("=")[2].strip("'") for line in listed if line.startswith("global.index-url=")), "")


def install(tool: str, requirements: Path) -> Path:
    """Install a tool into an environment for it, from requirements with hashes; return its command."""
    environment = TOOLS / tool
    execute(UV, "venv", *ISOLATED, "--quiet", "--clear", "--python", sys.executable, environment)
    into = (UV, "pip", "install", *ISOLATED, "--quiet", "--python", environment)
    execute(*into, "--no-build", "--require-hashes", "--requirement", requirements)
    if tool == "meltano-release":
        execute(*into, "--no-deps", "--no-index", HERE.parent)
    return environment / BIN / tool


def find(tool: str) -> Path:
    """Return the command of a tool, and install what is missing."""
    install_uv()
    if tool == "uv":
        return UV
    command = TOOLS / tool / BIN / tool
    if command.parent.exists():
        return command
    if tool == "poetry":
        return install(tool, HERE / "setup" / "poetry.txt")
    requirements = TOOLS / "requirements.txt"
    export = ("export", *ISOLATED, "--quiet", "--frozen", "--no-dev", "--no-emit-project", "--project", HERE.parent)
    execute(UV, *export, "--python", sys.executable, "--output-file", requirements)
    return install(tool, requirements)


def main() -> int:
    """Do what the arguments say; return the exit code."""
    action, tool, *arguments = sys.argv[1:]
    command = find(tool)
    if action == "run":
        return subprocess.run([str(command), *arguments], env=variables(tool), check=False).returncode
    with Path(os.environ["GITHUB_PATH"]).open("a", encoding="utf-8") as path:
        path.write(f"{command.parent}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
