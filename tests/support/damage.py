"""How to damage a project and its distributions, one rule of the gate at a time."""

import json
import re
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from io import BytesIO

from tests.support.editing import replace
from tests.support.paths import PUBLISHER_JSON
from tests.support.projects import SDIST, VERSION, WHEEL, Project

Damage = Callable[[Project], object]
Change = Callable[[str], str]  # of a text


# The metadata and the files of the distributions.


def rewrite(change: Change, *, wheel: bool = True, sdist: bool = True) -> Damage:
    """Change the metadata inside the distributions."""

    def damage(project: Project) -> None:
        if wheel:
            rewrite_wheel(project, lambda name, text: change(text) if name.endswith("/METADATA") else text)
        if sdist:
            rewrite_sdist(project, lambda name, text: change(text) if name.endswith("/PKG-INFO") else text)

    return damage


def rewrite_wheel(project: Project, change: Callable[[str, str], str | None]) -> None:
    """Write the wheel again, each file changed; None leaves it out."""
    path = project.path / "dist" / WHEEL
    with zipfile.ZipFile(path) as old:
        contents = {name: old.read(name).decode() for name in old.namelist()}
    with zipfile.ZipFile(path, "w") as new:
        for name, text in contents.items():
            if (changed := change(name, text)) is not None:
                new.writestr(name, changed)


def rewrite_sdist(project: Project, change: Callable[[str, str], str | None]) -> None:
    """Write the source distribution again, each file changed; None leaves it out."""
    path = project.path / "dist" / SDIST
    with tarfile.open(path) as old:
        members = [(member, old.extractfile(member)) for member in old.getmembers()]
        contents = [(member, file.read().decode() if file else "") for member, file in members]
    with tarfile.open(path, "w:gz") as new:
        for member, text in contents:
            if (changed := change(member.name, text)) is not None:
                content = changed.encode()
                member.size = len(content)
                new.addfile(member, BytesIO(content))


def without(file: str) -> Damage:
    """Write the distributions again without a file."""

    def damage(project: Project) -> None:
        rewrite_wheel(project, lambda name, text: None if name.endswith(file) else text)
        rewrite_sdist(project, lambda name, text: None if name.endswith(file) else text)

    return damage


def field(name: str, value: str) -> Change:
    """Give a field of the metadata another value, or add it at the top."""

    def change(text: str) -> str:
        line = f"{name}: {value}\n"
        if not re.search(rf"^{name}: ", text, re.MULTILINE):
            return line + text
        return re.sub(rf"^{name}: .*\n", lambda _: line, text, count=1, flags=re.MULTILINE)

    return change


def more(name: str, value: str) -> Change:
    """Add a field to the metadata, beside those of its name."""
    return lambda text: f"{name}: {value}\n{text}"


def describe(text: str, content_type: str | None) -> Change:
    """Give the metadata another long description and its content type, None for no content type."""

    def change(metadata: str) -> str:
        head = re.sub(r"^Description-Content-Type: .*\n", "", metadata.partition("\n\n")[0] + "\n", flags=re.MULTILINE)
        return head + (f"Description-Content-Type: {content_type}\n" if content_type else "") + f"\n{text}"

    return change


def rename(old: str, new: str) -> Damage:
    """Give a distribution another file name."""
    return lambda project: (project.path / "dist" / old).rename(project.path / "dist" / new)


def built_as(version: str, folder: str = "") -> Damage:
    """Build the distributions with another version, in names and inside; `.dist-info` may spell it differently."""

    def damage(project: Project) -> None:
        rewrite(field("Version", version))(project)
        for name in (WHEEL, SDIST):
            rename(name, name.replace(VERSION, version))(project)
        old, new = (f"{WHEEL.split('-')[0]}-{number}.dist-info/" for number in (VERSION, folder or version))
        path = project.path / "dist" / WHEEL.replace(VERSION, version)
        with zipfile.ZipFile(path) as wheel:
            contents = {name.replace(old, new): wheel.read(name) for name in wheel.namelist()}
        with zipfile.ZipFile(path, "w") as wheel:
            for name, content in contents.items():
                wheel.writestr(name, content)

    return damage


def platform(tag: str) -> Damage:
    """Give the wheel another platform."""
    return rename(WHEEL, WHEEL.replace("-any", f"-{tag}"))


def truncate(file: str) -> Damage:
    """Keep the first half of a distribution."""

    def damage(project: Project) -> None:
        path = project.path / "dist" / file
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])

    return damage


def delete_dist(project: Project) -> None:
    """Delete the distributions."""
    shutil.rmtree(project.path / "dist")


# The project.


def write(file: str, text: str) -> Damage:
    """Write a file of the project."""
    return lambda project: project.write(file, text)


def edit(file: str, old: str, new: str) -> Damage:
    """Replace a text in a file of the project."""
    return lambda project: replace(project.path / file, old, new)


def git(*command: str) -> Damage:
    """Run git in the project."""
    return lambda project: project.run("git", *command)


def publisher(**values: str) -> Damage:
    """Change answers to the publisher form."""
    return lambda project: project.write(PUBLISHER_JSON, json.dumps(json.loads(project.read(PUBLISHER_JSON)) | values))


def add_commit(project: Project) -> None:
    """Make another commit, which the tag is not on."""
    project.run("git", "commit", "--quiet", "--allow-empty", "--message", "Next")


def make_shallow(project: Project) -> None:
    """Have a shallow clone of the project."""
    add_commit(project)
    project.run("git", "clone", "--quiet", "--depth=1", f"file://{project.path}", "clone")
    shutil.rmtree(project.path / ".git")
    (project.path / "clone/.git").rename(project.path / ".git")
    shutil.rmtree(project.path / "clone")
