"""The guidelines of Scientific Python, which sp-repo-review checks."""

from collections.abc import Set as AbstractSet
from pathlib import Path

from repo_review.processor import process


def failed_checks(folder: Path, ignore: AbstractSet[str] = frozenset()) -> set[str]:
    """Return the names of failed checks, without those that pyproject.toml ignores, or `ignore` instead, if given."""
    results = process(folder, ignore=ignore).results
    assert len(results) > 50, "the checks are not installed"
    return {result.name for result in results if result.result is False}
