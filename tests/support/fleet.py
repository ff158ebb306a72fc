"""A fleet of clones to update: a small template behind a stub of `ssh` that counts the connections to it.

Git and Copier are real.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.commands import ENVIRONMENT, run
from tests.support.editing import replace
from tests.support.paths import ROOT
from tests.support.projects import Project

SCRIPT = ROOT / "scripts/update_fleet.py"
BRANCH = "template-update"
SOURCE = "git@template.test:small.git"
FILE = "settings.yaml"
LINES = "".join(f"line-{number}: 1\n" for number in range(9))


def write_command(path: Path, script: str) -> Path:
    """Write a Python script as an executable command."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{sys.executable}\n{script}", encoding="utf-8")
    path.chmod(0o755)
    return path


@dataclass
class Fleet:
    """A folder with a template, clones of projects with an origin each, and stubs of `ssh` and `gh`."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    @classmethod
    def create(cls, folder: Path) -> Fleet:
        """Make a template of one file, its version v1.0.0, and the project that the clones are of."""
        fleet = cls(folder)
        ssh = write_command(
            folder / "bin/ssh",
            "import os, shlex, sys\n"
            f"open({str(folder / 'connections')!r}, 'a').write(sys.argv[-1] + '\\n')\n"
            "command, repository = shlex.split(sys.argv[-1])\n"
            f"os.execvp(command, [command, os.path.join({str(folder)!r}, repository)])\n",
        )
        gh = "import json, sys\n"
        gh += f"open({str(folder / 'gh.jsonl')!r}, 'a').write(json.dumps(sys.argv[1:]) + '\\n')\n"
        write_command(folder / "bin/gh", f"{gh}print('https://github.com/owner/name/pull/1')\n")
        fleet.environment = {
            "GIT_SSH_COMMAND": shlex.quote(str(ssh)),
            "PATH": f"{ssh.parent}{os.pathsep}{ENVIRONMENT['PATH']}",
            "COPIER_CACHE_DIR": str(folder / "cache"),
            "TMPDIR": str(folder / "tmp"),
        }
        (folder / "tmp").mkdir()
        template = folder / "small"
        (template / "template").mkdir(parents=True)
        (template / "copier.yml").write_text("_subdirectory: template\n", encoding="utf-8")
        answers = "{{ _copier_answers | to_nice_yaml }}"
        (template / "template/{{ _copier_conf.answers_file }}.jinja").write_text(answers, encoding="utf-8")
        (template / "template" / FILE).write_text(LINES, encoding="utf-8")
        run("git", "init", "--quiet", "--initial-branch=main", cwd=template)
        run("git", "init", "--quiet", "--bare", "--initial-branch=main", "small.git", cwd=folder)
        fleet.release("v1.0.0", "line-0: 1", "line-0: 1")
        run("copier", "copy", "--quiet", "--defaults", SOURCE, folder / "original", cwd=folder, env=fleet.environment)
        Project(folder / "original", {}).init()
        return fleet

    def release(self, tag: str, old: str, new: str) -> None:
        """Change a line of the template, and tag a new version."""
        replace(self.folder / "small/template" / FILE, old, new)
        template = Project(self.folder / "small", {})
        template.commit(tag)
        template.run("git", "tag", tag)
        template.run("git", "push", "--quiet", "--tags", self.folder / "small.git", "main")

    def clone(self, name: str) -> Project:
        """Clone the project, with an origin of its own to push to."""
        run("git", "clone", "--quiet", "--bare", "original", f"origins/{name}.git", cwd=self.folder)
        run("git", "clone", "--quiet", f"origins/{name}.git", name, cwd=self.folder)
        return Project(self.folder / name, {})

    def update(self, *arguments: str, code: int, env: dict[str, str] | None = None) -> list[str]:
        """Run the script, expect an exit code, and return the lines that it prints."""
        environment = self.environment | (env or {})
        done = run(sys.executable, SCRIPT, *arguments, cwd=self.folder, check=False, env=environment)
        assert (done.returncode, done.stderr) == (code, ""), done.stdout
        assert [path.name for path in (self.folder / "tmp").iterdir()] == []
        return done.stdout.splitlines()

    def connections(self) -> int:
        """Return how often somebody connected to the template since the last call."""
        log = self.folder / "connections"
        lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return len(lines)

    def pull_requests(self) -> list[list[str]]:
        """Return the arguments of each call of `gh`."""
        log = self.folder / "gh.jsonl"
        return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] if log.exists() else []


def head(project: Project, name: str = BRANCH) -> str:
    """Return the commit that a name stands for in a clone, empty if for none."""
    return project.run("git", "rev-parse", "--verify", "--quiet", name, check=False).stdout.strip()


def pushed(project: Project) -> str:
    """Return the commit on the branch of a clone's origin; empty if there is no such branch."""
    return project.run("git", "ls-remote", "origin", f"refs/heads/{BRANCH}").stdout.partition("\t")[0]


def states(lines: list[str]) -> dict[str, str]:
    """Return what the script says about each clone, from the lines that it prints as it goes."""
    found = [re.fullmatch(r"\[ *\d+/\d+\] (\S+): (.+) \(\d+\.\d s\)", line) for line in lines]
    return {match[1]: match[2] for match in found if match}


def fingerprint(folder: Path) -> dict[str, str]:
    """Return a hash of every file under a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def start_and_wait_for_second(fleet: Fleet) -> subprocess.Popen[str]:
    """Start the script over two clones, and wait until the first is done and the second is in the middle."""
    second = fleet.clone("two")
    fleet.clone("one")
    slow = f"{shlex.quote(sys.executable)} -c 'import sys, time; time.sleep(4); sys.stdout.write(sys.stdin.read())'"
    second.run("git", "config", "filter.slow.smudge", slow)
    (second.path / ".git/info/attributes").write_text(f"{FILE} filter=slow\n", encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, SCRIPT, "--workers", "1", "one", "two"],
        cwd=fleet.folder,
        env=ENVIRONMENT | fleet.environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not list(fleet.folder.glob("fleet/two-*")):
        assert process.poll() is None
        time.sleep(0.01)
    second.run("git", "config", "--unset", "filter.slow.smudge")
    return process


def descendants(process: int) -> set[int]:
    """Return the processes that a process started, and so on."""
    listed = run("ps", "-A", "-o", "pid=,ppid=", cwd=Path("/")).stdout.split()
    parents = dict(zip(map(int, listed[::2]), map(int, listed[1::2]), strict=True))
    found = {process}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {process}
