"""The tests of the template: `support` and `simulation` are what the test files share."""

import pytest

pytest.register_assert_rewrite("tests.scenarios", "tests.simulation", "tests.support")
