"""Wheels: the zip file, the `.dist-info` folder, entry points, and the file name."""

import zipfile
from pathlib import Path

from tests.gate.crafted.archives import (
    DIST_INFO,
    MODULE,
    SDIST,
    compressed_by_method_99,
    encrypted,
    metadata,
    record,
    replaced,
    sdist_files,
    wheel_files,
    write_sdist,
    write_streamed_wheel,
    zip_of,
)
from tests.gate.crafted.case import ACCEPTED, REFUSED, Case, cases, ours, wheel

MIB = 2**20
PYARMOR = b'__pyarmor__(__name__, __file__, b"x")'
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12345\n"


def entry_points(content: bytes) -> dict[str, bytes]:
    """Return the file of entry points."""
    return {f"{DIST_INFO}/entry_points.txt": content}


def platform(tag: str) -> str:
    """Return the name of a wheel for a platform."""
    return f"demo_lib-1.2.3-cp313-cp313-{tag}.whl"


def write_streamed(folder: Path) -> None:
    """Write a wheel with data descriptors."""
    write_streamed_wheel(folder / "demo_lib-1.2.3-py3-none-any.whl", wheel_files())
    write_sdist(folder / SDIST, sdist_files())


def write_tar_and_zip(folder: Path) -> None:
    """Write a wheel that is a tar file, too."""
    path = folder / "demo_lib-1.2.3-py3-none-any.whl"
    write_sdist(path, sdist_files(), compression="", change=lambda content: content + zip_of(wheel_files()))
    write_sdist(folder / SDIST, sdist_files())


def rename_at_the_end(content: bytes) -> bytes:
    """Give the module another name in the directory at the end of a zip file."""
    at = content.rindex(MODULE.encode())
    return content[:at] + b"demo_lib/__evil__.py"[: len(MODULE)] + content[at + len(MODULE) :]


