"""The publisher doctor: would PyPI trust a release of this repository?

Usage: python .github/release/doctor.py

Compares `publisher.json` with the workflows, the git remote, GitHub's repository and environment, the tags, and PyPI,
and the package manager of CI with the project's. It changes nothing. Each line begins with what was found: `ok`,
`error` with what fixes it, `note` for what is worth knowing, or `not checked` with the reason. The exit code is 1 if
there is an error. `publishing.py` says how it finds other workflows that publish.

Needs git; `gh`, signed in, for what is on GitHub; the standard library only.
Owned by the template: `copier update` refreshes this file.
"""

from __future__ import annotations

import io
import json
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from publisher import FOLDER, PENDING_URL, WORKFLOWS, NotCheckedError, find_files, form_url, read_publisher
from publishing import find_calls, find_environment, find_publishing, split_jobs, starts_on_tag

Json = Any

VERSION = r"([1-9]\d*!)?\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?(\.dev\d+)?"  # public and canonical, PEP 440
BEFORE_RELEASE = (".dev", "a", "b", "rc")  # what begins the rest of a version that comes before the release
RELEASES = ("v1.2.3", "v0.1.0rc1")  # tags that the environment has to admit
OTHERS = ("1.2.3", "nightly", "x/v1.2.3")  # tags that it has to refuse
POETRY_LOCK = FOLDER / "poetry.txt"  # is there if CI installs the project with Poetry
INDENT = " " * 13  # of what belongs to a finding
SETUP = "the commands under “Once: the environment and the branch on GitHub” in RELEASING.md"


class Finding(NamedTuple):
    """What a check found: `ok`, `error`, `note` or `not checked`, a sentence, and the command or URL that helps."""

    state: str
    sentence: str
    remedy: str = ""


def run(*command: str) -> str:
    """Return what a command prints; raise `NotCheckedError` if it is missing or fails."""
    try:
        done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
    except FileNotFoundError as error:
        message = f"`{command[0]}` is not installed"
        raise NotCheckedError(message) from error
    if done.returncode:
        raise NotCheckedError((done.stderr.strip() or f"`{' '.join(command)}` failed").splitlines()[-1])
    return done.stdout.strip()


def get(path: str) -> Json:
    """Return an answer of GitHub's API, None for a 404; raise `NotCheckedError` for anything else that is no answer."""
    try:
        answer = run("gh", "api", path)
    except NotCheckedError as error:
        if "HTTP 404" in str(error):
            return None
        raise
    try:
        return json.loads(answer)
    except ValueError as error:
        message = f"`gh api {path}` did not print JSON"
        raise NotCheckedError(message) from error


def check_workflows(publisher: dict[str, str]) -> list[Finding]:
    """Look for the publisher's workflow and its environment, and for jobs of other workflows that publish, too."""
    file = WORKFLOWS / publisher["workflow_filename"]
    texts = {path: path.read_text("utf-8", errors="replace") for path in sorted(WORKFLOWS.glob("*.y*ml"))}
    others = {path: text for path, text in texts.items() if path != file and find_publishing(text)}
    if not file.is_file():
        if len(others) == 1:
            remedy = f"git mv {shlex.quote(str(next(iter(others))))} {shlex.quote(str(file))}"
        else:
            remedy = f"restore the file from git: git log -- {shlex.quote(str(file))}"
        return [Finding("error", f"There is no {file}, which the publisher names", remedy)]
    findings = check_publishing(file, texts[file], publisher["environment"])
    for path, text in others.items():
        jobs = find_publishing(text)
        names = " and ".join(job for job, _ in jobs)
        shown = " and ".join(f"{job} ({evidence})" for job, evidence in jobs)
        early = ", when a tag is pushed, before the release and its reviewer" if starts_on_tag(text) else ""
        remedy = (
            f"git rm {shlex.quote(str(path))}"
            if len(jobs) == len(split_jobs(text))
            else f"delete the job {names} from {path}, and its name from the `needs` of other jobs"
        )
        findings.append(Finding("error", f"{path} seems to publish as well{early}: {shown}", remedy))
    findings += [
        Finding("not checked", f"{path} calls {call}: whether that publishes, too, its repository shows")
        for path, text in texts.items()
        for call in find_calls(text)
    ]
    return findings


