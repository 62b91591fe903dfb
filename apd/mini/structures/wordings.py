"""Words and wordings that several structures share; ``{}`` stands for the equation."""

import random

from apd.mini import lexicon as lex

ALL_OF_TWO = (
    "Together {a} and {b} have {} {x}.",
    "{a} and {b} have {} {x} in all.",
    "In total that makes {} {x}.",
)
ALL_OF_THREE = (
    "Together {a}, {b} and {c} have {} {x}.",
    "All three have {} {x}.",
    "In total that makes {} {x}.",
)
FIRST_TWO = ("{a} and {b} have {} {x}.", "{a} and {b} together have {} {x}.")
COST_X = ("The {x} cost {} dollars.", "{a} pays {} dollars for the {x}.")
LEFT = ("{a} has {} {x} left.", "That leaves {} {x}.", "What {a} keeps is {} {x}.")
NOW = ("{a} has {} {x}.", "That makes {} {x}.", "With those {a} has {} {x}.")


def people(rng: random.Random, count: int = 1) -> dict[str, str]:
    """Different first names a, b, c …"""
    return dict(zip("abcd", rng.sample(lex.NAMES, count), strict=False))


def places(rng: random.Random, count: int) -> dict[str, str]:
    """Different places a, b, c …"""
    return dict(zip("abcd", rng.sample(lex.PLACES, count), strict=False))


def things(rng: random.Random, count: int = 1) -> dict[str, str]:
    """Different things x, y, z."""
    return dict(zip("xyz", rng.sample(lex.ITEMS, count), strict=False))


def containers(rng: random.Random) -> dict[str, str]:
    """Two different kinds of container."""
    box, bag = rng.sample(lex.CONTAINERS, 2)
    return {"box": box, "bag": bag}
