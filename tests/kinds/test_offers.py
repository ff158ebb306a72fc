"""What a project may have or lack: a license, an editor's configuration, one command for all checks, class names."""

import ast
import json
import re
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import copier
import pytest
import yaml

from tests.support.combinations import REPOSITORIES, Answers, title, variants
from tests.support.paths import (
    LICENSE,
    MELTANO_YML,
    MELTANOHUB_YML,
    PRE_COMMIT,
    PYPROJECT,
    README,
    TEST_WORKFLOW,
)
from tests.support.projects import Project, Render

LAUNCH = ".vscode/launch.json"
ONE_OF_EACH_KIND = [
    pytest.param(
        next(filter(lambda answers: answers["kind"] == kind, variants())),
        id=kind,
        marks=[] if kind == "tap" else pytest.mark.slow,
    )
    for kind in REPOSITORIES
]


def slow(*values: object) -> object:
    """Return parameters of a test that plain `nox` leaves out."""
    return pytest.param(*values, marks=pytest.mark.slow)


def classes(project: Project) -> list[str]:
    """Return the names of the classes that a project's sources define."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (project.path / "src").rglob("*.py")]
    return [node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]


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
def test_the_hooks_that_projects_have_beside_their_tools_pass(answers: Answers, render: Render, tmp_path: Path) -> None:
    """The hooks beside the tools pass as pre-commit runs them; they check a definition for Meltano in plugins alone."""
    project = render(**answers, repository=REPOSITORIES[answers["kind"]]).copy(tmp_path / "project").init()
    commands = {"typos": ["typos"], "zizmor": ["zizmor", "--offline", "--quiet", "."]}
    if answers["kind"] != "library":
        commands["check-meltano"] = ["check-jsonschema", "--builtin-schema", "vendor.meltano", MELTANO_YML]
    hooks = [hook["id"] for part in yaml.safe_load(project.read(PRE_COMMIT))["repos"] for hook in part["hooks"]]
    assert set(hooks) - {"ruff-check", "ruff-format", "mypy"} == commands.keys()
    for command in commands.values():
        project.run(*command)


@pytest.mark.parametrize("answers", ONE_OF_EACH_KIND)
def test_git_ignores_what_a_run_leaves_behind_and_secrets(answers: Answers, render: Render, tmp_path: Path) -> None:
    """Git ignores secrets and what a run leaves behind, but not lock files and schemas, which Meltano needs."""
    project = render(**answers).copy(tmp_path / "project").init()
    ignored = [".env", ".secrets/key.pem", ".venv/x"]
    ignored += ["config.json", "catalog.json", "state.json", ".meltano/x"] if answers["kind"] != "library" else []
    tracked = ["plugins/extractors/tap-x--me.lock", "src/x/schemas/catalog.json", ".env.example", "poetry.lock"]
    found = project.run("git", "check-ignore", *ignored, *tracked, check=False).stdout.split()
    assert found == ignored


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
    started = [part["module"] for part in json.loads(project.read(LAUNCH))["configurations"]]
    own = REPOSITORIES[answers["kind"]].replace("-", "_")
    if answers["kind"] == "state-backend":
        assert started == ["meltano", "pytest"]
    else:
        assert started == [own, "pytest"]
        assert (project.path / "src" / own / "__main__.py").exists()
    assert not (render(**answers).path / LAUNCH).exists()


@pytest.mark.parametrize(
    ("repository", "display_name", "plugin_class"),
    [
        ("tap-github", "GitHub", "TapGitHub"),
        ("tap-my-source", None, "TapMySource"),
        slow("tap-x", "my source (new)", "TapMySourceNew"),
        slow("tap-x", "15Five", "Tap15Five"),
        ("tap-cafe", "Café", "TapCafe"),  # a letter that is not ASCII: made from the repository
        slow("target-github", "GitHub", "TargetGitHub"),
        slow("map-github", "GitHub", "GitHubMapper"),
        slow("github-ext", "GitHub", "GitHubExtension"),
        ("meltano-state-backend-github", "GitHub", "GitHubStateStoreManager"),
    ],
)
def test_the_services_own_spelling_names_the_classes(
    repository: str, display_name: str | None, plugin_class: str, template: Path, tmp_path: Path
) -> None:
    """The service's own spelling is in the class names and the label on MeltanoHub; the repository gives a default."""
    data = {"display_name": display_name} if display_name else {}
    copier.run_copy(str(template), tmp_path / repository, data=data, defaults=True, quiet=True)
    project = Project(tmp_path / repository, {})
    assert plugin_class in classes(project)
    if not repository.startswith("meltano-"):
        assert yaml.safe_load(project.read(MELTANOHUB_YML))["label"] == (display_name or "My Source")


