"""A plugin's settings are declared once, in its class; one command writes the files that repeat them."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.support.combinations import Answers, title
from tests.support.editing import replace
from tests.support.environments import install_wheel
from tests.support.folder_cache import FolderCache
from tests.support.interpreters import interpreters
from tests.support.paths import ENV_EXAMPLE, MELTANO_YML, MELTANOHUB_YML, README
from tests.support.projects import Project, Render

FILES = [README, MELTANO_YML, MELTANOHUB_YML, ENV_EXAMPLE]
COMMAND = "poetry run python -m tests.update_settings"
NEW = """
        th.Property(
            "page_size",
            th.IntegerType(nullable=False),
            default=100,
            title="Page Size",
            description="Records in a page | at most 500",
        ),"""
BY_HAND = """
    - name: stream_maps
      kind: object
      hidden: true # the SDK's
    - name: batch_config.encoding
      kind: object
"""
CAMEL_CASE = """
        th.Property(
            "apiMode",
            th.StringType(nullable=False),
            title="API Mode",
            description="On\\ntwo lines",
        ),"""
KINDS = {"tap": "extractors", "target": "loaders", "mapper": "mappers"}


class Plugin:
    """A rendered plugin, and a Python that has it and what it is developed with."""

    def __init__(self, project: Project, python: Path) -> None:
        """Keep the project, and the Python that runs it."""
        self.project, self.python = project, python
        self.kind = project.answers["kind"]
        (self.source,) = project.path.glob(f"src/*/{self.kind}.py")

    def __call__(self, *arguments: str, check: bool = True) -> str:
        """Run a module with the sources as they are; return all that it prints."""
        done = self.project.run(self.python, "-m", *arguments, env={"PYTHONPATH": "src"}, check=check)
        return done.stdout + done.stderr

    def settings(self, file: str) -> dict[str, dict[str, object]]:
        """Return the settings in a definition for Meltano, by name."""
        definition = yaml.safe_load(self.project.read(file))
        plugin = definition["plugins"][KINDS[self.kind]][0] if "plugins" in definition else definition
        return {setting["name"]: setting for setting in plugin["settings"]}


MakePlugin = Callable[[Answers], Plugin]


@pytest.fixture
def make_plugin(render: Render, tmp_path: Path, once: FolderCache) -> MakePlugin:
    """Make a plugin from answers."""

    def make(answers: Answers) -> Plugin:
        project = render(**answers, repository=f"{answers['kind'][:6]}-sample").copy(tmp_path / "project").init()
        project.run("uv", "build", "--quiet", "--wheel", "--no-build-isolation")
        python = list(interpreters().values())[-1]
        return Plugin(project, install_wheel(project, python, tmp_path / "venv", once))

    return make


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param(answers, id=title(answers), marks=[] if answers["kind"] == "tap" else pytest.mark.slow)
        for answers in (
            {"kind": "tap", "stream_type": "REST", "auth_method": "API Key"},
            {"kind": "target", "sink_type": "SQL"},
            {"kind": "target", "sink_type": "batch"},
            {"kind": "mapper"},
        )
    ],
)
def test_one_command_writes_a_new_setting_everywhere(answers: Answers, make_plugin: MakePlugin) -> None:
    """A failed test names the command; after it, the test passes, and edits by hand, comments included, are kept."""
    plugin = make_plugin(answers)
    project = plugin.project
    replace(plugin.source, "PropertiesList(", f"PropertiesList({NEW}")
    failed = plugin("pytest", "tests/test_settings.py", check=False)
    for file in FILES:
        assert f"Update {file}: run `{COMMAND}`" in failed
    replace(project.path / MELTANO_YML, "    settings:\n", f"    settings:{BY_HAND}")
    first = next(name for name in plugin.settings(MELTANO_YML) if name not in {"stream_maps", "batch_config.encoding"})
    replace(project.path / MELTANO_YML, f"- name: {first}\n", f"- name: {first}\n      placeholder: Ask me # by hand\n")
    with (project.path / ENV_EXAMPLE).open("a", encoding="utf-8") as example:
        example.write("\n# By hand\nX_OTHER=1\n")
    plugin("tests.update_settings")
    plugin("pytest", "tests/test_settings.py")
    project.run("ruff", "check")
    project.run("check-jsonschema", "--builtin-schema", "vendor.meltano", MELTANO_YML)
    for definition in (MELTANO_YML, MELTANOHUB_YML):
        assert plugin.settings(definition)["page_size"] == {
            "name": "page_size",
            "label": "Page Size",
            "description": "Records in a page | at most 500",
            "kind": "integer",
            "value": 100,
        }
    kept = plugin.settings(MELTANO_YML)
    assert (kept["stream_maps"]["hidden"], kept[first]["placeholder"]) == (True, "Ask me")
    assert "batch_config.encoding" in kept
    assert "Ask me # by hand" in project.read(MELTANO_YML)
    assert "hidden: true # the SDK's" in project.read(MELTANO_YML)
    assert "| `page_size` | | `100` | Records in a page \\| at most 500 |" in project.read(README)
    assert "_PAGE_SIZE=100\n" in project.read(ENV_EXAMPLE)
    assert "X_OTHER=1\n" in project.read(ENV_EXAMPLE)
    replace(project.path / ENV_EXAMPLE, "_PAGE_SIZE=100\n", "_PAGE_SIZE=\n")
    plugin("tests.update_settings")
    assert "_PAGE_SIZE=100\n" in project.read(ENV_EXAMPLE)
    replace(plugin.source, "PropertiesList(", f"PropertiesList({CAMEL_CASE}")
    plugin("tests.update_settings")
    assert "# On two lines\n# " in project.read(ENV_EXAMPLE)
    replace(project.path / ENV_EXAMPLE, "_APIMODE=\n", "_APIMODE=fast\n")
    plugin("tests.update_settings")
    assert "_APIMODE=fast\n" in project.read(ENV_EXAMPLE)
    replace(plugin.source, CAMEL_CASE, "")
    replace(plugin.source, NEW, "")
    plugin("tests.update_settings")
    assert not [file for file in FILES if "page_size" in project.read(file).lower()]
    replace(plugin.source, "PropertiesList(", f"PropertiesList({NEW.replace('title=', '# title=')}")
    sentence = f'The setting "page_size" has no title: add title="…" to its Property in {plugin.kind}.py.'
    assert sentence in plugin("tests.update_settings", check=False)
    assert sentence in plugin("pytest", "tests/test_settings.py", check=False)
    replace(plugin.source, NEW.replace("title=", "# title="), "")
    (project.path / ENV_EXAMPLE).unlink()
    assert f"bring it back, for example with `git restore {ENV_EXAMPLE}`" in plugin(
        "tests.update_settings", check=False
    )


@pytest.mark.slow
def test_settings_that_are_required_no_more_are_no_group(make_plugin: MakePlugin) -> None:
    """The group of required settings is removed once none is required, and is written again as soon as one is."""
    plugin = make_plugin({"kind": "mapper"})
    assert "settings_group_validation" in plugin.project.read(MELTANO_YML)
    replace(plugin.source, "required=True,", "required=False,")
    plugin("tests.update_settings")
    for file in (MELTANO_YML, MELTANOHUB_YML):
        assert "settings_group_validation" not in plugin.project.read(file)
    plugin("pytest", "tests/test_settings.py")
    replace(plugin.source, "required=False,", "required=True,")
    plugin("tests.update_settings")
    assert "settings_group_validation" in plugin.project.read(MELTANO_YML)


def test_a_command_reads_the_settings_from_a_file(make_plugin: MakePlugin) -> None:
    """The README's command reads `.env` with `dotenv`; without it, the SDK looks for it beside its own sources."""
    plugin = make_plugin({"kind": "tap"})
    project = plugin.project
    project.write(".env", re.sub(r"(?m)^(\w+)=$", r"\1=x", project.read(ENV_EXAMPLE)))
    (command,) = re.findall(r"`(dotenv run .+?)`", project.read(README))
    tools = os.pathsep.join([str(plugin.python.parent), os.environ["PATH"]])
    read = "Parsing 'auth_token' config from env variable 'TAP_SAMPLE_AUTH_TOKEN'"
    assert read in project.run(*command.split(), "--discover", env={"PATH": tools}).stderr
    assert read not in project.run(*command.split()[2:], "--discover", env={"PATH": tools}).stderr
