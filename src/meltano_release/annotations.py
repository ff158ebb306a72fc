"""Annotations of a workflow's run, which GitHub shows above the log.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""


def annotate(level: str, title: str, sentence: str) -> None:
    """Print an annotation (`error`, `warning` or `notice`) that no value in the sentence can break out of."""
    escaped = sentence.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    print(f"::{level} title={title}::{escaped}")
