"""What the doctor, `setup`, workflows and documentation ask of GitHub is in GitHub's own description of its API.

So is what `rest.py` answers in the tests: no shape of an answer is made up.
"""

import json
import re
import shlex

import pytest

from meltano_release import github
from meltano_release.commit import Commit
from meltano_release.doctor import CHECKS
from meltano_release.setup.plan import Options, Outcome, plan_checks, plan_environment, plan_tags
from tests.doctor.cases import CASES
from tests.simulation import rest
from tests.simulation.sandbox import Sandbox
from tests.support.commands import tracked
from tests.support.folder_cache import FolderCache
from tests.support.npm import npm_file
from tests.support.openapi import Description
from tests.support.paths import ROOT

REPO = "repos/MeltanoLabs/my-package"
PUBLISHER = {
    "owner": "octocat",
    "repository": "Hello-World",
    "environment": "staging",
    "package_name": "my-package",
    "workflow_filename": "release.yaml",
}
RELEASE = {"tag_name": "v1.4.0", "draft": True, "generate_release_notes": True}
EXTRA = [  # what only the workflows and the bots ask
    ("GET", f"{REPO}/releases/tags/v1.2.3", None),
    ("GET", f"{REPO}/commits/tags/v1.2.3", None),
    ("POST", f"{REPO}/releases", RELEASE),
    ("GET", f"{REPO}/git/trees/main", None),
    ("GET", f"{REPO}/pulls?state=closed&base=main&sort=updated&direction=desc", None),
]


@pytest.fixture(scope="module")
def description(once: FolderCache) -> Description:
    """GitHub's description of its REST API."""
    return Description(npm_file("openapi", "generated/api.github.com.json", once))


def test_every_request_and_answer_is_described(sandbox: Sandbox, description: Description) -> None:
    """Each request of doctor, `setup`, workflows and bots is described, and so is what the simulation answers."""
    sandbox.project.run("git", "push", "--quiet", "--mirror", sandbox.github.git)
    sandbox.github.create_release("v1.2.3")
    sandbox.run_doctor()
    sandbox.github.rulesets = []
    sandbox.github.environments.clear()
    assert sandbox.run_setup("--yes", "--bypass-app", "42").exit_code == 0
    CASES["a submodule in a private repository"].fault(sandbox)
    sandbox.run_doctor()
    state = sandbox.github.read_state()
    state["rulesets"][0]["rules"].pop()
    state["environments"]["publishing"] |= {"reviewers": [], "wait_timer": 5}
    sandbox.github.keep(state)
    options = ("--yes", "--reviewer", "MeltanoLabs/maintainers", "--reviewer", "ada", "--prevent-self-review")
    assert sandbox.run_setup(*options).exit_code == 0
    state = sandbox.github.read_state()
    state["merged"] = dict.fromkeys(("title", "body", "branch", "label"), "a")
    state["merged"] |= {"number": 7, "merge_commit_sha": "1" * 40}
    for method, url, body in EXTRA:
        rest.respond(state, method, url, body)
    tree = state["exchanges"][-2][3]["tree"]
    blob = next(one["sha"] for one in tree if one["type"] == "blob")
    rest.respond(state, "GET", f"{REPO}/git/blobs/{blob}")
    for method, url, body, answer in state["exchanges"]:
        description.check_request(method, url, body)
        description.check_answer(method, url, answer)
    asked = {f"{method} {url.partition('?')[0]}" for method, url, *_ in state["exchanges"]}
    patterns = [f"{method} {pattern}" for pattern, methods in rest.ROUTES.items() for method in methods]
    unused = [one for one in patterns if not any(re.fullmatch(one.replace("SLUG", REPO[6:]), url) for url in asked)]
    assert unused == [rf"{method} repos/SLUG/issues/(\d+)/.+" for method in ("POST", "DELETE")]


def test_githubs_own_examples_can_be_read(description: Description, sandbox: Sandbox) -> None:
    """The doctor and `setup` read each of GitHub's examples of answers; the requests that follow are described."""

    def run_gh(*arguments: str, stdin: str = "") -> str:
        assert (arguments[0], stdin) == ("api", "")
        return json.dumps(description.example("GET", arguments[1]))

    with sandbox.as_maintainer(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(github, "run_gh", run_gh)
        repository = github.get("repos/octocat/Hello-World")
        checks = [check for subject, check in CHECKS.items() if subject.endswith("on GitHub")]
        assert len(checks) == 5
        assert all(check(PUBLISHER, Commit()) for check in checks)
        options = Options(("octocat", "github/justice-league"), True, (42,), ("Test",))  # noqa: FBT003 - of a table
        for plan in (plan_environment, plan_tags, plan_checks):
            part = plan(PUBLISHER, repository, options)
            request = next(part, None)
            while request:
                description.check_request(request.method, request.path, request.body)
                try:
                    request = part.send(Outcome.SENT)
                except StopIteration:
                    request = None


def test_the_commands_in_the_documentation_are_described(description: Description) -> None:
    """Each `gh api` in the documentation, the workflows and the actions asks for a path and a field that GitHub has."""
    files = [name for name in tracked(ROOT, "docs", "template", "actions", "README.md") if not name.endswith(".svg")]
    text = "\n".join((ROOT / name).read_text(encoding="utf-8") for name in files)
    lines = re.findall(r"gh api (?:[^\n)]|\\\n)+", text)
    assert len(lines) >= 3
    for line in lines:
        given = line.replace("$GITHUB_REPOSITORY", "o/r").replace("$GH_REPO", "o/r").replace("$", "")
        path, *options = shlex.split(given)[2:]
        assert [name for name in options[::2] if name != "--jq"] == [], line
        schema = description.resolve(description.answers("GET", path)["schema"])
        for field in options[1::2]:
            variants = [description.resolve(one) for one in schema.get("oneOf", [schema])]
            assert all(field.removeprefix(".") in one["properties"] for one in variants), line
