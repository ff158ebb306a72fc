"""A plugin's settings are declared once, in its class; a command writes the files that repeat them."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from meltano_release.settings import HEADER, Plugin, SettingsError, write_settings
from tests.support.combinations import Answers, cases
from tests.support.editing import replace
from tests.support.environments import install_wheel
from tests.support.folder_cache import FolderCache
from tests.support.interpreters import newest_interpreter
from tests.support.paths import ENV_EXAMPLE, MELTANO_YML, MELTANOHUB_YML, PYPROJECT, README
from tests.support.projects import Project, Render

FIX = "Run the command that AGENTS.md has under *Change a setting*"
NEW = """
        th.Property(
            "page_size",
            th.IntegerType(nullable=False),
            default=100,
            title="Page Size",
            description="Records in a page | at most 500",
        ),"""
SETTING = {"type": ["string", "null"], "title": "Mode", "description": "On\ntwo lines"}
DEFINITION = """\
name: x-y # by hand
settings_group_validation:
- [gone]
settings:
- name: mode
  kind: {kind}
  placeholder: Ask me # by hand
- name: gone
- name: stream_maps
  hidden: true
- name: batch_config.encoding
"""


CHANGED = [
    {"kind": "tap", "stream_type": "REST", "auth_method": "API Key"},
    {"kind": "target", "sink_type": "SQL"},
    {"kind": "target", "sink_type": "batch"},
    {"kind": "mapper"},
]


@pytest.fixture
def plugin(
    render: Render, tmp_path: Path, once: FolderCache, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Answers], Project]:
    """Make a plugin from answers, go into its folder, and activate its environment."""

    def make(answers: Answers) -> Project:
        project = render(**answers, repository=f"{answers['kind'][:6]}-sample").copy(tmp_path / "project").init()
        project.run("uv", "build", "--quiet", "--wheel", "--no-build-isolation")
        install_wheel(project, newest_interpreter(), tmp_path / "venv", once)
        monkeypatch.chdir(project.path)
        monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "venv"))
        monkeypatch.setenv("PYTHONPATH", "src")
        return project

    return make


def compare(project: Project, *, check: bool = True) -> str:
    """Run the test of a plugin that compares its files with the sources as they are; return all that it prints."""
    command = ("../venv/bin/python", "-m", "pytest", "tests/test_settings.py")
    return project.run(*command, env={"PYTHONPATH": "src"}, check=check).stdout


@pytest.mark.parametrize("answers", cases(CHANGED, "tap, REST, API Key"))
def test_the_command_writes_a_new_setting_everywhere(
    answers: Answers, plugin: Callable[[Answers], Project], capsys: pytest.CaptureFixture[str]
) -> None:
    """A new project needs no change. After one of the class, its test names the command, and passes after that."""
    made = plugin(answers)
    (source,) = made.path.glob(f"src/*/{answers['kind']}.py")
    capsys.readouterr()
    assert (write_settings(), capsys.readouterr().out) == (0, "")
    replace(source, "PropertiesList(", f"PropertiesList({NEW}")
    assert compare(made, check=False).count(f"AssertionError: {FIX}") == 4
    assert write_settings() == 0
    changed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert changed == [README, MELTANO_YML, MELTANOHUB_YML, ENV_EXAMPLE]
    compare(made)
    made.run("ruff", "check")
    made.run("check-jsonschema", "--builtin-schema", "vendor.meltano", MELTANO_YML)
    assert "| `page_size` | | `100` | Records in a page \\| at most 500 |" in made.read(README)
    assert "_PAGE_SIZE=100\n" in made.read(ENV_EXAMPLE)
    replace(source, NEW, "")
    assert compare(made, check=False).count(f"AssertionError: {FIX}") == 2
    assert write_settings() == 0
    assert made.run("git", "status", "--porcelain").stdout == ""


def ours(**changes: Any) -> Plugin:  # noqa: ANN401
    """Return a plugin with one setting."""
    settings: dict[str, Any] = {"properties": {"mode": SETTING | changes}, "required": changes.pop("required", [])}
    about = {"name": "x-y", "capabilities": ["state", "about"], "settings": settings}
    return Plugin(about, {"validate_records": {"type": "boolean"}})


@pytest.mark.parametrize(
    ("changes", "there", "expected"),
    [
        ({}, "password", {"kind": "password"}),
        ({}, "integer", {"kind": "string"}),
        ({"format": "date-time"}, "string", {"kind": "date_iso8601"}),
        ({"type": "number"}, "string", {"kind": "decimal"}),
        ({"default": "fast", "secret": True}, "string", {"kind": "string", "value": "fast", "sensitive": True}),
        ({"enum": ["a"]}, "string", {"kind": "options", "options": [{"label": "a", "value": "a"}]}),
    ],
)
def test_what_the_class_does_not_say_stays(changes: dict[str, Any], there: str, expected: dict[str, Any]) -> None:
    """A definition keeps keys, comments, and settings of the SDK; a setting that the class does not have goes."""
    text = ours(**changes).definition(DEFINITION.format(kind=there))
    mode, *others = yaml.safe_load(text)["settings"]
    known = {"name": "mode", "label": "Mode", "description": "On\ntwo lines", "placeholder": "Ask me"}
    assert mode == known | expected
    assert others == [{"name": "stream_maps", "hidden": True}, {"name": "batch_config.encoding"}]
    assert text.count("# by hand") == 2
    assert yaml.safe_load(text)["capabilities"] == ["about", "state"]
    assert "settings_group_validation" not in text
    assert "settings_group_validation:\n- [mode]\n" in ours(required=["mode"]).definition(text)


def test_a_definition_keeps_how_it_is_indented() -> None:
    """Lists that are indented below their key stay so."""
    text = "plugins:\n  extractors:\n    - name: x-y\n      settings:\n        - name: mode\n"
    assert ours().definition(text).startswith(f"{text}          kind: string\n          label: Mode\n")


def test_values_and_other_variables_of_env_example_stay() -> None:
    """The sample of .env keeps values, and variables that are not the plugin's; one that the class lost goes."""
    text = "# Head\n\n# Old\nX_Y_GONE=\n\n# Old\n# X_Y_MODE=fast\n\n# SDK\nX_Y_STREAM_MAPS={}\n\n# Other\nOTHER=1\n"
    expected = "# Head\n\n# On two lines (required)\nX_Y_MODE=fast\n\n# SDK\nX_Y_STREAM_MAPS={}\n\n# Other\nOTHER=1\n"
    assert ours(required=["mode"]).env_example(text) == expected
    assert ours(default="slow").env_example("# Head\n") == "# Head\n\n# On two lines\n# X_Y_MODE=slow\n"


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (lambda: ours(title=""), 'The setting "mode" has no title: add title="…" to its Property'),
        (lambda: ours().readme("# X\n"), f"README.md has no table of the settings: add its first two lines.\n{HEADER}"),
        (lambda: ours().definition("plugins: {loaders: [{name: z}]}"), 'meltano.yml has no plugin called "x-y": give'),
    ],
)
def test_what_is_missing_is_named(act: Callable[[], object], sentence: str) -> None:
    """A missing title, table or plugin is an error that says what to add."""
    with pytest.raises(SettingsError, match=re.escape(sentence.rstrip())):
        act()


