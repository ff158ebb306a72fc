"""The project's own lock of its build backend, `.github/build-constraints.txt`, with hashes.

The release build installs the build backend from a lock of the usual backends, which the template has. A project that
requires other packages or other versions (an exact one, say) needs its own lock, and the build uses that in place of
the template's. It holds what `build-system.requires` in pyproject.toml names (PEP 518; without that table:
setuptools), what the backend requires beyond that (PEP 517), and all that these depend on, for the Python of the
release build and every newer one, and for this Python if it is older. Write it again when these requirements change.

A build that fails because of its lock offers the new one as a patch, so that nobody has to run the command.
"""

from __future__ import annotations

import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import chdir
from pathlib import Path

from build import BuildBackendException, BuildException, ProjectBuilder
from build.env import DefaultIsolatedEnv
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name, canonicalize_version
from pyproject_hooks import quiet_subprocess_runner

from meltano_release.annotations import annotate
from meltano_release.git import git
from meltano_release.markdown import details
from meltano_release.publisher import TEMPLATE, command_line, read_publisher

LOCK = Path(".github/build-constraints.txt")
RELEASE_PYTHON = (3, 13)  # of the release build, actions/build
VARIABLES = ("UV_BUILD_CONSTRAINT", "UV_CONSTRAINT", "UV_OVERRIDE", "UV_PYTHON", "UV_REQUIRE_HASHES")  # never for us
UNSOLVABLE, OFFLINE = "No solution found", "the network was disabled"  # in uv's errors

OFFER = f"""\
The build requires what its lock does not have. The artifact *build-constraints* has a patch with a new lock, from which
the next build works. In a clone, on the branch of this run, with the ID of the run from its URL:

    gh run download ID --name build-constraints
    git apply build-constraints.patch
    git add --force {LOCK}
"""

Pins = set[tuple[str, str]]  # canonical names and versions


class LockError(Exception):
    """The requirements of the build cannot be read, locked or found; the text is a sentence with the fix."""


class OutdatedLockError(LockError):
    """A new lock fixes it."""


def find_uv() -> str:
    """Return the path of uv: the one that runs this program, else the one on the PATH; raise `LockError`."""
    uv = os.environ.get("UV") or shutil.which("uv")  # uv sets UV for what it runs
    if not uv:
        message = "uv is not installed, or not on the PATH: https://docs.astral.sh/uv/getting-started/installation/"
        raise LockError(message)
    return uv


def lock_command() -> str:
    """Return the command that writes the lock, as a maintainer runs it."""
    try:
        return f"{command_line(read_publisher())} lock"
    except ValueError:  # the gate says what is wrong with publisher.json
        return f"uvx --from git+https://github.com/{TEMPLATE} meltano-release lock"


def find_project() -> None:
    """Raise `LockError` if there is no package at the top of the repository."""
    if not any(Path(name).is_file() for name in ("pyproject.toml", "setup.py")):
        message = (
            "There is no pyproject.toml or setup.py at the top of the repository. The release workflow builds one "
            "package per repository, at its top: give each package its own repository, or remove the release workflow."
        )
        raise LockError(message)


def static_requirements() -> set[str]:
    """Return what `build-system.requires` names, or setuptools if there is no such table; raise `LockError`."""
    try:
        return set(ProjectBuilder(".").build_system_requires)
    except BuildException as error:
        message = f"The table [build-system] cannot be read: {error}. Correct pyproject.toml."
        raise LockError(message) from error


