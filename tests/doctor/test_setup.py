"""`meltano-release setup` sets up GitHub: it asks, changes only what is missing, and can run again."""

import copy
import json
import re
from typing import Any

import pytest

from tests.release.scenarios.changes import Change, edit, on_github, rename_repository, set_environment, shell
from tests.simulation.github import environment as environment_with
from tests.simulation.sandbox import PUBLISHER, RULESETS, Sandbox
from tests.simulation.server import Fault
from tests.support.editing import all_of
from tests.support.paths import PUBLISHER_JSON, RELEASE_WORKFLOW, TEST_WORKFLOW

CUSTOM = {"protected_branches": False, "custom_branch_policies": True}
REQUESTS = 5  # of a repository that has nothing
ODD = "Zürich: {{ x }} # & | <b> $(touch hacked) $HOME % + ü/🎵"


@pytest.fixture
def bare(sandbox: Sandbox) -> Sandbox:
    """A repository on GitHub that was pushed, and has neither an environment nor rules."""
    sandbox.github.environments.clear()
    sandbox.github.rulesets = []
    push(sandbox)
    return sandbox


def push(sandbox: Sandbox) -> None:
    """Push the project."""
    sandbox.project.run("git", "push", "--quiet", "--mirror", sandbox.github.git)


def sent(sandbox: Sandbox) -> list[tuple[str, str, Any]]:
    """Return the requests that changed something on GitHub: method, path and body."""
    return [(method, url, body) for method, url, body, _ in sandbox.github.read_state()["exchanges"] if method != "GET"]


def environment(sandbox: Sandbox, name: str = "publishing") -> dict[str, Any]:
    """Return the environment on GitHub, with its rules as pairs of type and pattern."""
    found: dict[str, Any] = sandbox.github.read_state()["environments"][name]
    rules = sorted((one["type"], one["name"]) for one in found.pop("policies"))
    return found | {"rules": rules}


def test_a_repository_is_set_up_and_then_nothing_is_left_to_do(bare: Sandbox) -> None:
    """Each request is shown and sent after a yes; then the doctor finds no error, and a second run sends nothing."""
    done = bare.run_setup(answers="y\n" * REQUESTS)
    assert done.exit_code == 0, done.output
    assert done.output.count("Send it? [y/N]: y") == len(sent(bare)) == REQUESTS
    shown = done.output.split("Send it?")
    for (method, url, body), text in zip(sent(bare), shown, strict=False):
        assert json.loads(text.partition(f"\n  {method} {url}\n")[2]) == body
    assert environment(bare) == {
        "reviewers": [{"type": "User", "id": 7}],
        "prevent_self_review": False,
        "deployment_branch_policy": CUSTOM,
        "can_admins_bypass": True,
        "rules": [("branch", "main"), ("tag", "v*")],
    }
    assert bare.github.rulesets == RULESETS
    found = bare.run_doctor()
    assert found.exit_code == 0
    assert found.output.count("note  ") == 2  # the checkbox, and the tag without a release
    again = bare.run_setup()
    assert again.exit_code == 0
    assert again.output.count("nothing to change") == 3
    assert len(sent(bare)) == REQUESTS


def test_the_dry_run_prints_commands_that_a_shell_can_run(bare: Sandbox) -> None:
    """A dry run sends nothing; a shell that runs what it prints sets up the same, with any name of an environment."""
    edit(PUBLISHER_JSON, '"publishing"', json.dumps(ODD, ensure_ascii=False))(bare)
    done = bare.run_setup("--dry-run")
    assert done.exit_code == 0, done.output
    assert sent(bare) == []
    ran = bare.run_as_maintainer("bash", "-euc", done.output)
    assert ran.returncode == 0, ran.stderr
    bare.github.reload()
    assert bare.github.rulesets == RULESETS
    assert bare.github.environments.keys() == {ODD}
    assert environment(bare, ODD)["rules"] == [("branch", "main"), ("tag", "v*")]
    assert bare.run_setup("--dry-run").output.count("gh api") == 0
    assert not list(bare.project.path.rglob("hacked"))


@pytest.mark.parametrize("answers", ["nyy", "ynyyy", "yynyy", "yyyny", "yyyyn", "yy"])
def test_what_was_declined_is_asked_again(answers: str, bare: Sandbox) -> None:
    """A request that is declined is not sent, and the exit code is 1; the next run sends what is missing alone.

    Without the environment there are no rules for it. If the input ends, as by Control-D, nothing more is sent.
    """
    done = bare.run_setup(answers="".join(f"{answer}\n" for answer in answers))
    assert done.exit_code == 1
    end = f"1 of {len(answers)} requests were declined or refused" if "n" in answers else "Aborted!"
    assert end in done.output
    assert len(sent(bare)) == answers.count("y")
    assert bare.run_setup("--yes").exit_code == 0
    assert len(sent(bare)) == REQUESTS
    assert sorted(one["name"] for one in bare.github.rulesets) == ["release tags", "required checks"]


