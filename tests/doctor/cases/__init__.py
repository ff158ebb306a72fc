"""What the doctor finds: a table of repositories that have a fault, each with one that is like it and does not."""

from tests.doctor.cases.case import Case
from tests.doctor.cases.commit import CLONE, COMMIT
from tests.doctor.cases.github import GITHUB
from tests.doctor.cases.workflows import LINTERS, WORKFLOW

CASES: dict[str, Case] = COMMIT | CLONE | WORKFLOW | LINTERS | GITHUB
