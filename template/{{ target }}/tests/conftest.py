"""What the tests share."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run each test where it may write: the sample configuration names a relative path."""
    monkeypatch.chdir(tmp_path)
