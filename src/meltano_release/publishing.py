"""Jobs of this repository's workflows that publish to PyPI, and their environments, found in the text of the files.

Used by `doctor.py`. Standard library only, so YAML is not parsed. A job publishes if one of its steps, comments left
out, names

- an action whose name says so: `pypa/gh-action-pypi-publish`, or one with `publish` and `pypi` or `poetry` in it;
- a command: `twine upload`, `setup.py upload`, or `publish` (or `upload`) of uv, Poetry, Hatch, PDM, Flit or maturin;
- the credentials of one: a secret such as `PYPI_TOKEN`, or `TWINE_PASSWORD`, `UV_PUBLISH_TOKEN` and the like.

The name of a step does not count, nor a step that names TestPyPI or `--dry-run`. What a script, tox or another
repository's workflow does is not seen.
Owned by the template: `copier update` refreshes this file.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

PUBLISHES = re.compile(
    r"uses:\s*\S*(?:pypi|poetry)[\w./-]*publish|uses:\s*\S*publish[\w./-]*(?:pypi|poetry)"
    r"|\btwine\b[^\n]*\supload\b|\bsetup\.py\b[^\n]*\supload\b"
    r"|\b(?:flit|hatch|maturin|pdm|poetry|uv)(?:\s+-\S+(?:\s+[^\s-]\S*)??)*\s+(?:publish|upload)\b"
    r"|\bsecrets\.(?!\w*(?:INDEX|MIRROR|URL))\w*PYPI\w*|\b(?:FLIT_PASSWORD|HATCH_INDEX_AUTH|MATURIN_PYPI_TOKEN|PDM_PUBLISH_PASSWORD"
    r"|POETRY_PYPI_TOKEN_PYPI|TWINE_PASSWORD|UV_PUBLISH_TOKEN)\b",
    re.IGNORECASE,
)
QUOTED = r""""(?:\\.|[^"\\\n])*"|'[^'\n]*'"""
HARMLESS = re.compile(r"test[._-]?pypi|--dry-run", re.IGNORECASE)
CALLS = re.compile(r"uses:\s*[\"']?([\w.-]+/[\w.-]+/\.github/workflows/\S*(?:publish|release|pypi)\S*)", re.IGNORECASE)


class Publishing(NamedTuple):
    """A job that publishes to PyPI: its name, and what in it says so."""

    job: str
    evidence: str


def without_comments(text: str) -> str:
    """Return a workflow's text without its comments; a `#` in quotes begins none."""
    return re.sub(rf"(?<=[\s\[{{,])({QUOTED})|(^|(?<=\s))#[^\n]*", r"\1", text, flags=re.MULTILINE)


def split_jobs(text: str) -> dict[str, str]:
    """Return the text of each job of a workflow, by its name."""
    lines = re.sub(r"\r\n?", "\n", without_comments(text))
    begin = re.search(r"^[\"']?jobs[\"']?:.*\n", lines, re.MULTILINE)
    jobs = re.split(r"^(?=[^\s-])", lines[begin.end() :], maxsplit=1, flags=re.MULTILINE)[0] if begin else ""
    first = re.match(r"\s*?( +)(?=\S)", jobs)
    if not first:
        return {}
    parts = re.split(rf"^{first[1]}[\"']?([\w-]+)[\"']?:(?:[^\S\n]+&\S+)?[^\S\n]*$", jobs, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def find_publishing(text: str) -> list[Publishing]:
    """Return the jobs of a workflow that publish to PyPI."""
    found = []
    for job, body in split_jobs(text).items():
        steps = re.split(
            r"^\s*- ", re.sub(r"^(\s*(?:- )?)name:.*", r"\1", body, flags=re.MULTILINE), flags=re.MULTILINE
        )
        matches = [PUBLISHES.search(step) for step in steps if not HARMLESS.search(step)]
        evidence = next((match[0] for match in matches if match), "")
        if evidence:
            found.append(Publishing(job, re.sub(r"^uses:\s*[\"']?", "", evidence)))
    return found


def find_environment(job: str) -> str:
    """Return the name of a job's environment, empty if it has none; the job is a text as `split_jobs` returns it."""
    indent = re.match(r"\s*?( +)(?=\S)", job)
    margin = indent[1] if indent else ""
    lines = re.search(rf"^{margin}environment:(.*\n(?:{margin} .*\n|\s*\n)*)", job, re.MULTILINE)
    if not lines:
        return ""
    named = re.search(rf"(?<![\w-])name:[^\S\n]*({QUOTED}|[^\n,}}]+)", lines[1])
    name = (named[1] if named else lines[1].partition("\n")[0]).strip()
    try:
        return str(json.loads(name)) if name.startswith('"') else name.strip("'")
    except ValueError:  # an escape that YAML has and JSON lacks
        return name.strip('"')


def find_calls(text: str) -> list[str]:
    """Return the workflows of other repositories that a workflow calls and that are named like a release."""
    return [match[1] for match in CALLS.finditer(without_comments(text))]


def starts_on_tag(text: str) -> bool:
    """Return whether a pushed tag starts a workflow: `push` with `tags`, or with neither `tags` nor `branches`."""
    lines = without_comments(text).splitlines()
    starts = [number for number, line in enumerate(lines) if re.match(r"[\"']?(on|true)[\"']?\s*:", line)]
    if not starts:
        return False
    events = [lines[starts[0]].partition(":")[2], *indented(lines[starts[0] + 1 :], "")]
    for number, line in enumerate(events):
        push = re.match(r"(?P<before>.*?)\bpush\b(?P<after>.*)", line)
        if push:
            indent = re.match(r"\s*", line)
            filters = [push["after"].partition("}")[0], *indented(events[number + 1 :], indent[0] if indent else "")]
            named = "\n".join(filters)
            return bool(re.search(r"\btags\b", named)) or not re.search(r"\bbranches\b", named)
    return False


def indented(lines: list[str], indent: str) -> list[str]:
    """Return the first lines that are indented deeper, or empty."""
    deeper = [not line.strip() or line.startswith((f"{indent} ", f"{indent}- ")) for line in lines]
    return lines[: deeper.index(False)] if False in deeper else lines
