"""The simulation decides as GitHub does: environments, and what a job may do."""

import pytest

from tests.simulation.github import Environment


@pytest.mark.parametrize(
    ("pattern", "name", "admitted"),
    [
        ("v*", "v1.2.3", True),
        ("v*", "v", True),
        ("v*", "x/v1.2.3", False),
        ("v*", "v1/2", False),
        ("v*", "V1.2.3", False),
        ("*", "main", True),
        ("*", "release/1", False),
        ("*", ".hidden", False),
        (".*", ".hidden", True),
        ("*/*", "release/1", True),
        ("release/*", "release/1", True),
        ("release/*", "release/1/2", False),
        ("release/*", "release/.1", False),
        ("**/v*", "v1", True),
        ("**/v*", "a/b/v1", True),
        ("**/v*", ".a/v1", False),
        ("a/**/v*", "a/v1", True),
        ("**", "a/b", False),
        ("v**", "v1.2", True),
        ("v?", "v1", True),
        ("v?", "v", False),
        ("v?", "v/", False),
        ("v[0-9]", "v1", True),
        ("v[0-9]", "va", False),
        ("v[^0-9]", "va", True),
        ("v[!0-9]", "v1", False),
        ("v[a/]b", "v/b", False),
        ("v[0-9", "v[0-9", False),
        ("v\\*", "v*", True),
        ("v\\*", "v1", False),
        ("v1.2", "v1x2", False),
        ("v{1,2}", "v1", False),
    ],
)
@pytest.mark.parametrize("kind", ["tags", "heads"])
def test_a_pattern_of_an_environment_admits_what_github_admits(
    pattern: str, name: str, kind: str, *, admitted: bool
) -> None:
    """A pattern admits what Ruby's `File.fnmatch` matches with `FNM_PATHNAME`, as on GitHub: `*` matches no slash."""
    environment = Environment(tags=(pattern,)) if kind == "tags" else Environment(branches=(pattern,))
    assert environment.admits(f"refs/{kind}/{name}") is admitted


def test_an_environment_with_rules_for_branches_admits_no_tag() -> None:
    """Rules for branches alone admit no tag, rules for tags alone no branch, and an environment without rules all."""
    assert not Environment(branches=("*",)).admits("refs/tags/v1")
    assert not Environment(tags=("*",)).admits("refs/heads/main")
    assert Environment().admits("refs/heads/a/b")
