"""Linters and formatters of the project that refuse the template's files, with the line that keeps them off.

With default settings, actionlint, Prettier, mdformat and pretty-format-json refuse none of these files, Black sees no
Python among them, and yamllint refuses long lines. The configuration is read; none of these tools runs.
"""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import yaml

from meltano_release.doctor.findings import Finding
from meltano_release.doctor.pins import find_answers
from meltano_release.publisher import FILE, workflow_path
from meltano_release.workflows import Mapping, as_mapping

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meltano_release.commit import Commit

PRE_COMMIT = ".pre-commit-config.yaml"
YAMLLINT = (".yamllint", ".yamllint.yaml", ".yamllint.yml")
LONGEST = 80  # characters of a line, in yamllint's configuration `default`
PRETTIER = re.compile(r"\.prettierrc(\.json5?|\.ya?ml)?")
PRETTIER_PROGRAM = re.compile(r"\.prettierrc\.(toml|\w?[jt]s)|prettier\.config\.\w?[jt]s")
PRETTIER_IGNORE = ".prettierignore"
RESHAPING = {  # options of Prettier that change these files, and the values with which they do not
    "bracketSpacing": True,
    "endOfLine": "lf",
    "printWidth": 80,
    "proseWrap": "preserve",
    "singleQuote": False,
    "tabWidth": 2,
    "useTabs": False,
}


def check_linters(publisher: dict[str, str], commit: Commit) -> list[Finding]:
    """Look for linters that would refuse the template's files."""
    return [*check_yamllint(publisher, commit), *check_json(publisher, commit), *check_prettier(publisher, commit)]


def read_mapping(text: str) -> Mapping:
    """Return the mapping of a YAML or JSON text, nothing if it has none."""
    try:
        return as_mapping(yaml.safe_load(text))
    except yaml.YAMLError:
        return {}


def find_hook(commit: Commit, name: str, file: str) -> Mapping | None:
    """Return the hook of pre-commit with an ID, if it sees a file."""
    settings = read_mapping(commit.read(PRE_COMMIT))
    repositories = [as_mapping(one) for one in settings.get("repos") or []]
    hooks = [as_mapping(hook) for repository in repositories for hook in repository.get("hooks") or []]
    hook = next((hook for hook in hooks if hook.get("id") == name), None)
    excluded = [str(one["exclude"]) for one in (settings, hook or {}) if one.get("exclude")]
    return None if any(re.search(pattern, file) for pattern in excluded) else hook


def exclude_line(publisher: dict[str, str]) -> str:
    """Return the line that keeps the hooks of pre-commit off the template's files."""
    files = rf"\.gitattributes|publisher\.json|RELEASING\.md|workflows/{re.escape(publisher['workflow_filename'])}"
    return rf"add to {PRE_COMMIT}: exclude: ^(\.github/({files})$|\.copier-answers)"


def is_ignored(file: str, patterns: object) -> bool:
    """Return whether a file is matched by lines such as those of a `.gitignore`."""
    lines = patterns.split("\n") if isinstance(patterns, str) else patterns if isinstance(patterns, list) else []
    names = [str(line).strip().strip("/") for line in lines]
    return any(name and (fnmatchcase(file, name) or file.startswith(f"{name}/")) for name in names)


def check_yamllint(publisher: dict[str, str], commit: Commit) -> Iterator[Finding]:
    """Look whether yamllint refuses a line of the release workflow or of the answers file as too long."""
    config = next((path for path in YAMLLINT if path in commit.modes), "")
    for file in (workflow_path(publisher), *find_answers(commit)):
        hook = find_hook(commit, "yamllint", file)
        arguments = [str(one) for one in (hook or {}).get("args") or []]
        given = next((arguments[at + 1] for at, one in enumerate(arguments[:-1]) if one in ("-d", "--config-data")), "")
        settings = read_mapping(given or commit.read(config)) or {"extends": given or "default"}
        usual = "enable" if settings.get("extends") == "default" else "disable"
        rule = as_mapping(settings.get("rules")).get("line-length", usual)
        longest = as_mapping(rule).get("max", LONGEST)
        long = [number for number, line in enumerate(commit.read(file).splitlines(), start=1) if len(line) > longest]
        refuses = rule not in ("disable", False) and as_mapping(rule).get("level") != "warning"
        if (config or hook) and refuses and long and not is_ignored(file, settings.get("ignore")):
            sentence = f"yamllint refuses {file}: line {long[0]} has more than {longest} characters"
            yield Finding("note", sentence, f"add to {config or '.yamllint'}: ignore: [{file}]")


def check_json(publisher: dict[str, str], commit: Commit) -> Iterator[Finding]:
    """Look whether pretty-format-json, with its arguments, writes `publisher.json` in another way."""
    file = FILE.as_posix()
    hook = find_hook(commit, "pretty-format-json", file)
    if hook is None:
        return
    arguments = " ".join(map(str, hook.get("args") or []))
    indent = re.search(r"--indent[= ](\S+)", arguments)
    width = indent[1] if indent else "2"
    try:
        values = json.loads(commit.read(file))
    except ValueError:
        return
    if first := re.search(r"--top-keys[= ](\S+)", arguments):
        names = first[1].split(",")
        values = {name: values[name] for name in sorted(values, key=lambda key: (key not in names, key))}
    plain = "--no-ensure-ascii" not in arguments
    text = json.dumps(values, indent=int(width) if width.isdigit() else width, ensure_ascii=plain)
    if text != commit.read(file).rstrip("\n"):
        yield Finding("note", f"pretty-format-json changes {file}, and each update meets that", exclude_line(publisher))


def check_prettier(publisher: dict[str, str], commit: Commit) -> Iterator[Finding]:
    """Look whether an option of Prettier changes the template's files."""
    file = workflow_path(publisher)
    if is_ignored(file, commit.read(PRETTIER_IGNORE)):
        return
    found = [path for path in commit.modes if PRETTIER.fullmatch(path)]
    package = as_mapping(read_mapping(commit.read("package.json")).get("prettier"))
    options = read_mapping(commit.read(found[0])) if found else package
    other = [name for name, usual in RESHAPING.items() if options.get(name, usual) != usual]
    changed = ", ".join(f"{name}: {json.dumps(options[name])}" for name in other)
    remedy = f"add to {PRETTIER_IGNORE}: the lines {file}, .github/RELEASING.md and {FILE.as_posix()}"
    if changed:
        yield Finding("note", f"Prettier changes the template's files ({changed}), and each update meets that", remedy)
    for path in commit.modes:
        if PRETTIER_PROGRAM.fullmatch(path):
            yield Finding("not checked", f"Whether Prettier, with {path}, changes the template's files", remedy)
