"""What a project may have or lack: a license, an editor's configuration, one command for all checks, class names."""

import ast
import json
import re
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from tests.support.combinations import REPOSITORIES, Answers, cases, variants
from tests.support.guidelines import failed_checks
from tests.support.paths import LICENSE, PRE_COMMIT, PYPROJECT, README, TEST_WORKFLOW
from tests.support.projects import Project, Render
from tests.support.questions import evaluate, settings

LAUNCH = ".vscode/launch.json"
ONE_OF_EACH_KIND = cases(({one["kind"]: one for one in reversed(variants())}).values(), "tap", "state-backend")


def imported_and_defined(project: Project) -> list[tuple[Path, set[str], list[str]]]:
    """Return for each module of a project the names that it imports, and the classes that it defines."""
    found = []
    for path in (project.path / "src").rglob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        imports = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
        names = {alias.asname or alias.name for node in imports for alias in node.names}
        found.append((path, names, [node.name for node in nodes if isinstance(node, ast.ClassDef)]))
    return found


def test_a_package_without_a_license_says_so(render: Render) -> None:
    """Without a license, a package says so in its metadata and its README, and has no license file.

    It has no private classifier, which PyPI would refuse.
    """
    project = render(license="None")
    metadata = tomllib.loads(project.read(PYPROJECT))["project"]
    assert not {"license", "license-files"} & metadata.keys()
    assert "License :: Other/Proprietary License" in metadata["classifiers"]
    assert "Private ::" not in project.read(PYPROJECT)
    assert not (project.path / LICENSE).exists()
    assert project.read(README).endswith("## License\n\nNo license: all rights reserved by the author.\n")


@pytest.mark.parametrize("answers", ONE_OF_EACH_KIND)
def test_the_hooks_pass_and_git_ignores_what_a_run_leaves(answers: Answers, render: Render, tmp_path: Path) -> None:
    """The hooks beside the tools of `nox -s lint` pass over all files, and each tool has its version in the group.

    Git ignores secrets and what a run leaves behind, but not lock files and schemas, which Meltano needs.
    """
    project = render(**answers, repository=REPOSITORIES[answers["kind"]]).copy(tmp_path / "project").init()
    own, *others = yaml.safe_load(project.read(PRE_COMMIT))["repos"]
    fixers = {hook["id"] for hook in own["hooks"]}
    names = [path.relative_to(project.path) for path in project.tracked_files()]
    for command in fixers - {"trailing-whitespace"} | {"trailing-whitespace-fixer"}:
        project.run(command, *names)
    groups = tomllib.loads(project.read(PYPROJECT))["dependency-groups"]
    tools = [re.sub("^mirrors-|-pre-commit$", "", part["repo"].rpartition("/")[2]) for part in others]
    versions = [part["rev"].removeprefix("v") for part in others]
    hooked = [f"{name}=={version}" for name, version in zip(tools, versions, strict=True)]
    assert sorted(hooked) == sorted(groups["lint"] + groups["typing"])
    ignored = [".env", ".secrets/key.pem", ".venv/x"]
    ignored += ["config.json", "catalog.json", "state.json", ".meltano/x"] if answers["kind"] != "library" else []
    tracked = ["plugins/extractors/tap-x--me.lock", "src/x/schemas/catalog.json", ".env.example", "poetry.lock"]
    assert project.run("git", "check-ignore", *ignored, *tracked, check=False).stdout.split() == ignored


@pytest.mark.parametrize(
    ("kind", "update_bot"),
    [
        *(pytest.param(kind, "Renovate", marks=pytest.mark.slow) for kind in REPOSITORIES),
        ("library", "Dependabot"),
        ("tap", "None"),
        ("extension", "None"),
    ],
)
def test_the_guidelines_of_scientific_python_are_kept(kind: str, update_bot: str, render: Render) -> None:
    """Every check of sp-repo-review passes, except at most eight that are off with a reason, and would fail."""
    license_name = "None" if update_bot == "None" else "MIT"
    project = render(kind=kind, repository=REPOSITORIES[kind], update_bot=update_bot, license=license_name)
    off = tomllib.loads(project.read(PYPROJECT))["tool"]["repo-review"]["ignore"]
    assert len(off) <= 8
    assert failed_checks(project.path) == set()
    assert failed_checks(project.path, ignore=frozenset({"none"})) == set(off)


@pytest.mark.parametrize("license_name", ["MIT", "None"])
def test_ci_runs_the_sessions_that_one_command_runs(license_name: str, render: Render) -> None:
    """Each session of the noxfile is one step of the workflow, which runs no check beside them."""
    project = render(license=license_name)
    sessions = re.findall(r"^@nox.session\ndef (\w+)", project.read("noxfile.py"), re.MULTILINE)
    jobs = yaml.safe_load(project.read(TEST_WORKFLOW))["jobs"]
    commands = [step["run"] for name in ("lint", "test") for step in jobs[name]["steps"] if "run" in step]
    assert commands == [f"poetry run nox -s {session}" for session in sessions]
    assert "poetry run nox\n" in project.read(README)


