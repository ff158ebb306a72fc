"""How many examples Hypothesis makes: few and always the same ones, or many and new ones with `nox -s fuzz`."""

import os

from hypothesis import HealthCheck, settings

COUNT = int(os.environ.get("ANY_ANSWERS", "0"))  # `nox -s fuzz` sets it
ACCEPTABLE = (HealthCheck.too_slow, HealthCheck.function_scoped_fixture)  # a test empties its folder itself


def examples(few: int) -> settings:
    """Return the settings of a test that makes a few examples, or as many as `nox -s fuzz` asks for."""
    return settings(
        max_examples=COUNT or few,
        derandomize=not COUNT,
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=ACCEPTABLE,
    )
