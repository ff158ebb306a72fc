"""Years of the template's history, made up after what templates go through, and projects that live through it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.editing import replace
from tests.support.paths import (
    PYPROJECT,
    PYTHONS_JSON,
    RELEASE_WORKFLOW,
    RELEASE_WORKFLOW_SOURCE,
    RELEASING,
    RELEASING_SOURCE,
    TEST_WORKFLOW,
    UPDATED,
    WORKFLOWS,
)
from tests.support.projects import Project
from tests.support.versions import Versions

RENAMED = (".github/notes.txt", ".github/release-notes.txt")
QUESTION = "{name}:\n  type: str\n  default: \"{{{{ {name} | d('{default}') }}}}\"\n\n"


def substitute(versions: Versions, pattern: str, new: str, *files: str) -> None:
    """Replace what a pattern finds in files of the template, in all of them if none is named; it finds something."""
    found = 0
    paths = [versions.path / file for file in files] or sorted((versions.path / "template").rglob("*"))
    for path in paths:
        if path.is_file():
            text, count = re.subn(pattern, new, path.read_text(encoding="utf-8"), flags=re.DOTALL)
            if count:
                path.write_text(text, encoding="utf-8")
                found += count
    assert found, pattern


def begin(versions: Versions) -> None:
    """Add a question that a later version removes, and a file that a later version renames."""
    (versions.path / UPDATED / RENAMED[0]).write_text("Notes.\n", encoding="utf-8")
    replace(
        versions.path / "copier.yml", "environment:\n", f"{QUESTION.format(name='nickname', default='x')}environment:\n"
    )
    substitute(
        versions, r"\A(.*?# Releasing \{\{ package_name \}\}\n)", r"\1\nNickname: {{ nickname }}.\n", RELEASING_SOURCE
    )


def move_pins(versions: Versions) -> None:
    """Move the actions of others that the workflows use to new versions."""
    substitute(versions, r"(actions/checkout)@\S+ # v\S+", rf"\1@{'1' * 40} # v7.9.0")
    substitute(versions, r"(actions/download-artifact)@\S+ # v\S+", rf"\1@{'1' * 40} # v8.9.0", RELEASE_WORKFLOW_SOURCE)


def split_a_job(versions: Versions) -> None:
    """Move the look at the tag into a separate job, which publishing then needs."""
    step = r"      - name: See that the tag still points to this commit\n.*?(?=      - name: )"
    text = (versions.path / RELEASE_WORKFLOW_SOURCE).read_text(encoding="utf-8")
    (look,) = re.findall(step, text, re.DOTALL)
    head = "  tag:\n    name: Look at the tag\n    needs: gate\n    runs-on: ubuntu-24.04\n    timeout-minutes: 5\n"
    head += "    permissions:\n      contents: read # to see where the tag points\n    steps:\n"
    before, after = text.replace(look, "").split("  publish:\n")
    after = after.replace("    needs: gate\n", "    needs: [gate, tag]\n", 1)
    (versions.path / RELEASE_WORKFLOW_SOURCE).write_text(f"{before}{head}{look}\n  publish:\n{after}", encoding="utf-8")


def rename_a_job(versions: Versions) -> None:
    """Rename the job `attach` to `assets`, also where other jobs need it."""
    substitute(versions, r"\n  attach:", "\n  assets:", RELEASE_WORKFLOW_SOURCE)
    substitute(versions, r"(needs:\s+\[[^\]]*)\battach\b", r"\1assets", RELEASE_WORKFLOW_SOURCE)


def add_a_python(versions: Versions) -> None:
    """Add a Python that projects are tested on from now on."""
    substitute(versions, r'"\]', '", "3.99"]', PYTHONS_JSON)


def move_the_sdk(versions: Versions) -> None:
    """Move to the SDK's next major version, which only new projects get."""
    substitute(versions, r"(singer-sdk\S*?)~=[\d.]+", r"\1~=1.0.0")


def change_the_actions(versions: Versions) -> None:
    """Change what the actions do: in the projects, the pins move and nothing else does."""
    substitute(versions, r"\n\Z", "\n# Another version of the gate.\n", "actions/gate/action.yml")


