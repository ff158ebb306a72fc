"""What a rendered project builds with is locked hash by hash, complete, and not too fresh."""

import hashlib
import json
import re
import tarfile
import threading
import tomllib
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import module_from_spec, spec_from_file_location
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from conftest import ROOT, VERSION, Project, interpreters, run

CONSTRAINTS = ".github/workflows/constraints.txt"


def uses(project: Project) -> dict[str, tuple[str, dict[str, str]]]:
    """Return every step of the rendered workflows that names constraints.txt: its script and its variables."""
    found = {}
    for file in sorted((project.path / ".github/workflows").glob("*.yaml")):
        for name, job in yaml.safe_load(file.read_text(encoding="utf-8"))["jobs"].items():
            for step in job.get("steps", []):
                if "constraints.txt" in str(step.get("run", "")) + str(step.get("env", "")):
                    found[f"{file.name}, {name}, {step['name']}"] = step["run"], step.get("env", {})
    return found


USES = {  # every use, and the package whose hash is changed: one that the use installs early
    "build.yaml, build, Install the build tools, each with a known hash": "anyio",
    "build.yaml, build, Build the source distribution, and the wheel from it": "poetry-core",
    "release.yaml, rehearse, Install uv, with a known hash": "anyio",
    "test.yaml, lint, Install Poetry, hash by hash": "anyio",
    "test.yaml, test, Install Poetry, hash by hash": "anyio",
}


def test_every_use_of_the_hashes_is_known(default: Project) -> None:
    """So that the next test leaves none out."""
    assert set(uses(default)) == set(USES)


@pytest.mark.parametrize("use", USES)
def test_a_tampered_hash_stops_each_of_its_uses(use: str, default: Project, tmp_path: Path) -> None:
    """The step as it stands, with the real pip; it ends before anything is installed or built."""
    project = default.copy(tmp_path / "my-package")
    file = project.path / CONSTRAINTS
    text, count = re.subn(
        rf"(?<=\n{USES[use]}==).*?(?=\n    # via)",
        lambda package: re.sub("[0-9a-f]{64}", "0" * 64, package[0]),
        file.read_text(encoding="utf-8"),
        flags=re.DOTALL,
    )
    assert count == 1
    file.write_text(text, encoding="utf-8")
    run("uv", "venv", "--quiet", "--seed", "tools", cwd=tmp_path)
    script, variables = uses(default)[use]
    values = {name: value.replace("${{ github.workspace }}", str(project.path)) for name, value in variables.items()}
    if script.startswith("python -m build"):
        run("uv", "pip", "install", "--quiet", "--python", "tools", "build", "pip>=26.1", cwd=tmp_path)
    path = f"{tmp_path / 'tools/bin'}:/usr/bin:/bin"
    stopped = project.run("bash", "-e", "-c", script, env=values | {"PATH": path}, check=False)
    assert stopped.returncode
    assert "DO NOT MATCH THE HASHES" in stopped.stdout + stopped.stderr
    assert not (project.path / "dist").exists()


@pytest.mark.parametrize("version", interpreters())
def test_the_lock_is_complete_on_every_python(version: str, default: Project, tmp_path: Path) -> None:
    """All that each tool and backend needs is in it, with a hash and a file for that Python."""
    environment = tmp_path / "environment"
    run("uv", "venv", "--quiet", "--python", interpreters()[version], environment, cwd=tmp_path)
    install = ("uv", "pip", "install", "--dry-run", "--require-hashes", "--only-binary", ":all:")
    resolved = run(*install, "--python", environment, "--requirement", default.path / CONSTRAINTS, cwd=tmp_path).stderr
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]["constraints"]
    names = {re.split(r"[\[<>=]", requirement)[0] for requirement in wanted}
    assert names <= set(re.findall(r"^ \+ ([\w.-]+)==", resolved, re.MULTILINE))
    resolve = ("uv", "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--constraints", CONSTRAINTS, "-")
    python = {"UV_PYTHON": str(interpreters()[version])}
    bare = run(*resolve, cwd=default.path, stdin="\n".join(wanted), env=python).stdout
    locked = set(re.findall(r"^([\w.-]+==\S+)", default.read(CONSTRAINTS), re.MULTILINE))
    assert set(bare.split("\n")) - {""} <= locked


@pytest.fixture
def fresh_index() -> Iterator[str]:
    """A tiny index with one package: version 1.0 a month old, 2.0 of yesterday; yields its address."""
    ages = {"1.0": 30, "2.0": 1}
    wheels = {}
    for version in ages:
        content = BytesIO()
        with zipfile.ZipFile(content, "w") as wheel:
            info = f"fresh-{version}.dist-info"
            wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: fresh\nVersion: {version}\n")
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", "")
        wheels[f"fresh-{version}-py3-none-any.whl"] = content.getvalue()
    files = [
        {
            "filename": name,
            "url": f"/files/{name}",
            "hashes": {"sha256": hashlib.sha256(content).hexdigest()},
            "upload-time": (datetime.now(UTC) - timedelta(days=ages[name.split("-")[1]])).strftime(
                "%Y-%m-%dT%H:%M:%SZ"
            ),
        }
        for name, content in wheels.items()
    ]
    listing = json.dumps({"meta": {"api-version": "1.1"}, "name": "fresh", "files": files}).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> bytes:
            content = wheels.get(self.path.rpartition("/")[2], listing)
            self.send_response(200)
            self.send_header("Content-Type", "application/vnd.pypi.simple.v1+json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            return content

        def do_GET(self) -> None:
            self.wfile.write(self.do_HEAD())

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/simple"
        server.shutdown()


def test_the_lock_waits_out_a_cooldown(fresh_index: str, tmp_path: Path) -> None:
    """`nox -s lock` leaves out what was uploaded yesterday; its own command, on an index that tells upload times."""
    spec = spec_from_file_location("noxfile", ROOT / "noxfile.py")
    assert spec
    assert spec.loader
    noxfile = module_from_spec(spec)
    spec.loader.exec_module(noxfile)
    project = '[project]\nname = "x"\nversion = "0"\n[dependency-groups]\nconstraints = ["fresh"]\n'
    (tmp_path / "pyproject.toml").write_text(project, encoding="utf-8")
    (tmp_path / "template/.github/workflows").mkdir(parents=True)

    def session_run(*command: Any) -> None:  # noqa: ANN401
        run(*command, cwd=tmp_path, env={"UV_DEFAULT_INDEX": fresh_index, "UV_NO_CACHE": "1"})

    noxfile.write_lock(SimpleNamespace(run=session_run))
    locked = (tmp_path / f"template/{CONSTRAINTS}").read_text(encoding="utf-8")
    assert "fresh==1.0" in locked
    assert "--hash=sha256:" in locked


def test_the_source_distribution_holds_what_it_should(default: Project, built: Path) -> None:
    """Sources, README, LICENSE, pyproject.toml and PKG-INFO: the tests stay out, and nothing strays in."""
    with tarfile.open(built / f"my_package-{VERSION}.tar.gz") as sdist:
        inside = {name.partition("/")[2] for name in sdist.getnames()}
    files = (path for path in (default.path / "src").rglob("*") if path.is_file())
    sources = {path.relative_to(default.path).as_posix() for path in files}
    assert sources
    assert inside == sources | {"README.md", "LICENSE", "pyproject.toml", "PKG-INFO"}