def test_what_else_is_configured_stays(bare: Sandbox) -> None:
    """The reviewers, the timer, the rules, the bypass actors and the checks that were there stay, beside the new."""
    others: dict[str, Any] = {"wait_timer": 5, "prevent_self_review": True, "reviewers": [{"type": "Team", "id": 9}]}
    bare.github.environments["publishing"] = environment_with(branches=("release",), tags=("x",), **others)
    tags, checks = copy.deepcopy(RULESETS)
    team = {"actor_type": "Team", "actor_id": 9, "bypass_mode": "always"}
    tags |= {"enforcement": "evaluate", "bypass_actors": [team]}
    tags["conditions"]["ref_name"] = {"include": ["refs/tags/x"], "exclude": ["refs/tags/y"]}
    tags["rules"] = [{"type": "required_linear_history"}, {"type": "update"}]
    docs = {"context": "Docs", "integration_id": 1}
    checks["rules"][0]["parameters"] |= {"required_approving_review_count": 2}
    checks["rules"][1]["parameters"] |= {
        "strict_required_status_checks_policy": True,
        "required_status_checks": [docs, {"context": "Test"}],
    }
    bare.github.rulesets = [tags, checks]
    assert bare.run_setup("--yes", "--bypass-app", "42", "--reviewer", "grace").exit_code == 0
    found = environment(bare)
    assert found["reviewers"] == [{"type": "Team", "id": 9}, {"type": "User", "id": 8}]
    assert (found["wait_timer"], found["prevent_self_review"]) == (5, True)
    assert found["rules"] == [("branch", "main"), ("branch", "release"), ("tag", "v*"), ("tag", "x")]
    app = {"actor_type": "Integration", "actor_id": 42, "bypass_mode": "always"}
    tags, checks = bare.github.rulesets
    assert tags["bypass_actors"] == [team, app]
    assert tags["conditions"]["ref_name"] == {"include": ["refs/tags/x", "refs/tags/v*"], "exclude": ["refs/tags/y"]}
    assert [rule["type"] for rule in tags["rules"]] == ["required_linear_history", "update", "creation", "deletion"]
    assert tags["enforcement"] == "active"
    assert checks["bypass_actors"] == [app]
    pull_request, required = (rule["parameters"] for rule in checks["rules"])
    assert pull_request["required_approving_review_count"] == 2
    assert required["strict_required_status_checks_policy"]
    gate = {"context": "Release gate", "integration_id": 15368}
    assert required["required_status_checks"] == [gate, {"context": "Test"}, docs]
    count = len(sent(bare))
    for options in (("--bypass-app", "42", "--reviewer", "grace"), ()):
        assert bare.run_setup("--yes", *options).exit_code == 0
    assert len(sent(bare)) == count


def test_rules_under_other_names_are_enough(sandbox: Sandbox) -> None:
    """A ruleset that does the same under another name is left alone; `--bypass-app` changes nothing but the app."""
    push(sandbox)
    tags, checks = sandbox.github.rulesets
    tags |= {"name": "All tags", "bypass_actors": []}
    tags["conditions"]["ref_name"]["include"] = ["~ALL"]
    checks |= {"name": "main"}
    checks["rules"][1]["parameters"]["required_status_checks"].append({"context": "Docs"})
    before = copy.deepcopy(sandbox.github.rulesets)
    assert sandbox.run_setup("--yes").exit_code == 0
    assert sent(sandbox) == []
    assert sandbox.run_setup("--yes", "--bypass-app", "42").exit_code == 0
    app = {"actor_type": "Integration", "actor_id": 42, "bypass_mode": "always"}
    assert sandbox.github.rulesets == [one | {"bypass_actors": [app]} for one in before]


@pytest.mark.parametrize(
    ("options", "reviewers"),
    [
        ((), [("User", 7)]),
        (("--reviewer", "grace"), [("User", 8)]),
        (("--reviewer", "MeltanoLabs/maintainers", "--reviewer", "ada"), [("Team", 9), ("User", 7)]),
    ],
)
def test_reviewers_can_be_named(options: tuple[str, ...], reviewers: list[tuple[str, int]], bare: Sandbox) -> None:
    """Without a name, the reviewer is who is signed in; people and teams can be named."""
    assert bare.run_setup("--yes", "--prevent-self-review", *options).exit_code == 0
    found = environment(bare)
    assert [(one["type"], one["id"]) for one in found["reviewers"]] == reviewers
    assert found["prevent_self_review"]


@pytest.mark.parametrize("name", ["nobody", "MeltanoLabs/nobody"])
def test_an_unknown_reviewer_is_refused(name: str, bare: Sandbox) -> None:
    """A reviewer that GitHub does not show is refused with a sentence, and no environment is made."""
    done = bare.run_setup("--yes", "--reviewer", name)
    assert done.exit_code == 1
    assert f" {name}: name a reviewer as USER or ORGANIZATION/TEAM" in done.output
    assert bare.github.environments == {}


