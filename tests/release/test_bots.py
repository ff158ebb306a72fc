"""Each way of the how-to for bots is carried out: a bot's workflow on act, then the event that GitHub sends, if any.

The bots are the real tools. Pushes and requests meet the rules of the repository, as `git_host.py` has them.
"""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.release.scenarios.changes import Change, nothing
from tests.simulation.act import ActRun
from tests.simulation.events import Event, dispatch_event
from tests.simulation.sandbox import Sandbox
from tests.support.commands import run
from tests.support.editing import replace
from tests.support.folder_cache import FolderCache
from tests.support.npm import npm_commands, webhook_examples
from tests.support.pages import code_blocks
from tests.support.paths import DOCS, PYPROJECT, WORKFLOWS

pytestmark = pytest.mark.slow

PAGE = (DOCS / "how-to/bots.md").read_text(encoding="utf-8")
TABLE = yaml.safe_load(Path(__file__).with_name("bots.yml").read_text(encoding="utf-8"))
APP_ID = 42
APP = {"client_id": "Iv1.bot", "key": "a private key"}
BUMP = f"{WORKFLOWS}/bump.yaml"
FILES = {"my_package-1.3.0-py3-none-any.whl", "my_package-1.3.0.tar.gz"}  # of the next version
APP_TOKEN, OWN_TOKEN = "${{ steps.app.outputs.token }}", "${{ github.token }}"


def section(title: str) -> str:
    """Return a section of the page."""
    return re.split(r"\n###? ", PAGE.partition(f"# {title}\n")[2])[0]


def files(title: str) -> dict[str, str]:
    """Return the titled blocks of a section, by their file."""
    return dict(re.findall(r'^```\w+ title="(\S+)"\n(.*?)^```', section(title), re.MULTILINE | re.DOTALL))


def bump_workflow(step: str = "") -> str:
    """Return the workflow of commitizen, with another last step."""
    workflow = files("commitizen")[BUMP]
    return workflow[: workflow.index("      - name: Commit the changelog")] + step if step else workflow


STEP = code_blocks(section("python-semantic-release"), "yaml")[0]
PSR = files("python-semantic-release") | {BUMP: bump_workflow(STEP)}
COMMITIZEN = files("commitizen")


@pytest.fixture(scope="module")
def published(once: FolderCache) -> dict[str, Any]:
    """GitHub's own example of the event of a published release."""
    return next(example for example in webhook_examples(once)["release"] if example["action"] == "published")


def prepare(sandbox: Sandbox, added: dict[str, str], *options: str) -> None:
    """Add files to the project, with a commit that a bot releases, and push and set up GitHub."""
    for name, text in added.items():
        path = sandbox.project.path / name
        path.write_text((path.read_text(encoding="utf-8") + "\n" if path.exists() else "") + text, encoding="utf-8")
    sandbox.project.commit("feat: release with a bot")
    sandbox.project.run("git", "push", "--quiet", "--mirror", sandbox.github.git)
    sandbox.loopback.github = sandbox.github
    sandbox.github.app = APP | {"id": APP_ID}
    sandbox.github.secrets["RELEASE_APP_PRIVATE_KEY"] = APP["key"]
    sandbox.github.variables["RELEASE_APP_CLIENT_ID"] = APP["client_id"]
    assert sandbox.run_setup("--yes", *options).exit_code == 0


def bump(sandbox: Sandbox) -> ActRun:
    """Run the bot's workflow by hand."""
    return sandbox.run_workflow(dispatch_event({}), "bump.yaml")


def have_static_version(sandbox: Sandbox) -> None:
    """Have the version in pyproject.toml, where the bot writes the next one."""
    replace(sandbox.project.path / PYPROJECT, 'dynamic = ["version"] # from the git tag', 'version = "1.2.3"')
    line = re.findall(r"`(version_toml = .*?)`", section("python-semantic-release"))[0]
    replace(sandbox.project.path / PYPROJECT, "[tool.semantic_release]\n", f"[tool.semantic_release]\n{line}\n")
    sandbox.project.commit()
    sandbox.project.run("git", "push", "--quiet", "--mirror", sandbox.github.git)


BOTS = {
    "commitizen": (COMMITIZEN, nothing),
    "python-semantic-release": (PSR, nothing),
    "python-semantic-release, version in a file": (PSR, have_static_version),
}


@pytest.mark.parametrize(("added", "change"), BOTS.values(), ids=BOTS)
def test_a_bot_with_an_app_releases(
    added: dict[str, str], change: Change, sandbox: Sandbox, published: dict[str, Any]
) -> None:
    """The bot commits, tags and releases with the App's token, and the release workflow uploads what is at the tag."""
    prepare(sandbox, added, "--bypass-app", str(APP_ID))
    change(sandbox)
    assert "GITHUB_TOKEN" not in sandbox.run_doctor().output
    done = bump(sandbox)
    assert done.result == "success", done.log
    (released,) = sandbox.deliver(published)
    assert released.result == "success", released.log
    assert sandbox.uploaded() == FILES
    assert sandbox.github.commit_of("refs/heads/main") == sandbox.github.commit_of("refs/tags/v1.3.0")