def check_publishing(file: Path, text: str, environment: str) -> list[Finding]:
    """Look whether the publisher's workflow publishes, and from the publisher's environment."""
    jobs = split_jobs(text)
    found = {job: find_environment(jobs[job]) for job, _ in find_publishing(text)}
    if not found:
        remedy = f"restore the file from git: git log -- {shlex.quote(str(file))}"
        return [Finding("error", f"No job of {file} publishes to PyPI", remedy)]
    return [
        Finding("ok", f"{file} publishes from the environment {environment}")
        if name.lower() == environment.lower()  # as PyPI compares it
        else Finding(
            "error",
            f"The job {job} of {file} has {f'the environment {name}' if name else 'no environment'}, "
            f"and the publisher {environment}",
            f"write `environment: {json.dumps(environment, ensure_ascii=False)}` into that job, "
            "or change the answer with `copier update`",
        )
        for job, name in found.items()
    ]


def check_remote(publisher: dict[str, str]) -> list[Finding]:
    """Compare the publisher with the git remote, exactly."""
    url = run("git", "remote", "get-url", "origin")
    match = re.search(r"github\.com[:/]([^/]+)/([^/]+?)(?:\.git)?/?$", url)
    if not match:
        message = f"the git remote origin is not on GitHub ({url})"
        raise NotCheckedError(message)
    wanted, found = f"{publisher['owner']}/{publisher['repository']}", f"{match[1]}/{match[2]}"
    if found != wanted:
        remedy = f"git remote set-url origin https://github.com/{wanted}.git"
        return [Finding("error", f"The git remote is {found}, and the publisher {wanted}: case counts", remedy)]
    return [Finding("ok", f"The git remote is {wanted}")]


def check_repository(publisher: dict[str, str]) -> list[Finding]:
    """Compare the publisher with the repository on GitHub: its name, and whether it is a fork."""
    wanted = f"{publisher['owner']}/{publisher['repository']}"
    repository = get(f"repos/{wanted}")
    if repository is None:
        remedy = f"gh repo create {wanted} --public --source . --push"
        return [Finding("error", f"GitHub shows you no repository {wanted}", remedy)]
    if repository["full_name"] != wanted:
        sentence = f"The repository is called {repository['full_name']} by now, and the publisher names {wanted}"
        remedy = "copier update with the answers `owner` and `repository`, then register the publisher again on PyPI"
        return [Finding("error", sentence, remedy)]
    findings = [Finding("ok", f"GitHub calls the repository {wanted}")]
    if repository.get("fork"):
        findings.append(Finding("note", f"{wanted} is a fork on GitHub; it releases, because the publisher names it"))
    return findings


def check_environment(publisher: dict[str, str]) -> list[Finding]:
    """Look at the environment on GitHub: its reviewer, and the branches and tags that it admits."""
    wanted, name = f"{publisher['owner']}/{publisher['repository']}", publisher["environment"]
    path = f"repos/{wanted}/environments/{quote(name, safe='')}"
    repository, environment = get(f"repos/{wanted}"), get(path)
    if repository is None:
        message = f"GitHub shows you no repository {wanted}"
        raise NotCheckedError(message)
    if environment is None:
        sentence = f"GitHub has no environment {name}, and the first run would create it without protection"
        return [Finding("error", sentence, SETUP)]
    reviewed = any(rule["type"] == "required_reviewers" for rule in environment.get("protection_rules", []))
    findings = [
        Finding("ok", f"The environment {name} requires a reviewer")
        if reviewed
        else Finding("error", f"The environment {name} requires no reviewer", SETUP)
    ]
    policy = environment.get("deployment_branch_policy")
    if not (policy or {}).get("custom_branch_policies"):
        admits = "only protected branches, so no tag" if policy else "every branch and tag"
        return [*findings, Finding("error", f"The environment {name} admits {admits}", protect(path, environment))]
    return findings + check_policies(name, path, repository["default_branch"])


