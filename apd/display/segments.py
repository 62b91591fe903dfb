"""From tokens to pieces of text that say which iteration accepted them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

from apd.display.untrusted import visible

Detokenize = Callable[[Sequence[int]], str]
UNFINISHED = "\N{REPLACEMENT CHARACTER}"


class Step(Protocol):
    """What is shown of an iteration."""

    @property
    def positions(self) -> tuple[int, ...]:
        """Absolute positions of the tokens that it accepted."""
        ...


class Decoded(Protocol):
    """What is shown of a decode: a `DecodeResult` has it."""

    @property
    def prompt_length(self) -> int:
        """P, tokens in the prompt."""
        ...

    @property
    def tokens(self) -> tuple[int, ...]:
        """The generated tokens."""
        ...

    @property
    def iterations(self) -> Sequence[Step]:
        """The trace."""
        ...


@dataclass(frozen=True)
class Segment:
    """Neighbouring tokens accepted by one iteration.

    Attributes:
        iteration: which one, counted from 0.
        tokens: how many tokens.
        text: what they say; special tokens say nothing.
    """

    iteration: int
    tokens: int
    text: str

    @property
    def visible_text(self) -> str:
        """The text, safe to show."""
        return visible(self.text)


class StreamingDetokenizer:
    """Text of a sequence, token by token.

    A character may take several tokens; its text comes with the token that completes it. Each step
    decodes a short stretch only, with the piece before it as context.
    """

    def __init__(self, detokenize: Detokenize) -> None:
        self._detokenize = detokenize
        self._context: list[int] = []
        self._pending: list[int] = []

    def push(self, token: int) -> str:
        """The text that `token` completes, empty while a character is unfinished."""
        self._pending.append(token)
        text = self._pending_text()
        if text.endswith(UNFINISHED):
            return ""
        self._context, self._pending = self._pending, []
        return text

    def flush(self) -> str:
        """The text of what is left, with replacement characters for what never got finished."""
        text, self._pending = (self._pending_text() if self._pending else ""), []
        return text

    def _pending_text(self) -> str:
        before = self._detokenize(self._context)
        return self._detokenize(self._context + self._pending)[len(before) :]


def segments(result: Decoded, detokenize: Detokenize) -> list[Segment]:
    """The output's segments, in reading order, whatever order it was decoded in.

    Joined, their texts are the text of the output.
    """
    accepted_in = {
        position - result.prompt_length: number
        for number, iteration in enumerate(result.iterations)
        for position in iteration.positions
    }
    stream = StreamingDetokenizer(detokenize)
    pieces = [stream.push(token) for token in result.tokens]
    if pieces:
        pieces[-1] += stream.flush()
    owned = [(accepted_in[index], piece) for index, piece in enumerate(pieces)]
    return [
        Segment(iteration, len(group), "".join(piece for _, piece in group))
        for iteration, group in (
            (key, list(run)) for key, run in groupby(owned, key=lambda pair: pair[0])
        )
    ]