def add_a_question(versions: Versions) -> None:
    """Add a question whose answer stands in one file and decides whether another one exists."""
    replace(
        versions.path / "copier.yml", "environment:\n", f"{QUESTION.format(name='wait', default='15')}environment:\n"
    )
    replace(
        versions.path / "copier.yml",
        "  - .DS_Store\n",
        "  - \"{{ '/.never' if wait | d('') else '' }}\"\n  - .DS_Store\n",
    )
    substitute(versions, r"\n\Z", "\n\nA release takes {{ wait }} minutes.\n", RELEASING_SOURCE)


def remove_a_question(versions: Versions) -> None:
    """Remove a question, and the text that was made from its answer."""
    substitute(versions, r"nickname:\n.*?\n\n", "", "copier.yml")
    substitute(versions, r"\nNickname: \{\{ nickname \}\}\.\n", "", RELEASING_SOURCE)


def remove_a_choice(versions: Versions) -> None:
    """Remove the choice that adds launch configurations."""
    substitute(versions, r"choices: \[None, VSCode\]", "choices: [None]", "copier.yml")


def rename_a_file(versions: Versions) -> None:
    """Rename a file of the template; `_exclude` retires the old name, as CONTRIBUTING.md asks."""
    old, new = RENAMED
    (versions.path / UPDATED / old).rename(versions.path / UPDATED / new)
    replace(versions.path / "copier.yml", "  - .DS_Store\n", f"  - /{old}\n  - .DS_Store\n")


def rewrite_the_report(versions: Versions) -> None:
    """Rewrite the last job of the release workflow so that no line is where it was."""
    path = versions.path / RELEASE_WORKFLOW_SOURCE
    before, job, lines = path.read_text(encoding="utf-8").rpartition("  report:\n")
    path.write_text(before + job + "".join(f"{line} # new\n" for line in lines.splitlines()), encoding="utf-8")


def reword(versions: Versions) -> None:
    """Reword a paragraph of the documentation, and move the pins once more."""
    substitute(versions, r"(actions/checkout)@\S+ # v\S+", rf"\1@{'2' * 40} # v8.0.0")
    substitute(versions, r"No token is stored\s+anywhere:", "It stores no token:", RELEASING_SOURCE)


CHANGES: dict[str, Callable[[Versions], None]] = {
    "v1.1.0": move_pins,
    "v1.2.0": split_a_job,
    "v1.3.0": rename_a_job,
    "v1.4.0": add_a_python,
    "v1.5.0": move_the_sdk,
    "v1.6.0": change_the_actions,
    "v1.7.0": add_a_question,
    "v1.8.0": remove_a_question,
    "v1.9.0": remove_a_choice,
    "v1.10.0": rename_a_file,
    "v1.11.0": rewrite_the_report,
    "v1.12.0": reword,
}
TAGS = list(CHANGES)
CHOICE_REMOVED = next(tag for tag, change in CHANGES.items() if change is remove_a_choice)


def write_history(template: Path, folder: Path) -> Versions:
    """Write v1.0.0 and all later versions of the template."""
    versions = Versions.create(template, folder, "v0.9.0")
    begin(versions)
    versions.tag("v1.0.0")
    for tag, change in CHANGES.items():
        change(versions)
        versions.tag(tag)
    return versions


@dataclass(frozen=True)
class LongLivedProject:
    """A project that lives through the history: what its people do at the start, and the conflicts that they meet."""

    answers: dict[str, str]
    work: Callable[[Project], None]
    kept: dict[str, str]  # a line of the project's own, by file, that no update may lose
    edited: tuple[str, ...] = ()  # files of the template that the project has edited
    conflicts: Mapping[str, set[str]] = field(default_factory=dict)  # by version; each with its cause beside it
    conflicts_at_once: frozenset[str] = frozenset()  # of one update over all versions


def append(project: Project, file: str, text: str) -> None:
    """Add text at the end of a file; make the file if there is none."""
    path = project.path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as opened:
        opened.write(text)


def run_a_formatter(project: Project) -> None:
    """Add a pre-commit hook, and run a formatter with settings of the project's own over the whole repository."""
    append(project, ".pre-commit-config.yaml", "  - repo: meta\n    hooks:\n      - id: identity # mine\n")
    replace(project.path / PYPROJECT, "line-length = 120", "line-length = 60")
    project.run("ruff", "format", "--quiet", ".")


