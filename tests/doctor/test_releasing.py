"""RELEASING.md is short, and its commands and links can be used as they stand, whatever the answers are."""

import json
import re
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.support.commands import ENVIRONMENT, run
from tests.support.pages import code_blocks
from tests.support.paths import RELEASING
from tests.support.projects import Render

ODD = "Zürich: {{ x }} # & | <b> $(touch hacked) $HOME % + ü/🎵"
GH = "#!/usr/bin/env python3\nimport json, sys\nprint(json.dumps(sys.argv[1:]))\n"


@pytest.mark.parametrize("scope", ["package", "release"])
def test_releasing_md_is_short_and_names_the_checks_that_there_are(scope: str, render: Render) -> None:
    """RELEASING.md has at most 120 lines, a promise, and names the check *Test* only in a whole package."""
    text = render(scope=scope).read(RELEASING)
    assert len(text.splitlines()) <= 120
    assert ("_Test_" in text) == (scope == "package")
    assert ("`--check NAME`" in text) == (scope != "package")


@pytest.mark.parametrize("answers", [{}, {"environment": ODD}, {"workflow_filename": "my (old) release.yml"}], ids=str)
def test_the_commands_and_the_link_can_be_used(answers: dict[str, str], render: Render, tmp_path: Path) -> None:
    """The pasted commands have the arguments that the text says, and the link fills PyPI's form with the answers."""
    text = render(**answers).read(RELEASING)
    gh = tmp_path / "bin/gh"
    gh.parent.mkdir()
    gh.write_text(GH, encoding="utf-8")
    gh.chmod(0o755)
    env = {"PATH": f"{gh.parent}:{ENVIRONMENT['PATH']}"}
    setup, dry_run, release = code_blocks(text)
    assert setup.rstrip().endswith("@v1.0.0 meltano-release setup")
    given = json.loads(run("bash", "-euc", dry_run, cwd=tmp_path, env=env).stdout)
    workflow = answers.get("workflow_filename", "release.yaml")
    slug = "MeltanoLabs/my-package"
    assert given == ["workflow", "run", workflow, "--repo", slug, "-f", "package_name=my-package"]
    given = json.loads(run("bash", "-euc", release, cwd=tmp_path, env=env).stdout)
    assert given == ["release", "create", "v1.2.3", "--repo", slug, "--generate-notes"]
    assert not list(tmp_path.glob("hacked"))
    (link,) = re.findall(r"\((https://pypi.org/manage/project/my-package/settings/publishing/[^)]*)\)", text)
    assert parse_qsl(urlsplit(link).query, strict_parsing=True) == [
        ("provider", "github"),
        ("owner", "MeltanoLabs"),
        ("repository", "my-package"),
        ("workflow_filename", workflow),
        ("environment", answers.get("environment", "publishing")),
    ]
