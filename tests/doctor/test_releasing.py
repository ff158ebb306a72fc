"""RELEASING.md is short, and its commands and links can be used as they stand, whatever the answers are."""

import json
import re
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from meltano_release.commit import Commit
from meltano_release.workflows import find_checks
from tests.simulation.sandbox import Sandbox
from tests.support.commands import ENVIRONMENT, run
from tests.support.pages import code_blocks
from tests.support.paths import RELEASING
from tests.support.projects import Project, Render
from tests.support.questions import choices

ODD = "Zürich: {{ x }} # & | <b> $(touch hacked) $HOME % ü/🎵"
LONG = {"owner": "a" * 39, "repository": "b" * 100, "environment": "c" * 200, "workflow_filename": f"{'d' * 90}.yaml"}
RENDERINGS = [*({"kind": kind} for kind in choices("kind")), {"scope": "release"}, LONG, {"scope": "release"} | LONG]
GH = "#!/usr/bin/env python3\nimport json, sys\nprint(json.dumps(sys.argv[1:]))\n"


@pytest.mark.parametrize("answers", RENDERINGS, ids=str)
def test_releasing_md_is_short(answers: dict[str, str], render: Render) -> None:
    """RELEASING.md has at most 120 lines: this bound is a promise."""
    assert len(render(**answers).read(RELEASING).splitlines()) <= 120


def commands(project: Project) -> list[str]:
    """Return the shell blocks of a project's RELEASING.md."""
    return code_blocks(project.read(RELEASING))


@pytest.mark.parametrize("answers", [{}, {"environment": ODD}, {"workflow_filename": "my (old) release.yml"}], ids=str)
def test_the_commands_can_be_pasted(answers: dict[str, str], render: Render, tmp_path: Path) -> None:
    """The pasted commands of `gh` have the arguments that the text says; the other command sets up GitHub."""
    project = render(**answers)
    gh = tmp_path / "bin/gh"
    gh.parent.mkdir()
    gh.write_text(GH, encoding="utf-8")
    gh.chmod(0o755)
    env = {"PATH": f"{gh.parent}:{ENVIRONMENT['PATH']}"}
    setup, dry_run, release = commands(project)
    assert setup.rstrip().endswith("@v1.0.0 meltano-release setup")
    given = json.loads(run("bash", "-euc", dry_run, cwd=tmp_path, env=env).stdout)
    workflow = answers.get("workflow_filename", "release.yaml")
    slug = "MeltanoLabs/my-package"
    assert given == ["workflow", "run", workflow, "--repo", slug, "-f", "package_name=my-package"]
    given = json.loads(run("bash", "-euc", release, cwd=tmp_path, env=env).stdout)
    assert given == ["release", "create", "v1.2.3", "--repo", slug, "--generate-notes"]
    assert not list(tmp_path.glob("hacked"))


def test_an_environment_of_any_name_is_set_up(
    render: Render, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commands that `setup --dry-run` prints create the environment of the answer, whatever its name is."""
    project = render(environment=ODD).copy(tmp_path / "odd").init()
    odd = Sandbox(project, sandbox.github, sandbox.loopback)
    project.run("git", "push", "--quiet", "--mirror", sandbox.github.git)
    printed = odd.run_setup("--dry-run").output
    done = odd.run_as_maintainer("bash", "-euc", printed)
    assert done.returncode == 0, done.stderr
    state = json.loads(sandbox.github.state_file.read_text(encoding="utf-8"))
    assert list(state["environments"]) == ["publishing", ODD]
    assert {unquote(url).partition("/environments/")[2].removesuffix("/deployment-branch-policies")
            for method, url, *_ in state["exchanges"] if method != "GET"} == {ODD}  # fmt: skip
    assert not list(project.path.glob("hacked"))
    monkeypatch.chdir(project.path)
    names = {name for workflow in Commit().workflows.values() for name in find_checks(workflow)}
    assert {"Release gate", "Test"} <= names


def test_the_link_for_an_existing_project_fills_the_form(render: Render) -> None:
    """The link fills PyPI's form with the answers as they are, whatever characters they have."""
    environment = "Zürich: {{ x }} # & | + ü/🎵"
    text = render(environment=environment).read(RELEASING)
    (link,) = re.findall(r"\((https://pypi.org/manage/project/my-package/settings/publishing/[^)]*)\)", text)
    assert dict(parse_qsl(urlsplit(link).query, strict_parsing=True)) == {
        "provider": "github",
        "owner": "MeltanoLabs",
        "repository": "my-package",
        "workflow_filename": "release.yaml",
        "environment": environment,
    }


@pytest.mark.parametrize("scope", ["package", "release"])
def test_the_checks_that_are_named_are_those_that_there_are(scope: str, render: Render) -> None:
    """RELEASING.md names the check *Test* only in a whole package, and says how to name others elsewhere."""
    text = render(scope=scope).read(RELEASING)
    assert ("_Test_" in text) == (scope == "package")
    assert ("`--check NAME`" in text) == (scope != "package")
