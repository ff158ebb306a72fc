"""`copier update` refreshes a project for years; no work is lost, and there is no conflict without need."""

import re
from pathlib import Path

import pytest
import yaml

from meltano_release.gate import judge
from tests.support.commands import redirect
from tests.support.editing import replace
from tests.support.pages import code_blocks, page
from tests.support.paths import DEPENDABOT_YML, PYPROJECT, RELEASE_WORKFLOW, RELEASING, TEST_WORKFLOW, WORKFLOWS
from tests.support.projects import Project
from tests.support.terminal import COLUMNS
from tests.support.versions import LINE_CHANGE, MOVED, Versions, changed_files, clone_from_origin, conflicts, update


def test_an_update_moves_what_names_the_version_and_nothing_else(template: Path, tmp_path: Path) -> None:
    """From a tag to one with the same files, an update changes the pins, versions and commands, without a conflict.

    The pins of the test workflow are the project's own, and the message names the command that moves them.
    """
    versions = Versions.create(template, tmp_path / "template")
    project = versions.project(tmp_path / "my-package")
    before = {file: project.read(file) for file in [*MOVED, TEST_WORKFLOW]}
    versions.tag("v1.1.0")
    message = update(project).stderr
    assert (conflicts(project), changed_files(project)) == ([], MOVED)
    expected = {file: versions.moved(before[file], "v1.0.0", "v1.1.0") for file in MOVED}
    assert {file: project.read(file) for file in before} == before | expected
    shown = message.partition("Read the diff")[2]
    assert all(len(line) <= COLUMNS for line in shown.splitlines())
    (command,) = set(re.findall("uvx .*@v1.1.0 meltano-release", project.read(RELEASING)))
    assert f"{command} update" in " ".join(shown.replace("\\\n", " ").split())


@pytest.mark.parametrize("conflict", ["inline", pytest.param("rej", marks=pytest.mark.slow)])
def test_a_clash_is_shown_and_never_released(
    conflict: str, built: Path, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Copier exits with 0 after a conflict, but git and the how-to's commands show it, and the gate refuses it."""
    replace(project.path / RELEASE_WORKFLOW, LINE_CHANGE[0], "timeout-minutes: 99")
    project.commit()
    assert update(project, f"--conflict={conflict}").returncode == 0
    text = project.read(RELEASE_WORKFLOW)
    assert LINE_CHANGE[1] in text
    if conflict == "inline":
        assert conflicts(project) == [RELEASE_WORKFLOW]
        assert text.count("<<<<<<<") == text.count("timeout-minutes: 99") == 1
        assert "leftover conflict marker" in project.run("git", "diff", "--check", check=False).stdout
    else:
        assert changed_files(project) == [*MOVED, f"{RELEASE_WORKFLOW}.rej"]
        assert "timeout-minutes: 99" in project.read(f"{RELEASE_WORKFLOW}.rej")
    project.run("git", "add", "--all")
    monkeypatch.chdir(project.path)
    assert any(problem.startswith(RELEASE_WORKFLOW) for problem in judge(built, {}).problems)


def test_a_projects_own_jobs_have_a_place_that_no_update_meets(project: Project) -> None:
    """The release workflow names the how-to with that place; its example passes the audit, and stays as it is."""
    (link,) = re.findall(r"^# https://\S+/latest/(how-to/release)\.html#(jobs-of-your-own)$",
                         project.read(RELEASE_WORKFLOW), re.MULTILINE)  # fmt: skip
    text = page(f"{link[0]}.md")
    assert f"## {link[1].replace('-', ' ').capitalize()}\n" in text
    place = f"{WORKFLOWS}/release-extras.yaml"
    (example,) = code_blocks(text, f'yaml title="{place}"')
    assert yaml.safe_load(example)["name"] != yaml.safe_load(project.read(RELEASE_WORKFLOW))["name"]
    project.write(place, example)
    project.commit()
    project.run("zizmor", "--offline", "--quiet", "--persona=auditor", "--strict-collection", ".github")
    update(project)
    assert changed_files(project) == MOVED


@pytest.mark.slow
def test_the_commands_of_the_pages_do_what_they_say(old_project: Project, versions: Versions, tmp_path: Path) -> None:
    """The commands of the how-tos run one after the other, as they stand: to update, to resolve, to change an answer.

    Git only redirects the template's URL.
    """
    for name in ("template", "template.git"):  # the URL with and without its ending
        (tmp_path / name).symlink_to(versions.path)
    clone, env = clone_from_origin(old_project, tmp_path), redirect(tmp_path / "template")
    text = page("how-to/update.md")

    def follow(containing: str, text: str = text) -> str:
        (block,) = code_blocks(text, containing=containing)
        return clone.run("bash", "-euc", block.replace("@VERSION", "@v1.1.0"), env=env).stdout

    follow("git push origin template-update")
    pushed = clone.run("git", "diff", "--name-only", "main", "origin/template-update").stdout.split()
    assert pushed == sorted([*MOVED, TEST_WORKFLOW])
    replace(clone.path / RELEASE_WORKFLOW, LINE_CHANGE[0], "timeout-minutes: 99")
    clone.commit()
    follow("git switch --create update-by-hand")
    unmerged = clone.run("bash", "-c", *code_blocks(text, containing="--unmerged"), check=False).stdout
    assert {RELEASE_WORKFLOW, f"{RELEASE_WORKFLOW}:"} & set(unmerged.split())
    follow("git reset --hard")
    clone.run("git", "checkout", "--quiet", "--theirs", RELEASE_WORKFLOW)
    follow("git add --all")
    assert (conflicts(clone), LINE_CHANGE[1] in clone.read(RELEASE_WORKFLOW)) == ([], True)
    follow("--data environment=pypi")
    assert '"pypi"' in clone.read(RELEASE_WORKFLOW)
    replace(clone.path / PYPROJECT, 'version = "0.0.0"', 'version = "0.0.1"')
    compared = clone.run("bash", "-c", *code_blocks(text, containing="../fresh"), env=env, check=False).stdout
    assert re.findall(r"^([-+]\w.*\")", compared, re.MULTILINE) == ['-version = "0.0.1"', '+version = "0.0.0"']
    follow("update_bot=Dependabot", page("how-to/dependabot.md"))
    assert (tmp_path / "new" / DEPENDABOT_YML).exists()
