"""all-repos, as the how-to sets it up, updates a hundred repositories, and loses nothing in the odd ones among them."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from werkzeug import Request, Response

from tests.support.commands import package_index, run
from tests.support.pages import code_blocks, page
from tests.support.paths import ANSWERS_FILE, RELEASE_WORKFLOW, TEST_WORKFLOW
from tests.support.projects import Project
from tests.support.serving import serve
from tests.support.versions import LINE_CHANGE, MOVED, Versions

COUNT = int(os.environ.get("REPOSITORIES", "100"))
BRANCH = "all-repos_autofix_template-update"
SSH = "git@github.test:acme/"
URL = "https://github.com/MeltanoLabs/meltano-package-template"
EDITS = {  # in some of the repositories
    "conflict": f"sed -i 's/{LINE_CHANGE[0]}/timeout-minutes: 9/' {RELEASE_WORKFLOW}",
    "current": f"sed -i s/v1.0.0/v1.1.0/ {ANSWERS_FILE}",
    "notes": f"rm {ANSWERS_FILE}",
}
WORK = {  # in the folder of all-repos, which the how-to advises against
    "dirty": "echo Mine >> README.md",
    "detached": "git checkout --detach && git commit --allow-empty --message Mine",
    "diverged": "git commit --allow-empty --message Mine",
    "feature": "git checkout -b feature && git commit --allow-empty --message Mine",
}
NOT_UPDATED = (*EDITS, "archived", "empty", "locked", "waiting")
UPDATED = ("protected", "trunk", *WORK)  # odd ones
REFUSE = "#!/bin/sh\nwhile read _ _ ref; do case $ref in {}) echo 'GH013: no.' >&2; exit 1;; esac; done\n"


def make_origins(project: Project, folder: Path) -> list[str]:
    """Make the repositories on the server: all from one project, and some of them odd; return their names."""
    names = [*NOT_UPDATED, *UPDATED, *(f"tap-{number}" for number in range(COUNT - len(NOT_UPDATED + UPDATED)))]
    for name in names:
        source = project.copy(folder / "work" / name) if name in EDITS else project
        if name in EDITS:
            source.run("bash", "-euc", EDITS[name])
            source.commit()
        run("git", "clone", "--quiet", "--bare", source.path, name, cwd=folder)
    run("git", "branch", BRANCH, cwd=folder / "waiting")
    run("git", "branch", "--move", "main", "trunk", cwd=folder / "trunk")
    shutil.rmtree(folder / "empty")
    run("git", "init", "--quiet", "--bare", "empty", cwd=folder)
    for name, refs in (("locked", "*"), ("protected", "refs/heads/main")):
        hook = folder / name / "hooks/pre-receive"
        hook.write_text(REFUSE.format(refs), encoding="utf-8")
        hook.chmod(0o755)
    return names


@pytest.mark.slow
def test_all_repos_updates_a_hundred_repositories(old_project: Project, versions: Versions, tmp_path: Path) -> None:
    """Each repository gets one commit on a branch, and one pull request; what is odd is skipped, or an error.

    A second run does nothing. Git reads the template and the repositories from here, and the API is one on loopback.
    """
    (tmp_path / "origins").mkdir()
    names = make_origins(old_project, tmp_path / "origins")
    opened: list[tuple[str, dict[str, Any]]] = []

    @Request.application
    def api(request: Request) -> Response:
        if request.method == "POST":
            opened.append((request.path.split("/")[-2], json.loads(request.get_data())))
            return Response(json.dumps({"html_url": request.path}))
        common = {"fork": False, "private": False, "permissions": {"admin": True}}
        listed = [
            {"full_name": f"acme/{name}", "ssh_url": f"{SSH}{name}.git", "archived": name == "archived"}
            for name in names
        ]
        return Response(json.dumps([common | repository for repository in listed]))

    redirects = {SSH: f"{tmp_path}/origins/", URL: str(versions.path)}
    variables = {"GITHUB_TOKEN": "x", "UV_NO_GITHUB_FAST_PATH": "1", "UV_DEFAULT_INDEX": package_index()}
    variables |= {"GIT_CONFIG_COUNT": "2", "COPIER_CACHE_DIR": str(tmp_path / "cache")}
    for number, (url, place) in enumerate(redirects.items()):
        variables |= {f"GIT_CONFIG_KEY_{number}": f"url.{place}.insteadOf", f"GIT_CONFIG_VALUE_{number}": url}
    text = page("how-to/update-a-fleet.md")
    (script,) = code_blocks(text, 'python title="update_template.py"')
    (tmp_path / "update_template.py").write_text(script.replace("@VERSION", "@v1.1.0"), encoding="utf-8")
    (configuration,) = map(json.loads, code_blocks(text, 'json title="all-repos.json"'))
    (commands,) = code_blocks(text, containing="all-repos-clone")
    (status,) = code_blocks(text, containing="meltano-release status")
    with serve(api) as url:
        for settings in ("source_settings", "push_settings"):
            configuration[settings]["base_url"] = url
        (tmp_path / "all-repos.json").write_text(json.dumps(configuration), encoding="utf-8")
        run("bash", "-euc", "\n".join(commands.splitlines()[:2]), cwd=tmp_path, env=variables)
        for name, command in WORK.items():
            run("bash", "-euc", command, cwd=tmp_path / "clones/acme" / name)
        done = run("bash", "-euc", commands, cwd=tmp_path, env=variables)
        again = run("bash", "-euc", commands, cwd=tmp_path, env=variables)
    shown = run("bash", "-euc", status.replace("@VERSION", "@v1.1.0"), cwd=tmp_path, env=variables, check=False)
    rows = [line.split(" | ") for line in shown.stdout.splitlines()[2:]]
    assert len(rows) == len(names) - 1  # all-repos leaves out what is archived
    states = {row[0].rpartition("/")[2]: row[1:3] + row[5:6] for row in rows}
    assert (states["tap-0"], states["current"]) == (["v1.0.0", "1", BRANCH], ["v1.1.0", "0", ""])
    expected = sorted(set(names) - set(NOT_UPDATED))
    assert sorted(name for name, _ in opened) == expected
    assert {(request["title"], request["head"]) for _, request in opened} == {("Update the template", BRANCH)}
    assert {name: request["base"] for name, request in opened if request["base"] != "main"} == {"trunk": "trunk"}
    for name in expected:
        origin, base = tmp_path / "origins" / name, "trunk" if name == "trunk" else "main"
        assert run("git", "rev-list", f"{base}..{BRANCH}", cwd=origin).stdout.count("\n") == 1
        changed = run("git", "diff", "--name-only", base, BRANCH, cwd=origin).stdout.split()
        assert changed == sorted([*MOVED, TEST_WORKFLOW]), name
        assert run("git", "rev-parse", base, cwd=origin).stdout == old_project.run("git", "rev-parse", "main").stdout
    for name in set(NOT_UPDATED) - {"waiting"}:
        assert run("git", "branch", "--list", BRANCH, cwd=tmp_path / "origins" / name).stdout == ""
    assert run("git", "rev-list", f"main..{BRANCH}", cwd=tmp_path / "origins/waiting").stdout == ""
    assert (done.stdout.count("***Errored"), again.stdout.count("***Errored")) == (2, 2)
    assert "Error: The update conflicts in .github/workflows/release.yaml: " in done.stderr
    assert "GH013: no." in done.stderr
