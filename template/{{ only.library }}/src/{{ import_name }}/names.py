"""Names of packages."""

import re


def normalize(name: str) -> str:
    """Bring the name of a package into the form in which PyPI compares names.

    Args:
        name: The name as somebody wrote it, for example `Tap_GitHub`.

    Returns:
        The name in lower case, each run of `-`, `_` and `.` turned into one `-`:
        `tap-github`.

    Raises:
        ValueError: If no package can have the name: it must consist of ASCII letters,
            digits, `-`, `_` and `.`, and begin and end with a letter or digit.

    The rule is that of PEP 508 (valid names) and PEP 503 (normalized names).
    """
    if not re.fullmatch(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?", name, re.ASCII | re.IGNORECASE):
        message = f"{name!r} is not a name that a package can have"
        raise ValueError(message)
    return re.sub(r"[-_.]+", "-", name).lower()
