"""Source distributions and folders: the tar file, versions, and which files are there together."""

import tarfile
from pathlib import Path

from tests.gate.crafted.archives import (
    GOOD,
    SDIST,
    STEM,
    WHEEL,
    link,
    metadata,
    regular,
    sdist_files,
    sparse,
    wheel_files,
    write_sdist,
    write_wheel,
    zip_of,
)
from tests.gate.crafted.case import ACCEPTED, REFUSED, Case, Write, cases, ours, sdist, version
from tests.gate.crafted.wheel_cases import POINTER, PYARMOR, platform


def again(name: str, content: bytes) -> tuple[tarfile.TarInfo, bytes]:
    """Return a further member of a tar file."""
    return regular(name, content)[0], content


def write_dotted(folder: Path) -> None:
    """Write a source distribution whose names all begin with `./`, as `tar -C folder .` writes them."""
    write_wheel(folder / WHEEL, wheel_files())
    write_sdist(folder / SDIST, {f"./{name}": content for name, content in sdist_files().items()})


ARCHIVES = (
    cases(
        "a whole source distribution",
        {
            "GNU's format": sdist(form=tarfile.GNU_FORMAT),
            "the oldest format": sdist(form=tarfile.USTAR_FORMAT),
            "a hard link": sdist(SDIST, link(f"{STEM}/l", f"{STEM}/pyproject.toml", tarfile.LNKTYPE)),
            "a symbolic link": sdist(SDIST, link(f"{STEM}/l", "pyproject.toml", tarfile.SYMTYPE)),
            "PKG-INFO twice": sdist(SDIST, again(f"{STEM}/PKG-INFO", GOOD)),
        },
        {
            "xz": sdist(compression="xz"),
            "bzip2 for a source distribution": sdist(compression="bz2"),
            "nothing compressed in a source distribution": sdist(compression=""),
            "half a source distribution": sdist(change=lambda content: content[: len(content) // 2]),
        },
    )
    | cases("sparse files", {}, {"a sparse file": sdist(SDIST, sparse(f"{STEM}/data.bin"))})
    | cases(
        "one kind of archive",
        {},
        {"a source distribution that is a zip file": sdist(change=lambda content: content + zip_of(wheel_files()))},
    )
    | cases(
        "the folder of a source distribution",
        {"a folder of another name": sdist(folder="demo")},
        {
            "two folders": sdist(SDIST, again("other/x", b"")),
            "no PKG-INFO": sdist(without="/PKG-INFO"),
            "PKG-INFO that is a link": sdist(
                SDIST, link(f"{STEM}/PKG-INFO", "pyproject.toml", tarfile.SYMTYPE), without="/PKG-INFO"
            ),
            "names that begin with ./": write_dotted,
        },
    )
    | cases(
        "normalized names",
        {},
        {"a source distribution with a hyphen": sdist("demo-lib-1.2.3.tar.gz", folder="demo-lib-1.2.3")},
    )
    | cases(
        "versions",
        {
            "a version with a v": version("1.2.3", inside="v1.2.3"),
            "a version with a V": version("1.2.3", inside="V1.2.3"),
            "a version with a zero": version("1.2.3", inside="1.02.3"),
            "a release candidate": version("1.2.3rc1", inside="1.2.3-rc.1"),
            "an epoch": version("1!2.0"),
        },
        {"a version that is not canonical in a name": version("1.2.3.rc1", inside="1.2.3rc1")},
    )
)


def pair(*, wheel_text: bytes = GOOD, sdist_text: bytes = GOOD) -> Write:
    """Write both distributions, each with its own metadata."""

    def write(folder: Path) -> None:
        write_wheel(folder / WHEEL, wheel_files(wheel_text))
        write_sdist(folder / SDIST, sdist_files(sdist_text))

    return write


def good(*wheels: str, with_sdist: bool = True, files: tuple[str, ...] = (), folder: str = "") -> Write:
    """Write good distributions of some names, further files, and a folder."""

    def write(destination: Path) -> None:
        for name in wheels:
            write_wheel(destination / name, wheel_files())
        if with_sdist:
            write_sdist(destination / SDIST, sdist_files())
        for name in files:
            (destination / name).write_text("x", encoding="utf-8")
        if folder:
            (destination / folder).mkdir()

    return write


MANY = [
    platform(tag).replace("313", f"3{minor}")
    for minor in range(10, 16)
    for tag in ("win_amd64", "manylinux_2_28_x86_64", "musllinux_1_2_aarch64", "macosx_11_0_arm64")
]
OTHER_SDIST = "demo_lib-1.2.4.tar.gz"


def write_two_versions(folder: Path) -> None:
    """Write a wheel of one version and a source distribution of the next."""
    write_wheel(folder / WHEEL, wheel_files())
    write_sdist(folder / OTHER_SDIST, sdist_files(metadata(version="1.2.4"), folder="demo_lib-1.2.4"))


def write_two_sdists(folder: Path) -> None:
    """Write good distributions, and a source distribution of the next version."""
    write_two_versions(folder)
    write_sdist(folder / SDIST, sdist_files())


def write_zip(folder: Path) -> None:
    """Write a wheel, and a source distribution as a zip file."""
    write_wheel(folder / WHEEL, wheel_files())
    (folder / "demo_lib-1.2.3.zip").write_bytes(zip_of({"demo_lib-1.2.3/x": b""}))


FOLDERS = (
    cases(
        "the files together",
        {
            "one of each": good(WHEEL),
            "two wheels": good(platform("win_amd64"), platform("manylinux_2_28_x86_64")),
            "many wheels": good(*MANY),
        },
        {},
    )
    | cases(
        "other files",
        {},
        {
            "another file": good(WHEEL, files=("notes.txt",)),
            "a signature": good(WHEEL, files=(f"{SDIST}.asc",)),
            "a zip file": write_zip,
        },
    )
    | ours(
        "the files together",
        ACCEPTED,
        "every release has both, so that it installs quickly and everywhere",
        {
            "no source distribution": good(WHEEL, with_sdist=False),
            "no wheel": good(),
            "two source distributions": write_two_sdists,
        },
    )
    | cases("folders", {}, {"a folder": good(WHEEL, folder=platform("win_amd64"))})
    | cases(
        "agreement",
        {
            "a description that differs": pair(wheel_text=metadata(body="# Other\n")),
            "a license that differs": pair(
                wheel_text=metadata("License-Expression: MIT"), sdist_text=metadata("License-Expression: Apache-2.0")
            ),
            "a dependency of the wheel alone": pair(
                wheel_text=metadata("Requires-Dist: a"), sdist_text=metadata("Dynamic: Requires-Dist")
            ),
        },
        {},
    )
    | ours(
        "agreement",
        ACCEPTED,
        "the source distribution and the wheels are one release, built from one tree",
        {
            "a dependency that differs": pair(wheel_text=metadata("Requires-Dist: a")),
            "a summary that differs": pair(wheel_text=metadata(summary="Another")),
            "a Python that differs": pair(wheel_text=metadata("Requires-Python: >=3.11")),
        },
    )
    | ours("one version", ACCEPTED, "one build makes one version", {"two versions": write_two_versions})
    | ours(
        "local versions",
        REFUSED,
        "a build that is not a release may have one; the gate refuses it in a release, which has no tag for it",
        {
            "a local version": version("1.2.3+abc"),
            "a commit of digits": version("1.2.3.post1.dev0+0344453"),
            "a commit of digits, read as a number in .dist-info": version(
                "1.2.3.post1.dev0+0344453", folder="1.2.3.post1.dev0+344453"
            ),
            "a commit of digits, read as a number inside": version(
                "1.2.3.post1.dev0+0344453", inside="1.2.3.post1.dev0+344453"
            ),
        },
    )
    | ours(
        "encrypted code",
        REFUSED,
        "the signatures that PyPI looks for are its own, and change",
        {"PyArmor in a source distribution": sdist(files={"x.py": PYARMOR})},
    )
    | ours(
        "Git LFS pointers",
        ACCEPTED,
        "the package does not work",
        {"a Git LFS pointer in a source distribution": sdist(files={"tests/data.csv": POINTER})},
    )
    | ours(
        "submodules",
        ACCEPTED,
        "the file is useless outside the checkout",
        {"a submodule's .git in a source distribution": sdist(files={"src/sub/.git": b"gitdir: ../../.git\n"})},
    )
)
CASES: dict[str, Case] = ARCHIVES | FOLDERS