def change_the_tests(project: Project) -> None:
    """Add services, a secret, an axis of the matrix, and a job to the test workflow."""
    test = project.path / TEST_WORKFLOW
    services = "    services:\n      db:\n        image: postgres:18\n"
    replace(test, "    runs-on: ubuntu-24.04\n    timeout-minutes: 30\n", f"    runs-on: ubuntu-24.04\n{services}")
    replace(test, "  test:\n", "  test:\n    env:\n      TOKEN: ${{ secrets.TOKEN }} # mine\n")
    replace(test, "      matrix:\n", "      matrix:\n        database: [sqlite, postgres]\n")
    append(project, TEST_WORKFLOW, "\n  mine:\n    runs-on: ubuntu-24.04\n    steps: []\n")


def change_the_templates_files(project: Project) -> None:
    """Edit files of the template: add a job to the release workflow, change a timeout and a step, and add notes."""
    append(project, RELEASE_WORKFLOW, "\n  image:\n    needs: publish # mine\n    runs-on: ubuntu-24.04\n")
    release = project.path / RELEASE_WORKFLOW
    replace(release, "timeout-minutes: 10\n", "timeout-minutes: 99\n")
    replace(release, 'gh api "repos/$GITHUB_REPOSITORY/commits', 'gh api --cache 0s "repos/$GITHUB_REPOSITORY/commits')
    replace(project.path / RELEASING, "goes below this line: who the owners are, and how to reach them. -->\n",
            "goes below this line: who the owners are, and how to reach them. -->\n\nAsk Ada. (mine)\n")  # fmt: skip


def work_with_windows_line_endings(project: Project) -> None:
    """Write every file with the line endings of Windows, as some editors do."""
    append(project, "README.md", "Mine.\n")
    for path in project.tracked_files():
        path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))


def check_out_on_windows(project: Project) -> None:
    """Get every file with the line endings of Windows, as git makes them there, except for the template's files."""
    append(project, "README.md", "Mine.\n")
    project.commit()
    project.run("git", "config", "core.autocrlf", "true")
    for path in project.tracked_files():
        path.unlink()
    project.run("git", "checkout", "--", ".")
    assert b"\r\n" in (project.path / "README.md").read_bytes()
    assert not any(b"\r\n" in (project.path / file).read_bytes() for file in (RELEASE_WORKFLOW, RELEASING))


def move_to_hatchling(project: Project) -> None:
    """Move an adopted repository with Poetry to another backend, with its own lock; it keeps its CI."""
    append(project, PYPROJECT, '[build-system]\nrequires = ["hatchling==1.27.0"] # mine\n')
    append(project, ".github/build-constraints.txt", "hatchling==1.27.0 # mine\n")
    append(project, f"{WORKFLOWS}/ci.yml", "on: push # mine\njobs: {}\n")


LONG_LIVED = {
    "a library, formatted with its own settings": LongLivedProject(
        {"kind": "library", "ide": "VSCode"},
        run_a_formatter,
        {".pre-commit-config.yaml": "# mine", PYPROJECT: "line-length = 60", ".vscode/launch.json": "configurations"},
    ),
    "a tap whose tests need services, secrets and a matrix": LongLivedProject(
        {"kind": "tap", "repository": "tap-x"}, change_the_tests, {TEST_WORKFLOW: "# mine"}
    ),
    "a target with edits in the template's files": LongLivedProject(
        {"kind": "target", "repository": "target-x"},
        change_the_templates_files,
        {RELEASE_WORKFLOW: "# mine", RELEASING: "Ask Ada."},
        (RELEASE_WORKFLOW, RELEASING),
        {
            "v1.11.0": {RELEASE_WORKFLOW},  # the project's job follows the one that is rewritten
        },
        frozenset({RELEASE_WORKFLOW}),
    ),
    "an extension with line endings of Windows": LongLivedProject(
        {"kind": "extension", "repository": "x-ext"},
        work_with_windows_line_endings,
        {"README.md": "Mine."},
    ),
    "a mapper on Windows": LongLivedProject(
        {"kind": "mapper", "repository": "map-x"},
        check_out_on_windows,
        {"README.md": "Mine."},
    ),
    "an adopted repository that moves to hatchling": LongLivedProject(
        {"scope": "release", "repository": "tap-y"},
        move_to_hatchling,
        {PYPROJECT: "# mine", ".github/build-constraints.txt": "# mine", f"{WORKFLOWS}/ci.yml": "# mine"},
    ),
}
