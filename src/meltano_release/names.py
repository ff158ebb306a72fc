"""The file name of a distribution: what it must be called, and for which platforms PyPI accepts wheels.

*warehouse* is PyPI's own code at commit 6b621571: `forklift/legacy.py`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.metadata import Metadata
    from packaging.version import Version

PLATFORMS = re.compile(  # warehouse: _valid_platform_tag and what it uses
    r"any|win32|win_(amd64|arm64|ia64)|linux_armv[67]l"
    r"|manylinux(1|2010)_(x86_64|i686)|manylinux2014_(x86_64|i686|aarch64|armv7l|ppc64|ppc64le|s390x)"
    r"|(many|musl)linux_\d+_\d+_(x86_64|i686|aarch64|armv7l|ppc64le|s390x|riscv64)|manylinux_\d+_\d+_ppc64"
    r"|macosx_(10_\d+|(1[1-5]|26)_0)_(ppc|ppc64|i386|x86_64|arm64|intel|fat|fat3|fat64|universal|universal2)"
    r"|ios_\d+_\d+_(arm64|x86_64)_(iphoneos|iphonesimulator)"
    r"|android_\d+_(armeabi_v7a|arm64_v8a|x86|x86_64)|pyemscripten_\d+_\d+_wasm32"
)


def check_names(file: str, name: str, version: Version, metadata: Metadata) -> list[str]:
    """Compare a file's name with the metadata inside (PEP 427 and 625; warehouse), a sentence for each difference.

    Args:
        file: The name of the file.
        name: The normalized name of the project, read from the file's name.
        version: The version, read from the file's name.
        metadata: The metadata inside.
    """
    if canonicalize_name(metadata.name) != name:
        problems = [f"{file} says Name: {metadata.name} inside: build it again with `uv build`."]
    else:
        problems = check_spelling(file, name, metadata.version)
    if metadata.version != version:
        problems.append(f"{file} says Version: {metadata.version} inside: build it again with `uv build`.")
    return problems


def check_spelling(file: str, name: str, version: Version) -> list[str]:
    """Return a sentence if a file's name is not normalized.

    Versions are compared as versions, except the one in the name of a source distribution, which PyPI requires in its
    canonical form. The spelling of a local version is not compared: PyPI accepts none, a build that is not a release
    may have one, and PEP 440 reads `1.0+0344453` as `1.0+344453`.

    Args:
        file: The name of the file.
        name: The normalized name of the project.
        version: The version, from the metadata if that can be read.
    """
    start = name.replace("-", "_")
    rest, is_wheel = file.removeprefix(f"{start}-"), file.endswith(".whl")
    if rest != file and (is_wheel or version.local or rest == f"{version}.tar.gz"):
        return []
    full = f"{start}-{version}" + ("-….whl" if is_wheel else ".tar.gz")
    return [f"PyPI requires a normalized name, {full} and not {file}: use a newer build backend."]


def check_platforms(file: str, platforms: Iterable[str]) -> list[str]:
    """Return a sentence for each platform of a wheel that PyPI does not accept (warehouse).

    Args:
        file: The name of the wheel.
        platforms: The platforms that it is for.
    """
    return [
        f"PyPI refuses wheels for {platform} ({file}): build for manylinux or musllinux, for example with cibuildwheel."
        if platform.startswith("linux_")
        else f"PyPI refuses wheels for {platform} ({file}): build for a platform that it knows."
        for platform in sorted(platforms)
        if not PLATFORMS.fullmatch(platform)
    ]