@pytest.mark.parametrize(
    ("plan", "refused", "sentences"),
    [
        ("enterprise", 0, []),
        ("team", 1, ["Please ensure the billing plan supports the required reviewers protection rule. (HTTP 422)"]),
        ("free", 3, ["Upgrade to GitHub Pro or make this repository public to enable this feature. (HTTP 403)"]),
    ],
)
def test_what_the_plan_refuses_in_a_private_repository_is_said(
    plan: str, refused: int, sentences: list[str], bare: Sandbox
) -> None:
    """GitHub's refusal is shown, the rest is set up, and the environment has at least its rules."""
    bare.github.private, bare.github.plan = True, plan
    done = bare.run_setup("--yes")
    assert done.exit_code == int(refused > 0)
    assert all(sentence in done.output for sentence in sentences)
    assert done.output.count("In a private repository, GitHub offers environments and rulesets with") == refused
    assert environment(bare)["rules"] == [("branch", "main"), ("tag", "v*")]
    assert bool(bare.github.environments["publishing"].get("reviewers")) == (not refused)
    count = len(sent(bare))
    again = bare.run_setup("--yes")
    assert again.exit_code == done.exit_code
    assert len(sent(bare)) == count


REMOVE_WORKFLOW = shell(f"git rm -q {RELEASE_WORKFLOW} && git commit -qm x")
REFUSED: dict[str, tuple[Change, str]] = {
    "no repository": (on_github(exists=False), "Create it: gh repo create MeltanoLabs/my-package --public --source ."),
    "another name": (rename_repository("new"), "The repository is now called MeltanoLabs/new"),
    "not an administrator": (on_github(admin=False), "You are not an administrator of MeltanoLabs/my-package"),
    "no workflow": (
        all_of(REMOVE_WORKFLOW, push),
        f"The branch main of MeltanoLabs/my-package has no {RELEASE_WORKFLOW}: push it",
    ),
    "no publisher": (shell(f"rm {PUBLISHER_JSON}"), f"{PUBLISHER_JSON} is missing"),
    "no commit": (shell("git update-ref -d HEAD"), "fatal: Not a valid object name HEAD"),
}


@pytest.mark.parametrize(("change", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_set_up_yet_is_refused(change: Change, sentence: str, bare: Sandbox) -> None:
    """Before the repository is ready, a sentence says what to do, and nothing is requested."""
    change(bare)
    done = bare.run_setup("--yes")
    assert (done.exit_code, done.stdout, sent(bare)) == (1, "", [])
    assert done.stderr.startswith("Error: ")
    assert sentence in done.stderr


def test_gh_has_to_be_there(bare: Sandbox) -> None:
    """Without `gh`, a sentence says so."""
    done = bare.run_setup(gh=False)
    assert (done.exit_code, done.stderr) == (1, "Error: `gh` is not installed\n")


@pytest.mark.parametrize("has_tests", [True, False])
def test_only_checks_that_are_reported_are_required(has_tests: bool, bare: Sandbox) -> None:  # noqa: FBT001
    """The check *Test* is required if a workflow reports it for every pull request; others can be named."""
    if not has_tests:
        edit(TEST_WORKFLOW, "  pull_request:\n", "  pull_request: {paths: [src/**]}\n")(bare)
        push(bare)
    assert bare.run_setup("--yes", "--check", "Docs", "--check", "Release gate").exit_code == 0
    required = bare.github.rulesets[1]["rules"][1]["parameters"]["required_status_checks"]
    assert [one["context"] for one in required] == ["Release gate", *(["Test"] if has_tests else []), "Docs"]


def test_the_end_says_what_no_request_can_do(bare: Sandbox) -> None:
    """At the end are the checkbox of administrators, PyPI's form for what PyPI has, and the dry run's command."""
    link = "https://pypi.org/manage/project/my-package/settings/publishing/?provider=github&owner=MeltanoLabs"
    done = bare.run_setup("--yes")
    assert "Allow administrators to bypass configured protection rules" in done.output
    assert f"\n  {link}&repository=my-package&workflow_filename=release.yaml&environment=publishing\n" in done.output
    command = "  gh workflow run release.yaml --repo MeltanoLabs/my-package -f package_name=my-package\n"
    assert done.output.endswith(command)
    bare.loopback.pypi.projects.clear()
    set_environment(branches=("main",), tags=("v*",), reviewed=True, bypass=False)(bare)
    done = bare.run_setup("--yes")
    assert "Allow administrators" not in done.output
    assert "PyPI has no my-package yet: register a pending publisher" in done.output
    assert "\n  https://pypi.org/manage/account/publishing/\n" in done.output
    values = re.findall(r"^    [A-Z][\w ]+  +(\S+)$", done.output, re.MULTILINE)
    assert values == ["my-package", *PUBLISHER[:4]]
    bare.loopback.faults.append(Fault("pypi.org", 503))
    done = bare.run_setup("--yes")
    assert "PyPI answered with status 503. If it has no my-package: register a pending publisher" in done.output
