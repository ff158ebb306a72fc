"""The rules of the gate about distributions, as docs/reference/gate.md lists them."""

from typing import NamedTuple

from tests.gate.crafted.case import REFUSED
from tests.gate.crafted.table import CASES


class Rule(NamedTuple):
    """A rule: what it demands, and a case that breaks it, whose message is the example."""

    section: str
    name: str  # as cases have it
    demand: str
    example: str = ""  # a case; empty if the gate does not refuse what breaks the rule
    exception: str = ""  # why it does not

    @property
    def owner(self) -> str:
        """Whose rule it is: PyPI's, if PyPI refuses the example; else the template's own."""
        if not self.example:
            return f"PyPI, {self.exception}"
        return "PyPI" if CASES[self.example].pypi == REFUSED else "The template"


FOLDER, ARCHIVES, NAMES = "The folder", "Archives", "Names and versions"
WHEELS, METADATA = "The files of a wheel", "Metadata"
RULES = [
    Rule(
        FOLDER,
        "the files together",
        "There is exactly one source distribution and at least one wheel. PyPI accepts a single file. Hidden files do "
        "not count, because nothing uploads them.",
        "no wheel",
    ),
    Rule(FOLDER, "other files", "There is nothing else.", "another file"),
    Rule(FOLDER, "folders", "There is no folder in the place of a file.", "a folder"),
    Rule(FOLDER, "one version", "All files are of one version.", "two versions"),
    Rule(
        FOLDER,
        "agreement",
        "All files agree in the summary, the Pythons, and the dependencies, except for fields that the source "
        "distribution calls dynamic.",
        "a dependency that differs",
    ),
    Rule(
        ARCHIVES,
        "a whole wheel",
        "A wheel is a zip file, and each member can be read to its end. PyPI reads only the code, and installers "
        "refuse a wheel with any other damage.",
        "a wrong checksum",
    ),
    Rule(
        ARCHIVES,
        "the records of a wheel",
        "The zip file is the same for a program that reads it from the start and for one that starts at its end: no "
        "bytes before, between, or after its members, no member twice, no data descriptors (as in a zip file that was "
        "written to a stream), no control characters in a name.",
        "a streamed wheel",
    ),
    Rule(ARCHIVES, "the compression of a wheel", "Its members are stored, or compressed by deflate.", "bzip2"),
    Rule(ARCHIVES, "encryption", "Its members are not encrypted.", "an encrypted wheel"),
    Rule(
        ARCHIVES,
        "the size of a wheel",
        "A wheel that unpacks to more than 64 MiB is at least a fiftieth of that size. The source distribution has a "
        "limit of the template's: 1 GiB, or fifty times its size.",
        "70 MiB of zeros",
    ),
    Rule(
        ARCHIVES,
        "a whole source distribution",
        "A source distribution is a tar file, compressed by gzip, that can be read to its end.",
        "half a source distribution",
    ),
    Rule(ARCHIVES, "sparse files", "It has no sparse files.", "a sparse file"),
    Rule(
        ARCHIVES,
        "the folder of a source distribution",
        "All its files are in one folder, with PKG-INFO at the top of it.",
        "no PKG-INFO",
    ),
    Rule(
        ARCHIVES,
        "one kind of archive",
        "No file is a zip file and a tar file at the same time.",
        "a source distribution that is a zip file",
    ),
    Rule(
        ARCHIVES,
        "Git LFS pointers",
        "No file is the pointer that git leaves in place of a file in Git LFS.",
        "a Git LFS pointer in a wheel",
    ),
    Rule(
        ARCHIVES,
        "submodules",
        "No file is the `.git` of a submodule, which Poetry packs.",
        "a submodule's .git in a wheel",
    ),
    Rule(
        ARCHIVES,
        "encrypted code",
        "No code is encrypted by PyArmor or SourceDefender. PyPI finds it by signatures that it may change, so the "
        "gate does not look for it.",
        exception="not checked",
    ),
    Rule(NAMES, "names of files", "A file's name has all its parts (PEP 427, PEP 625).", "a wheel without tags"),
    Rule(NAMES, "normalized names", "The project's name is normalized in it.", "a name with capitals"),
    Rule(
        NAMES,
        "versions",
        "The version in a source distribution's name is in its canonical form (PEP 440). Everywhere else, versions are "
        "compared as versions, however they are spelled.",
        "a version that is not canonical in a name",
    ),
    Rule(NAMES, "names inside", "The metadata inside is that of the same project.", "metadata of another project"),
    Rule(NAMES, "versions inside", "The metadata inside has the same version.", "metadata of another version"),
    Rule(
        NAMES,
        "local versions",
        "The version has no local part (`1.2.3+abc`). The build of a pull request may have one: the gate refuses it "
        "only in a release, as a version that is not the tag's.",
        exception="in a release",
    ),
    Rule(
        NAMES,
        "platforms",
        "A wheel for Linux is built for manylinux or musllinux.",
        "platform linux_x86_64",
    ),
    Rule(NAMES, "unknown platforms", "PyPI knows the platform of a wheel.", "platform win_arm32"),
    Rule(
        WHEELS,
        "the .dist-info folder",
        "METADATA, RECORD and WHEEL are in a folder that is called exactly NAME-VERSION.dist-info, with the name and "
        "the version as the file's name spells them. Another such folder may be there, too.",
        "another .dist-info folder",
    ),
    Rule(
        WHEELS,
        "RECORD",
        "RECORD is a table in UTF-8 without empty lines. Whether it lists all files is not checked: PyPI only sends an "
        "email about that.",
        "an empty line in RECORD",
    ),
    Rule(
        WHEELS,
        "entry points",
        "`entry_points.txt` is an INI file in UTF-8, with `=` between names and values, and without a name twice.",
        "a script twice",
    ),
    Rule(
        WHEELS,
        "names of scripts",
        "The names of scripts have only letters, digits, `-`, `_`, and `.`.",
        "a script in another folder",
    ),
    Rule(
        METADATA,
        "the form of the metadata",
        "The metadata has the fields of its version, each once unless it is a list, in UTF-8.",
        "an unknown field",
    ),
    Rule(METADATA, "the version of the metadata", "PyPI knows the version of the metadata.", "metadata version 2.6"),
    Rule(
        METADATA,
        "requirements",
        "Requirements and the Pythons are valid (PEP 508, PEP 440).",
        "an invalid requirement",
    ),
    Rule(METADATA, "direct URL references", "No dependency is a direct URL reference.", "a direct URL"),
    Rule(
        METADATA,
        "what a package provides",
        "Provides-Dist and Obsoletes-Dist are requirements without a URL.",
        "something obsolete with a URL",
    ),
    Rule(METADATA, "the summary", "The summary has at most 512 characters.", "a summary of 513 characters"),
    Rule(METADATA, "the description", "PyPI can render the README.", "broken reStructuredText"),
    Rule(
        METADATA,
        "an empty description",
        "The README does not render to nothing; there may be none.",
        "a comment in reStructuredText alone",
    ),
    Rule(
        METADATA,
        "the content type of the description",
        "The content type is `text/markdown`, `text/x-rst`, or `text/plain`, with `UTF-8` in capitals if it names a "
        "charset, and with the variant `GFM` or `CommonMark` if it names one.",
        "content type text/x-rst; charset=utf-8",
    ),
    Rule(METADATA, "the license", "The license is an SPDX expression (PEP 639).", "an unknown identifier"),
    Rule(METADATA, "one license", "There is no License beside License-Expression.", "both license fields"),
    Rule(METADATA, "license files", "Each license file that is named is there.", "a license file that is missing"),
    Rule(METADATA, "classifiers", "PyPI knows each classifier, and none is private.", "a private classifier"),
    Rule(METADATA, "URLs", "Each URL begins with `https://` or `http://` and is valid.", "a port that does not exist"),
    Rule(METADATA, "labels of URLs", "Each label of a URL has 1 to 32 characters.", "a label of 33 characters"),
    Rule(
        METADATA,
        "email addresses",
        "The first email address of the authors, and of the maintainers, is valid and not in a reserved domain.",
        "a reserved domain",
    ),
]


