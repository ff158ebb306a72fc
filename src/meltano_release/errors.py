"""What may keep a check from looking."""


class NotCheckedError(Exception):
    """Something could not be looked at; the text says what and why."""
