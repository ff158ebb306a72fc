"""All crafted cases, by name."""

from tests.gate.crafted import metadata_cases, sdist_cases, wheel_cases
from tests.gate.crafted.case import Case

CASES: dict[str, Case] = metadata_cases.CASES | wheel_cases.CASES | sdist_cases.CASES
