"""What jobs leave behind."""

from dataclasses import dataclass, field


@dataclass
class Job:
    """The result of a job, and what it printed and left."""

    result: str = ""  # success, failure, skipped; empty if act did not come to it
    log: str = ""
    summary: str = ""
    annotations: list[str] = field(default_factory=list)  # what act took for a command `error`, `warning` or `notice`
    outputs: dict[str, str] = field(default_factory=dict)
    tokens_asked: int = 0  # ID tokens


class Jobs(dict[str, Job]):
    """The jobs of a run by their IDs."""

    @property
    def result(self) -> str:
        """Return `failure` if any job failed."""
        return "failure" if any(job.result == "failure" for job in self.values()) else "success"

    @property
    def log(self) -> str:
        """Return all that the jobs printed and summarized."""
        return "\n".join(f"[{name}: {job.result}]\n{job.log}\n{job.summary}" for name, job in self.items())

    def results(self) -> dict[str, str]:
        """Return the results of the jobs."""
        return {name: job.result for name, job in self.items()}

    def tokens_asked(self) -> dict[str, int]:
        """Return the jobs that asked for ID tokens, and for how many."""
        return {name: job.tokens_asked for name, job in self.items() if job.tokens_asked}
