"""The summary of the release gate shows a reviewer what an approval publishes, and what changed before it."""

import hashlib
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from meltano_release.gate import judge, run_gate
from meltano_release.markdown import code, fenced
from meltano_release.summary import MOST_FILES, list_contents, summarize
from tests.support.gate_cases import BY_HAND, RELEASE
from tests.support.projects import SDIST, TAG, WHEEL, Project

DIST = Path("dist")
SLUG = "https://github.com/MeltanoLabs/my-package"


pytestmark = pytest.mark.usefixtures("with_dist")


def summary(environ: dict[str, str]) -> str:
    """Return the summary of the distributions in dist/, which pass."""
    verdict = judge(DIST, environ)
    assert verdict.problems == []
    return summarize(verdict.distributions, verdict.package_name, environ)


def test_the_summary_shows_what_an_approval_publishes(with_dist: Project) -> None:
    """Each file stands in a table with its size and SHA-256, and the contents and the metadata can be opened."""
    text = summary(RELEASE)
    for name in (SDIST, WHEEL):
        content = (with_dist.path / DIST / name).read_bytes()
        assert f"| `{name}` | {len(content)} | `{hashlib.sha256(content).hexdigest()}` |" in text
        assert f"<summary>Contents of {name}</summary>" in text
    for part in ("my_package/__init__.py", "my_package-1.2.3/PKG-INFO", "Requires-Python: >=3.11", "License: Apache"):
        assert part in text
    assert "publishes these files, and no others" in text
    assert "There is no earlier version among the tags" in text
    assert "This is a dry run: approving it publishes nothing." in summary(BY_HAND)
    assert "Nothing is published here" in summary({})


def test_the_gate_writes_the_summary_if_the_distributions_pass(tmp_path: Path) -> None:
    """The summary goes to the file that GitHub names, and to none if something is refused."""
    file = tmp_path / "summary"
    variables = RELEASE | {"GITHUB_STEP_SUMMARY": str(file)}
    assert run_gate(DIST, variables | {"GITHUB_REF_NAME": "v9.9.9"}) == 1
    assert not file.exists()
    assert run_gate(DIST, variables) == 0
    assert file.read_text(encoding="utf-8") == summary(variables)


def release_another(project: Project, file: str, text: str) -> str:
    """Append to a file in a commit, with another one after it, and move the released tag there; return the commit."""
    with (project.path / file).open("a", encoding="utf-8") as opened:
        opened.write(text)
    project.commit()
    project.run("git", "commit", "--quiet", "--allow-empty", "--message", "Change again")
    project.run("git", "tag", "--force", TAG)
    return project.run("git", "rev-parse", "HEAD").stdout.strip()


def test_the_summary_compares_with_the_last_version(with_dist: Project) -> None:
    """A link compares the commits of both versions; a changed workflow and changed build requirements are named."""
    with_dist.run("git", "tag", "v1.2.2", TAG)
    commit = release_another(with_dist, "README.md", "# changed\n")
    text = summary(RELEASE)
    assert f"Since v1.2.2: 2 commits, [v1.2.2…{commit[:7]}]({SLUG}/compare/v1.2.2...{commit})." in text
    assert "`.github` is as in v1.2.2." in text
    assert "The build requirements are the same." in text
    release_another(with_dist, ".github/workflows/release.yaml", "# changed\n")
    release_another(with_dist, "pyproject.toml", 'backend-path = ["."]\n')
    text = summary(RELEASE)
    assert "**`.github` changed since v1.2.2:**" in text
    assert "M\t.github/workflows/release.yaml" in text
    assert "**The build requirements changed**" in text
    assert "backend-path" in text


@pytest.mark.parametrize(
    "text", ["```\n# Not a heading\n```", "````\n`````", "`</details>`` | c`", "</details>\n\n# x"]
)
def test_no_text_breaks_out_of_its_block(text: str) -> None:
    """A text with fences, code spans or HTML stays one block of code; in one line, also one span in a table."""
    (block,) = MarkdownIt("commonmark").parse(fenced(text))
    assert (block.type, block.content) == ("fence", f"{text}\n")
    line = " ".join(text.split())
    table = MarkdownIt("commonmark").enable("table").parse(f"| a |\n| - |\n| {code(line)} |\n")
    (span,) = [token for token in table if token.type == "inline"][1].children or []
    assert (span.type, span.content) == ("code_inline", line)


def test_a_long_list_is_cut_and_an_odd_name_is_shown() -> None:
    """A listing has a bound, says how much is left out, and shows invisible characters of a name."""
    wheel = judge(DIST, RELEASE).distributions[1]
    wheel.files = {f"a/{number}.py" for number in range(MOST_FILES + 7)} | {"\u202eodd"}
    lines = list_contents(wheel).splitlines()
    assert (len(lines), lines[-1]) == (MOST_FILES + 1, "… and 8 more")
    wheel.files = {"\u202eodd"}
    assert list_contents(wheel) == r"'\u202eodd'"
