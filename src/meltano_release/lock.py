# /// script
# requires-python = ">=3.10"
# dependencies = ["build>=1.3", "pip>=26.1", "uv>=0.9"]
# ///
"""The project's own lock of its build backend, `.github/build-constraints.txt`, with hashes.

Usage: uv run .github/release/constraints.py           writes the lock
       uv run .github/release/constraints.py --check   says whether the build finds what it needs in the lock it uses

The release build installs the build backend from `backends.txt`, which the template locks for the usual backends. A
project that requires other packages or other versions (an exact one, say) needs a lock of its own, and the build
uses it in place of the template's. It holds what `build-system.requires` in pyproject.toml names (without that
table: setuptools), what the backend requires beyond that (PEP 517), and all that these depend on, for the Python of
the release build and every newer one, and for this Python if it is older. Run it again when these requirements change.

`pipx run` does as well as `uv run`. Every error is a sentence on stderr, and the exit code is 1.
Owned by the template: `copier update` refreshes this file.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

try:
    from build import BuildBackendException, BuildException, ProjectBuilder
    from build.env import DefaultIsolatedEnv
    from pyproject_hooks import quiet_subprocess_runner
except ModuleNotFoundError as missing:
    sys.exit(f"The package {missing.name} is not installed: run this with `uv run` or `pipx run`, which install it.")
from publisher import annotate

LOCK = Path(".github/build-constraints.txt")
TEMPLATE_LOCK = Path(".github/release/backends.txt")
WORKFLOW = Path(".github/workflows/release-build.yaml")
COMMAND = "uv run .github/release/constraints.py"
UNLOCKED = re.compile(  # what pip 26 prints if a lock does not hold what is required; a wrong hash is none of these
    r"conflicting dependencies|Cannot install .* because|--require-hashes mode|Could not find a version that satisfies"
)


class ConstraintsError(Exception):
    """The requirements of the build cannot be read or locked; the text is a sentence with the fix."""


def pip(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pip; return its exit code and output."""
    command = [sys.executable, "-P" if sys.version_info >= (3, 11) else "-I", "-m", "pip", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def find_project() -> None:
    """Raise `ConstraintsError` if there is no package at the top of the repository."""
    if not any(Path(name).is_file() for name in ("pyproject.toml", "setup.py")):
        message = (
            "There is no pyproject.toml or setup.py at the top of the repository. The release setup builds one package "
            "per repository, at its top: give each package a repository of its own, or remove the release setup."
        )
        raise ConstraintsError(message)


def static_requirements() -> set[str]:
    """Return what `build-system.requires` names, or setuptools if there is no such table."""
    try:
        return set(ProjectBuilder(".").build_system_requires)
    except BuildException as error:
        message = f"The table [build-system] cannot be read: {error}. Correct pyproject.toml."
        raise ConstraintsError(message) from error


def dynamic_requirements(static: set[str]) -> set[str]:
    """Return what the build backend requires beyond `build-system.requires` (PEP 517).

    It installs the backend into an environment that is thrown away, and asks it: this runs code of the backend and of
    the project, as a build does.
    """
    try:
        with DefaultIsolatedEnv() as environment:
            environment.install(static)
            builder = ProjectBuilder.from_isolated_env(environment, ".", runner=quiet_subprocess_runner)
            return builder.get_requires_for_build("sdist") | builder.get_requires_for_build("wheel")
    except subprocess.CalledProcessError as error:
        print((error.stderr or b"").decode(errors="replace").strip(), file=sys.stderr)
        message = f"pip cannot install {', '.join(sorted(static))}: see above, and correct `build-system.requires`."
        raise ConstraintsError(message) from error
    except (BuildBackendException, BuildException) as error:
        message = f"The build backend does not tell its requirements: {error}. See that `python -m build` works."
        raise ConstraintsError(message) from error


def oldest_python() -> str:
    """Return the older one of this Python and that of the release build."""
    match = re.search(r'python-version: "(\d+)\.(\d+)"', WORKFLOW.read_text("utf-8") if WORKFLOW.exists() else "")
    versions = [sys.version_info[:2], *([(int(match[1]), int(match[2]))] if match else [])]
    return "{}.{}".format(*min(versions))


def write_lock() -> None:
    """Write the project's own lock, every package at its newest version that the requirements admit."""
    os.environ.pop("PIP_CONSTRAINT", None)  # of a lock that does not hold what is required
    static = static_requirements()
    requirements = sorted(static | dynamic_requirements(static))
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--upgrade"]
    command += ["--python-version", oldest_python(), "--generate-hashes", "--custom-compile-command", COMMAND]
    compiled = subprocess.run(
        [*command, "--output-file", str(LOCK), "-"],
        input="\n".join(requirements),
        capture_output=True,
        text=True,
        check=False,
    )
    if compiled.returncode:
        print(compiled.stderr.strip(), file=sys.stderr)
        message = f"uv finds no versions for {', '.join(requirements)}: see above, and correct `requires`."
        raise ConstraintsError(message)
    print(f"Wrote {LOCK} for {', '.join(requirements)}. Commit it: the release build uses it from now on.")


def check_lock() -> None:
    """Raise `ConstraintsError` if the lock that the build uses does not hold what the build requires."""
    lock = LOCK if LOCK.is_file() else TEMPLATE_LOCK
    os.environ["PIP_CONSTRAINT"] = str(lock.absolute())
    static = static_requirements()
    check_requirements(static, lock)
    check_requirements(dynamic_requirements(static), lock)
    print(f"{lock} has what the build requires.")


def check_requirements(requirements: set[str], lock: Path) -> None:
    """Raise `ConstraintsError` unless pip finds all requirements in a lock, which `PIP_CONSTRAINT` names."""
    listed = ", ".join(sorted(requirements))
    tried = pip("install", "--dry-run", "--ignore-installed", *sorted(requirements)) if requirements else None
    if not tried or not tried.returncode:
        return
    if UNLOCKED.search(tried.stdout + tried.stderr):
        message = (
            f"The build requires {listed}, and {lock} does not have that: run `{COMMAND}`, which writes {LOCK}, "
            "and commit that file."
        )
    else:
        message = f"The build requires {listed}, and pip refuses what it finds: {tried.stderr.strip()}"
    raise ConstraintsError(message)


def main(arguments: list[str]) -> int:
    """Write the lock or check the one that the build uses; return the exit code."""
    if arguments not in ([], ["--check"]):
        print(__doc__)
        return 0 if arguments == ["--help"] else 2
    try:
        find_project()
        check_lock() if arguments else write_lock()
    except ConstraintsError as error:
        if "GITHUB_ACTIONS" in os.environ:
            annotate("error", "Build backend", str(error))
        else:
            print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
