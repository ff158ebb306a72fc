"""Findings about workflows, and about linters."""

from tests.doctor.cases.case import (
    APP,
    OIDC,
    OTHER,
    OWN,
    RESTORE,
    Case,
    both,
    creates,
    delete,
    hook,
    step,
    substitute,
    workflow,
    write,
)
from tests.release.scenarios.changes import edit, keep_old_workflow, remove_environment_from_workflow, rename_workflow
from tests.support.paths import PUBLISHER_JSON, RELEASE_WORKFLOW, RELEASING, TEST_WORKFLOW, WORKFLOWS

WORKFLOW = {
    "no release workflow": Case(
        "error", f"There is no {RELEASE_WORKFLOW}, which the publisher names", delete(RELEASE_WORKFLOW),
        remedy=RESTORE + RELEASE_WORKFLOW,
    ),
    "a renamed release workflow": Case(
        "error", f"There is no {RELEASE_WORKFLOW}, which the publisher names", rename_workflow,
        remedy=f"git mv {WORKFLOWS}/publish.yaml {RELEASE_WORKFLOW}",
    ),
    "a workflow that does not publish": Case(
        "error", f"No job of {RELEASE_WORKFLOW} publishes to PyPI",
        edit(RELEASE_WORKFLOW, "pypa/gh-action-pypi-publish", "a/b"), remedy=RESTORE + RELEASE_WORKFLOW,
    ),
    "another environment in the workflow": Case(
        "error", f"The job publish of {RELEASE_WORKFLOW} has the environment pypi, and the publisher publishing",
        edit(RELEASE_WORKFLOW, 'name: "publishing"', 'name: "pypi"'),
        edit(RELEASE_WORKFLOW, 'name: "publishing"', 'name: "Publishing"'), 'write `environment: "publishing"` into',
    ),
    "no environment in the workflow": Case(
        "error", f"The job publish of {RELEASE_WORKFLOW} has no environment", remove_environment_from_workflow,
    ),
    "another workflow that publishes with a token": Case(
        "error", f"{WORKFLOWS}/publish.yml seems to publish as well, when a tag is pushed", keep_old_workflow,
        remedy=f"git rm {WORKFLOWS}/publish.yml",
    ),
    "another workflow that is a trusted publisher": Case(
        "error", f"{OTHER} publishes as a trusted publisher, so PyPI knows that file", workflow(OIDC),
        workflow(OIDC + "  with: {repository-url: 'https://test.pypi.org/legacy/'}\n"),
        "uvx copier update --vcs-ref=:current: --defaults --data=package_name=my-package --data=owner=MeltanoLabs "
        "--data=repository=my-package --data=workflow_filename=other.yml --data=environment=pypi",
    ),
    "a trusted publisher before the release setup is copied": Case(
        "note", f"{OTHER} publishes as a trusted publisher: with these answers, the publisher on PyPI can stay",
        both(workflow(OIDC), delete(PUBLISHER_JSON)), delete(PUBLISHER_JSON),
        "uvx copier copy --data=scope=release --defaults --data=package_name=my-package --data=owner=MeltanoLabs "
        "--data=repository=my-package --data=workflow_filename=other.yml --data=environment=pypi "
        "https://github.com/MeltanoLabs/meltano-package-template.git .",
    ),
    "a workflow of another repository that may publish": Case(
        "not checked", f"{OTHER} calls acme/shared/.github/workflows/publish.yml@v1: look in its repository",
        workflow("uses: acme/shared/.github/workflows/publish.yml@v1"),
        workflow("uses: acme/shared/.github/workflows/ci.yml@v1"),
    ),
    "a pin that stayed behind": Case(
        "note", f"{TEST_WORKFLOW} uses MeltanoLabs/meltano-package-template at 1111111, and {RELEASE_WORKFLOW} at",
        substitute(TEST_WORKFLOW, "(actions/setup@)[0-9a-f]+", r"\g<1>" + 40 * "1"),
        remedy="sed -i.bak -E",
    ),
    "release-please with GITHUB_TOKEN": Case(
        "error", f"The job a of {OTHER} makes releases with GITHUB_TOKEN (googleapis/release-please-action)",
        step("googleapis/release-please-action@v4"), step("googleapis/release-please-action@v4", token=APP),
        "/how-to/bots.html",
    ),
    "release-please with drafts": Case(
        "error", f"The job a of {OTHER} makes releases with GITHUB_TOKEN (googleapis/release-please-action)",
        both(step("googleapis/release-please-action@v4"), write("release-please-config.json", "{}")),
        both(step("googleapis/release-please-action@v4"), write("release-please-config.json", '{"draft": true}')),
    ),
    "python-semantic-release with GITHUB_TOKEN": Case(
        "error", f"The job a of {OTHER} makes releases with GITHUB_TOKEN (python-semantic-release/",
        step("python-semantic-release/python-semantic-release@v10", github_token=OWN),
        step("python-semantic-release/python-semantic-release@v10", github_token=APP),
    ),
    "semantic-release with GITHUB_TOKEN": Case(
        "error", f"The job a of {OTHER} makes releases with GITHUB_TOKEN (npx semantic-release)",
        workflow(f"env: {{GITHUB_TOKEN: {OWN!r}}}\nsteps: [{{run: npx semantic-release}}]"),
        workflow(f"env: {{GITHUB_TOKEN: {APP!r}}}\nsteps: [{{run: npx semantic-release}}]"),
    ),
    "python-semantic-release as a command with GITHUB_TOKEN": Case(
        "error", f"The job a of {OTHER} makes releases with GITHUB_TOKEN (semantic-release -v version)",
        workflow(f"steps: [{{run: uvx semantic-release -v version, env: {{GH_TOKEN: {OWN!r}}}}}]"),
        workflow("steps: [{run: uvx semantic-release --version}]"),
    ),
    "commitizen and gh with GITHUB_TOKEN": Case(
        "error", f"The job a of {OTHER} makes releases with GITHUB_TOKEN (gh release create)",
        creates(OWN), creates(APP),
    ),
    "another action that makes releases": Case(
        "error", f"The job a of {OTHER} makes releases with GITHUB_TOKEN (softprops/action-gh-release)",
        step("softprops/action-gh-release@v2"), step("softprops/action-gh-release@v2", draft="true"),
    ),
    "a command that makes releases, in place of drafts": Case(
        "error", f"The job a of {OTHER} makes releases with GITHUB_TOKEN", creates(OWN), creates(OWN, "--draft"),
    ),
    "an action that makes releases, in place of adding files to one": Case(
        "error", f"The job a of {OTHER} makes releases with GITHUB_TOKEN",
        step("softprops/action-gh-release@v2"),
        workflow("steps: [{uses: softprops/action-gh-release@v2}]", on="{release: {types: [published]}}"),
    ),
}  # fmt: skip

