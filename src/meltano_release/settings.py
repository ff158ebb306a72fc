"""Write what a plugin says of its settings into README.md, meltano.yml, meltanohub.yml, and .env.example.

Works for every plugin of the Meltano SDK, whoever created it. What the plugin does not say is the project's and stays:
other keys of a setting (`placeholder`, `hidden`, `env`), labels of options, values in .env.example, settings of the SDK
(`stream_maps`, `batch_config`), and comments.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedSeq

PYPROJECT = Path("pyproject.toml")
README, ENV_EXAMPLE = "README.md", ".env.example"
DEFINITIONS = ("meltano.yml", "meltanohub.yml")
HEADER = "| Setting | Required | Default | Description |\n| --- | --- | --- | --- |\n"
SDK_SETTINGS = {"batch_config", "faker_config", "stream_map_config", "stream_maps"}  # whatever the plugin's class says
KINDS = {"array": "array", "boolean": "boolean", "integer": "integer", "number": "decimal", "object": "object"}
NOT_THE_CLASS = {"email", "file", "oauth", "password"}  # kinds of Meltano that a schema cannot express
ASK = """
import contextlib, importlib, io, json, sys
plugin = getattr(importlib.import_module(sys.argv[1]), sys.argv[2])
with contextlib.redirect_stdout(io.StringIO()) as output:
    plugin.print_about("json")
