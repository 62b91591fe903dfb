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
from apd.mini.multiple_choice import LETTERS

REPEAT, RECALL = "repeat", "recall"
WORDS = (*lex.NAMES, *lex.PLACES, *lex.ANIMALS, *lex.ITEMS, *lex.CONTAINERS, *lex.PEOPLE)


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
    """Lettered words or digits, to be named with their letters in another order."""
    words = rng.sample("123456789", 4) if rng.random() < 0.3 else rng.sample(WORDS, 4)
    lettered = [f"{word} ({letter})" for letter, word in zip(LETTERS, words, strict=True)]
    listed = "\n".join(lettered)
    return f"Find the letters.\n{listed}", " ".join(rng.sample(lettered, len(lettered)))


def _backwards(rng: random.Random) -> tuple[str, str]:
    """A list of words, from back to front: every token is what precedes the one before it."""
    words = rng.sample(WORDS, rng.randint(4, 12))
    return f"From back to front: {' '.join(words)}", " ".join(reversed(words))


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


def _belongings(rng: random.Random) -> tuple[str, str]:
    """Who has what, asked by the thing: the owner precedes it."""
    size = rng.randint(3, 6)
    owned = list(zip(rng.sample(lex.NAMES, size), rng.sample(lex.ITEMS, size), strict=True))
    facts = ", ".join(f"{name} has {thing}" for name, thing in owned)
    link = rng.choice((" belong to ", " of ", ": "))
    told = ", ".join(f"{thing}{link}{name}" for name, thing in rng.sample(owned, size))
    return f"{facts}. Whose is what?", told


def _quoted(people: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in people) + "]"


KINDS: Mapping[str, tuple[Callable[[random.Random], tuple[str, str]], ...]] = {
    REPEAT: (_repeat,),
    RECALL: (_repeat, _names, _letters, _owners, _backwards, _belongings),
}
"""The kinds of exercise by the name that a recipe's shares use."""


def sample_recall(name: str, rng: random.Random) -> Example:
    """A random exercise of :data:`KINDS`; it has no answer to judge."""
    prompt, response = rng.choice(KINDS[name])(rng)
    return Example(name, f"{name}/{prompt}", prompt, response, {"prompt": prompt})
