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


MEANINGS = {
    "publishes these files, and no others": RELEASE,
    "This is a dry run: approving it publishes nothing.": BY_HAND,
    "Nothing is published here": {},
}


@pytest.mark.parametrize("meaning", MEANINGS)
def test_the_summary_says_what_an_approval_means(meaning: str) -> None:
    """A release, a dry run and a pull request each say what happens to the files."""
    assert meaning in summary(MEANINGS[meaning])


def test_the_summary_lists_the_files_with_size_and_digest(with_dist: Project) -> None:
    """Each file stands in a table with its size and SHA-256, and the contents and the metadata can be opened."""
    text = summary(RELEASE)
    for name in (SDIST, WHEEL):
        content = (with_dist.path / DIST / name).read_bytes()
        assert f"| `{name}` | {len(content)} | `{hashlib.sha256(content).hexdigest()}` |" in text
        assert f"<summary>Contents of {name}</summary>" in text
    assert "my_package/__init__.py" in text
    assert "my_package-1.2.3/PKG-INFO" in text
    assert "Requires-Python: >=3.11" in text
    assert "License: Apache-2.0" in text


def test_the_gate_writes_the_summary_if_the_distributions_pass(tmp_path: Path) -> None:
    """The summary goes to the file that GitHub names, and to none if something is refused."""
    file = tmp_path / "summary"
    variables = RELEASE | {"GITHUB_STEP_SUMMARY": str(file)}
    assert run_gate(DIST, variables | {"GITHUB_REF_NAME": "v9.9.9"}) == 1
    assert not file.exists()
    assert run_gate(DIST, variables) == 0
    assert file.read_text(encoding="utf-8") == summary(variables)


def test_a_first_version_has_nothing_to_compare_with() -> None:
    """Without an earlier tag, the summary says so."""
    assert "There is no earlier version among the tags" in summary(RELEASE)


def release_another(project: Project, *changed: str) -> str:
    """Change some files in two commits after the tag v1.2.2, and move the released tag there; return the commit."""
    project.run("git", "tag", "v1.2.2", TAG)
    for file in changed:
        with (project.path / file).open("a", encoding="utf-8") as text:
            text.write("# changed\n" if file != "pyproject.toml" else 'backend-path = ["."]\n')
    project.run("git", "add", "--update")
    project.run("git", "commit", "--quiet", "--allow-empty", "--message", "Change")
    project.run("git", "commit", "--quiet", "--allow-empty", "--message", "Change again")
    project.run("git", "tag", "--force", TAG)
    return project.run("git", "rev-parse", "HEAD").stdout.strip()


def test_the_summary_compares_with_the_last_version(with_dist: Project) -> None:
    """A link compares the commits of both versions, and what decides how a release is built is the same."""
    commit = release_another(with_dist, "README.md")
    text = summary(RELEASE)
    assert f"Since v1.2.2: 2 commits, [v1.2.2…{commit[:7]}]({SLUG}/compare/v1.2.2...{commit})." in text
    assert "`.github` is as in v1.2.2." in text
    assert "The build requirements are the same." in text


def test_a_change_of_the_release_itself_is_shown(with_dist: Project) -> None:
    """A changed workflow and changed build requirements are named."""
    release_another(with_dist, ".github/workflows/release.yaml", "pyproject.toml")
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
