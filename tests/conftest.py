"""What the tests share: the real commands, and rendered projects that are made once and used by many."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from filelock import FileLock

ROOT = Path(__file__).parent.parent
PYTHONS = ("3.10", "3.11", "3.12", "3.13")  # tested where the machine has them; CI has them all
PARTS = ("copier.yml", "includes", "template")  # what copier reads of this repository
VERSION = "1.2.3"

Render = Callable[..., "Project"]
Once = Callable[[str, Callable[[Path], object]], Path]


def package_index() -> str:
    """Return the address of the simple index that pip itself uses, a user's mirror included."""
    command = [sys.executable, "-m", "pip", "download", "--help"]
    help_text = " ".join(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())
    match = re.search(r"Base URL of the Python Package Index \(default (\S+?)\)", help_text)
    assert match, help_text
    return match[1]


def clean_environment() -> dict[str, str]:
    """Return an environment as a new shell has it: no CI, no active virtual environment, the test tools on the PATH."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "GIT_", "COPIER_"))
    }
    of_ours = ("VIRTUAL_ENV", "CI", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PIP_CONSTRAINT")
    for name in (*of_ours, "NO_COLOR", "FORCE_COLOR"):
        environment.pop(name, None)
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment["PATH"]])
    environment["POETRY_VIRTUALENVS_IN_PROJECT"] = "true"
    environment["PROMPT_TOOLKIT_NO_CPR"] = "1"  # the terminals of tests cannot say where their cursor is
    environment["UV_PYTHON_DOWNLOADS"] = "never"  # the machine's own Pythons will do
    environment["POETRY_PYPI_MIRROR_URL"] = package_index()
    for role in ("AUTHOR", "COMMITTER"):
        environment |= {f"GIT_{role}_NAME": "Test", f"GIT_{role}_EMAIL": "test@example.com"}
    return environment


ENVIRONMENT = clean_environment()


def run(
    *command: str | Path, cwd: Path, check: bool = True, env: dict[str, str] | None = None, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command in a clean environment; fail with all that it printed if `check` and it does."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=ENVIRONMENT | (env or {}),
        input=stdin,
        stdin=None if stdin is not None else subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if check and done.returncode:
        pytest.fail(f"{' '.join(map(str, command))} in {cwd}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def asked() -> dict[str, Any]:
    """Return the questions of copier.yml that a person is asked, in order."""
    settings = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    return {
        name: question
        for name, question in settings.items()
        if name[0] != "_" and question.get("when") is not False and question.get("ask") is not False
    }


def interpreters() -> dict[str, Path]:
    """Return the Pythons of this machine that rendered projects support, by minor version; at least the tests' own."""
    found = {}
    for version in PYTHONS:
        roots = sorted(Path(os.environ.get("PYENV_ROOT", "/nowhere")).glob(f"versions/{version}.*/bin/python"))
        candidates = [*map(str, roots), shutil.which(f"python{version}")]
        for candidate in filter(None, candidates):
            answer = run(candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2])", cwd=ROOT, check=False)
            if answer.stdout.strip() == version:
                found[version] = Path(candidate)
                break
    return found or {"{}.{}".format(*sys.version_info): Path(sys.executable)}