def test_an_app_that_may_not_bypass_the_rules_is_refused(sandbox: Sandbox) -> None:
    """Without `--bypass-app`, GitHub refuses the App's tag and commit, as the page says, and nothing is released."""
    prepare(sandbox, COMMITIZEN)
    done = bump(sandbox)
    assert done.result == "failure"
    assert "Repository rule violations found for refs/heads/main refs/tags/v1.3.0" in done.log
    assert "*Repository rule violations found*" in PAGE
    assert not sandbox.github.read_state()["releases"]


def test_a_release_with_the_workflows_own_token_starts_nothing(sandbox: Sandbox, published: dict[str, Any]) -> None:
    """With `GITHUB_TOKEN`, and no rules in its way, the release is made and starts nothing; the doctor says so."""
    workflow = yaml.safe_load(bump_workflow())
    job = workflow["jobs"]["bump"] | {"permissions": {"contents": "write"}}
    job["steps"] = [step for step in job["steps"] if step.get("id") != "app"]
    text = yaml.safe_dump(workflow | {"jobs": {"bump": job}}, sort_keys=False).replace(APP_TOKEN, OWN_TOKEN)
    prepare(sandbox, COMMITIZEN | {BUMP: text.replace("true:", "on:", 1)})
    sandbox.github.rulesets = []
    found = sandbox.run_doctor().output
    assert "The job bump of .github/workflows/bump.yaml makes releases with GITHUB_TOKEN (gh release create)" in found
    done = bump(sandbox)
    assert done.result == "success", done.log
    assert "v1.3.0" in sandbox.github.read_state()["releases"]
    assert sandbox.deliver(published) == []
    sandbox.project.run("git", "fetch", "--quiet", sandbox.github.git, "refs/tags/*:refs/tags/*")
    found = sandbox.run_doctor().output
    assert "PyPI has no file of the release v1.3.0: it was made with GITHUB_TOKEN" in found


def test_release_please_with_an_app_releases(sandbox: Sandbox, published: dict[str, Any], once: FolderCache) -> None:
    """When its pull request is merged, release-please creates the tag and the release, which is uploaded."""
    npm_commands("release-please", once)
    prepare(sandbox, files("release-please"), "--bypass-app", str(APP_ID))
    assert "GITHUB_TOKEN" not in sandbox.run_doctor().output
    replace(sandbox.project.path / ".release-please-manifest.json", "1.2.3", "1.3.0")
    sandbox.project.write("CHANGELOG.md", "# Changelog\n\n## 1.3.0\n")
    sandbox.project.commit("chore(main): release 1.3.0 (#7)")
    sandbox.project.run("git", "push", "--quiet", sandbox.github.git, "main")
    state = sandbox.github.read_state()
    state["merged"] = TABLE["merged"] | {"merge_commit_sha": sandbox.github.commit_of("refs/heads/main")}
    sandbox.github.write_state(state)
    done = sandbox.run_workflow(Event("push", "refs/heads/main", {}), "release-please.yaml")
    assert done.result == "success", done.log
    (released,) = sandbox.deliver(published)
    assert released.result == "success", released.log
    assert sandbox.uploaded() == FILES


def test_a_draft_that_a_person_publishes_is_released(sandbox: Sandbox, published: dict[str, Any]) -> None:
    """A workflow drafts a release with its own token; it is uploaded when a person publishes it, and not before."""
    create, publish = map(str.rstrip, code_blocks(section("Drafts, without an App")))
    prepare(sandbox, {f"{WORKFLOWS}/draft.yaml": TABLE["draft"].replace("COMMAND", create)})
    assert "GITHUB_TOKEN" not in sandbox.run_doctor().output
    done = sandbox.run_workflow(dispatch_event({}), "draft.yaml")
    assert done.result == "success", done.log
    assert sandbox.deliver(published) == []
    ran = sandbox.run_as_maintainer("bash", "-euc", publish)
    assert ran.returncode == 0, ran.stderr
    (released,) = sandbox.deliver(published)
    assert released.result == "success", released.log
    assert sandbox.uploaded() == FILES


def test_zizmor_finds_nothing_in_the_workflows_of_the_page(tmp_path: Path) -> None:
    """With its auditor persona, zizmor finds nothing in the bots' workflows."""
    texts = (COMMITIZEN[BUMP], PSR[BUMP], files("release-please")[f"{WORKFLOWS}/release-please.yaml"])
    (tmp_path / WORKFLOWS).mkdir(parents=True)
    for number, text in enumerate(texts):
        (tmp_path / WORKFLOWS / f"{number}.yaml").write_text(text, encoding="utf-8")
    run("zizmor", "--offline", "--quiet", "--persona=auditor", "--strict-collection", ".", cwd=tmp_path)
