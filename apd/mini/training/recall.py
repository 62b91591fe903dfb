"""Copying and looking up: what the models are trained on first.

The suite's tasks ask for names, things and letters found elsewhere in the question. A network
learns that late from problems in which it is one token in ten: after a thousand steps of 64
examples it had not begun. From texts that only repeat themselves it learns it in some 250 steps of
32, as the induction heads of large models appear early on repetitive text. These exercises belong
to training only; no test set has them.
"""

import random
from collections.abc import Callable, Mapping, Sequence

from apd.mini import lexicon as lex
from apd.mini.example import Example

REPEAT, RECALL = "repeat", "recall"
WORDS = (*lex.NAMES, *lex.PLACES, *lex.ANIMALS, *lex.ITEMS, *lex.CONTAINERS, *lex.PEOPLE)
LETTERS = "ABCDEFGHIJKLMN"


def _repeat(rng: random.Random) -> tuple[str, str]:
    """A list of words, to be written again: every token follows from the one before it."""
    text = " ".join(rng.choices(WORDS, k=rng.randint(14, 22)))
    return f"Write this again: {text}", text


def _names(rng: random.Random) -> tuple[str, str]:
    """Full names, to be written in another order: the last name follows from the first."""
    size = rng.randint(3, 8)
    firsts, lasts = rng.sample(lex.LINE_NAMES, size), rng.choices(lex.LAST_NAMES, k=size)
    people = [f"{first} {last}" for first, last in zip(firsts, lasts, strict=True)]
    return f"Who is here? {_quoted(people)}", _quoted(rng.sample(people, size))


def _letters(rng: random.Random) -> tuple[str, str]:
    """Lettered words or digits, to be named with their letters in another order.

    The letter stands before its word. To look up what precedes is learned later than what follows,
    and alone it drives out what was learned before: hence mixed with the others, and twice.
    """
    words = rng.sample(WORDS, rng.randint(8, 14))
    if rng.random() < 0.3:
        words = rng.sample("123456789", rng.randint(4, 9))
    lettered = list(zip(LETTERS, words, strict=False))
    listed = "\n".join(f"({letter}) {word}" for letter, word in lettered)
    asked = " ".join(f"{word} ({letter})" for letter, word in rng.sample(lettered, len(lettered)))
    return f"Find the letters.\n{listed}", asked


def _owners(rng: random.Random) -> tuple[str, str]:
    """Who has what, told in another order."""
    size = rng.randint(3, 6)
    facts = [
        f"{name} has {thing}"
        for name, thing in zip(
            rng.sample(lex.NAMES, size), rng.sample(lex.ITEMS, size), strict=True
        )
    ]
    told = ", ".join(rng.sample(facts, size))
    return f"{', '.join(facts)}. Who has what?", told


def _quoted(people: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in people) + "]"


KINDS: Mapping[str, tuple[Callable[[random.Random], tuple[str, str]], ...]] = {
    REPEAT: (_repeat,),
    RECALL: (_repeat, _names, _letters, _letters, _owners),
}
"""The kinds of exercise by the name that a recipe's shares use."""


def sample_recall(name: str, rng: random.Random) -> Example:
    """A random exercise of :data:`KINDS`; it has no answer to judge."""
    prompt, response = rng.choice(KINDS[name])(rng)
    return Example(name, f"{name}/{prompt}", prompt, response, {"prompt": prompt})
