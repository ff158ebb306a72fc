"""Meltano's command, and the Meltano projects that rendered plugins are."""

import json
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import yaml
from werkzeug import Request, Response

from tests.support.interpreters import newest_interpreter
from tests.support.paths import MELTANO_YML, PYPROJECT
from tests.support.projects import Project
from tests.support.serving import serve

NO_HUB = {"MELTANO_HUB_URL": "http://127.0.0.1:9", "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false"}
SERVE = """
import json, sys
from tests import source
if hasattr(source, "serve"):
    from pytest_httpserver import HTTPServer
    server = HTTPServer(source.HOST, source.PORT)
    source.serve(server)
    server.start()
else:
    source.fill()
print(json.dumps(source.CONFIG), flush=True)
sys.stdin.read()
"""


@contextmanager
def source_of(tap: Project, environment: Path) -> Iterator[dict[str, str]]:
    """Run the sample source of a tap's tests; yield the configuration that reads it, as variables for Meltano."""
    tap.run("uv", "venv", "--quiet", "--python", newest_interpreter(), environment)
    tap.run("uv", "pip", "install", "--quiet", "--python", environment, "-r", PYPROJECT, "--group", "test")
    command = [str(environment / "bin/python"), "-c", SERVE]
    with subprocess.Popen(command, cwd=tap.path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        config = json.loads(process.stdout.readline())
        yield {f"TAP_SAMPLE_{name.upper()}": value for name, value in config.items()}
        process.stdin.close()


@contextmanager
def hub_of(plugin: dict[str, Any], files: dict[str, str], root: str) -> Iterator[str]:
    """Serve MeltanoHub's API, which knows one extractor, and some files beside it, below a path; yield its URL.

    Meltano keeps what a URL answers for an hour, so every test needs a path that no other has.
    """
    name, variant, api = plugin["name"], plugin["variant"], f"{root}/meltano/api/v1/plugins/extractors"
    pages = {f"{root}/{file}": text for file, text in files.items()}

    @Request.application
    def respond(request: Request) -> Response:
        return Response(pages.get(request.path, ""), status=200 if request.path in pages else 404)

    with serve(respond) as url:
        variants = {variant: {"ref": f"{url}{api}/{name}--{variant}"}}
        index = {name: {"default_variant": variant, "logo_url": "", "variants": variants}}
        pages |= {f"{api}/index": json.dumps(index), f"{api}/{name}--{variant}": json.dumps(plugin)}
        yield url + root


class MeltanoProject:
    """A Meltano project: the folder of a rendered plugin with its own `meltano.yml`."""

    def __init__(self, meltano: Path, project: Project, environment: dict[str, str]) -> None:
        """Install the plugins; the environment has their settings."""
        self.meltano, self.project, self.environment = meltano, project, environment
        self("install")

    def __call__(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `meltano` in the project's folder."""
        return self.project.run(self.meltano, *arguments, env=NO_HUB | self.environment, check=check)

    def loaded_names(self, stream: str) -> list[str]:
        """Return the names in the records of a stream in `output`, and empty it for the next run."""
        return [record["name"] for record in self.loaded(stream)]

    def loaded(self, stream: str) -> list[dict[str, Any]]:
        """Return the records of a stream in `output`, and empty it for the next run."""
        if (self.project.path / "output/output.db").exists():
            with closing(sqlite3.connect(self.project.path / "output/output.db")) as database:
                database.row_factory = sqlite3.Row
                rows = [dict(row) for row in database.execute(f"SELECT * FROM {stream} ORDER BY 1")]  # noqa: S608
                database.execute(f"DELETE FROM {stream}")  # noqa: S608
                database.commit()
                return rows
        files = sorted((self.project.path / "output").glob(f"*{stream}*.jsonl"))
        lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
        for file in files:
            file.unlink()
        return [json.loads(line) for line in lines]


def with_plugins(project: Project, destination: Path, **plugins: list[dict[str, Any]]) -> Project:
    """Copy a project and add plugins of other projects to its `meltano.yml`, which is all that a user would add."""
    copied = project.copy(destination)
    (copied.path / "output").mkdir(exist_ok=True)
    if plugins:
        definition = yaml.safe_load(copied.read(MELTANO_YML))
        definition["plugins"] |= plugins
        copied.write(MELTANO_YML, yaml.safe_dump(definition))
    return copied


def installed_from(project: Project, role: str, extra: str = "") -> list[dict[str, Any]]:
    """Return a project's plugins of a role, such as extractors, its own one installed from its folder with an extra."""
    plugins = yaml.safe_load(project.read(MELTANO_YML))["plugins"][role]
    return [
        plugin | ({"pip_url": f"{project.path}{extra}"} if plugin["pip_url"] == "-e ." else {}) for plugin in plugins
    ]
