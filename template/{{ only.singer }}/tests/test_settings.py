"""README.md, meltano.yml, meltanohub.yml, and .env.example have the settings that the plugin has."""

import pytest

from .update_settings import COMMAND, ROOT, updated


@pytest.mark.parametrize("file", ["README.md", "meltano.yml", "meltanohub.yml", ".env.example"])
def test_the_settings_are_those_of_the_plugin(file: str) -> None:
    """Each file has the plugin's settings; what you add to one by hand, such as a `placeholder`, may stay."""
    assert (ROOT / file).read_text(encoding="utf-8") == updated()[file], f"Update {file}: run `{COMMAND}`"
