"""What goes wrong in a run: on GitHub, or because the simulation does not know something."""


class UnsupportedError(Exception):
    """The workflow uses something that the simulation does not know."""


class InvalidWorkflowError(Exception):
    """GitHub refuses the workflow file or the request before any job starts."""


class ExpressionError(InvalidWorkflowError):
    """GitHub cannot parse or evaluate an expression."""


class StepFailedError(Exception):
    """A step failed; the text is what the user sees."""