class RunRule(NamedTuple):
    """A rule about the repository or the run, and a case of `tests.support.gate_cases` that breaks it."""

    section: str
    owner: str
    demand: str
    example: str
    message: str


REPOSITORY, RELEASE, DRY_RUN = "The repository", "A release", "A dry run"
RUN_RULES = [
    RunRule(
        REPOSITORY,
        "PyPI",
        "The project is the publisher's: PyPI accepts no other from it. Names are compared in their normalized form.",
        "another package",
        "The package is called my-package and the publisher is registered for our-package: correct `name` in "
        "pyproject.toml, or change the answer `package_name` with `copier update`.",
    ),
    RunRule(
        REPOSITORY,
        "The template",
        "No update of the template has left a conflict: neither Copier's markers in a tracked file, nor a `FILE.rej` "
        "beside its `FILE`. Copier's exit code is 0 then.",
        "a conflict",
        "x.md has conflict markers: keep what you need, delete the markers.",
    ),
    RunRule(
        REPOSITORY,
        "The template",
        "The checkout has all history, so that it has the tags that a version comes from.",
        "a shallow clone",
        "The checkout is shallow and may lack the tag that the version comes from: check out with `fetch-depth: 0`.",
    ),
    RunRule(
        RELEASE,
        "The template",
        "The tag is `v` and a version in its canonical form (PEP 440): not `1.0.0`, `v1.0.0-rc.1`, or `pkg-v1.0.0`.",
        "no canonical version",
        "The tag v1.2.3-rc.1 is not `v` and the canonical form of its version (PEP 440): delete the release and its "
        "tag, and release as v1.2.3rc1.",
    ),
    RunRule(
        RELEASE,
        "PyPI",
        "The version has no local part.",
        "a local version",
        "The tag v1.2.3+x has a local part (x), which PyPI refuses: delete the release and its tag, and release as "
        "v1.2.3.",
    ),
    RunRule(
        RELEASE,
        "The template",
        "The version is not `0.0.0`, which means that the project has no version.",
        "no version yet",
        "The tag v0.0.0 means a project without a version: delete the release and its tag, and release as v0.0.1 or "
        "later.",
    ),
    RunRule(
        RELEASE,
        "The template",
        "The built version is the tag's. The message names each cause that can be seen.",
        "a moved tag",
        "The tag is v1.2.3 and the built version 1.2.4: the tag v1.2.3 was moved to another commit after the release "
        "was published: release that commit.",
    ),
    RunRule(
        RELEASE,
        "PyPI",
        "The repository is the publisher's, case-sensitive.",
        "another repository",
        "This runs in MeltanoLabs/my-package and the publisher is registered for MeltanoLabs/My-Package, which PyPI "
        "compares exactly (case-sensitive): change the answers `owner` and `repository` with `copier update`, and "
        "register the publisher again on PyPI.",
    ),
    RunRule(
        RELEASE,
        "PyPI",
        "The workflow is the publisher's.",
        "another workflow",
        "The workflow release.yaml runs and the publisher is registered for publish.yaml: give the file that name "
        "again, or change the answer with `copier update` and register the publisher again on PyPI.",
    ),
    RunRule(
        RELEASE,
        "PyPI",
        "A job of it publishes, from the publisher's environment, in any case.",
        "another environment",
        "The job publish of release.yaml has the environment publishing and the publisher is registered for pypi: "
        "correct the workflow, or change the answer with `copier update` and register the publisher again on PyPI.",
    ),
    RunRule(
        DRY_RUN,
        "The template",
        "The repository, the workflow, and the environment are the publisher's, as in a release, and the name that "
        "was typed is that of the project. The run stops before a token is requested.",
        "a mistyped confirmation",
        "'my_package' was typed and the project is called my-package: run the dry run again and type that name; no "
        "token was requested.",
    ),
]
