"""Worked solutions: steps of one binary operation each, told in one of several wordings.

A structure draws its numbers and words and yields phrasings of the question and the solution's
steps. Wordings are chosen independently of the question: the text of a right solution is genuinely
uncertain, its numbers are not. That is what makes sampling several positions independently fail.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from apd.mini import lexicon

OPERATIONS: Mapping[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a // b,
}
OPENERS = ("", "", "So ", "Then ", "Now ")
_PROPER = frozenset(lexicon.NAMES) | frozenset(lexicon.PLACES)


@dataclass(frozen=True)
class Step:
    """``left op right = value``; ``{}`` in a wording is the equation, ``{a}`` the draw's word a."""

    left: int
    op: str
    right: int
    wordings: tuple[str, ...]

    @property
    def value(self) -> int:
        """The result, an exact integer."""
        return OPERATIONS[self.op](self.left, self.right)

    @property
    def equation(self) -> str:
        return f"{self.left} {self.op} {self.right} = {self.value}"


@dataclass(frozen=True)
class Draw:
    """One problem: the numbers that identify it, its words, phrasings (templates) and steps."""

    numbers: tuple[int, ...]
    words: Mapping[str, object]
    questions: tuple[str, ...]
    steps: tuple[Step, ...]

    @property
    def answer(self) -> int:
        return self.steps[-1].value

    def asked(self, rng: random.Random) -> str:
        """The question in one of its phrasings."""
        return rng.choice(self.questions).format(**self.words)

    def told(
        self, steps: Sequence[Step], rng: random.Random, openers: Sequence[str] = OPENERS
    ) -> str:
        """Sentences that tell ``steps`` (this draw's own, or others with the same wordings)."""
        sentences: list[str] = []
        for step in steps:
            text = rng.choice(step.wordings).format(step.equation, **self.words)
            opener = rng.choice(openers) if sentences else ""
            keep_capital = text.split()[0] in _PROPER or not opener
            sentences.append(opener + (text if keep_capital else text[0].lower() + text[1:]))
        return " ".join(sentences)
