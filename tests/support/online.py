"""The package index of this machine, for workflows that run on act: on loopback there is none."""

from importlib.metadata import distribution
from pathlib import Path

from tests.support.commands import ENVIRONMENT
from tests.support.folder_cache import FolderCache

PLUGIN = "poetry-plugin-pypi-mirror"  # with which Poetry finds the package index that pip uses on this machine
PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy")
CERTIFICATES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")


def index_variables() -> dict[str, str]:
    """Return the variables that lead pip and uv to the package index, and away from loopback."""
    passed = {name: ENVIRONMENT[name] for name in (*PROXIES, "XDG_CACHE_HOME") if name in ENVIRONMENT}
    passed |= {name: value for name, value in ENVIRONMENT.items() if name.startswith(("PIP_", "REQUESTS_", "SSL_"))}
    return dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY", *CERTIFICATES), "") | passed


def online_variables(once: FolderCache) -> dict[str, str]:
    """Return the variables with which Poetry, pip and uv reach the package index, instead of loopback."""

    def link_plugin(folder: Path) -> None:
        plugin = distribution(PLUGIN)
        for name in {file.parts[0] for file in plugin.files or ()}:
            (folder / name).symlink_to(str(plugin.locate_file(name)))

    return (
        {"XDG_CACHE_HOME": str(Path.home() / ".cache")}
        | index_variables()
        | {
            "PIP_CACHE_DIR": str(once.root / "pip"),
            "POETRY_CACHE_DIR": str(once("poetry's cache", lambda _: None)),
            "POETRY_PYPI_MIRROR_URL": ENVIRONMENT["POETRY_PYPI_MIRROR_URL"],
            "PYTHONPATH": str(once("poetry's plugin", link_plugin)),
        }
    )
