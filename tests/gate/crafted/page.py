"""The rules of the gate as a part of its reference, each with the message of an example."""

import textwrap
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

from meltano_release.distributions import check_agreement, find_problems, read_distributions
from tests.gate.crafted.rules import RULES, RUN_RULES
from tests.gate.crafted.table import CASES
from tests.support.paths import DOCS

PAGE = DOCS / "reference/gate.md"
BEGIN, END = "<!-- `python -m tests.gate.crafted` writes the rules -->\n\n", "<!-- the end of the rules -->\n"
WIDTH = 100


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


def rules() -> str:
    """Return the rules as Markdown: by section, each with its owner and an example of its message."""
    all_rules = [
        (rule.section, f"**{rule.owner}:** {rule.demand}", example_message(rule.example) if rule.example else "")
        for rule in RULES
    ]
    all_rules += [(rule.section, f"**{rule.owner}:** {rule.demand}", rule.message) for rule in RUN_RULES]
    lines = []
    for section, group in groupby(all_rules, lambda rule: rule[0]):
        lines += [f"### {section}", ""]
        for _, demand, message in group:
            lines += [*wrap(demand), "", *(["```text", *wrap(message), "```", ""] if message else [])]
    return "\n".join(lines) + "\n"


def wrap(text: str) -> list[str]:
    """Return the lines of a paragraph."""
    return textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def page(old: str) -> str:
    """Return the page with the rules as they are, in place of the old ones."""
    before, _, rest = old.partition(BEGIN)
    return before + BEGIN + rules() + END + rest.partition(END)[2]