@dataclass(frozen=True)
class Project:
    """A rendered project: where it is, and the answers that it was made with."""

    path: Path
    answers: dict[str, Any]

    def run(self, *command: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:  # noqa: ANN401
        """Run a command in the project's folder; the options are those of `run`."""
        return run(*command, cwd=self.path, **options)

    def read(self, file: str) -> str:
        """Return the text of one of the project's files."""
        return (self.path / file).read_text(encoding="utf-8")

    def begin(self, tag: str = f"v{VERSION}") -> Project:
        """Make the project a git repository with one commit and one tag."""
        self.run("git", "init", "--quiet", "--initial-branch=main")
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--message", "Begin")
        self.run("git", "tag", tag)
        return self

    def copy(self, destination: Path) -> Project:
        """Copy the project, for a test that changes it."""
        shutil.copytree(self.path, destination, symlinks=True)
        return Project(destination, self.answers)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template as it stands in the working tree, in a plain folder: copier need not clone it for every test."""
    folder = tmp_path_factory.mktemp("template")
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *PARTS, cwd=ROOT).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="session")
def render(copie_session: Any, template: Path) -> Render:  # noqa: ANN401
    """Render the template in this process; the same answers give the same project, so leave it unchanged."""
    made: dict[str, Project] = {}

    def rendered(**answers: str) -> Project:
        key = repr(sorted(answers.items()))
        if key not in made:
            answers = {"repository": "my-package"} | answers
            result = copie_session.copy(extra_answers=answers, template_dir=template)
            assert result.exit_code == 0, result.exception
            made[key] = Project(result.project_dir, result.answers)
        return made[key]

    return rendered


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """Make a folder once for all processes of the test run, by name; leave it unchanged."""
    base = tmp_path_factory.getbasetemp()
    root = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "once"
    root.mkdir(exist_ok=True)

    def made(name: str, make: Callable[[Path], object]) -> Path:
        folder = root / hashlib.sha256(name.encode()).hexdigest()[:16]
        with FileLock(f"{folder}.lock"):
            if not Path(f"{folder}.made").exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                make(folder)
                Path(f"{folder}.made").touch()
        return folder

    return made


@pytest.fixture(scope="session")
def default(render: Render, once: Once) -> Project:
    """The default project, a git repository at v1.2.3; leave it unchanged."""
    project = render()
    folder = once("default", lambda folder: project.copy(folder / "my-package").begin())
    return Project(folder / "my-package", project.answers)


@pytest.fixture(scope="session")
def installed(default: Project, once: Once) -> Project:
    """The default project after Poetry's own install into its .venv; leave it unchanged."""
    folder = once("installed", lambda folder: default.copy(folder / "my-package").run("poetry", "install"))
    return Project(folder / "my-package", default.answers)


@pytest.fixture(scope="session")
def built(default: Project, once: Once) -> Path:
    """The folder with the default project's wheel and source distribution, built as the release builds them."""
    return once("built", lambda folder: build(default.copy(folder / "my-package"))) / "my-package/dist"


def build(project: Project, *, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Build a project as build.yaml does: with `python -m build` under the hashes of constraints.txt."""
    constraints = project.path / ".github/workflows/constraints.txt"
    return project.run(sys.executable, "-m", "build", env={"PIP_CONSTRAINT": str(constraints)}, check=check)


def assert_tidy(project: Project) -> None:
    """Fail the test if a line of the project ends in space, or a text file has stray blank lines."""
    scars = [
        f"{path.relative_to(project.path)}:{number}: {line!r}"
        for path in text_files(project)
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1)
        if line != line.rstrip()
    ]
    assert scars == []
    for path in text_files(project):
        if path.suffix != ".py" and path.name != "LICENSE":
            text = path.read_text(encoding="utf-8")
            assert "\n\n\n" not in text, f"{path.name} has two blank lines"
            assert not text or re.search(r"[^\n]\n\Z", text), f"{path.name} does not end in one line break"


def text_files(project: Project) -> list[Path]:
    """Return the files of a project that git would track."""
    listed = project.run("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z").stdout
    return [project.path / name for name in listed.split("\0") if name]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the drills that were carried out as a table: what is broken, where it stops, what the user sees."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])]
    drills = [value for report in reports for name, value in report.user_properties if name == "drill"]
    if drills:
        terminalreporter.section("drills")
        widths = [max(len(row[column]) for row in drills) for column in (0, 1)]
        for title, stops, says in sorted(drills, key=lambda row: (row[1], row[0])):
            terminalreporter.write_line(f"{title:<{widths[0]}}  {stops:<{widths[1]}}  {says}")
