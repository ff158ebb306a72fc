"""What the doctor says of linters is what the real ones do."""

import pytest

from tests.doctor.cases.workflows import LINTERS
from tests.simulation.sandbox import Sandbox
from tests.support.commands import ENVIRONMENT
from tests.support.folder_cache import FolderCache
from tests.support.npm import npm_commands
from tests.support.paths import PRETTIER_PACKAGE, PUBLISHER_JSON, RELEASE_WORKFLOW, RELEASING

FILES = [RELEASE_WORKFLOW, RELEASING, PUBLISHER_JSON]
COMMANDS = {  # of a repository with the fault, and of the one that is like it
    "yamllint with its default": (["yamllint", RELEASE_WORKFLOW],) * 2,
    "yamllint in pre-commit": (["yamllint", RELEASE_WORKFLOW], ["yamllint", "-d", "relaxed", RELEASE_WORKFLOW]),
    "yamllint that ignores the workflow in place of another": (["yamllint", RELEASE_WORKFLOW],) * 2,
    "pretty-format-json with another indentation": (
        ["pretty-format-json", "--indent", "4", PUBLISHER_JSON],
        ["pretty-format-json", PUBLISHER_JSON],
    ),
    "pretty-format-json with another order": (["pretty-format-json", "--top-keys=owner", PUBLISHER_JSON],),
    "Prettier with another width": (["prettier", "--check", *FILES],) * 2,
    "Prettier in package.json": (["prettier", "--check", *FILES],) * 2,
}


def test_every_linter_is_run() -> None:
    """The table has each linter of which the doctor says that it refuses a file."""
    assert list(COMMANDS) == [title for title, case in LINTERS.items() if case.state == "note"]


@pytest.mark.slow
@pytest.mark.parametrize("title", COMMANDS)
def test_a_linter_refuses_what_the_doctor_says(title: str, sandbox: Sandbox, once: FolderCache) -> None:
    """The linter refuses the files in the repository with the fault, and accepts them in the other."""
    path = {"PATH": f"{npm_commands(PRETTIER_PACKAGE, once)}:{ENVIRONMENT['PATH']}"}
    case = LINTERS[title]
    for change, command, refused in zip((case.fault, case.sound), COMMANDS[title], (True, False), strict=False):
        change(sandbox)
        done = sandbox.project.run(*command, env=path, check=False)
        assert bool(done.returncode) == refused, done.stdout + done.stderr
        sandbox.project.run("git", "reset", "--quiet", "--hard", "HEAD~1")