builtin = {"properties": {}}
plugin.append_builtin_config(builtin)
print(json.dumps({"about": json.loads(output.getvalue()), "builtin": builtin["properties"]}))
"""

Setting = dict[str, Any]


class SettingsError(ValueError):
    """The settings cannot be read or written; the text is a sentence."""


class Plugin:
    """What a plugin says with `--about`."""

    def __init__(self, about: dict[str, Any], builtin: dict[str, Setting]) -> None:
        """Keep the plugin's settings; one that is inherited from the SDK unchanged is not its own.

        Raises:
            SettingsError: A setting has no title or no description.
        """
        self.builtin = builtin
        self.name: str = about["name"]
        self.capabilities: list[str] = sorted(about["capabilities"])
        declared: dict[str, Setting] = about["settings"]["properties"]
        self.settings = {name: setting for name, setting in declared.items() if builtin.get(name) != setting}
        self.required = [name for name in about["settings"].get("required", []) if name in self.settings]
        for name, setting in self.settings.items():
            for part in ("title", "description"):
                if not setting.get(part):
                    message = (
                        f'The setting "{name}" has no {part}: add {part}="…" to its Property in the plugin\'s class.'
                    )
                    raise SettingsError(message)

    def is_from_sdk(self, name: str) -> bool:
        """Return whether a setting, or a part of one (`stream_map_config.hash`), is the SDK's."""
        return name.partition(".")[0] in SDK_SETTINGS | self.builtin.keys() and name not in self.settings

    def readme(self, text: str) -> str:
        """Return a README with one row for each setting in its table."""
        if HEADER not in text:
            message = f"{README} has no table of the settings: add its first two lines.\n{HEADER.rstrip()}"
            raise SettingsError(message)
        rows = ""
        for name, setting in self.settings.items():
            required = "yes " if name in self.required else ""
            default = f"`{cell(setting['default'])}` " if "default" in setting else ""
            rows += f"| `{name}` | {required}| {default}| {cell(setting['description'])} |\n"
        before, _, after = text.partition(HEADER)
        return before + HEADER + rows + re.sub(r"\A(\|.*\n)*", "", after)

    def env_example(self, text: str) -> str:
        """Return .env.example: the description of each setting and its variable, with the value that is there."""
        prefix = f"{self.name.upper().replace('-', '_')}_"
        header, *blocks = text.rstrip("\n").split("\n\n")
        values = dict(re.findall(r"(?m)^(?:# )?(\w+)=(.*)$", text))
        own = []
        for name, setting in self.settings.items():
            note, comment = (" (required)", "") if name in self.required else ("", "# ")
            variable = f"{prefix}{name.upper()}"
            value = values.get(variable) or setting.get("default", "")
            own.append(f"# {one_line(setting['description'])}{note}\n{comment}{variable}={value}")
        kept = [block for block in blocks if not self.is_own(block, prefix)]
        return "\n\n".join([header, *own, *kept]) + "\n"

    def is_own(self, block: str, prefix: str) -> bool:
        """Return whether a block of .env.example is about a setting that the plugin has or had."""
        names = re.findall(rf"(?m)^(?:# )?{prefix}(\w+)=", block)
        return bool(names) and not any(self.is_from_sdk(name.lower()) for name in names)

    def definition(self, text: str) -> str:
        """Return a definition for Meltano, meltano.yml or meltanohub.yml, with the capabilities and the settings."""
        yaml = YAML()
        yaml.preserve_quotes = True
        yaml.width = 4096
        if re.search(r"(?m)^( *)[\w-]+:\n\1  - ", text):
            yaml.indent(mapping=2, sequence=4, offset=2)
        document = yaml.load(text)
        plugin = self.find(document["plugins"]) if "plugins" in document else document
        if sorted(plugin.get("capabilities", [])) != self.capabilities:
            plugin["capabilities"] = self.capabilities
        groups = plugin.get("settings_group_validation", [])
        if len(groups) < 2 and not self.required:  # noqa: PLR2004 - more groups are alternatives, and the project's
            plugin.pop("settings_group_validation", None)
        elif len(groups) < 2 and list(map(list, groups)) != [self.required]:  # noqa: PLR2004
            plugin["settings_group_validation"] = [flow(self.required)]
        there = {setting["name"]: setting for setting in plugin.get("settings", [])}
        settings = [self.setting(name, there.get(name, {"name": name})) for name in self.settings]
        settings += [setting for name, setting in there.items() if self.is_from_sdk(name)]
        plugin.setdefault("settings", [])[:] = settings
        output = io.StringIO()
        yaml.dump(document, output)
        return output.getvalue()

    def find(self, plugins: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
        """Return the project's plugin among those of meltano.yml; raise `SettingsError` if it is not there."""
        for plugin in (plugin for group in plugins.values() for plugin in group):
            if plugin["name"] == self.name:
                return plugin
        message = f'meltano.yml has no plugin called "{self.name}": give this project\'s plugin its name.'
        raise SettingsError(message)

    def setting(self, name: str, there: Setting) -> Setting:
        """Return what Meltano knows of a setting: the keys that the plugin says, and the others as they are."""
        about = self.settings[name]
        known: Setting = {"kind": kind_of(about)}  # in the order of Meltano itself
        if known["kind"] == "string" and there.get("kind") in NOT_THE_CLASS:
            del known["kind"]
        known |= {"value": about["default"]} if "default" in about else {}
        known |= {"label": about["title"], "description": about["description"]}
        if "enum" in about:
            options = {option["value"]: option for option in there.get("options", [])}
            known["options"] = [options.get(value, {"label": value, "value": value}) for value in about["enum"]]
        known |= {"sensitive": True} if about.get("secret") else {}
        for key in {"value", "sensitive"} - known.keys():
            there.pop(key, None)
        there.update({key: value for key, value in known.items() if there.get(key) != value})
        return there


def kind_of(setting: Setting) -> str:
    """Return the kind of a setting as Meltano calls it."""
    if "enum" in setting:
        return "options"
    if setting.get("format") == "date-time":
        return "date_iso8601"
    types = setting.get("type", "string")
    first = next((name for name in ([types] if isinstance(types, str) else types) if name != "null"), "string")
    return KINDS.get(first, "string")


def cell(value: object) -> str:
    """Return a text as a cell of a Markdown table has it."""
    return one_line(value).replace("|", "\\|")


def one_line(value: object) -> str:
    """Return a text without line breaks."""
    return " ".join(str(value).splitlines())


def flow(names: list[str]) -> CommentedSeq:
    """Return a list that is written on one line."""
    sequence = CommentedSeq(names)
    sequence.fa.set_flow_style()
    return sequence


def plugin_class() -> list[str]:
    """Return the module and the class of the plugin, from the scripts in pyproject.toml."""
    metadata = tomllib.loads(PYPROJECT.read_text(encoding="utf-8")) if PYPROJECT.is_file() else {}
    scripts = metadata.get("project", {}).get("scripts") or metadata.get("tool", {}).get("poetry", {}).get(
        "scripts", {}
    )
    for target in scripts.values():
        if match := re.fullmatch(r"([\w.]+):(\w+)\.cli", str(target)):
            return [match[1], match[2]]
    message = (
        f"{PYPROJECT} has no script such as `tap_x.tap:TapX.cli`: run this in the folder of a tap, target or mapper."
    )
    raise SettingsError(message)


def python() -> list[str]:
    """Return the command for the Python that has the plugin: that of an active environment, of uv, or of Poetry."""
    if environment := os.environ.get("VIRTUAL_ENV"):
        return [str(Path(environment, *(("Scripts", "python.exe") if os.name == "nt" else ("bin", "python"))))]
    return ["uv" if Path("uv.lock").exists() else "poetry", "run", "python"]


def ask_plugin() -> Plugin:
    """Return the plugin of the project in the working directory; raise `SettingsError` if it cannot be asked."""
    target, command = plugin_class(), python()
    try:
        done = subprocess.run([*command, "-c", ASK, *target], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        reason = (getattr(error, "stderr", "") or str(error)).strip().splitlines()[-1]
        message = f"`{' '.join(command)}` cannot ask {target[0]} for its settings: {reason}. Install the project first."
        raise SettingsError(message) from None
    return Plugin(**json.loads(done.stdout.splitlines()[-1]))


def write_settings() -> int:
    """Write the settings into the files that list them; say which ones changed, and return the exit code."""
    try:
        plugin = ask_plugin()
        for file in (README, *DEFINITIONS, ENV_EXAMPLE):
            path = Path(file)
            if not path.is_file():
                print(f"{file} is missing: bring it back with `git restore {file}`, if you want the settings there.")
                continue
            text = path.read_text(encoding="utf-8")
            update = {README: plugin.readme, ENV_EXAMPLE: plugin.env_example}.get(file, plugin.definition)
            if (updated := update(text)) != text:
                path.write_text(updated, encoding="utf-8")
                print(f"{file} is updated")
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 1
    return 0
