"""An issue tracker, whose API differs from the sample's in pages, authentication, and records.

Two resources are nested in its projects: their issues, and the comments on these.
"""

from tests.simulation.unfriendly_api import Record

PROJECTS: list[Record] = [
    {"id": 1, "title": "Engine", "updated_at": "2026-01-01T00:00:00+00:00"},
    {"id": 2, "updated_at": "2026-01-02T00:00:00+00:00"},
    {"id": 3, "title": "Compiler", "updated_at": "2026-01-03T00:00:00+00:00"},
]
ISSUES: dict[int, list[Record]] = {
    1: [{"id": 10, "title": "Carry"}, {"id": 11, "title": None}, {"id": 12}],
    2: [],
    3: [{"id": 30, "title": "Moth"}],
}
COMMENTS: dict[int, list[Record]] = {
    10: [{"id": 1, "text": "Done"}],
    11: [],
    12: [],
    30: [{"id": 2}, {"id": 3}, {"id": 4}],
}
TRACKER: dict[str, list[Record | None]] = {"/projects": [*PROJECTS]}
TRACKER |= {f"/projects/{project}/issues": [*issues] for project, issues in ISSUES.items()}
TRACKER |= {
    f"/projects/{project}/issues/{issue['id']}/comments": [*COMMENTS[issue["id"]]]
    for project, issues in ISSUES.items()
    for issue in issues
}
EXPECTED = {
    "projects": PROJECTS,
    "issues": [{"project_id": project} | issue for project, issues in ISSUES.items() for issue in issues],
    "comments": [
        {"project_id": project, "issue_id": issue["id"]} | comment
        for project, issues in ISSUES.items()
        for issue in issues
        for comment in COMMENTS[issue["id"]]
    ],
}
