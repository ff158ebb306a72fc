"""Source distributions and folders: the tar file, versions, which files are there together, and what is in them."""

import tarfile
from pathlib import Path

from tests.gate.crafted.archives import STEM, entry, metadata, sdist_files, sparse, tar_file, wheel_files, zip_file
from tests.gate.crafted.case import ACCEPTED, REFUSED, Case, Write, both, cases, ours, sdist, version
from tests.gate.crafted.wheel_cases import DATA, platform, wheel_of
from tests.support.projects import SDIST, WHEEL

COMMIT = "1.2.3.post1.dev0+0344453"  # the commit has digits alone, which PEP 440 reads as a number
PYARMOR = b'__pyarmor__(__name__, __file__, b"x")'
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12345\n"
NEXT = "my_package-1.2.4.tar.gz"


def write_dotted(folder: Path) -> None:
    """Write a source distribution whose names all begin with `./`, as `tar -C folder .` writes them."""
    (folder / WHEEL).write_bytes(zip_file(wheel_files()))
    (folder / SDIST).write_bytes(tar_file({f"./{name}": content for name, content in sdist_files().items()}))


ARCHIVES = (
    cases(
        "a whole source distribution",
        {
            "GNU's format": sdist(form=tarfile.GNU_FORMAT),
            "the oldest format": sdist(form=tarfile.USTAR_FORMAT),
            "a hard link": sdist(SDIST, entry(f"{STEM}/l", link=f"{STEM}/pyproject.toml", kind=tarfile.LNKTYPE)),
            "a symbolic link": sdist(SDIST, entry(f"{STEM}/l", link="pyproject.toml")),
            "PKG-INFO twice": sdist(SDIST, entry(f"{STEM}/PKG-INFO", metadata())),
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
        {"a source distribution that is a zip file": sdist(change=lambda content: content + zip_file(wheel_files()))},
    )
    | cases(
        "the folder of a source distribution",
        {"a folder of another name": sdist(folder="demo")},
        {
            "two folders": sdist(SDIST, entry("other/x")),
            "no PKG-INFO": sdist(missing="/PKG-INFO"),
            "PKG-INFO that is a link": sdist(
                SDIST, entry(f"{STEM}/PKG-INFO", link="pyproject.toml"), missing="/PKG-INFO"
            ),
            "names that begin with ./": write_dotted,
        },
    )
    | cases("names of files", {}, {"a source distribution without a version": sdist("mypackage.tar.gz")})
    | cases(
        "normalized names",
        {},
        {"a source distribution with a hyphen": sdist("my-package-1.2.3.tar.gz", folder="my-package-1.2.3")},
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


def good(*wheels: str, sdists: tuple[str, ...] = (SDIST,), files: tuple[str, ...] = (), folder: str = "") -> Write:
    """Write good distributions of some names, further files, and a folder."""

    def write(destination: Path) -> None:
        for name in wheels:
            (destination / name).write_bytes(zip_file(wheel_files()))
        for name in sdists:
            number = name.removesuffix(".tar.gz").rpartition("-")[2]
            content = tar_file(sdist_files(metadata(f"Version: {number}"), f"my_package-{number}"))
            (destination / name).write_bytes(content)
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
FOLDERS = (
    cases("the files together", {"one of each": good(WHEEL), "many wheels": good(*MANY)}, {})
    | cases(
        "other files",
        {},
        {
            "another file": good(WHEEL, files=("notes.txt",)),
            "a signature": good(WHEEL, files=(f"{SDIST}.asc",)),
            "a zip file": good(WHEEL, sdists=(), files=("my_package-1.2.3.zip",)),
        },
    )
    | ours(
        "the files together",
        ACCEPTED,
        "every release has both, so that it installs quickly and everywhere",
        {
            "no source distribution": good(WHEEL, sdists=()),
            "no wheel": good(),
            "two source distributions": good(WHEEL, sdists=(SDIST, NEXT)),
        },
    )
    | cases("folders", {}, {"a folder": good(WHEEL, folder=platform("win_amd64"))})
    | ours("one version", ACCEPTED, "one build makes one version", {"two versions": good(WHEEL, sdists=(NEXT,))})
    | cases(
        "agreement",
        {
            "a description that differs": both("\n\n# Other\n", ""),
            "a license that differs": both("License-Expression: MIT", "License-Expression: Apache-2.0"),
            "a dependency of the wheel alone": both("Requires-Dist: a", "Dynamic: Requires-Dist"),
        },
        {},
    )
    | ours(
        "agreement",
        ACCEPTED,
        "the source distribution and the wheels are one release, built from one tree",
        {
            "a dependency that differs": both("Requires-Dist: a", ""),
            "a summary that differs": both("Summary: Another", ""),
            "a Python that differs": both("Requires-Python: >=3.11", ""),
        },
    )
    | ours(
        "local versions",
        REFUSED,
        "a build that is not a release may have one; the gate refuses it in a release, which has no tag for it",
        {
            "a local version": version("1.2.3+abc"),
            "a commit of digits": version(COMMIT),
            "a commit of digits, read as a number in .dist-info": version(COMMIT, folder=COMMIT.replace("+0", "+")),
            "a commit of digits, read as a number inside": version(COMMIT, inside=COMMIT.replace("+0", "+")),
        },
    )
)
FOREIGN = (
    ours(
        "encrypted code",
        REFUSED,
        "the signatures that PyPI looks for are its own, and change",
        {
            "PyArmor in a source distribution": sdist(files={"x.py": PYARMOR}),
            "PyArmor in a wheel": wheel_of(PYARMOR),
            "SourceDefender in a wheel": wheel_of(b"---BEGIN PYE FILE---\n---END PYE FILE---", "my_package/x.pye"),
        },
    )
    | ours(
        "Git LFS pointers",
        ACCEPTED,
        "the package does not work",
        {
            "a Git LFS pointer in a source distribution": sdist(files={"tests/data.csv": POINTER}),
            "a Git LFS pointer in a wheel": wheel_of(POINTER, DATA),
        },
    )
    | cases("Git LFS pointers", {"a text about Git LFS": wheel_of(b"# Git LFS\n\n" + POINTER)}, {})
    | ours(
        "submodules",
        ACCEPTED,
        "the file is useless outside the checkout",
        {
            "a submodule's .git in a source distribution": sdist(files={"src/sub/.git": b"gitdir: ../../.git\n"}),
            "a submodule's .git in a wheel": wheel_of(b"gitdir: ../../.git/modules/sub\n", "my_package/sub/.git"),
        },
    )
)
CASES: dict[str, Case] = ARCHIVES | FOLDERS | FOREIGN
