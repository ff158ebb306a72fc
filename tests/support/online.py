"""The package index of this machine, for workflows that run on act: on loopback there is none."""

from importlib.metadata import distribution
from pathlib import Path

from tests.support.commands import ENVIRONMENT
from tests.support.folder_cache import FolderCache

PLUGIN = "poetry-plugin-pypi-mirror"  # with which Poetry finds the package index that pip uses on this machine


def online_variables(once: FolderCache) -> dict[str, str]:
    """Return the variables with which Poetry, pip and uv reach the package index, instead of loopback."""

    def link_plugin(folder: Path) -> None:
        plugin = distribution(PLUGIN)
        for name in {file.parts[0] for file in plugin.files or ()}:
            (folder / name).symlink_to(str(plugin.locate_file(name)))

    passed = ("PIP_", "POETRY_", "REQUESTS_", "SSL_")
    variables = {name: value for name, value in ENVIRONMENT.items() if name.startswith(passed)}
    variables.pop("POETRY_VIRTUALENVS_IN_PROJECT")
    cache = once("poetry's cache", lambda _: None)
    return variables | {
        "HTTPS_PROXY": ENVIRONMENT.get("HTTPS_PROXY", ""),
        "HTTP_PROXY": ENVIRONMENT.get("HTTP_PROXY", ""),
        "PIP_CACHE_DIR": str(once.root / "pip"),
        "XDG_CACHE_HOME": ENVIRONMENT.get("XDG_CACHE_HOME", str(Path.home() / ".cache")),
        "POETRY_CACHE_DIR": str(cache),
        "PYTHONPATH": str(once("poetry's plugin", link_plugin)),
        "SSL_CERT_FILE": ENVIRONMENT.get("SSL_CERT_FILE", ""),
        "REQUESTS_CA_BUNDLE": ENVIRONMENT.get("REQUESTS_CA_BUNDLE", ""),
    }
