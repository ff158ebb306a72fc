"""What the simulation does not know."""


class UnsupportedError(Exception):
    """The workflow uses something that the simulation does not know."""
