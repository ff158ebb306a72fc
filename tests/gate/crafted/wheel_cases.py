"""Wheels: the zip file, the `.dist-info` folder, entry points, and the file name."""

import zipfile
from pathlib import Path

from tests.gate.crafted.archives import (
    DIST_INFO,
    MODULE,
    Unseekable,
    compressed_by_method_99,
    encrypted,
    metadata,
    record,
    replaced,
    sdist_files,
    tar_file,
    wheel_files,
    zip_file,
)
from tests.gate.crafted.case import ACCEPTED, Case, Write, cases, ours, wheel
from tests.support.projects import SDIST, WHEEL

MIB = 2**20
DATA = "my_package/data.bin"
STORED = zipfile.ZIP_STORED
OTHER = metadata("Name: a\nVersion: 1")


def entry_points(*texts: bytes) -> dict[str, Write]:
    """Return a wheel for each text of its entry points."""
    return {repr(text)[2:-1]: wheel(files={f"{DIST_INFO}/entry_points.txt": text}) for text in texts}


def wheel_of(content: bytes, file: str = "my_package/x.py") -> Write:
    """Return a wheel with a file in it."""
    return wheel(files={file: content})


def platform(tag: str) -> str:
    """Return the name of a wheel for a platform."""
    return f"my_package-1.2.3-cp313-cp313-{tag}.whl"


def platforms(tags: str) -> dict[str, Write]:
    """Return a wheel for each platform."""
    return {f"platform {tag}": wheel(platform(tag)) for tag in tags.split()}


def write_streamed(folder: Path) -> None:
    """Write a wheel with data descriptors."""
    (folder / WHEEL).write_bytes(zip_file(wheel_files(), file=Unseekable()))
    (folder / SDIST).write_bytes(tar_file(sdist_files()))


def rename_at_the_end(content: bytes) -> bytes:
    """Give the module another name in the directory at the end of a zip file."""
    at = content.rindex(MODULE.encode())
    return content[:at] + b"my_package/__evil__.py"[: len(MODULE)] + content[at + len(MODULE) :]