@pytest.mark.parametrize("answers", ONE_OF_EACH_KIND)
def test_an_editor_can_start_the_command_and_the_tests(answers: Answers, render: Render) -> None:
    """VS Code's configuration is valid JSON and starts pytest and the package, or Meltano for a state backend."""
    project = render(**answers, repository=REPOSITORIES[answers["kind"]], ide="VSCode")
    own = REPOSITORIES[answers["kind"]].replace("-", "_")
    command = "meltano" if answers["kind"] == "state-backend" else own
    assert [part["module"] for part in json.loads(project.read(LAUNCH))["configurations"]] == [command, "pytest"]
    assert (project.path / "src" / own / "__main__.py").exists() == (command == own)
    assert not (render(**answers).path / LAUNCH).exists()


@pytest.mark.parametrize(
    ("kind", "repository", "display_name", "plugin_class"),
    [
        ("tap", "tap-github", "GitHub", "TapGitHub"),
        ("tap", "tap-my-source", None, "TapMySource"),
        ("extension", "my-source-ext", None, "MySourceExtension"),
        ("state-backend", "meltano-state-backend-my-source", None, "MySourceStateStoreManager"),
        ("tap", "tap-x", "my source (new)", "TapMySourceNew"),
        ("tap", "tap-x", "15Five", "Tap15Five"),
        ("tap", "tap-cafe", "Café", "TapCafe"),  # a letter that is not ASCII: made from the repository
        ("target", "target-github", "GitHub", "TargetGitHub"),
        ("mapper", "map-s-q-l", None, "MapperSQLMapper"),  # a name that begins those of the SDK: after the kind
        ("mapper", "map-github", "GitHub", "GitHubMapper"),
        ("extension", "github-ext", "GitHub", "GitHubExtension"),
        ("state-backend", "meltano-state-backend-github", "GitHub", "GitHubStateStoreManager"),
    ],
)
def test_the_services_own_spelling_names_the_classes(
    kind: str, repository: str, display_name: str | None, plugin_class: str
) -> None:
    """The service's own spelling is in the class names; the repository gives a default."""
    answers = {"kind": kind, "repository": repository}
    answers["display_name"] = display_name or evaluate(settings()["display_name"]["default"], **answers)
    answers["class_name"] = evaluate(settings()["class_name"]["default"], **answers)
    assert evaluate(settings()["plugin_class"]["default"], **answers) == plugin_class


@pytest.mark.parametrize(
    ("repository", "scheme"),
    [
        ("meltano-state-backend-redis", "redis"),
        ("state-backend-my-source", "my-source"),
        ("meltano-state-backend-15five", "meltano-15five"),  # no URI begins with a digit
        ("somewhere", "somewhere"),
        *((f"state-backend-{name}", f"meltano-{name}") for name in ("azure", "file", "gs", "s3", "systemdb")),
    ],
)
def test_a_state_backends_name_gives_the_scheme_of_its_uri(repository: str, scheme: str) -> None:
    """The name of a state backend's repository gives the scheme of its URI, which is not one of Meltano's own."""
    assert evaluate(settings()["state_scheme"]["default"], kind="state-backend", repository=repository) == scheme
    assert urlsplit(f"{scheme}://").scheme == scheme


@pytest.mark.parametrize(("kind", "has"), [("tap", True), ("target", True), ("mapper", False)])
def test_a_plugin_offers_only_what_it_can_do(kind: str, has: bool, render: Render) -> None:  # noqa: FBT001
    """Stream maps with made-up values, and batches, are for taps and targets; a mapper of the SDK has neither."""
    project = render(kind=kind, repository=REPOSITORIES[kind])
    metadata = tomllib.loads(project.read(PYPROJECT))["project"]
    assert bool(metadata.get("optional-dependencies")) is has
    assert ("The SDK adds its own settings" in project.read(README)) is has


@pytest.mark.parametrize(
    "answers", cases((one for one in variants() if one["kind"] != "library"), "mapper", "extension", "state-backend")
)
def test_no_class_has_the_name_of_one_that_it_builds_on(answers: Answers, render: Render) -> None:
    """Classes have the service's spelling; whatever that is, none has the name of one that its module has already.

    The test tries every name that would lead to one of those, or to one of the sample.
    """
    prefix = "Zebra"
    modules = imported_and_defined(render(**answers, display_name=prefix))
    names = {name for _, imported, defined in modules for name in [*imported, *defined]}
    suffixes = {name.removeprefix(prefix) for _, _, defined in modules for name in defined if name.startswith(prefix)}
    dangerous = {
        name.removesuffix(suffix) for suffix in suffixes for name in names if name.endswith(suffix) and name != suffix
    }
    assert prefix in dangerous
    for display_name in sorted(dangerous - {prefix}):
        for path, imported, defined in imported_and_defined(render(**answers, display_name=display_name)):
            assert not imported & set(defined), (display_name, path.name)
            assert len(set(defined)) == len(defined), (display_name, path.name)
