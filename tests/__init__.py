"""The tests of the template: `support` and `simulation` are what the test files share."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))  # for `python -m tests.update.test_edits` and the like, too
pytest.register_assert_rewrite("tests.release.checks", "tests.release.scenarios", "tests.simulation", "tests.support")
