"""From a package or a repository that exists to a dry run, with the commands that are printed, typed as printed."""

import re
import shlex
from pathlib import Path

import pytest

from tests.doctor.cases import CASES
from tests.simulation.events import dispatch_event
from tests.simulation.pypi import Publisher
from tests.simulation.sandbox import Sandbox
from tests.support.commands import ENVIRONMENT, TEMPLATE_URL, package_index
from tests.support.paths import RELEASING
from tests.support.projects import Project
from tests.support.repositories import REPOSITORIES

pytestmark = pytest.mark.slow

COMMAND = re.compile(r"^uvx --from \S+ meltano-release setup$", re.MULTILINE)


def run(sandbox: Sandbox, template: Path, command: str) -> str:
    """Type a command on the maintainer's machine, where uv and git find the template here; return what it prints."""
    git = {"COUNT": "2", "VALUE_0": TEMPLATE_URL, "VALUE_1": TEMPLATE_URL.removesuffix(".git")}
    git |= dict.fromkeys(("KEY_0", "KEY_1"), f"url.{template}.insteadOf")
    variables = {f"GIT_CONFIG_{name}": value for name, value in git.items()} | {"UV_NO_GITHUB_FAST_PATH": "1"}
    if command.startswith("uvx"):  # what is installed comes from the index, and what it asks then is on loopback
        install = command.rpartition(" ")[0] + " --help"
        sandbox.project.run("bash", "-euc", install, env=variables | {"UV_DEFAULT_INDEX": package_index()})
        variables |= {"UV_OFFLINE": "1", "UV_DEFAULT_INDEX": package_index()}
    sandbox.github.write_state(sandbox.github.read_state())
    variables |= sandbox.maintainer_variables()
    variables["PATH"] = f"{variables['PATH']}:{ENVIRONMENT['PATH']}"
    done = sandbox.project.run("bash", "-euc", command, env=variables, stdin="y\n" * 9, check=False)
    sandbox.github.reload()
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def dry_run(sandbox: Sandbox, printed: str) -> None:
    """Do the dry run whose command was printed, and expect that PyPI trusts it."""
    workflow = str(sandbox.project.answers["workflow_filename"])
    command = shlex.split(printed.rstrip().splitlines()[-1])
    assert command[:6] == ["gh", "workflow", "run", workflow, "--repo", sandbox.github.slug]
    name, _, value = command[7].partition("=")
    done = sandbox.run_workflow(dispatch_event({name: value}), workflow)
    assert done.result == "success", done.log
    assert "The dry run passed: PyPI trusts this workflow" in done.jobs["report"].summary


def test_a_new_package_comes_to_a_dry_run_with_two_commands_and_one_form(sandbox: Sandbox, template: Path) -> None:
    """`gh repo create` and `setup`, then PyPI's form with the values that `setup` prints, are enough."""
    sandbox.project.run("git", "remote", "remove", "origin")
    sandbox.github.exists, sandbox.github.rulesets = False, []
    sandbox.github.environments.clear()
    sandbox.loopback.reset().github = sandbox.github
    text = sandbox.project.read(RELEASING)
    create = re.findall(r"`(gh repo create .*)`", text)[0]
    (setup,) = COMMAND.findall(text)
    run(sandbox, template, create)
    printed = run(sandbox, template, setup)
    values = re.findall(r"^    [A-Z][\w ]+  +(\S+)$", printed, re.MULTILINE)
    sandbox.loopback.pypi.register_pending(Publisher(*values[1:]), values[0])
    dry_run(sandbox, printed)


def test_a_trusted_publisher_comes_to_a_dry_run_without_deleting_anything(
    sandbox: Sandbox, template: Path, tmp_path: Path
) -> None:
    """The doctor prints the answers of an old workflow; with them, the publisher on PyPI works as it is."""
    repository = REPOSITORIES["hatch-vcs with tox"]
    project = repository.write(tmp_path / "old" / repository.name)
    project.run("git", "remote", "add", "origin", f"https://github.com/Acme/{repository.name}.git")
    old = Sandbox(Project(project.path, {"workflow_filename": "other.yml"}), sandbox.github, sandbox.loopback)
    CASES["another workflow that is a trusted publisher"].fault(old)
    old.github.owner, old.github.repository, old.github.rulesets = "Acme", repository.name, []
    old.github.environments.clear()
    publisher = Publisher("Acme", repository.name, "other.yml", "pypi")
    old.loopback.reset().pypi.register(publisher, repository.package_name or repository.name)
    found = old.run_doctor()
    assert found.exit_code == 1
    (copy,) = re.findall(r"→ (uvx copier copy .*)$", found.output, re.MULTILINE)
    run(old, template, copy.replace("uvx copier copy", "copier copy --overwrite"))
    project.commit("Adopt the release setup")
    assert old.run_doctor().output.count("publishes as a trusted publisher") == 0
    project.run("git", "push", "--quiet", "--mirror", old.github.git)
    (setup,) = COMMAND.findall(project.read(RELEASING))
    printed = run(old, template, setup)
    assert "This link fills in the form" in printed
    dry_run(old, printed)
    assert len(old.loopback.pypi.publishers) == 1
