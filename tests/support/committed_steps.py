"""What a decode committed step by step, to be compared with a naive version of its decoder."""

from apd.decoding import DecodeResult

Step = list[tuple[int, int]]  # (position, token) pairs committed at once


def steps_of(result: DecodeResult) -> list[Step]:
    """The steps of a decode, in order."""
    return [list(zip(i.positions, i.accepted, strict=True)) for i in result.iterations]