def dynamic_requirements(static: set[str], constraints: str = "") -> set[str]:
    """Return what the build backend requires beyond `build-system.requires`; raise `LockError`.

    It installs the backend into an environment that is thrown away, and asks it for `get_requires_for_build_sdist` and
    `get_requires_for_build_wheel` (PEP 517): this runs code of the backend and of the project, as a build does.

    Args:
        static: What `build-system.requires` names.
        constraints: The text of a lock with the versions to install.
    """
    try:
        with DefaultIsolatedEnv(installer="uv") as environment:
            with chdir(environment.path):  # uv reads the settings of the project that it runs in
                environment.install(static, [constraints] if constraints else [])
            builder = ProjectBuilder.from_isolated_env(environment, ".", runner=quiet_subprocess_runner)
            return builder.get_requires_for_build("sdist") | builder.get_requires_for_build("wheel")
    except subprocess.CalledProcessError as error:
        stderr = (error.stderr or b"").decode(errors="replace").strip()
        print(stderr, file=sys.stderr)
        fix = ", and correct `build-system.requires`" if is_unsolvable(stderr) else ""
        message = f"uv cannot install {', '.join(sorted(static))}: see above{fix}."
        raise LockError(message) from error
    except (BuildBackendException, BuildException) as error:
        message = f"The build backend does not return its requirements: {error}. See that `uv build` works."
        raise LockError(message) from error


def compile_requirements(requirements: set[str], *options: str) -> subprocess.CompletedProcess[str]:
    """Let uv find the versions of requirements and of all that they depend on; return its exit code and output."""
    command = [find_uv(), "pip", "compile", "--quiet", "--python", sys.executable, *options, "-"]
    stdin = "\n".join(sorted(requirements))
    with tempfile.TemporaryDirectory() as folder:  # uv reads the settings of the project that it runs in
        return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, cwd=folder)


def is_unsolvable(stderr: str) -> bool:
    """Return whether uv's error says that no versions fit, and not that it could not look."""
    return UNSOLVABLE in stderr and OFFLINE not in stderr


def oldest_python() -> str:
    """Return the older one of this Python and that of the release build."""
    return "{}.{}".format(*min(sys.version_info[:2], RELEASE_PYTHON))


def prepare() -> None:
    """Remove the variables that would lead uv to other versions; raise `LockError` if uv or the package is missing."""
    for name in VARIABLES:
        os.environ.pop(name, None)
    find_uv()
    find_project()


def compile_lock(requirements: set[str]) -> str:
    """Return the text of a lock of these requirements; raise `LockError` if uv finds no versions for them."""
    options = ("--universal", "--generate-hashes", "--python-version", oldest_python())
    compiled = compile_requirements(requirements, *options, "--custom-compile-command", "meltano-release lock")
    if compiled.returncode:
        print(compiled.stderr.strip(), file=sys.stderr)
        fix = ", and correct `requires`" if is_unsolvable(compiled.stderr) else ""
        message = f"uv finds no versions for {', '.join(sorted(requirements))}: see above{fix}."
        raise LockError(message)
    return compiled.stdout


def write_lock() -> int:
    """Write the project's own lock, every package at its newest version that the requirements admit.

    Return the exit code: 1, after a sentence on stderr and with the old lock left as it is, if that is not possible.
    """
    try:
        prepare()
        requirements = all_requirements()
        text = compile_lock(requirements)
    except LockError as error:
        show(error)
        return 1
    LOCK.parent.mkdir(exist_ok=True)
    LOCK.write_text(text, encoding="utf-8")
    print(f"Wrote {LOCK} for {', '.join(sorted(requirements))}. Commit it: the release build uses it from now on.")
    if git("check-ignore", "--", str(LOCK)):
        print(f"git ignores it, so add it by name: `git add --force {LOCK}`")
    return 0


def all_requirements() -> set[str]:
    """Return what `build-system.requires` names, and what the backend requires beyond that; raise `LockError`."""
    static = static_requirements()
    return static | dynamic_requirements(static)


def check_lock(backends: Path, patch: Path | None = None) -> int:
    """Say whether the lock that the build uses holds what the build requires.

    Return the exit code: 1, after a sentence that names the command that writes the project's own lock, if it does
    not, or if the project's own lock is empty or lacks hashes.

    Args:
        backends: The template's lock, which the build uses if the project has none.
        patch: The file to write a patch with a new lock to, if that is what helps.
    """
    try:
        prepare()
        lock = LOCK if LOCK.is_file() else backends
        pins = read_lock(lock)
        static = static_requirements()
        check_requirements(static, lock, pins)
        check_requirements(dynamic_requirements(static, lock.read_text(encoding="utf-8")), lock, pins)
    except OutdatedLockError as error:
        show(error)
        if patch:
            offer_lock(patch)
        return 1
    except LockError as error:
        show(error)
        return 1
    name = name_of(lock)
    print(f"{name[0].upper()}{name[1:]} has what the build requires.")
    return 0


