"""What a job leaves behind."""

from dataclasses import dataclass, field

from tests.simulation.values import Outputs


@dataclass
class Job:
    """The result of a job, and what it printed and left."""

    result: str = ""  # success, failure, skipped
    log: str = ""
    summary: str = ""
    outputs: Outputs = field(default_factory=Outputs)
    environment: str = ""
    files_seen: set[str] = field(default_factory=set)  # files in the workspace at its end
    files_with_token: list[str] = field(default_factory=list)  # those that hold the job's token
    permissions: dict[str, str] = field(default_factory=dict)