def test_a_project_that_cannot_be_asked_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The errors name the script that is missing, and the command that failed, with its reason."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    assert write_settings() == 1
    assert "has no script such as `tap_x.tap:TapX.cli`" in capsys.readouterr().err
    Path(PYPROJECT).write_text('[tool.poetry.scripts]\ntap-x = "tap_x.tap:TapX.cli"\n', encoding="utf-8")
    Path("uv.lock").touch()
    monkeypatch.setenv("PATH", "/nowhere")
    assert write_settings() == 1
    assert "`uv run python` cannot ask tap_x.tap for its settings: " in capsys.readouterr().err


def test_a_command_reads_the_settings_from_a_file(plugin: Callable[[Answers], Project]) -> None:
    """The README's command reads `.env` with `dotenv`; without it, the SDK looks for it beside its own sources."""
    project = plugin({"kind": "tap"})
    project.write(".env", re.sub(r"(?m)^(\w+)=$", r"\1=x", project.read(ENV_EXAMPLE)))
    (command,) = re.findall(r"`(dotenv run .+?)`", project.read(README))
    tools = os.pathsep.join([str(project.path.parent / "venv/bin"), os.environ["PATH"]])
    read = "Parsing 'auth_token' config from env variable 'TAP_SAMPLE_AUTH_TOKEN'"
    assert read in project.run(*command.split(), "--discover", env={"PATH": tools}).stderr
    assert read not in project.run(*command.split()[2:], "--discover", env={"PATH": tools}).stderr