def offer_lock(patch: Path) -> None:
    """Write a patch with a new lock to a file, and to the job's summary; `git apply` reads it."""
    try:
        text = compile_lock(all_requirements())
    except LockError as error:
        show(error)
        return
    before = LOCK.read_text(encoding="utf-8", errors="surrogateescape").splitlines() if LOCK.is_file() else []
    names = (f"a/{LOCK}" if LOCK.is_file() else "/dev/null", f"b/{LOCK}")
    difference = "\n".join(difflib.unified_diff(before, text.splitlines(), *names, lineterm=""))
    patch.write_text(f"{difference}\n", encoding="utf-8", errors="surrogateescape")
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8", errors="replace") as file:
            file.write(f"## A new lock of the build backend\n\n{OFFER}\n\n{details(str(LOCK), difference)}\n")


def name_of(lock: Path) -> str:
    """Return what a lock is called in messages: its path, or whose it is."""
    return str(LOCK) if lock == LOCK else "the template's lock of build backends"


def read_lock(lock: Path) -> Pins:
    """Return the packages of a lock; raise `LockError` if there is none, or one without a hash.

    https://pip.pypa.io/en/stable/topics/secure-installs/#hash-checking-mode
    """
    try:
        text = lock.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{name_of(lock)} cannot be read ({error})"
        raise refuse(message) from error
    pins: Pins = set()
    for line in re.sub(r"\\\n", " ", text).splitlines():
        pinned = re.split(r"\s+(?:#|--)|^\s*#", line, maxsplit=1)[0].strip()
        if not pinned or pinned.startswith("-"):  # an option
            continue
        try:
            requirement = Requirement(pinned)
        except InvalidRequirement as error:
            message = f"{name_of(lock)} has a line that is not a requirement: {pinned}"
            raise refuse(message) from error
        if not re.search(r"--hash[= ]\w+:", line):
            message = f"{name_of(lock)} has no hash for {pinned}"
            raise refuse(message)
        pins |= pins_of(requirement)
    if not pins:
        message = f"{name_of(lock)} is empty"
        raise refuse(message)
    return pins


def pins_of(requirement: Requirement) -> Pins:
    """Return the name and version of a pinned requirement, or the name and URL."""
    versions = [canonicalize_version(one.version) for one in requirement.specifier]
    return {(canonicalize_name(requirement.name), version) for version in versions or [requirement.url or ""]}


def refuse(problem: str) -> OutdatedLockError:
    """Return an error that names a problem of a lock and the command that writes the project's own."""
    return OutdatedLockError(f"{problem}: run `{lock_command()}`, which writes {LOCK}, and commit that file.")


def check_requirements(requirements: set[str], lock: Path, pins: Pins) -> None:
    """Raise `LockError` unless a lock holds all requirements, and all that they depend on.

    uv looks for versions under the constraints of the lock, so that a package that the lock lacks can still be found
    elsewhere: what uv found is compared with the lock.
    """
    options = ("--no-header", "--no-annotate", "--constraints", str(lock.absolute()))
    if not requirements:
        return
    tried = compile_requirements(requirements, *options)
    listed = ", ".join(sorted(requirements))
    if tried.returncode and not is_unsolvable(tried.stderr):
        message = f"The build requires {listed}, and uv cannot look for that: {tried.stderr.strip()}"
        raise LockError(message)
    found = [Requirement(line.partition(" --")[0]) for line in tried.stdout.splitlines() if re.match(r"\w", line)]
    if tried.returncode or not set().union(*map(pins_of, found)) <= pins:
        message = f"The build requires {listed}, and {name_of(lock)} does not have that"
        raise refuse(message)


def show(error: LockError) -> None:
    """Print an error, in a workflow as an annotation."""
    if "GITHUB_ACTIONS" in os.environ:
        annotate("error", "Build backend", str(error))
    else:
        print(error, file=sys.stderr)
