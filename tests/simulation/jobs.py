"""What jobs leave behind."""

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
    tokens_asked: int = 0  # ID tokens


class Jobs(dict[str, Job]):
    """The jobs of a run by id; those of a called file are `caller/called`."""

    @property
    def result(self) -> str:
        """Return `failure` if any job failed."""
        return "failure" if any(job.result == "failure" for job in self.values()) else "success"

    @property
    def log(self) -> str:
        """Return all that the jobs printed and summarized."""
        return "\n".join(f"[{name}: {job.result}]\n{job.log}\n{job.summary}" for name, job in self.items())

    def results(self) -> dict[str, str]:
        """Return the results of the file's own jobs."""
        return {name: job.result for name, job in self.items() if "/" not in name}

    def tokens_asked(self) -> dict[str, int]:
        """Return the jobs that asked for ID tokens, and for how many."""
        return {name: job.tokens_asked for name, job in self.items() if job.tokens_asked}
