"""Standard output and standard error that never end a run: closed, full, or read by nobody."""

from __future__ import annotations

import os
import sys
from typing import Any

from apd.errors import ApdError


class Output:
    """A text stream of this process that goes on, unheard, once it cannot be written to.

    Work that takes hours must not be lost because the reader of its output has gone.

    Attributes:
        trouble: why it could not be written to, once that has happened.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.trouble: OSError | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write, or drop the text."""
        try:
            return int(self._stream.write(text))
        except OSError as error:
            self._give_up(error)
            return len(text)

    def flush(self) -> None:
        """Flush, or drop what is waiting."""
        try:
            self._stream.flush()
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        """Send what is waiting, and all that follows, to nowhere."""
        self.trouble = error
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)

    @property
    def failed(self) -> bool:
        """Whether output was lost that somebody waits for: a reader that has left does not."""
        return self.trouble is not None and not isinstance(self.trouble, BrokenPipeError)


def open_streams() -> tuple[Any, Any]:
    """Put an `Output` before standard output and standard error; returns the two before.

    What the terminal's encoding lacks is written as an escape.

    Raises:
        ApdError: standard output is closed.
    """
    before = sys.stdout, sys.stderr
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if sys.stdout is None:
        raise ApdError("standard output is closed; send it to a file, or to /dev/null")
    for name in ("stdout", "stderr"):
        stream: Any = getattr(sys, name)
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
        setattr(sys, name, Output(stream))
    return before


def close_streams(before: tuple[Any, Any]) -> OSError | None:
    """Flush, and put the streams back; returns why output was lost, if it was."""
    lost = None
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, Output):
            stream.flush()
    if isinstance(sys.stdout, Output) and sys.stdout.failed:
        lost = sys.stdout.trouble
    sys.stdout, sys.stderr = before
    return lost
