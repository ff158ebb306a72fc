r"""Name patterns of an environment's branches and tags: Ruby's `File.fnmatch` with `FNM_PATHNAME`, as on GitHub.

`*`, `?` and `[…]` match no slash, and no period at the beginning of a part; `**/` matches any folders; `\` escapes.
"""

import re

TOKEN = re.compile(r"(?P<star>\*+)|(?P<any>\?)|\[(?P<negated>[!^]?)(?P<set>(?:\\.|[^\]\\])+)\]|\\?(?P<literal>.)")


def matches(pattern: str, name: str) -> bool:
    """Tell whether a pattern matches the whole of a name."""
    *folders, last = pattern.split("/")
    regex = "".join(r"(?:(?!\.)[^/]+/)*" if part == "**" else f"{translate_part(part)}/" for part in folders)
    return re.fullmatch(regex + translate_part(last), name) is not None


def translate_part(part: str) -> str:
    """Return the regular expression of the part of a pattern between two slashes."""
    regex = "" if part.removeprefix("\\").startswith(".") else r"(?!\.)"
    for token in TOKEN.finditer(part):
        if token["star"]:
            regex += "[^/]*"
        elif token["any"]:
            regex += "[^/]"
        elif token["set"]:
            characters = re.sub(r"\\?([^-])", lambda character: re.escape(character[1]), token["set"])
            regex += f"(?!/)[{'^' * bool(token['negated'])}{characters}]"
        elif token["literal"] == "[":
            return "(?!)"  # a bracket that is not closed matches nothing
        else:
            regex += re.escape(token["literal"])
    return regex
