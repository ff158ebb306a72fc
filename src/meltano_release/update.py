"""Update the repository in the working directory to the newest version of its template.

It starts from the default branch of `origin`, in a temporary folder: what is checked out or not pushed stays as it is.
It ends as one commit on a branch, or staged in the folder, and is never pushed. The command adds to Copier's update
that the pins in the project's own workflows move, and that a conflict, or something that would be lost, is an error.
"""

from __future__ import annotations

import ast
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, NoReturn

import yaml
from click import ClickException
from packaging.version import InvalidVersion, Version

from meltano_release.publisher import TEMPLATE, WORKFLOWS
from meltano_release.workflows import PUBLISHING_ACTION, WorkflowError, find_jobs, find_steps, parse_workflow

OWNED = (".github/.gitattributes", ".github/publisher.json", ".github/RELEASING.md")  # beside answers and workflow
PIN = re.compile(r"uses: *[\"']?([\w.-]+/[\w.-]+)/actions/(?:build|gate)@([\w./-]+)[\"']?(?:[ \t]+#[ \t]*(\S+))?")
CHOICE_GONE = re.compile(r"Invalid choice for '(\w+)': (.+) is not in (\[.*\])")
TREE = "Template-Tree"  # in the message of a commit: one that somebody amended has another tree


class Options(NamedTuple):
    """The options of the command: those of Copier, the branch for the update, and whether to stage it instead."""

    answers_file: str = ""
    data: tuple[str, ...] = ()
    vcs_ref: str = ""
    branch: str = "template-update"
    stage: bool = False


class Recorded(NamedTuple):
    """What an answers file records: the template, its version, and the path of the release workflow."""

    file: str
    source: str
    version: str
    workflow: str


def refuse(sentence: str) -> NoReturn:
    """End the command with a sentence that names the cause and the fix, and exit code 1."""
    raise ClickException(sentence)


