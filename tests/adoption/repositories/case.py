"""What an adopted repository is: how it looks, what it is told, and what its maintainer does about that."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.support.paths import ANSWERS_FILE
from tests.support.projects import TAG, Project
from tests.support.repositories import Repository

Remedy = Callable[[Project], None]
RELEASED, CHECKED = "released", "pull request checked"


@dataclass(frozen=True)
class Case:
    """A repository to adopt, by its cause of trouble."""

    cause: str
    repository: Repository
    message: str = ""  # of the build, the gate or the doctor; nothing if no hand is needed
    advice: str = ""  # what the maintainer does about it, for the table
    remedy: Remedy | None = None  # does it; without one, the repository is not supported
    prepare: Remedy | None = None  # what the tutorial has done before the copy
    tag: str = TAG  # of the first try to release
    answers_file: str = ANSWERS_FILE
    check: Remedy | None = None  # what else has to be true after the adoption
    on_act: str = ""  # what runs as a whole workflow, RELEASED or CHECKED, and not only by steps
    fork: bool = False  # whether the repository is a fork on GitHub
