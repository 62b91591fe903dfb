"""The error that users see as one line."""


class ApdError(Exception):
    """A failure outside the caller's code: a missing file, a corrupt checkpoint, no network.

    The message is one line that says what failed and what to do about it; the command line prints
    it and exits with status 2. Values that a caller got wrong raise `ValueError` instead.
    """


class ApdWarning(UserWarning):
    """Something that a reader should know and that stops nothing: one line."""