def run(*command: str, cwd: Path, fails: str) -> str:
    """Return what a command prints; raise `ClickException` if it fails, with `fails` and the line that says why."""
    done = subprocess.run(
        command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    if done.returncode:
        fatal = re.search("^fatal: .*", done.stderr, re.MULTILINE)  # of git; Copier says why in the last line
        refuse(f"{fails}: {fatal[0] if fatal else done.stderr.strip().rpartition(chr(10))[2]}")
    return done.stdout.strip()


def git(*arguments: str, cwd: Path, fails: str = "") -> str:
    """Return what a git command prints; it runs no hooks. Raise `ClickException` as `run` does."""
    return run("git", "-c", f"core.hooksPath={os.devnull}", *arguments, cwd=cwd, fails=fails or f"git {arguments[0]}")


def split(listed: str) -> list[str]:
    """Return what git listed with `-z`, each once."""
    return sorted(set(filter(None, listed.split("\0"))))


def read(path: Path) -> str:
    """Return the text of a file with its own line endings, empty if there is no file."""
    return path.read_bytes().decode(errors="surrogateescape") if path.is_file() else ""


def parse_answers(file: str, text: str) -> Recorded | None:
    """Return what an answers file records, None if it is broken or not one of this template."""
    with suppress(yaml.YAMLError, KeyError, TypeError):
        answers = yaml.safe_load(text)
        workflow = (WORKFLOWS / answers["workflow_filename"]).as_posix()
        return Recorded(file, str(answers["_src_path"]), str(answers["_commit"]), workflow)
    return None


def read_answers(folder: Path, base: str, file: str) -> Recorded:
    """Return what a commit's answers file records; raise `ClickException` unless there is one, and one alone."""
    listed = git("ls-tree", "--name-only", base, cwd=folder)
    files = [file] if file else re.findall(r"^\.copier-answers.*\.ya?ml$", listed, re.MULTILINE)
    parsed = [parse_answers(name, git("show", f"{base}:{name}", cwd=folder)) for name in files]
    found = [recorded for recorded in parsed if recorded]
    if len(found) != 1:
        what = "two answers files" if found else "no answers file"
        refuse(f"origin has {what} of this template on its default branch: push it, or name it with --answers-file")
    return found[0]


def fetch(folder: Path) -> str:
    """Fetch the default branch of `origin`; return its commit, or raise `ClickException`."""
    head = git("ls-remote", "--symref", "origin", "HEAD", cwd=folder, fails="origin cannot be read")
    found = re.search(r"ref: refs/heads/(\S+)\tHEAD\n([0-9a-f]+)\tHEAD", head)
    if not found:
        refuse("origin has no default branch with a commit: push one first")
    git("fetch", "--quiet", "origin", found[1], cwd=folder)
    return found[2]


def find_versions(source: str) -> dict[str, Version]:
    """Return the template's tags that are versions, by name; raise `ClickException` if the template cannot be read."""
    url = re.sub("^gh:/?", "https://github.com/", re.sub("^gl:/?", "https://gitlab.com/", source))
    url = str(Path(url).expanduser()) if url.startswith("~") else url.removeprefix("git+")
    fails, versions = f"The template {source} cannot be read: correct `_src_path` in the answers file", {}
    for tag in re.findall("refs/tags/(.+)", git("ls-remote", "--tags", "--refs", url, cwd=Path(), fails=fails)):
        with suppress(InvalidVersion):
            versions[tag] = Version(tag)
    return versions


def find_newer(version: str, versions: dict[str, Version]) -> list[str] | None:
    """Return the versions after a recorded one, or after what `git describe` made of it; None if its tag is gone."""
    tag = re.sub(r"-\d+-g[0-9a-f]+$", "", version)
    if tag not in versions:
        return None
    return [name for name, one in versions.items() if one > versions[tag] and not one.is_prerelease]


def find_ignored(folder: Path, recorded: Recorded) -> list[str]:
    """Return the template's files that git ignores in a folder, so that `git add .` leaves them out."""
    listed = ("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--")
    return split(git(*listed, recorded.file, recorded.workflow, *OWNED, cwd=folder))


def check_folder(folder: Path, base: str, recorded: Recorded, options: Options) -> None:
    """Raise `ClickException` if the folder has what is not committed, or the branch what this command did not make."""
    if ignored := find_ignored(folder, recorded):
        add = f"git add --force {shlex.join(ignored)}"
        refuse(f"git ignores {', '.join(ignored)}, which the update needs: `{add}`, commit, and push")
    if changed := split(git("status", "--porcelain", "-z", cwd=folder)):
        refuse(f"Commit or stash your changes first: {', '.join(line[3:] for line in changed)}")
    if options.stage and git("rev-parse", "HEAD", cwd=folder) != base:
        refuse(f"--stage needs the newest commit of origin's default branch: git switch --detach {base}")
    if git("for-each-ref", f"refs/heads/{options.branch}", cwd=folder):
        shown = f"--format=%h %T %(trailers:key={TREE},valueonly,separator=%x20)"
        for line in git("log", shown, f"refs/heads/{options.branch}", "--not", base, cwd=folder).splitlines():
            commit, tree, *made = line.split()
            if made != [tree]:
                refuse(f"{options.branch} has work, {commit}: merge or delete this branch, or name another: --branch")


def run_copier(tree: Path, recorded: Recorded, options: Options) -> None:
    """Update a folder; raise `ClickException` with Copier's reason, all choices that are gone, or the conflicts."""
    command = ["copier"] if shutil.which("copier") else ["uvx", "copier"]
    command += ["update", "--quiet", "--defaults", "--skip-answered", f"--answers-file={recorded.file}"]
    command += [f"--vcs-ref={options.vcs_ref}"] if options.vcs_ref else []
    gone: dict[str, list[str]] = {}  # the choices that are left, by question: Copier names one question at a time
    while True:
        data = (*options.data, *(f"{question}={choices[0]}" for question, choices in gone.items()))
        try:
            run(*command, *(f"--data={answer}" for answer in data), cwd=tree, fails="Copier refuses")
            break
        except ClickException as error:
            refused = CHOICE_GONE.search(str(error))
            if not refused or refused[1] in gone:
                raise
            gone[refused[1]] = ast.literal_eval(refused[3])
    if gone:
        left = ", ".join(f"{question} is {' or '.join(choices)}" for question, choices in gone.items())
        given = shlex.join(f"--data={question}={choices[0]}" for question, choices in gone.items())
        refuse(f"The newest version does not offer the recorded choices ({left}): choose, as in {given}")
    if conflicts := split(git("diff", "--name-only", "--diff-filter=U", "-z", cwd=tree)):
        refuse(
            f"The update conflicts in {', '.join(conflicts)}: on a new branch, from the default branch of origin, run "
            "`copier update --skip-answered --defaults`, and edit what stands between the markers"
        )


def check_jobs(old: str, new: str, before: str, after: str) -> None:
    """Raise `ClickException` if the update renames the release workflow, and the old file has jobs of the project."""
    try:
        jobs, kept = ({} if old == new or not text else find_jobs(parse_workflow(text)) for text in (before, after))
    except WorkflowError as error:
        refuse(f"The update would delete {old}, which cannot be read ({error}): repair it first")
    pin = PIN.search(before)
    actions = (f"{pin[1] if pin else TEMPLATE}/actions/", PUBLISHING_ACTION)
    used = {name: [str(step.get("uses")) for step in find_steps(job)] for name, job in jobs.items() if name not in kept}
    if own := [name for name, uses in used.items() if not any(use.startswith(actions) for use in uses)]:
        refuse(f"The update would delete {old} with {', '.join(own)}: move these jobs to another workflow first")


def move_pins(tree: Path, before: str, workflow: str) -> None:
    """Give the actions `setup` and `pythons` in the project's own workflows the pin of the release workflow."""
    old, new = PIN.search(before), PIN.search(read(tree / workflow))
    if new:
        sources = "|".join(map(re.escape, {new[1], TEMPLATE, old[1] if old else new[1]}))
        pattern = re.compile(rf"(?i)\b(?:{sources})/actions/(setup|pythons)@[\w./-]+([\"']?)([ \t]+#[^\r\n]*)?")
        pin = rf"{new[1]}/actions/\1@{new[2]}\2" + (f" # {new[3]}" if new[3] else "")
        for path in (tree / WORKFLOWS).glob("*.y*ml"):
            path.write_bytes(pattern.sub(pin, read(path)).encode(errors="surrogateescape"))


def make_update(folder: Path, tree: Path, recorded: Recorded, options: Options, *, newer: bool) -> str:
    """Update a temporary clone, and keep the result in the repository; return what was done."""
    before = read(tree / recorded.workflow)
    if newer:
        run_copier(tree, recorded, options)
    now = parse_answers(recorded.file, read(tree / recorded.file)) or recorded
    check_jobs(recorded.workflow, now.workflow, before, read(tree / now.workflow))
    move_pins(tree, before, now.workflow)
    git("add", "--all", "--force", cwd=tree)  # also what the project's .gitignore hides
    files, (base, unchanged) = git("write-tree", cwd=tree), git("rev-parse", "HEAD", "HEAD^{tree}", cwd=tree).split()
    if files == unchanged:
        return f"There is nothing to update: {folder.name} has {now.version} of the template."
    git("-c", "user.name=-", "-c", "user.email=-", "commit", "--quiet", "--no-gpg-sign", "--message=-", cwd=tree)
    git("fetch", "--quiet", "--no-tags", str(tree), "HEAD", cwd=folder)  # the files; the commit that stays comes next
    if options.stage:
        git("read-tree", "-m", "-u", "HEAD", files, cwd=folder)
        return f"Staged the update of {folder.name} to {now.version} of the template."
    made = git("for-each-ref", "--format=%(tree) %(parent)", f"refs/heads/{options.branch}", cwd=folder)
    if made != f"{files} {base}":
        message = f"Update the template to {now.version}\n\n{TREE}: {files}"
        commit = git("commit-tree", files, "-p", base, "-m", message, cwd=folder)
        git("branch", "--force", options.branch, commit, cwd=folder)
    return f"Updated {folder.name} to {now.version} of the template, in one commit: git push origin {options.branch}"


def update(options: Options) -> str:
    """Update the repository in the working directory; return what was done, or raise `ClickException`."""
    folder = Path(git("rev-parse", "--show-toplevel", cwd=Path(), fails="Run this in a clone"))
    base = fetch(folder)
    recorded = read_answers(folder, base, options.answers_file)
    check_folder(folder, base, recorded, options)
    later = find_newer(recorded.version, find_versions(recorded.source))
    if later is None and not re.search("(^|-g)[0-9a-f]{7,64}$", recorded.version):
        fix = "ask its maintainers to push it again, or name its commit in place of it, as the documentation says"
        refuse(f"The template {recorded.source} has no tag {recorded.version}: {fix}")
    newer = bool(options.data or options.vcs_ref or later != [])
    with tempfile.TemporaryDirectory(prefix="template-update-") as temporary:
        tree = Path(temporary) / folder.name
        git("clone", "--quiet", "--shared", "--no-checkout", str(folder), str(tree), cwd=folder)
        git("checkout", "--quiet", "--detach", base, cwd=tree)
        return make_update(folder, tree, recorded, options, newer=newer)