def protect(path: str, environment: Json) -> str:
    """Return the command that lets rules decide what an environment admits, and keeps what else it has."""
    body: dict[str, Json] = {"deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True}}
    for rule in environment.get("protection_rules", []):
        if rule["type"] == "required_reviewers":
            people = [{"type": one["type"], "id": one["reviewer"]["id"]} for one in rule.get("reviewers", [])]
            body |= {"reviewers": people, "prevent_self_review": rule.get("prevent_self_review", False)}
        elif rule["type"] == "wait_timer":
            body["wait_timer"] = rule["wait_timer"]
    return f"echo {shlex.quote(json.dumps(body))} | gh api --method PUT {shlex.quote(path)} --input -"


def check_policies(name: str, path: str, branch: str) -> list[Finding]:
    """Look at the rules of an environment: release tags and the default branch must be admitted, and nothing else."""
    answer = get(f"{path}/deployment-branch-policies?per_page=100") or {}
    policies = [(policy.get("type", "branch"), policy["name"]) for policy in answer.get("branch_policies", [])]
    tags = [glob for kind, glob in policies if kind == "tag"]
    findings = []
    for kind, glob, admitted, purpose in (
        ("tag", "v*", all(any(admits(rule, tag) for rule in tags) for tag in RELEASES), "releases"),
        ("branch", branch, ("branch", branch) in policies, "dry runs"),
    ):
        remedy = (
            f"gh api --method POST {shlex.quote(f'{path}/deployment-branch-policies')} "
            f"-f {shlex.quote(f'name={glob}')} -f type={kind}"
        )
        findings.append(
            Finding("ok", f"The environment {name} admits {kind} {glob}, for {purpose}")
            if admitted
            else Finding("error", f"The environment {name} has no rule for {kind} {glob}: {purpose}", remedy)
        )
    findings += [
        Finding(
            "error",
            f"The environment {name} also admits {kind} {glob}",
            "delete that rule in the repository's settings",
        )
        for kind, glob in policies
        if (any(admits(glob, tag) for tag in OTHERS) if kind == "tag" else glob != branch)
    ]
    return findings


def admits(glob: str, tag: str) -> bool:
    """Return whether a rule admits a tag: as in Ruby's `File.fnmatch`, a `*` does not match a `/`."""
    return glob.count("/") == tag.count("/") and all(
        fnmatchcase(part, pattern.replace("[^", "[!"))
        for part, pattern in zip(tag.split("/"), glob.split("/"), strict=True)
    )


def version_tags() -> tuple[list[str], list[str]]:
    """Return the tags that releases can be made from, the newest version first, and those that only look like it."""
    settings = [part for suffix in BEFORE_RELEASE for part in ("-c", f"versionsort.suffix={suffix}")]
    tags = run("git", *settings, "tag", "--list", "--sort=-version:refname").split()
    versions = [tag for tag in tags if re.fullmatch(f"v{VERSION}", tag)]
    return versions, [tag for tag in tags if re.match(r"v?\d", tag) and tag not in versions]


def check_tags(_: dict[str, str]) -> list[Finding]:
    """Look at the tags: which of them are versions."""
    if run("git", "rev-parse", "--is-shallow-repository") == "true":
        return [Finding("error", "The clone is shallow and may lack tags", "git fetch --unshallow --tags")]
    versions, others = version_tags()
    findings = [
        Finding("ok", f"The latest version among the tags is {versions[0]}")
        if versions
        else Finding("note", "No tag is a release tag (`v1.2.3`) yet: the first release makes one")
    ]
    if others:
        shown = ", ".join(others[:3]) + (", …" if others[3:] else "")
        sentence = f"No release can be made from {shown}: a release tag is `v` and a version. They can stay as they are"
        findings.append(Finding("note", sentence))
    return findings


def check_releases(publisher: dict[str, str]) -> list[Finding]:
    """Look whether the last versions among the tags have a release on GitHub."""
    repository = f"{publisher['owner']}/{publisher['repository']}"
    if get(f"repos/{repository}") is None:
        message = f"GitHub shows you no repository {repository}"
        raise NotCheckedError(message)
    path = f"repos/{repository}/releases/tags"
    unreleased = [tag for tag in version_tags()[0][:3] if get(f"{path}/{quote(tag, safe='')}") is None]
    return [
        Finding(
            "note",
            f"The tag {tag} has no GitHub release, and a pushed tag alone publishes nothing",
            f"gh release create {tag} --verify-tag --generate-notes",
        )
        for tag in unreleased
    ]


def check_package_manager(_: dict[str, str]) -> list[Finding]:
    """Look whether the setup of CI installs with Poetry what does not seem to be managed with it."""
    if not POETRY_LOCK.is_file():
        return []
    file = Path("pyproject.toml")
    try:
        import tomllib  # noqa: PLC0415 - Python 3.10 lacks it

        pyproject = tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    except (ImportError, ValueError) as error:
        message = f"pyproject.toml cannot be read ({error}): that needs valid TOML, and Python 3.11 or newer"
        raise NotCheckedError(message) from error
    backend = pyproject.get("build-system", {}).get("build-backend", "setuptools.build_meta")
    if "poetry" in backend or "poetry" in pyproject.get("tool", {}) or Path("poetry.lock").is_file():
        return []
    sentence = (
        "The CI setup installs the project with Poetry, and nothing shows that it is managed with Poetry: its build "
        f"backend is {backend}, and there is neither poetry.lock nor [tool.poetry]"
    )
    remedy = "if it is not, answer `uv` at `package_manager` with `copier update`, and commit what `uv lock` writes"
    return [Finding("note", sentence, remedy)]


def check_pypi(publisher: dict[str, str]) -> list[Finding]:
    """Look whether PyPI has the project, and so which form it needs; who owns it cannot be seen."""
    name = publisher["package_name"]
    files = find_files(name)
    if files is None:
        sentence = (
            f"PyPI has no {name} yet: register a pending publisher, at most 30 days before the first release or dry run"
        )
        return [Finding("note", sentence, PENDING_URL)]
    if not files:
        remedy = f"gh workflow run {shlex.quote(publisher['workflow_filename'])}"
        return [Finding("not checked", f"PyPI has {name} without a file: whether it is yours, a dry run shows", remedy)]
    sentence = f"PyPI has {name}: whether it is yours and has this publisher, only an owner of it can see"
    return [Finding("not checked", sentence, form_url(publisher))]


CHECKS = {
    "the workflows": check_workflows,
    "the git remote": check_remote,
    "the repository on GitHub": check_repository,
    "the environment on GitHub": check_environment,
    "the package manager": check_package_manager,
    "the tags": check_tags,
    "the releases on GitHub": check_releases,
    "PyPI": check_pypi,
}


def main(arguments: list[str]) -> int:
    """Print what every check finds; return 1 if there is an error, 2 for arguments that it does not know."""
    if arguments:
        print(__doc__)
        return 0 if arguments == ["--help"] else 2
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # where the terminal has no arrow
    findings = []
    try:
        publisher = read_publisher()
    except ValueError as error:
        print(f"error        {error}")
        return 1
    for subject, check in CHECKS.items():
        try:
            findings += check(publisher)
        except NotCheckedError as error:
            findings.append(Finding("not checked", f"{subject[0].upper()}{subject[1:]}: {error}"))
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else sys.maxsize
    for state, sentence, remedy in findings:
        line = f"{state:<12} {sentence}."
        print(textwrap.fill(line, width, subsequent_indent=INDENT, break_long_words=False, break_on_hyphens=False))
        if remedy:  # on one line, to be copied
            print(f"{INDENT}→ {remedy}")
    print("What PyPI's form holds, only a dry run can show: RELEASING.md says how.")
    return int(any(finding.state == "error" for finding in findings))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