FRAMES = (
    cases(
        "the records of a wheel",
        {
            "a comment": wheel(comment=b"hello"),
            "nothing compressed": wheel(compression=zipfile.ZIP_STORED),
            "no module": wheel(without="__init__.py"),
            "a folder for data": wheel(files={"demo_lib-1.2.3.data/scripts/x": b""}),
            "a backslash in a name": wheel(files={"demo_lib\\x.py": b""}),
            "a name that is not ASCII": wheel(files={"demo_lib/ü.py": b""}),
        },
        {
            "bytes after a wheel": wheel(change=lambda content: content + b"trailing"),
            "bytes before a wheel": wheel(change=lambda content: b"#!/usr/bin/python\n" + content),
            "two wheels in one": wheel(change=lambda content: content + content),
            "a streamed wheel": write_streamed,
            "a member twice": wheel(twice=MODULE),
            "a control character in a name": wheel(files={"demo_lib/a\x01b.py": b""}),
            "a line break in a name": wheel(files={"demo_lib/a\nb.py": b""}),
            "another name at the end": wheel(change=rename_at_the_end),
        },
    )
    | cases("one kind of archive", {}, {"a wheel that is a tar file": write_tar_and_zip})
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
            "64 MiB of zeros": wheel(files={"demo_lib/data.bin": bytes(63 * MIB)}),
            "no compression above 64 MiB": wheel(
                files={"demo_lib/data.bin": bytes(65 * MIB)}, compression=zipfile.ZIP_STORED
            ),
        },
        {"70 MiB of zeros": wheel(files={"demo_lib/data.bin": bytes(70 * MIB)})},
    )
    | cases(
        "a whole wheel",
        {},
        {
            "a wrong checksum": wheel(
                files={"demo_lib/x.py": b'print("hello")'},
                compression=zipfile.ZIP_STORED,
                change=replaced(b'print("hello")', b'print("hellO")'),
            ),
            "half a wheel": wheel(change=lambda content: content[: len(content) // 2]),
            "no zip file": wheel(change=lambda _: b"x"),
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
            "software bills of materials": wheel(files={f"{DIST_INFO}/sboms/a.cdx.json": b"{}"}),
            "a package with metadata": wheel(
                files={"demo_lib/vendor/a-1.dist-info/METADATA": metadata(name="a", version="1")}
            ),
        },
        {
            "another .dist-info folder": wheel(folder="Demo_Lib-1.2.3.dist-info"),
            "a .dist-info folder of another version": wheel(folder="demo_lib-1.2.3.0.dist-info"),
            "no METADATA": wheel(without="/METADATA"),
            "no WHEEL": wheel(without="/WHEEL"),
            "no RECORD": wheel(without="/RECORD"),
        },
    )
    | cases(
        "names inside",
        {},
        {
            "metadata of another project before": wheel(
                files={"a-1.dist-info/METADATA": metadata(name="a", version="1")}
            ),
            "metadata of another project": wheel(text=metadata(name="other")),
        },
    )
    | cases("versions inside", {}, {"metadata of another version": wheel(text=metadata(version="1.2.4"))})
    | cases(
        "RECORD",
        {
            "a file that is missing in RECORD": wheel(files={f"{DIST_INFO}/RECORD": record({MODULE: b""}, DIST_INFO)}),
            "a file that is only in RECORD": wheel(
                files={f"{DIST_INFO}/RECORD": record(wheel_files() | {"demo_lib/gone.py": b""}, DIST_INFO)}
            ),
            "a signature of RECORD": wheel(files={f"{DIST_INFO}/RECORD.jws": b"{}"}),
        },
        {
            "RECORD that is not UTF-8": wheel(files={f"{DIST_INFO}/RECORD": b"caf\xe9,,\n"}),
            "an empty line in RECORD": wheel(files={f"{DIST_INFO}/RECORD": record({}, DIST_INFO) + b"\n"}),
        },
    )
    | cases(
        "entry points",
        {
            "a script": wheel(files=entry_points(b"[console_scripts]\ndemo-lib = demo_lib:main\n")),
            "no entry points": wheel(files=entry_points(b"")),
            "a percent sign": wheel(files=entry_points(b"[console_scripts]\na = b:c%x\n")),
            "scripts in two cases": wheel(files=entry_points(b"[console_scripts]\na = b:c\nA = b:c\n")),
        },
        {
            "no section": wheel(files=entry_points(b"console_scripts\ndemo\n")),
            "a colon in place of =": wheel(files=entry_points(b"[console_scripts]\na : b\n")),
            "a script twice": wheel(files=entry_points(b"[console_scripts]\na = b:c\na = b:d\n")),
            "a section twice": wheel(files=entry_points(b"[x]\na = b:c\n[x]\nd = b:d\n")),
            "entry points that are not UTF-8": wheel(files=entry_points(b"[x]\ncaf\xe9 = b:c\n")),
        },
    )
    | cases(
        "names of scripts",
        {"any name in another group": wheel(files=entry_points(b"[my.group]\n../x = a:b\n"))},
        {
            "a script with a space": wheel(files=entry_points(b"[console_scripts]\nmy demo = demo_lib:main\n")),
            "a script in another folder": wheel(files=entry_points(b"[console_scripts]\n../demo = demo_lib:main\n")),
            "a window in another folder": wheel(files=entry_points(b"[gui_scripts]\na/b = demo_lib:main\n")),
        },
    )
)
KNOWN = (
    "any",
    "linux_armv7l",
    "manylinux_2_17_x86_64",
    "manylinux_2_39_riscv64",
    "manylinux_2_28_ppc64",
    "manylinux2014_x86_64",
    "manylinux_2_17_x86_64.manylinux2014_x86_64",
    "macosx_10_9_universal2",
    "macosx_11_0_arm64",
    "macosx_26_0_arm64",
    "macosx_10_9_x86_64.macosx_11_0_arm64",
    "win_amd64",
    "ios_13_0_arm64_iphoneos",
    "ios_13_0_arm64_iphonesimulator",
    "ios_13_0_x86_64_iphoneos",
    "android_21_arm64_v8a",
    "android_21_armeabi_v7a",
    "pyemscripten_2026_0_wasm32",
)
UNKNOWN = (
    "manylinux2014_riscv64",
    "musllinux_1_2_ppc64",
    "musllinux_1_2_loongarch64",
    "manylinux_2_36_loongarch64",
    "macosx_11_1_arm64",
    "macosx_16_0_arm64",
    "macosx_27_0_arm64",
    "win_arm32",
    "pyodide_2024_0_wasm32",
    "emscripten_3_1_58_wasm32",
    "freebsd_14_amd64",
    "wasi_0_0_wasm32",
)
PLAIN_LINUX = ("linux_x86_64", "linux_aarch64", "manylinux_2_17_x86_64.linux_x86_64")
NAMES = (
    cases(
        "platforms",
        {f"platform {tag}": wheel(platform(tag)) for tag in KNOWN},
        {f"platform {tag}": wheel(platform(tag)) for tag in PLAIN_LINUX},
    )
    | cases("unknown platforms", {}, {f"platform {tag}": wheel(platform(tag)) for tag in UNKNOWN})
    | cases(
        "normalized names",
        {
            "a build tag": wheel("demo_lib-1.2.3-1-py3-none-any.whl"),
            "a version with another spelling": wheel("demo_lib-1.2.3.0-py3-none-any.whl"),
        },
        {
            "a name with a dot": wheel("demo.lib-1.2.3-py3-none-any.whl"),
            "a name with capitals": wheel("Demo_Lib-1.2.3-py3-none-any.whl"),
        },
    )
    | cases("names of files", {}, {"a wheel without tags": wheel("demo_lib-1.2.3.whl")})
)
OWN = (
    ours(
        "a whole wheel",
        ACCEPTED,
        "PyPI reads only the code in a wheel, and installers refuse the wheel",
        {
            "a wrong checksum of data": wheel(
                files={"demo_lib/x.txt": b"hello"},
                compression=zipfile.ZIP_STORED,
                change=replaced(b"hello", b"hellO"),
            )
        },
    )
    | ours(
        "encrypted code",
        REFUSED,
        "the signatures that PyPI looks for are its own, and change",
        {
            "PyArmor in a wheel": wheel(files={MODULE: PYARMOR}),
            "SourceDefender in a wheel": wheel(files={"demo_lib/x.pye": b"---BEGIN PYE FILE---\n---END PYE FILE---"}),
        },
    )
    | ours(
        "Git LFS pointers",
        ACCEPTED,
        "the package does not work",
        {"a Git LFS pointer in a wheel": wheel(files={"demo_lib/model.bin": POINTER})},
    )
    | ours(
        "submodules",
        ACCEPTED,
        "the file is useless outside the checkout",
        {"a submodule's .git in a wheel": wheel(files={"demo_lib/sub/.git": b"gitdir: ../../.git/modules/sub\n"})},
    )
    | cases(
        "Git LFS pointers",
        {"a text about Git LFS": wheel(files={"demo_lib/README.md": b"# Git LFS\n\n" + POINTER})},
        {},
    )
)
CASES: dict[str, Case] = FRAMES | FOLDERS | NAMES | OWN
