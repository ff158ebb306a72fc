"""Write includes/stdlib.txt: the names that PyPI refuses because a Python's standard library has such a module.

Usage: python scripts/stdlib_names.py

PyPI refuses the modules of every Python that stdlib-list knows, and the packages that they are in, by normalized
names: `xml.etree` makes `xml-etree` a name that no project can have (warehouse, packaging/services.py,
STDLIB_PROHIBITED). A line has the first word of names, then what follows it in each; `.` stands for the word alone.
"""

import itertools
import re
from collections import defaultdict
from pathlib import Path

import stdlib_list

TARGET = Path(__file__).parent.parent / "includes/stdlib.txt"


def prohibited_names() -> set[str]:
    """Return the normalized names (PEP 503) that PyPI refuses."""
    modules = itertools.chain.from_iterable(map(stdlib_list.stdlib_list, stdlib_list.short_versions))
    names = {name for module in modules for name in itertools.accumulate(module.split("."), "{}.{}".format)}
    return {re.sub(r"[-_.]+", "-", name.strip("-_.")).lower() for name in names} - {""}


def lines() -> str:
    """Return the content of the file."""
    rests = defaultdict(list)
    for name in sorted(prohibited_names()):
        word, _, rest = name.partition("-")
        rests[word].append(rest or ".")
    return "".join(f"{word} {' '.join(rest)}\n" for word, rest in sorted(rests.items()))


if __name__ == "__main__":
    TARGET.write_text(lines(), encoding="utf-8")
