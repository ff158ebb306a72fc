"""Metadata, in both distributions: versions, texts, people, URLs, requirements, classifiers and licenses."""

from tests.gate.crafted.archives import GOOD, NO_TYPE, metadata
from tests.gate.crafted.case import Case, both, cases

UNDERLINED = "Title\n=====\n\nText\n"  # a title in reStructuredText
BROKEN = "Title\n==\n\n:foo:`x`\n\n.. bar::\n"


def field(*lines: str, metadata_version: str = "2.4") -> bytes:
    """Return metadata with some more fields."""
    return metadata(*lines, metadata_version=metadata_version)


def typed(content_type: str, body: str = UNDERLINED) -> bytes:
    """Return metadata with a description of a content type."""
    return metadata(content_type=content_type, body=body)


def metadata_of(number: str) -> bytes:
    """Return metadata in the form of one of its versions."""
    return metadata(metadata_version=number, content_type=NO_TYPE if number < "2" else "text/markdown")


def url(address: str, label: str = "Home") -> bytes:
    """Return metadata with a URL of the project."""
    return field(f"Project-URL: {label}, {address}")


FORM = cases(
    "the form of the metadata",
    {f"metadata version {number}": both(metadata_of(number)) for number in ("1.0", "1.1", "1.2")}
    | {f"metadata version {number}": both(metadata_of(number)) for number in ("2.1", "2.2", "2.3", "2.4", "2.5")}
    | {
        "several platforms": both(field("Platform: linux", "Platform: win32")),
        "a supported platform": both(field("Supported-Platform: RedHat 7.2")),
        "many keywords": both(field("Keywords: " + ",".join(["k" * 50] * 500))),
        "an import name": both(field("Import-Name: demo_lib", metadata_version="2.5")),
        "an import namespace": both(field("Import-Namespace: demo", metadata_version="2.5")),
        "a dynamic license file": both(field("Dynamic: License-File", "License-File: LICENSE"), licenses=("LICENSE",)),
        "a dynamic field in capitals": both(field("Dynamic: REQUIRES-DIST", metadata_version="2.2")),
        "the name in another case": both(metadata(name="Demo.Lib")),
        "a description with a NUL": both(metadata(body="# x\0y\n")),
        "an author with a control character": both(field("Author: A\x01B")),
        "an author in angle brackets": both(field("Author: A <b>")),
        "a maintainer who is not ASCII": both(field("Maintainer: Ünï")),
    },
    {
        "an unknown field": both(field("X-Foo: bar")),
        "keywords twice": both(field("Keywords: a", "Keywords: b")),
        "a summary in Latin-1": both(GOOD.replace(b"A summary", b"caf\xe9")),
        "a description that is not UTF-8": both(GOOD + b"\xff\xfe"),
        "a description in Latin-1": both(GOOD + "é".encode("latin1")),
        "a name that ends in a hyphen": both(metadata(name="demo-lib-")),
        "an import name that is a keyword": both(field("Import-Name: class", metadata_version="2.5")),
        "a dynamic metadata version": both(field("Dynamic: Metadata-Version", metadata_version="2.2")),
        "a dynamic field about dynamic fields": both(field("Dynamic: Dynamic", metadata_version="2.2")),
        "no metadata version": both(b"Name: demo-lib\nVersion: 1.2.3\n\nx"),
        "an invalid metadata version": both(metadata_of("garbage")),
        "an extra that is not ASCII": both(field("Provides-Extra: é", metadata_version="2.3")),
    },
)
UNKNOWN_VERSIONS = cases(
    "the version of the metadata", {}, {f"metadata version {n}": both(metadata_of(n)) for n in ("2.0", "2.6", "3.0")}
)
LICENSES = (
    cases(
        "the license",
        {
            "an expression": both(field("License-Expression: Apache-2.0", "License-File: L"), licenses=("L",)),
            "an own license": both(field("License-Expression: LicenseRef-Proprietary")),
            "an expression with all operators": both(
                field("License-Expression: (MIT OR Apache-2.0) AND GPL-2.0-or-later WITH Classpath-exception-2.0")
            ),
            "a deprecated identifier": both(field("License-Expression: GPL-2.0")),
            "an expression and a classifier": both(
                field("License-Expression: MIT", "Classifier: License :: OSI Approved :: MIT License")
            ),
            "a license as text": both(field("License: MIT")),
        },
        {
            "an unknown identifier": both(field("License-Expression: Foo-1.0")),
            "a license file above the package": both(field("License-File: ../LICENSE"), licenses=("../LICENSE",)),
        },
    )
    | cases("one license", {}, {"both license fields": both(field("License: MIT", "License-Expression: MIT"))})
    | cases("license files", {}, {"a license file that is missing": both(field("License-File: LICENSE"))})
)
DESCRIPTIONS = (
    cases(
        "the content type of the description",
        {
            f"content type {kind or 'none'}": both(typed(kind))
            for kind in (
                "text/x-rst",
                "text/markdown",
                "text/plain",
                "text/markdown; charset=UTF-8",
                "text/markdown; variant=GFM",
                "text/markdown; variant=CommonMark",
                "TEXT/Markdown",
                NO_TYPE,
            )
        },
        {
            f"content type {kind}": both(typed(kind))
            for kind in (
                "text/html",
                "text/markdown; charset=latin1",
                "text/markdown; variant=Foo",
                "text/x-rst; charset=utf-8",
                "markdown",
            )
        },
    )
    | cases(
        "the description",
        {
            "no description": both(metadata(body="")),
            "reStructuredText as plain text": both(typed("text/plain", BROKEN)),
            "blank plain text": both(typed("text/plain", "\n \n")),
        },
        {
            "broken reStructuredText": both(typed("text/x-rst", BROKEN)),
            "broken reStructuredText without a content type": both(typed(NO_TYPE, BROKEN)),
        },
    )
    | cases(
        "an empty description",
        {},
        {
            "a comment in reStructuredText alone": both(typed("text/x-rst", "..  only a comment\n")),
            "blank Markdown": both(typed("text/markdown", "\n \n")),
        },
    )
)
SUMMARIES = cases(
    "the summary",
    {
        "a summary of 512 characters": both(metadata(summary="é" * 512)),
        "an empty summary": both(metadata(summary="")),
    },
    {"a summary of 513 characters": both(metadata(summary="é" * 513))},
)
CLASSIFIERS = cases(
    "classifiers",
    {"a classifier": both(field("Classifier: Programming Language :: Python :: 3.15"))},
    {
        "a deprecated classifier": both(field("Classifier: Natural Language :: Ukranian")),
        "a private classifier": both(field("Classifier: Private :: Do Not Upload")),
        "a classifier that is not ASCII": both(field("Classifier: Typing :: Tÿped")),
    },
)
REQUIREMENTS = (
    cases(
        "requirements",
        {
            "a requirement of a local version": both(field("Requires-Dist: requests==2.0+abc")),
            "an extra that is not declared": both(field("Requires-Dist: requests; extra == 'x'")),
            "an old requirement": both(field("Requires: requests")),
            "an empty Requires-Python": both(field("Requires-Python: ")),
            "an extra": both(field("Provides-Extra: a-b")),
            "an extra twice": both(field("Provides-Extra: a-b", "Provides-Extra: a-b")),
            "something provided": both(field("Provides-Dist: foo")),
            "something obsolete": both(field("Obsoletes-Dist: foo (>=1)")),
        },
        {
            "an invalid requirement": both(field("Requires-Dist: requests >= foo")),
            "a Python without an operator": both(field("Requires-Python: 3.11")),
        },
    )
    | cases(
        "direct URL references", {}, {"a direct URL": both(field("Requires-Dist: foo @ https://example.com/x.zip"))}
    )
    | cases(
        "what a package provides",
        {},
        {
            "an invalid Provides-Dist": both(field("Provides-Dist: foo bar baz")),
            "something obsolete with a URL": both(field("Obsoletes-Dist: foo @ https://example.com/x.zip")),
            "an invalid Obsoletes-Dist": both(field("Obsoletes-Dist: foo >= bar")),
            "something provided with a URL": both(field("Provides-Dist: foo @ https://example.com/x.zip")),
        },
    )
)
URLS = cases(
    "URLs",
    {
        name: both(url(address))
        for name, address in {
            "a URL": "https://example.com",
            "a URL with spaces": "https://exa mple.com/a b",
            "a URL with half a bracket": "https://exa[mple.com/",
            "a URL with a broken escape": "https://example.com/%zz",
            "a URL with a large address": "https://999.999.999.999/",
            "a URL in capitals": "HTTPS://EXAMPLE.COM",
            "a URL with a pipe": "https://example.com/a|b",
            "a URL with a user": "https://u:p@example.com/",
            "a URL with the last port": "https://example.com:65535/",
        }.items()
    }
    | {"a home page": both(field("Home-Page: https://example.com/#a"))},
    {
        "a URL without a scheme": both(url("example.com")),
        "a label without a URL": both(field("Project-URL: https://example.com")),
        "a URL of another kind": both(field("Home-Page: ftp://x")),
        "a port that does not exist": both(url("https://example.com:99999/")),
        "a port after the last": both(url("https://example.com:65536/")),
    },
) | cases(
    "labels of URLs",
    {"a label of 32 characters": both(url("https://example.com", "l" * 32))},
    {"a label of 33 characters": both(url("https://example.com", "l" * 33))},
)
TWICE = cases(
    "the form of the metadata",
    {},
    {"a label twice": both(field("Project-URL: A, https://a.com", "Project-URL: A, https://b.com"))},
)
EMAILS = cases(
    "email addresses",
    {
        "two addresses": both(field("Author-Email: a@example.com, b@example.com")),
        "an address of GitHub": both(field("Author-Email: o@users.noreply.github.com")),
    },
    {
        "a reserved domain": both(field("Author-Email: A <a@b.localhost>")),
        "no domain": both(field("Maintainer-Email: A <a@b>")),
    },
)
CASES: dict[str, Case] = (
    FORM | UNKNOWN_VERSIONS | LICENSES | DESCRIPTIONS | SUMMARIES | CLASSIFIERS | REQUIREMENTS | URLS | TWICE | EMAILS
)