@pytest.mark.parametrize(
    ("repository", "scheme"),
    [
        ("meltano-state-backend-redis", "redis"),
        slow("state-backend-my-source", "my-source"),
        ("meltano-state-backend-s3", "meltano-s3"),  # one that Meltano has itself
        slow("meltano-state-backend-15five", "meltano-15five"),  # no URI begins with a digit
        slow("somewhere", "somewhere"),
    ],
)
def test_a_state_backends_name_gives_the_scheme_of_its_uri(repository: str, scheme: str, render: Render) -> None:
    """The name of a state backend's repository gives the scheme of its URI, in the entry points and `meltano.yml`."""
    project = render(kind="state-backend", repository=repository)
    entry_points = tomllib.loads(project.read(PYPROJECT))["project"]["entry-points"]
    assert list(entry_points["meltano.state_backends"]) == [scheme]
    assert yaml.safe_load(project.read(MELTANO_YML))["state_backend"]["uri"] == f"{scheme}://"
    assert urlsplit(f"{scheme}://").scheme == scheme
    assert list(entry_points["meltano.settings"]) == [f"{scheme}-sqlalchemy-url"]


@pytest.mark.parametrize(
    ("display_name", "sentence"),
    [
        slow("", "Give the service a name."),
        slow(" ", "Give the service a name."),
        slow("!?", "Add a letter A-Z or a digit."),
        ("日本", "Add a letter A-Z or a digit."),
        ("a\nb", "Leave out line breaks."),
        slow("\u202eabc", "Leave out invisible characters."),
        ("x" * 65, "Use 64 characters at most."),
    ],
)
def test_a_name_from_which_no_class_name_can_come_is_refused(
    display_name: str, sentence: str, template: Path, tmp_path: Path
) -> None:
    """A service's name that gives no class name is refused; the message has the question, the case and the value."""
    data = {"display_name": display_name}
    with pytest.raises(ValueError, match=f"'display_name': {re.escape(sentence)}") as refused:
        copier.run_copy(str(template), tmp_path / "tap-x", data=data, defaults=True, quiet=True)
    assert f"Given: {json.dumps(display_name, ensure_ascii=not display_name.isprintable())}." in str(refused.value)
    assert not (tmp_path / "tap-x").exists()


@pytest.mark.parametrize(("kind", "has"), [("tap", True), ("target", True), ("mapper", False)])
def test_a_plugin_offers_only_what_it_can_do(kind: str, has: bool, render: Render) -> None:  # noqa: FBT001
    """Stream maps with made-up values, and batches, are for taps and targets; a mapper of the SDK has neither."""
    project = render(kind=kind, repository=REPOSITORIES[kind])
    metadata = tomllib.loads(project.read(PYPROJECT))["project"]
    assert bool(metadata.get("optional-dependencies")) is has
    assert ("The SDK adds settings of its own" in project.read(README)) is has


def imported_and_defined(path: Path) -> tuple[set[str], list[str]]:
    """Return the names that a module imports, and the classes that it defines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    defined = [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    return {alias.asname or alias.name for node in imports for alias in node.names}, defined


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param(
            answers, id=title(answers), marks=[] if title(answers) == "tap, REST, API Key" else pytest.mark.slow
        )
        for answers in variants()
        if answers["kind"] != "library"
    ],
)
def test_no_class_has_the_name_of_one_that_it_builds_on(answers: Answers, render: Render) -> None:
    """Whatever the service is called, no class has the name of one that its module imports or defines.

    The test tries every name that would lead to one of those, or to one of the sample.
    """
    prefix = "Zebra"
    made = render(**answers, display_name=prefix)
    modules = [imported_and_defined(path) for path in (made.path / "src").rglob("*.py")]
    suffixes = {name.removeprefix(prefix) for _, defined in modules for name in defined if name.startswith(prefix)}
    names = {name for imported, defined in modules for name in [*imported, *defined]}
    dangerous = {
        name.removesuffix(suffix) for suffix in suffixes for name in names if name.endswith(suffix) and name != suffix
    }
    assert (dangerous > {prefix}) == (answers["kind"] not in {"extension", "state-backend"})  # those have none today
    for display_name in sorted(dangerous - {prefix}):
        project = render(**answers, display_name=display_name)
        for path in (project.path / "src").rglob("*.py"):
            imported, defined = imported_and_defined(path)
            assert not imported & set(defined), (display_name, path.name)
            assert len(set(defined)) == len(defined), (display_name, path.name)


@pytest.mark.parametrize(
    ("repository", "own", "class_name"),
    [
        ("tap-r-e-s-t", {"stream_type": "REST"}, "TapRESTStream"),
        slow("tap-s-q-l", {"stream_type": "SQL"}, "TapSQLStream"),
        slow("target-s-q-l", {"sink_type": "SQL"}, "TargetSQLSink"),
        slow("tap-o-auth", {"stream_type": "REST", "auth_method": "OAuth2"}, "TapOAuthAuthenticator"),
        slow("tap-graph-q-l", {"stream_type": "GraphQL"}, "TapGraphQLStream"),
    ],
)
def test_a_repository_that_spells_a_class_of_the_sdk_gets_other_names(
    repository: str, own: Answers, class_name: str, render: Render
) -> None:
    """If a repository's name spells a class of the SDK, the kind stands before the names of the package's classes."""
    project = render(repository=repository, kind=repository.partition("-")[0], **own)
    assert class_name in classes(project)
    for path in (project.path / "src").rglob("*.py"):
        imported, defined = imported_and_defined(path)
        assert not imported & set(defined), path.name
