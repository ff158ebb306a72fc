"""A copy and an update stay cheap: what they cost is counted, because a time depends on the machine."""

import re
from pathlib import Path

import bench
import pytest

from tests.support.paths import PYPROJECT
from tests.support.versions import Versions


def test_copies_and_updates_compile_few_texts(capsys: pytest.CaptureFixture[str]) -> None:
    """Jinja compiles no more texts than the bounds in a copy with all defaults, and an update of one line."""
    assert bench.main(["--runs", "0"]) == 0
    rows = re.findall(r"^\| (.+): compilations +\| +(\d+) \| +\| +(\d+) \|$", capsys.readouterr().out, re.MULTILINE)
    assert {label: int(bound) for label, _, bound in rows} == bench.BOUNDS
    assert all(300 < int(count) <= bench.BOUNDS[label] for label, count, _ in rows)


def test_times_are_shown_beside_those_of_a_skeleton(
    versions: Versions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The skeleton is a template with the files of a project; both take turns, and a broken bound is an error."""
    project = versions.project(tmp_path / "my-package", "--vcs-ref=v1.0.0")
    skeleton = bench.Bench.create(
        bench.make_skeleton(versions.path, project.path, tmp_path / "skeleton"), tmp_path / "x"
    )
    assert skeleton.perform("copy", bench.copier) == skeleton.perform("update", bench.copier) == 0
    assert skeleton.project.read(PYPROJECT).replace("# repository\n\n", "").rstrip() == project.read(PYPROJECT).rstrip()
    monkeypatch.setattr(bench, "PROJECTS", {"library": "my-package"})
    monkeypatch.setattr(bench, "measure_command", lambda *_: False)
    monkeypatch.setattr(bench, "BOUNDS", {"copy a library": 5, "update a library": 5})
    monkeypatch.setattr(bench, "make_template", lambda _: versions)
    monkeypatch.setattr(bench, "make_skeleton", lambda *_: versions)
    monkeypatch.setattr(bench.Bench, "create", lambda *_: skeleton)
    monkeypatch.setattr(bench.Bench, "perform", lambda _, what, act: len(f"{what}{act.__name__}"))
    assert bench.main(["--runs", "1"]) == 1
    assert len(re.findall(r": seconds, (?:clock|processors) +\| +[\d.]+ \| +[\d.]+ \|", capsys.readouterr().out)) == 4