LINTERS = {
    "yamllint with its default": Case(
        "note", f"yamllint refuses {RELEASE_WORKFLOW}: line 1 has more than 80 characters",
        write(".yamllint", "extends: default\n"),
        write(".yamllint", "extends: default\nrules: {line-length: {max: 500}}\n"),
        f"add to .yamllint: ignore: [{RELEASE_WORKFLOW}]",
    ),
    "yamllint in pre-commit": Case(
        "note", f"yamllint refuses {RELEASE_WORKFLOW}: line 1 has more than 80 characters", hook("yamllint"),
        hook("yamllint", '["-d", "relaxed"]'),
    ),
    "yamllint that ignores the workflow in place of another": Case(
        "note", f"yamllint refuses {RELEASE_WORKFLOW}: line",
        write(".yamllint", "extends: default\nignore: [other.yaml]\n"),
        write(".yamllint", f"extends: default\nignore: [{RELEASE_WORKFLOW}]\n"),
    ),
    "pretty-format-json with another indentation": Case(
        "note", f"pretty-format-json changes {PUBLISHER_JSON}, and each update meets that",
        hook("pretty-format-json", "[--indent, '4']"), hook("pretty-format-json"),
        r"exclude: ^(\.github/(\.gitattributes|publisher\.json|RELEASING\.md|workflows/release\.yaml)$|",
    ),
    "pretty-format-json with another order": Case(
        "note", f"pretty-format-json changes {PUBLISHER_JSON}", hook("pretty-format-json", "[--top-keys=owner]"),
        hook("pretty-format-json", "[--indent=4]", r"exclude: ^\.github/publisher\.json$" + "\n"),
    ),
    "Prettier with another width": Case(
        "note", "Prettier changes the template's files (printWidth: 120), and each update meets that",
        write(".prettierrc", '{"printWidth": 120}\n'), write(".prettierrc.yaml", "semi: false\n"),
        f"add to .prettierignore: the lines {RELEASE_WORKFLOW}, {RELEASING} and {PUBLISHER_JSON}",
    ),
    "Prettier in package.json": Case(
        "note", "Prettier changes the template's files (tabWidth: 4)",
        write("package.json", '{"prettier": {"tabWidth": 4}}\n'),
        both(write("package.json", '{"prettier": {"tabWidth": 4}}\n'), write(".prettierignore", ".github/\n")),
    ),
    "Prettier with a program for its configuration": Case(
        "not checked", "Whether Prettier, with prettier.config.mjs, changes the template's files",
        write("prettier.config.mjs", "export default {};\n"),
    ),
}  # fmt: skip
