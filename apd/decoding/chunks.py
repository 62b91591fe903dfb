"""How much of a lookahead is verified at a time."""

from collections.abc import Iterator

SMALLEST = 4


class VerificationPace:
    """Cuts lookaheads into chunks, sized by how much was accepted lately.

    Acceptance stops at the first disagreement, so what lies behind it need not be computed: output
    layer, nucleus, noise and verifier see one chunk, and the next only if all of it was accepted.
    Tokens do not depend on the sizes, only time does.

    Args:
        size: positions in every chunk; None adapts to an average of recent acceptance lengths and
            doubles from chunk to chunk.
    """

    def __init__(self, size: int | None) -> None:
        self._size = size
        self._expected = 2.0 * SMALLEST  # tokens accepted in an iteration

    def chunks(self, start: int, stop: int) -> Iterator[range]:
        """Positions start..stop-1, chunk by chunk."""
        length = self._size or max(SMALLEST, 2 * round(self._expected) + 2)
        while start < stop:
            chunk = range(start, min(start + length, stop))
            yield chunk
            start = chunk.stop
            length = self._size or 2 * length

    def note(self, accepted: int) -> None:
        """Learn from an iteration that accepted so many tokens."""
        self._expected += (accepted - self._expected) / 4
