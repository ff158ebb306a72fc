"""The rules about distributions in the reference of the gate: whose each is, and the message of an example.

Before each rule stands a comment, `<!-- RULE: CASE -->`: its name in the tables, and a case that breaks it.
"""

import re
import textwrap
from pathlib import Path
from tempfile import TemporaryDirectory

from meltano_release.distributions import check_agreement, find_problems, read_distributions
from tests.gate.crafted.case import CASES
from tests.support.paths import DOCS

PAGE = DOCS / "reference/gate.md"
RULE = re.compile(
    r"<!-- (?P<name>[^:]+?)(?:: (?P<case>.+))? -->\n\n\*\*(?P<owner>[^:]+):\*\* (?P<demand>(?:.+\n)+)"
    r"(?:\n```text\n(?P<message>(?:.+\n)+)```\n)?"
)


def find_refusals(folder: Path) -> list[str]:
    """Return why the gate refuses the distributions in a folder, without the repository around them."""
    try:
        distributions = read_distributions(folder)
    except ValueError as error:
        return [str(error)]
    problems = [problem for distribution in distributions for problem in find_problems(distribution)]
    return list(dict.fromkeys(problems + check_agreement(distributions)))


def example_message(case: str) -> str:
    """Return what the gate says first about a case, which lies in `dist` as a build's distributions do."""
    with TemporaryDirectory() as folder:
        dist = Path(folder, "dist")
        dist.mkdir()
        CASES[case].write(dist)
        return find_refusals(dist)[0].replace(f"{folder}/", "")


def wrap(text: str) -> str:
    """Return a paragraph in lines of at most 100 columns."""
    return textwrap.fill(" ".join(text.split()), 100, break_long_words=False, break_on_hyphens=False) + "\n"


def rule(match: re.Match[str]) -> str:
    """Return a rule with its owner, PyPI if it refuses the example, and with the message; one without a case as it is.

    A rule without a case is one that the gate does not check.
    """
    name, case, demand = match["name"], match["case"], match["demand"]
    if not case:
        return match[0]
    owner = "The template" if CASES[case].pypi else "PyPI"
    demand, message = wrap(f"**{owner}:** {demand}"), wrap(example_message(case))
    return f"<!-- {name}: {case} -->\n\n{demand}\n```text\n{message}```\n"


def page(old: str) -> str:
    """Return the page with the owners and messages as they are now."""
    return RULE.sub(rule, old)
