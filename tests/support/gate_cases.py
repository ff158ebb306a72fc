"""The release gate, run on distributions that are damaged: one case for each refusal."""

import shutil
from pathlib import Path
from typing import NamedTuple

from tests.support.damage import (
    Damage,
    add_commit,
    built_as,
    delete_dist,
    describe,
    edit,
    field,
    git,
    make_shallow,
    more,
    platform,
    publisher,
    rename,
    rewrite,
    truncate,
    without,
    write,
)
from tests.support.editing import all_of
from tests.support.paths import LICENSE, PUBLISHER_JSON, PYPROJECT, README, RELEASE_WORKFLOW
from tests.support.projects import SDIST, TAG, WHEEL, Project

EVENT = "event.json"
RUN = {
    "GITHUB_REPOSITORY": "MeltanoLabs/my-package",
    "GITHUB_WORKFLOW_REF": f"MeltanoLabs/my-package/{RELEASE_WORKFLOW}@refs/tags/{TAG}",
    "GITHUB_EVENT_PATH": EVENT,
}
RELEASE = RUN | {"GITHUB_EVENT_NAME": "release", "GITHUB_REF_NAME": TAG}
BY_HAND = RUN | {"GITHUB_EVENT_NAME": "workflow_dispatch"}


def copy_with_distributions(default: Project, built: Path, destination: Path) -> Project:
    """Copy the default project, with its distributions in dist/."""
    copied = default.copy(destination)
    shutil.copytree(built, copied.path / "dist")
    copied.write(EVENT, '{"repository": {"default_branch": "main"}, "inputs": {"package_name": "my-package"}}')
    return copied


class Case(NamedTuple):
    """One refusal: what is damaged, the gate's message, and the variables of the run."""

    damage: Damage
    message: str
    environ: dict[str, str] = {}  # noqa: RUF012 - never changed


def tagged(tag: str) -> dict[str, str]:
    """Return the variables of a release under another tag."""
    return RELEASE | {"GITHUB_REF_NAME": tag}