FRAMES = (
    cases(
        "the records of a wheel",
        {
            "a comment": wheel(change=lambda content: content[:-2] + b"\5\0hello"),
            "nothing compressed": wheel(compression=STORED),
            "no module": wheel(missing="__init__.py"),
            "a folder for data": wheel_of(b"", "my_package-1.2.3.data/scripts/x"),
            "a backslash in a name": wheel_of(b"", "my_package\\x.py"),
            "a name that is not ASCII": wheel_of(b"", "my_package/ü.py"),
        },
        {
            "bytes after a wheel": wheel(change=lambda content: content + b"trailing"),
            "bytes before a wheel": wheel(change=lambda content: b"#!/usr/bin/python\n" + content),
            "two wheels in one": wheel(change=lambda content: content + content),
            "a streamed wheel": write_streamed,
            "a member twice": wheel(twice=MODULE),
            "a control character in a name": wheel_of(b"", "my_package/a\x01b.py"),
            "a line break in a name": wheel_of(b"", "my_package/a\nb.py"),
            "another name at the end": wheel(change=rename_at_the_end),
        },
    )
    | cases(
        "one kind of archive",
        {},
        {"a wheel that is a tar file": wheel(change=lambda zipped: tar_file(sdist_files(), compression="") + zipped)},
    )
    | cases(
        "the compression of a wheel",
        {},
        {
            "bzip2": wheel(compression=zipfile.ZIP_BZIP2),
            "LZMA": wheel(compression=zipfile.ZIP_LZMA),
            "unknown compression": wheel(change=compressed_by_method_99),
        },
    )
    | cases("encryption", {}, {"an encrypted wheel": wheel(change=encrypted)})
    | cases(
        "the size of a wheel",
        {
            "64 MiB of zeros": wheel_of(bytes(63 * MIB), DATA),
            "no compression above 64 MiB": wheel(files={DATA: bytes(65 * MIB)}, compression=STORED),
        },
        {"70 MiB of zeros": wheel_of(bytes(70 * MIB), DATA)},
    )
    | cases(
        "a whole wheel",
        {},
        {
            "a wrong checksum": wheel(
                files={"my_package/x.py": b"hello"}, compression=STORED, change=replaced((b"hello", b"hellO"))
            ),
            "half a wheel": wheel(change=lambda content: content[: len(content) // 2]),
            "no zip file": wheel(change=lambda _: b"x"),
        },
    )
    | ours(
        "a whole wheel",
        ACCEPTED,
        "PyPI reads only the code in a wheel, and installers refuse the wheel",
        {
            "a wrong checksum of large data": wheel(
                files={DATA: bytes(2 * MIB) + b"hello"}, compression=STORED, change=replaced((b"hello", b"hellO"))
            )
        },
    )
)
FOLDERS = (
    cases(
        "the .dist-info folder",
        {
            "a second .dist-info folder": wheel(
                files={"other-1.dist-info/METADATA": b"x", "other-1.dist-info/WHEEL": b""}
            ),
            "software bills of materials": wheel_of(b"{}", f"{DIST_INFO}/sboms/a.cdx.json"),
            "a package with metadata": wheel_of(OTHER, "my_package/vendor/a-1.dist-info/METADATA"),
        },
        {
            "another .dist-info folder": wheel(folder="My_Package-1.2.3.dist-info"),
            "a .dist-info folder of another version": wheel(folder="my_package-1.2.3.0.dist-info"),
            **{f"no {name}": wheel(missing=f"/{name}") for name in ("METADATA", "WHEEL", "RECORD")},
        },
    )
    | cases(
        "names inside",
        {},
        {
            "metadata of another project before": wheel_of(OTHER, "a-1.dist-info/METADATA"),
            "metadata of another project": wheel(text="Name: other"),
        },
    )
    | cases("versions inside", {}, {"metadata of another version": wheel(text="Version: 1.2.4")})
    | cases(
        "RECORD",
        {
            "a file that is missing in RECORD": wheel_of(record({MODULE: b""}), f"{DIST_INFO}/RECORD"),
            "a file that is only in RECORD": wheel_of(record(wheel_files() | {DATA: b""}), f"{DIST_INFO}/RECORD"),
            "a signature of RECORD": wheel_of(b"{}", f"{DIST_INFO}/RECORD.jws"),
        },
        {
            "RECORD that is not UTF-8": wheel_of(b"caf\xe9,,\n", f"{DIST_INFO}/RECORD"),
            "an empty line in RECORD": wheel_of(record({}) + b"\n", f"{DIST_INFO}/RECORD"),
        },
    )
    | cases(
        "entry points",
        entry_points(
            b"[console_scripts]\nmy-package = my_package:main\n",
            b"",
            b"[console_scripts]\na = b:c%x\n",
            b"[console_scripts]\na = b:c\nA = b:c\n",
        ),
        entry_points(
            b"console_scripts\ndemo\n",
            b"[console_scripts]\na : b\n",
            b"[console_scripts]\na = b:c\na = b:d\n",
            b"[x]\na = b:c\n[x]\nd = b:d\n",
            b"[x]\ncaf\xe9 = b:c\n",
        ),
    )
    | cases(
        "names of scripts",
        entry_points(b"[my.group]\n../x = a:b\n"),
        entry_points(
            b"[console_scripts]\nmy demo = demo:main\n",
            b"[console_scripts]\n../demo = demo:main\n",
            b"[gui_scripts]\na/b = demo:main\n",
        ),
    )
)
NAMES = (
    cases(
        "platforms",
        platforms(
            "any linux_armv7l manylinux_2_17_x86_64 manylinux_2_39_riscv64 manylinux_2_28_ppc64 manylinux2014_x86_64 "
            "manylinux_2_17_x86_64.manylinux2014_x86_64 macosx_10_9_universal2 macosx_11_0_arm64 macosx_26_0_arm64 "
            "macosx_10_9_x86_64.macosx_11_0_arm64 win_amd64 ios_13_0_arm64_iphoneos ios_13_0_arm64_iphonesimulator "
            "ios_13_0_x86_64_iphoneos android_21_arm64_v8a android_21_armeabi_v7a pyemscripten_2026_0_wasm32"
        ),
        platforms("linux_x86_64 linux_aarch64 manylinux_2_17_x86_64.linux_x86_64"),
    )
    | cases(
        "unknown platforms",
        {},
        platforms(
            "manylinux2014_riscv64 musllinux_1_2_ppc64 musllinux_1_2_loongarch64 manylinux_2_36_loongarch64 "
            "macosx_11_1_arm64 macosx_16_0_arm64 macosx_27_0_arm64 win_arm32 pyodide_2024_0_wasm32 "
            "emscripten_3_1_58_wasm32 freebsd_14_amd64 wasi_0_0_wasm32"
        ),
    )
    | cases(
        "normalized names",
        {
            "a build tag": wheel("my_package-1.2.3-1-py3-none-any.whl"),
            "a version with another spelling": wheel("my_package-1.2.3.0-py3-none-any.whl"),
        },
        {
            "a name with a dot": wheel("my.package-1.2.3-py3-none-any.whl"),
            "a name with capitals": wheel("My_Package-1.2.3-py3-none-any.whl"),
        },
    )
    | cases("names of files", {}, {"a wheel without tags": wheel("my_package-1.2.3.whl")})
)
CASES: dict[str, Case] = FRAMES | FOLDERS | NAMES
