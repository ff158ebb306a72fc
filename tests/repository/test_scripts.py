"""The scripts that maintainers of the template run."""

import re
import subprocess
import sys
from pathlib import Path

import bump
import check_platform
import own_lock
import pytest
import stdlib_names
from release_notes import main
from werkzeug import Response
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from tests.support.automation import script, workflow
from tests.support.commands import run
from tests.support.paths import ROOT, STDLIB_NAMES
from tests.support.serving import serve

CHANGELOG = "# Changelog\n\n## 1.2.0 (2026-12-01)\n\n- New.\n\n## 1.2.0rc1\n\n- Newer.\n\n## 1.1.0\n"
NOT_FULL = ["v1", "v1.2", "1.2.0", "latest", "v1.2.0-rc.1", "v1.02.0", "v1.2.0.0", "v1.2.0\n", "v1.2.0+x"]
PINNED = re.compile(r"[=~]=\d|^ +rev: v?\d", re.MULTILINE)


@pytest.mark.parametrize(
    ("tag", "found"),
    [
        ("v1.2.0", "- New.\n"),
        ("v1.2.0rc1", "- Newer.\n"),
        *((tag, f"The tag {tag} is not a full version") for tag in NOT_FULL),
        *((f"v{version}", f"has no notes for {version}: ") for version in ("1.1.0", "1.3.0", "1.2.0b1")),
    ],
)
def test_a_release_has_the_notes_of_its_version(
    tag: str, found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A release has the notes of its own version from the changelog; a tag without notes, or a floating one, fails."""
    monkeypatch.chdir(tmp_path)
    Path("CHANGELOG.md").write_text(CHANGELOG, encoding="utf-8")
    assert main([tag]) == (0 if found.startswith("- ") else 1)
    printed = capsys.readouterr()
    assert found in (printed.out or printed.err)


@pytest.mark.parametrize(("tag", "prerelease"), [("v1.2.3", "false"), ("v2.0.0rc1", "true"), ("v2.0.0a1", "true")])
def test_a_release_candidate_is_not_the_latest_release(tag: str, prerelease: str, tmp_path: Path) -> None:
    """The workflow marks a pre-release as one, so that GitHub does not show it as the latest release."""
    command = 'gh() { printf "%s\\n" "$@"; }\n' + script(workflow("release")["release"], "Make the release")
    variables = {"GITHUB_REF_NAME": tag, "RUNNER_TEMP": str(tmp_path)}
    asked = run("bash", "-euo", "pipefail", "-c", command, cwd=tmp_path, env=variables).stdout.splitlines()
    assert asked[:4] == ["release", "create", tag, f"--prerelease={prerelease}"]


def test_a_bump_finds_every_pin() -> None:
    """A bump finds every pin in the template, behind any expression, and in this repository's own files."""
    for path in [path for folder in ("template", "includes") for path in (ROOT / folder).rglob("*") if path.is_file()]:
        name = path.relative_to(ROOT).as_posix()
        assert name in bump.FILES or not PINNED.search(path.read_text(encoding="utf-8")), name
    for file in bump.FILES:
        text = (ROOT / file).read_text(encoding="utf-8")
        names = {match["name"] for pattern in (bump.PIN, bump.HOOK) for match in pattern.finditer(text)}
        moved = bump.bump(text, dict.fromkeys(names, "9999"))
        assert len(PINNED.findall(text)) == len(re.findall(r"[=~]=9999\b|^ +rev: v?9999$", moved, re.MULTILINE)) > 0


def test_a_bump_asks_the_index_for_what_has_waited(
    fresh_index: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A bump moves a pin to a version that has waited, and a held package to that of the publishing action."""
    for name, text in {bump.WORKFLOW: "", "pins": "ruff==0.1\nruamel.yaml==0.1\npackaging==0.3\n"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.setenv("UV_DEFAULT_INDEX", fresh_index)
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    for name, value in {"ROOT": tmp_path, "FILES": ["pins"], "held": lambda _: {"packaging": "0.2"}}.items():
        monkeypatch.setattr(bump, name, value)
    bump.main()
    assert (tmp_path / "pins").read_text(encoding="utf-8") == "ruff==1.0\nruamel.yaml==1.0\npackaging==0.2\n"
    assert "pins: ruff==0.1 -> ruff==1.0\n" in capsys.readouterr().out


def test_packaging_has_the_version_of_the_publishing_action(capsys: pytest.CaptureFixture[str]) -> None:
    """`packaging` gets the version in the requirements of the pinned action; it stays if they cannot be read."""
    workflow = (ROOT / bump.WORKFLOW).read_text(encoding="utf-8")
    (commit,) = re.findall(r"pypa/gh-action-pypi-publish@([0-9a-f]{40})", workflow)
    requirements = Response("nh3==0.3.0\n    # via readme-renderer\npackaging==9999\n")
    file = f"/pypa/gh-action-pypi-publish/{commit}/requirements/runtime.txt"
    with serve(DispatcherMiddleware(NotFound(), {file: requirements})) as server:
        assert bump.held(workflow, server) == {"packaging": "9999"}
        assert bump.held(workflow, f"{server}/nowhere") == {}
    assert f"packaging: not moved, because {server}/nowhere/pypa/" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "name", "moved"),
    [
        ("repo: https://h/zizmorcore/zizmor-pre-commit\n    rev: v1.2.0\n", "zizmor", True),
        ("repo: https://h/python-jsonschema/check-jsonschema\n    rev: 1.2.0\n", "check-jsonschema", True),
        ("repo: https://h/pre-commit/mirrors-mypy\n    rev: v1.2.0\n", "mypy", True),
        (".venv/bin/pip install --quiet 'nox[uv]==1.2.0' && .venv/bin/nox\n", "nox", True),
        ('lint = ["ruff==1.2.0", "x[y]==1.2.0"]', "y", False),
    ],
)
def test_a_bump_knows_every_way_to_write_a_pin(text: str, name: str, moved: bool) -> None:  # noqa: FBT001
    """A bump finds a tag with or without `v`, a hook named almost like its tool, and a quoted pin; none goes back."""
    assert bump.bump(text, {name: "1.10.0", "x": "1.1.9"}) == (text.replace("1.2.0", "1.10.0") if moved else text)


def test_the_check_of_a_platform_copies_and_updates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The check of a platform copies and updates a library for real; here it installs nothing."""
    shown, run_command, output = ["my-package 1.2.3"], check_platform.run, check_platform.output

    def run_unless_it_installs(*command: str | Path, cwd: Path) -> None:
        if command[0] in {"git", sys.executable}:
            run_command(*command, cwd=cwd)

    monkeypatch.setattr(check_platform, "run", run_unless_it_installs)
    monkeypatch.setattr(
        check_platform, "output", lambda *part, cwd: shown[0] if "--version" in part else output(*part, cwd=cwd)
    )
    check_platform.main()
    assert "copied, updated, installed and checked" in capfd.readouterr().out
    shown[0] = "my-package 0"
    with pytest.raises(SystemExit, match=r"the installed version should be 1\.2\.3: my-package 0"):
        check_platform.install_and_check(tmp_path, tmp_path)


def test_uv_lock_is_written_without_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only pinned packages are exempt from the cooldown: their versions have waited. uv.lock keeps no option."""
    pyproject = '[project]\ndependencies = ["click>=8", "packaging==26.2"]\n[dependency-groups]\n'
    pyproject += 'a = ["ruff==1.0", "build>=1", "poetry-core>=2,<3"]\nb = [{ include-group = "a" }, "x[y]==2"]\n'
    (tmp_path / "pyproject.toml").write_text(pyproject, encoding="utf-8")
    lock = 'version = 1\n\n[options]\nx = "y"\n\n[options.exclude-newer-package]\nz = false\n\n[[package]]\n'
    (tmp_path / "uv.lock").write_text(lock, encoding="utf-8")
    commands: list[list[str]] = []
    monkeypatch.setattr(subprocess, "run", lambda command, **_: commands.append(command))
    monkeypatch.setattr(own_lock, "ROOT", tmp_path)
    own_lock.main()
    (command,) = commands
    assert command[command.index("--default-index") + 1] == "https://pypi.org/simple"
    assert command[command.index("--exclude-newer") + 1] == "7 days"
    assert [part for part in command if part.endswith("=false")] == ["packaging=false", "ruff=false", "x=false"]
    assert (tmp_path / "uv.lock").read_text(encoding="utf-8") == "version = 1\n\n[[package]]\n"


def test_every_name_that_pypi_prohibits_for_the_standard_library_is_listed() -> None:
    """The file includes/stdlib.txt has every name that PyPI reads from stdlib-list; `stdlib_names.py` writes it."""
    assert STDLIB_NAMES.read_text(encoding="utf-8") == stdlib_names.lines()
    assert {"json", "xml-etree", "logging-config", "urllib2"} <= stdlib_names.prohibited_names()
    assert "email-validator" not in stdlib_names.prohibited_names()
