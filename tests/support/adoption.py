"""Adopting the release setup: the copy into a repository that exists, and what its maintainer runs."""

import subprocess
import sys

from tests.support.copier import run_copier
from tests.support.paths import ANSWERS_FILE, COMMAND, GITATTRIBUTES, PUBLISHER_JSON, RELEASING
from tests.support.projects import Project
from tests.support.versions import Versions

RELEASE_SETUP = [ANSWERS_FILE, GITATTRIBUTES, PUBLISHER_JSON, RELEASING]  # and the release workflow
MAINTAIN = "from meltano_release.cli import main; main()"


def adopt(project: Project, versions: Versions, *options: str, check: bool = True) -> str:
    """Copy the release setup into a repository, as the tutorial does; return what copier printed."""
    answers = [f"--data={question}={answer}" for question, answer in project.answers.items()]
    command = ("copy", "--defaults", "--data=scope=release", *answers, *options)
    done = run_copier(*command, versions.path, ".", cwd=project.path, check=False)
    if check:
        assert done.returncode == 0, done.stderr
    return done.stderr


def maintain(project: Project, command: str, *, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a command of `meltano-release`, as the maintainer does with uvx, but from this repository's source."""
    source = {"PYTHONPATH": str(COMMAND.parent)}
    return project.run(sys.executable, "-P", "-c", MAINTAIN, command, env=source, check=check)
