"""An issue tracker, whose API differs from the sample's in pages, authentication, and records; and the edits for it.

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

# What AGENTS.md says of these changes.
DESCRIBED = [
    'JSONPathPaginator("$.next_cursor")',
    'request.params["cursor"]',
    'BasicAuthenticator(username=self.config["username"], password=self.config["password"])',
    "def get_child_context(self, record: dict[str, Any], context: Context | None) -> dict[str, Any]:",
    "return dict(context or {}) |",
]
# What a person changes in a rendered REST tap with an API key: the file, what stands there, and what it becomes.
EDITS = [
    # Pagination: a cursor.
    ("src/tap_sample/client.py", "$.next_page", "$.next_cursor"),
    ("src/tap_sample/client.py", 'request.params["page"]', 'request.params["cursor"]'),
    ("tests/source.py", 'request.args.get("page", 0)', 'request.args.get("cursor", 0)'),
    ("tests/source.py", '"next_page": end', '"next_cursor": end'),
    # Authentication: a username and a password.
    (
        "src/tap_sample/client.py",
        'APIKeyAuthenticator(key="x-api-key", value=self.config["auth_token"])',
        'BasicAuthenticator(username=self.config["username"], password=self.config["password"])',
    ),
    ("src/tap_sample/client.py", "APIKeyAuthenticator", "BasicAuthenticator"),
    ("tests/source.py", '"auth_token": "open sesame"', '"username": "ali",\n    "password": "open sesame"'),
    (
        "tests/source.py",
        'return request.headers.get("x-api-key") == CONFIG["auth_token"]',
        """given = request.authorization
    return given is not None and (given.username, given.password) == (CONFIG["username"], CONFIG["password"])""",
    ),
    ("tests/test_core.py", 'run(auth_token="wrong")', 'run(password="wrong")'),
    # The settings, in their five places.
    (
        "src/tap_sample/tap.py",
        """            "auth_token",
            th.StringType(nullable=False),
            required=True,
            secret=True,
            title="API Key",
            description="API key",
""",
        """            "username",
            th.StringType(nullable=False),
            required=True,
            title="Username",
            description="Name of the user",
        ),
        th.Property(
            "password",
            th.StringType(nullable=False),
            required=True,
            secret=True,
            title="Password",
            description="Password of the user",
""",
    ),
    (
        "README.md",
        "| `auth_token` | yes | | API key |",
        "| `username` | yes | | Name of the user |\n| `password` | yes | | Password of the user |",
    ),
    (
        ".env.example",
        "# API key (required)\nTAP_SAMPLE_AUTH_TOKEN=",
        """# Name of the user (required)
TAP_SAMPLE_USERNAME=

# Password of the user (required)
TAP_SAMPLE_PASSWORD=""",
    ),
    *(
        (file, f"{indent}{old}", "".join(f"{indent}{line}\n" for line in new.splitlines()).rstrip("\n"))
        for file, indent in [("meltano.yml", "    "), ("meltanohub.yml", "")]
        for old, new in [
            ("- [api_url, auth_token]", "- [api_url, username, password]"),
            (
                f"- name: auth_token\n{indent}  label: API Key\n{indent}  description: API key",
                """- name: username
  label: Username
  description: Name of the user
  kind: string
- name: password
  label: Password
  description: Password of the user""",
            ),
        ]
    ),
    # The streams: projects, their issues, and the comments on these.
    (
        "src/tap_sample/tap.py",
        "Reads users and their groups.",
        "Reads projects, their issues, and the comments on these.",
    ),
    (
        "src/tap_sample/tap.py",
        "import GroupsStream, UsersStream",
        "import CommentsStream, IssuesStream, ProjectsStream",
    ),
    (
        "src/tap_sample/tap.py",
        "[UsersStream(self), GroupsStream(self)]",
        "[ProjectsStream(self), IssuesStream(self), CommentsStream(self)]",
    ),
    ("src/tap_sample/streams.py", "/{user_id}/groups", "/{project_id}/issues"),
    ("src/tap_sample/streams.py", 'primary_keys = ("user_id", "id")', 'primary_keys = ("project_id", "id")'),
    ("src/tap_sample/streams.py", "user_id", "project_id"),
    ("src/tap_sample/streams.py", "UsersStream", "ProjectsStream"),
    ("src/tap_sample/streams.py", "GroupsStream", "IssuesStream"),
    ("src/tap_sample/streams.py", "users", "projects"),
    ("src/tap_sample/streams.py", "groups", "issues"),
    ("src/tap_sample/streams.py", "of the user", "of the project"),
    ("src/tap_sample/streams.py", "of the group", "of the issue"),
    (
        "src/tap_sample/streams.py",
        '"name", th.StringType, description="Name',
        '"title", th.StringType, description="Title',
    ),
    (
        "src/tap_sample/streams.py",
        """description="Title of the issue"),
    ).to_dict()
""",
        '''description="Title of the issue"),
    ).to_dict()

    @override
    def get_child_context(self, record: dict[str, Any], context: Context | None) -> dict[str, Any]:
        """Return the IDs of the issue and of its project."""
        return dict(context or {}) | {"issue_id": record["id"]}


class CommentsStream(SampleStream):
    """The comments on each of these issues."""

    name = "comments"
    path = "/projects/{project_id}/issues/{issue_id}/comments"
    parent_stream_type = IssuesStream
    primary_keys = ("project_id", "issue_id", "id")
    schema = th.PropertiesList(
        th.Property("project_id", th.IntegerType, required=True, description="ID of the project"),
        th.Property("issue_id", th.IntegerType, required=True, description="ID of the issue"),
        th.Property("id", th.IntegerType, required=True, description="ID of the comment"),
        th.Property("text", th.StringType, description="Text of the comment"),
    ).to_dict()
''',
    ),
    ("tests/source.py", '"users"', '"projects"'),
    ("tests/source.py", '"name": "Ada"', '"title": "Engine"'),
    ("tests/source.py", '"name": "Grace"', '"title": "Parser"'),
    ("tests/source.py", '"name": "Mary"', '"title": "Compiler"'),
    (
        "tests/source.py",
        """    "groups": [
        {"user_id": 1, "id": 10, "name": "Engines"},
        {"user_id": 2, "id": 10, "name": "Engines"},
        {"user_id": 2, "id": 20, "name": "Languages"},
        {"user_id": 3, "id": 30, "name": "Stars"},
    ],
""",
        """    "issues": [
        {"project_id": 1, "id": 10, "title": "Carry"},
        {"project_id": 3, "id": 30, "title": "Moth"},
    ],
    "comments": [
        {"project_id": 1, "issue_id": 10, "id": 1, "text": "Done"},
        {"project_id": 3, "issue_id": 30, "id": 2, "text": "Found"},
    ],
""",
    ),
]