OTHER = field("Version", "1.2.4")
BUILT_AS = built_as("1.2.4")
DIFFERS = "The tag is v1.2.3 and the built version 1.2.4: "
METADATA = "PyPI refuses the metadata of my_package-1.2.3.tar.gz: "
CASES = {
    # What is there.
    "no publisher": Case(lambda project: (project.path / PUBLISHER_JSON).unlink(), f"{PUBLISHER_JSON} is missing"),
    "an empty publisher": Case(write(PUBLISHER_JSON, ""), f"{PUBLISHER_JSON} does not hold the five answers"),
    "half a publisher": Case(write(PUBLISHER_JSON, '{"owner": "a"}'), "hold the five answers ('package_name')"),
    "nothing built": Case(delete_dist, "must hold one .tar.gz, one or more wheels, and nothing else"),
    "another file": Case(write("dist/notes.txt", "x"), "but holds my_package-1.2.3-py3-none-any.whl, my_package"),
    "no zip file": Case(write(f"dist/{WHEEL}", "x"), "is not a whole wheel (File is not a zip file)"),
    "half a wheel": Case(truncate(WHEEL), "is not a whole wheel ("),
    "half a source distribution": Case(truncate(SDIST), "is not a whole .tar.gz ("),
    "no metadata in the wheel": Case(without("/METADATA"), f"{WHEEL} has no METADATA in a .dist-info folder"),
    "no record in the wheel": Case(without("/RECORD"), f"{WHEEL} has no RECORD in a .dist-info folder"),
    "no metadata in the source": Case(without("/PKG-INFO"), f"{SDIST} has no PKG-INFO in one folder at its top"),
    "no name of a wheel": Case(rename(WHEEL, "my.whl"), "Invalid wheel filename"),
    "no name of a source distribution": Case(rename(SDIST, "mypackage.tar.gz"), "Invalid sdist filename"),
    # Names and versions.
    "another name inside": Case(rewrite(field("Name", "other"), sdist=False), f"{WHEEL} says Name: other inside"),
    "another version inside": Case(rewrite(OTHER, wheel=False), f"{SDIST} says Version: 1.2.4 inside"),
    "a name with capitals": Case(
        rename(WHEEL, WHEEL.replace("my_package", "My_Package")),
        "PyPI requires a normalized name, my_package-1.2.3-….whl and not My_Package-1.2.3-py3-none-any.whl",
    ),
    "a name with a hyphen": Case(
        rename(SDIST, SDIST.replace("my_package", "my-package")), "my_package-1.2.3.tar.gz and not my-package-1.2.3.tar"
    ),
    "a wheel for one Linux": Case(platform("linux_x86_64"), "wheels for linux_x86_64 (my_package-1.2.3-py3-none-linux"),
    "a wheel for an unknown platform": Case(platform("amiga"), "PyPI refuses wheels for amiga"),
    "versions that differ": Case(
        all_of(rewrite(OTHER, wheel=False), rename(SDIST, SDIST.replace("1.2.3", "1.2.4"))),
        "my_package-1.2.4.tar.gz and my_package-1.2.3-py3-none-any.whl have different versions",
    ),
    "metadata that differs": Case(rewrite(field("Summary", "Other"), wheel=False), "differ in summary"),
    "dependencies that differ": Case(rewrite(more("Requires-Dist", "six"), wheel=False), "differ in requires-dist"),
    "another package": Case(publisher(package_name="our-package"), "called my-package and the publisher is registered"),
    # Metadata.
    "an unknown metadata version": Case(rewrite(field("Metadata-Version", "2.6")), f"{SDIST} has Metadata-Version 2.6"),
    "no metadata version": Case(rewrite(field("Metadata-Version", "x")), f"{METADATA}'x' is not a valid metadata"),
    "an unknown field": Case(rewrite(more("Color", "red")), f"{METADATA}color is unknown or malformed"),
    "a bad requirement": Case(rewrite(more("Requires-Dist", "a b")), f"{METADATA}'a b' is invalid for 'req"),
    "a long summary": Case(rewrite(field("Summary", "長" * 513)), "has 513 characters and PyPI accepts 512"),
    "a blank description": Case(rewrite(lambda text: text.partition("\n\n")[0] + "\n\n \n"), "description is blank"),
    "broken reStructuredText": Case(
        rewrite(describe("Title\n=====\n\n:py:class:`x`\n", "text/x-rst")),
        'as reStructuredText (line 4: Unknown interpreted text role "py:class"): correct the README',
    ),
    "Markdown without its content type": Case(
        rewrite(describe("* a\n```\n", None)), "which it assumes without a content type: correct the README, or"
    ),
    "Markdown that renders to nothing": Case(
        rewrite(describe("[x]: https://x.org\n", "text/markdown")), "The README renders to nothing, which PyPI refuses"
    ),
    "two licenses": Case(rewrite(field("License", "MIT")), "both License and License-Expression"),
    "a missing license file": Case(without(f"/{LICENSE}"), f"{WHEEL} names the license file {LICENSE}"),
    "a direct URL reference": Case(
        rewrite(more("Requires-Dist", "six @ https://x.org/s.zip")), "depends on a direct URL reference (six @"
    ),
    "a private classifier": Case(rewrite(more("Classifier", "Private :: No")), "the classifier 'Private :: No'"),
    "a deprecated classifier": Case(
        rewrite(more("Classifier", "Natural Language :: Ukranian")), "the classifier 'Natural Language :: Ukranian'"
    ),
    "a reserved email domain": Case(rewrite(field("Author-email", "A <a@b.localhost>")), "'a@b.localhost' is not"),
    "an email address with a number for a country": Case(
        rewrite(field("Author-email", "A <a@b.123>")), "'a@b.123' is not an email address"
    ),
    "no email address": Case(rewrite(field("Maintainer-email", "A <a@b>")), "'a@b' is not an email address"),
    "a long label": Case(rewrite(more("Project-URL", f"{'x' * 33}, https://x.org")), "has 33 characters"),
    "a URL that nothing can read": Case(rewrite(more("Project-URL", "Docs, //[::1")), "The URL '//[::1'"),
    "a URL of another kind": Case(rewrite(more("Project-URL", "Docs, ftp://x.org")), "The URL 'ftp://x.org'"),
    # The repository.
    "a conflict": Case(
        all_of(write("x.md", "<<<<<<< before updating\n=======\n>>>>>>> after updating\n"), git("add", "x.md")),
        "x.md has conflict markers",
    ),
    "a conflict in a file that git treats as binary": Case(
        all_of(
            write(".gitattributes", "*.txt binary\n"),
            write("ä x.txt", "<<<<<<< before updating\n=======\n>>>>>>> after updating\n"),
            git("add", "--all"),
        ),
        "ä x.txt has conflict markers",
    ),
    "a conflict in pyproject.toml": Case(
        all_of(BUILT_AS, write(PYPROJECT, "<<<<<<< before updating\n=======\n>>>>>>> after updating\n")),
        "pyproject.toml has conflict markers", RELEASE,
    ),
    "no repository": Case(lambda project: shutil.rmtree(project.path / ".git"), "git cannot read this repository"),
    "a rejected hunk": Case(write(f"{README}.rej", "x"), f"{README}.rej has changes that could not be applied"),
    "a shallow clone": Case(make_shallow, "The checkout is shallow"),
    # The tag.
    "no v": Case(git("tag", "x"), "The tag 1.2.3 is not `v` and the canonical form", tagged("1.2.3")),
    "no canonical version": Case(git("tag", "x"), "form of its version (PEP 440): delete the", tagged("v1.2.3-rc.1")),
    "no version": Case(git("tag", "x"), "The tag vnext is not `v` and a version", tagged("vnext")),
    "one of several packages": Case(git("tag", "x"), "for example as v1.2.3. Several packages", tagged("a-b-v1.2.3")),
    "a local version": Case(git("tag", "x"), "has a local part (x), which PyPI refuses", tagged("v1.2.3+x")),
    "no version yet": Case(git("tag", "x"), "The tag v0.0.0 means a project without a version", tagged("v0.0.0")),
    "a static version": Case(
        all_of(BUILT_AS, edit(PYPROJECT, "[project]\n", "[project]\nversion = '1.2.4'\n")),
        f"{DIFFERS}[project] of pyproject.toml has a static `version`", RELEASE,
    ),
    "a static version and another backend": Case(
        all_of(BUILT_AS, write(PYPROJECT, "[project]\nversion = '1'\n[build-system]\nbuild-backend='uv_build'\n")),
        f"{DIFFERS}uv's build backend does not read tags", RELEASE,
    ),
    "versioning that is off": Case(
        all_of(BUILT_AS, edit(PYPROJECT, "enable = true", "enable = false")),
        f"{DIFFERS}poetry-dynamic-versioning is off", RELEASE,
    ),
    "another backend": Case(
        all_of(BUILT_AS, edit(PYPROJECT, "poetry_dynamic_versioning.backend", "poetry.core.masonry.api")),
        f"{DIFFERS}the build backend is poetry-core's own", RELEASE,
    ),
    "no tags": Case(
        all_of(BUILT_AS, git("tag", "--delete", TAG)), f"{DIFFERS}the checkout does not have the tag v1.2.3", RELEASE
    ),
    "a moved tag": Case(all_of(BUILT_AS, add_commit), f"{DIFFERS}the tag v1.2.3 was moved to another commit", RELEASE),
    "no cause to be seen": Case(BUILT_AS, f"{DIFFERS}the version does not come from the tag: configure", RELEASE),
    # The run.
    "another repository": Case(
        publisher(repository="My-Package"), "registered for MeltanoLabs/My-Package, which PyPI", RELEASE
    ),
    "another workflow": Case(
        publisher(workflow_filename="publish.yaml"), f"The workflow {Path(RELEASE_WORKFLOW).name} runs", RELEASE
    ),
    "another environment": Case(
        publisher(environment="pypi"), "The job publish of release.yaml has the environment publishing", RELEASE
    ),
    "nothing that publishes": Case(
        edit(RELEASE_WORKFLOW, "pypa/gh-action-pypi-publish", "a/b"), "No job of release.yaml uses pypa/gh", RELEASE
    ),
    "a mistyped confirmation": Case(
        write(EVENT, '{"inputs": {"package_name": "my_package"}}'), "'my_package' was typed", BY_HAND
    ),
    "no confirmation": Case(write(EVENT, '{"inputs": {}}'), "Nothing was typed and the project is called", BY_HAND),
}  # fmt: skip
