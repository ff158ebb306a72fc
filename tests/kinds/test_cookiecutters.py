"""Every answer set that the Singer SDK tests its own cookiecutters with has an equal here, which passes all checks.

The sets are the replay files in `e2e-tests/cookiecutters` of meltano/sdk, in their order. Where one of them leaves out
CI or agent instructions, the project here has them all the same.
"""

import ast
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.support.combinations import Answers
from tests.support.interpreters import newest_interpreter
from tests.support.paths import LICENSE, MELTANOHUB_YML, PYPROJECT, TEST_WORKFLOW
from tests.support.projects import Project

AUTH_METHODS = {"Custom or N/A": "None"}  # those that are called otherwise here
STREAM_TYPES = {"Other": "Custom"}
SINK_TYPES = {"Per record": "record", "Per batch": "batch"}

TAP, TARGET, GRAPHQL_TAP = "AutomaticTestTap", "MyDestinationName", "GraphQLJWTTemplateTest"
SETS = {  # by the plugin's name: the service's name, the license, how a tap reads and authenticates or a target writes
    "mapper-base": ("MyMapperName", "Apache-2.0"),
    "tap-faker": (TAP, "Apache-2.0", "REST", "Bearer Token"),
    "tap-graphql-jwt": (GRAPHQL_TAP, "Apache-2.0", "GraphQL", "JWT"),
    "tap-no-license": (TAP, "None", "REST", "Basic Auth"),
    "tap-other-custom": (TAP, "Apache-2.0", "Other", "Custom or N/A"),
    "tap-rest-api_key-github": (TAP, "Apache-2.0", "REST", "API Key"),
    "tap-rest-basic_auth": (TAP, "Apache-2.0", "REST", "Basic Auth"),
    "tap-rest-bearer_token": (TAP, "Apache-2.0", "REST", "Bearer Token"),
    "tap-rest-custom": (TAP, "Apache-2.0", "REST", "Custom or N/A"),
    "tap-rest-jwt": (TAP, "Apache-2.0", "REST", "JWT"),
    "tap-rest-oauth2": (TAP, "Apache-2.0", "REST", "OAuth2"),
    "tap-sql-custom": (TAP, "Apache-2.0", "SQL", "Custom or N/A"),
    "target-per_record": (TARGET, "Apache-2.0", "Per record"),
    "target-sql": (TARGET, "Apache-2.0", "SQL"),
}


def equal(name: str) -> Answers:
    """Return the answers here that are equal to a set: its license, editor, author, and the plugin's own answers."""
    display_name, license_name, *own = SETS[name]
    answers = {"repository": name, "kind": name.partition("-")[0], "display_name": display_name}
    answers |= {"license": license_name, "ide": "VSCode", "author_name": "Automatic Tester"}
    answers |= {"author_email": "auto.tester@example.com", "owner": "me"}
    if answers["kind"] == "target":
        answers["sink_type"] = SINK_TYPES.get(own[0], own[0])
    elif answers["kind"] == "tap":
        answers["stream_type"] = STREAM_TYPES.get(own[0], own[0])
        if answers["stream_type"] in {"REST", "GraphQL"}:
            answers["auth_method"] = AUTH_METHODS.get(own[1], own[1])
    return answers


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_an_answer_set_of_the_sdk_has_an_equal_that_passes(
    name: str, check_created: Callable[[Answers, Path], Project]
) -> None:
    """Each answer set of the SDK has an equal here that passes all checks, with the names and files of the set."""
    answers = equal(name)
    project = check_created(answers, newest_interpreter())
    folder = project.path / "src" / name.replace("-", "_")  # the set's library_name
    classes = {
        node.name
        for path in folder.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    }
    kind, display_name = answers["kind"].capitalize(), answers["display_name"]
    assert (f"{display_name}{kind}" if kind == "Mapper" else f"{kind}{display_name}") in classes
    assert yaml.safe_load(project.read(MELTANOHUB_YML))["label"] == display_name
    assert (project.path / LICENSE).exists() is (answers["license"] != "None")
    assert ("\nfaker = " in project.read(PYPROJECT)) is (kind != "Mapper")
    for file in (".vscode/launch.json", "AGENTS.md", TEST_WORKFLOW):
        assert (project.path / file).exists(), file
