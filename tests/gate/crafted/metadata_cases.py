"""Metadata, in both distributions: versions, texts, people, URLs, requirements, classifiers and licenses."""

from tests.gate.crafted.case import Case, both, cases

TITLE = "\n\nTitle\n=====\n\nText\n"  # in reStructuredText
BROKEN = "\n\nTitle\n==\n\n:foo:`x`\n\n.. bar::\n"
TYPE, NO_TYPE = "Description-Content-Type: ", "-Description-Content-Type"
URL = "Project-URL: Home, "
FIELDS: dict[str, tuple[list[str], list[str]]] = {  # by rule: what PyPI accepts, and what it refuses
    "the form of the metadata": (
        [
            *(f"Metadata-Version: {number}\n{NO_TYPE}" for number in ("1.0", "1.1", "1.2")),
            *(f"Metadata-Version: {number}" for number in ("2.1", "2.2", "2.3", "2.4", "2.5")),
            "Platform: linux\nPlatform: win32",
            "Supported-Platform: RedHat 7.2",
            "Keywords: " + ",".join(["k" * 50] * 500),
            "Import-Name: my_package\nMetadata-Version: 2.5",
            "Import-Namespace: demo\nMetadata-Version: 2.5",
            "Dynamic: REQUIRES-DIST\nMetadata-Version: 2.2",
            "License-File: too-early\nMetadata-Version: 2.1",
            "Name: My.Package",
            "\n\n# x\0y\n",
            "Author: A\x01B",
            "Author: A <b>",
            "Maintainer: Ünï",
        ],
        [
            "X-Foo: bar",
            "Keywords: a\nKeywords: b",
            "Summary: caf\udce9",  # in Latin-1
            "\n\n\udcff\udcfe",
            "Name: my-package-",
            "Import-Name: class\nMetadata-Version: 2.5",
            "Dynamic: Metadata-Version\nMetadata-Version: 2.2",
            "Dynamic: Dynamic\nMetadata-Version: 2.2",
            "-Metadata-Version",
            "Metadata-Version: garbage",
            "Provides-Extra: é\nMetadata-Version: 2.3",
            "Project-URL: A, https://a.com\nProject-URL: A, https://b.com",
        ],
    ),
    "the version of the metadata": ([], ["Metadata-Version: 2.0", "Metadata-Version: 2.6", "Metadata-Version: 3.0"]),
    "the license": (
        [
            "License-Expression: LicenseRef-Proprietary",
            "License-Expression: (MIT OR Apache-2.0) AND GPL-2.0-or-later WITH Classpath-exception-2.0",
            "License-Expression: GPL-2.0",
            "License-Expression: MIT\nClassifier: License :: OSI Approved :: MIT License",
            "License: MIT",
        ],
        ["License-Expression: Foo-1.0"],
    ),
    "one license": ([], ["License: MIT\nLicense-Expression: MIT"]),
    "license files": ([], ["License-File: LICENSE"]),
    "the content type of the description": (
        [f"{TYPE}{kind}{TITLE}" for kind in ("text/x-rst", "text/markdown", "text/plain", "TEXT/Markdown")]
        + [f"{TYPE}text/markdown; {more}" for more in ("charset=UTF-8", "variant=GFM", "variant=CommonMark")]
        + [NO_TYPE + TITLE],
        [f"{TYPE}{kind}" for kind in ("text/html", "markdown", "text/x-rst; charset=utf-8")]
        + [f"{TYPE}text/markdown; {more}" for more in ("charset=latin1", "variant=Foo")],
    ),
    "the description": (
        ["\n\n", f"{TYPE}text/plain{BROKEN}", f"{TYPE}text/plain\n\n\n \n", f"{NO_TYPE}\n\nUNKNOWN"],
        [f"{TYPE}text/x-rst{BROKEN}", NO_TYPE + BROKEN],
    ),
    "an empty description": (
        [],
        [f"{TYPE}text/x-rst\n\n..  only a comment\n", "\n\n\n \n", "\n\n[x]: https://x.org\n"],
    ),
    "the summary": ([f"Summary: {'é' * 512}", "Summary: "], [f"Summary: {'é' * 513}"]),
    "classifiers": (
        ["Classifier: Programming Language :: Python :: 3.15"],
        [
            "Classifier: Natural Language :: Ukranian",  # deprecated
            "Classifier: Private :: Do Not Upload",
            "Classifier: Typing :: Tÿped",
        ],
    ),
    "requirements": (
        [
            "Requires-Dist: requests==2.0+abc",
            "Requires-Dist: requests; extra == 'x'",
            "Requires: requests",
            "Requires-Python: ",
            "Provides-Extra: a-b",
            "Provides-Extra: a-b\nProvides-Extra: a-b",
            "Provides-Dist: foo",
            "Obsoletes-Dist: foo (>=1)",
        ],
        ["Requires-Dist: requests >= foo", "Requires-Python: 3.11"],
    ),
    "direct URL references": ([], ["Requires-Dist: foo @ https://example.com/x.zip"]),
    "what a package provides": (
        [],
        [
            "Provides-Dist: foo bar baz",
            "Obsoletes-Dist: foo @ https://example.com/x.zip",
            "Obsoletes-Dist: foo >= bar",
            "Provides-Dist: foo @ https://example.com/x.zip",
        ],
    ),
    "URLs": (
        [f"{URL}https://{rest}" for rest in ("exa mple.com/a b", "exa[mple.com/", "999.999.999.999/", "u:p@x.com/")]
        + [f"{URL}https://x.com{rest}" for rest in ("", "/%zz", "/a|b", ":65535/")]
        + [f"{URL}HTTPS://EXAMPLE.COM", "Home-Page: https://example.com/#a"],
        [f"{URL}{address}" for address in ("example.com", "//[::1", "https://x.com:99999/", "https://x.com:65536/")]
        + ["Project-URL: https://example.com", "Home-Page: ftp://x"],
    ),
    "labels of URLs": (
        [f"Project-URL: {'l' * 32}, https://example.com", "Project-URL: 📦 Repository, https://example.com/ü"],
        [f"Project-URL: {'l' * 33}, https://example.com"],
    ),
    "email addresses": (
        ["Author-Email: a@example.com, b@example.com", "Author-Email: o@users.noreply.github.com"],
        ["Author-Email: A <a@b.localhost>", "Author-Email: A <a@b.123>", "Maintainer-Email: A <a@b>"],
    ),
}


def name(text: str) -> str:
    """Return the name of a case: the text in one line, and the begin of a long one."""
    return repr(text)[1:-1] if len(text) < 100 else f"{text[:20]}… of {len(text)} characters"


CASES: dict[str, Case] = {}
for rule, (accepted, refused) in FIELDS.items():
    CASES |= cases(rule, {name(text): both(text) for text in accepted}, {name(text): both(text) for text in refused})
CASES |= cases(
    "the license",
    {"a license file": both("License-Expression: Apache-2.0\nLicense-File: L", licenses=("L",))},
    {"a license file above the package": both("License-File: ../LICENSE", licenses=("../LICENSE",))},
) | cases(
    "the form of the metadata",
    {"a dynamic license file": both("Dynamic: License-File\nLicense-File: L", licenses=("L",))},
    {},
)
