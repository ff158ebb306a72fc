"""Adopting the release setup: the copy into a repository that exists."""

from tests.support.paths import ANSWERS_FILE, BUILD_WORKFLOW, GITATTRIBUTES, PUBLISHER_JSON, RELEASE_FOLDER, RELEASING
from tests.support.projects import Project
from tests.support.versions import Versions

RELEASE_SETUP = [
    ANSWERS_FILE,
    BUILD_WORKFLOW,
    GITATTRIBUTES,
    RELEASING,
    *(f"{RELEASE_FOLDER}/{name}.txt" for name in ("backends", "build", "judge", "uv")),
    *(
        f"{RELEASE_FOLDER}/{name}.py"
        for name in ("constraints", "distributions", "doctor", "gate", "publisher", "publishing", "report")
    ),
    PUBLISHER_JSON,
    f"{RELEASE_FOLDER}/ruff.toml",
]


def adopt(project: Project, versions: Versions, *options: str, check: bool = True) -> str:
    """Copy the release setup into a repository, as the tutorial does; return what copier printed."""
    answers = [f"--data={question}={answer}" for question, answer in project.answers.items()]
    command = ["copier", "copy", "--defaults", "--data=scope=release", *answers, *options]
    done = project.run(*command, versions.path, ".", check=False)
    if check:
        assert done.returncode == 0, done.stderr
    return done.stderr
