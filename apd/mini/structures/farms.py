"""Legs, eggs, herds and rows of trees."""

import random

from apd.mini import lexicon as lex
from apd.mini.steps import Draw, Step
from apd.mini.structures.wordings import people
from apd.mini.word_problems import structure


@structure
def legs_of_animals(rng: random.Random) -> Draw:
    n, m = rng.randint(2, 20), rng.randint(2, 20)
    words = {"x": rng.choice(lex.FOUR_LEGGED), "y": rng.choice(lex.TWO_LEGGED)}
    return Draw(
        (n, m),
        people(rng) | words | {"n": n, "m": m},
        (
            "{a} has {n} {x} and {m} {y}. How many legs do they have?",
            "How many legs do the {n} {x} and {m} {y} of {a} have together?",
            "On a farm there are {m} {y} and {n} {x}. How many legs does {a} count?",
        ),
        (
            Step(4, "*", n, ("The {x} have {} legs.", "{} legs belong to the {x}.")),
            Step(2, "*", m, ("The {y} have {} legs.", "{} legs belong to the {y}.")),
            Step(4 * n, "+", 2 * m, ("{a} counts {} legs.", "In all there are {} legs.")),
        ),
    )


@structure
def eggs_into_packs(rng: random.Random) -> Draw:
    size, k, d = rng.choice((4, 6, 8, 10)), rng.randint(1, 3), rng.randint(2, 9)
    hens = size * k
    return Draw(
        (hens, d, size),
        people(rng) | {"y": rng.choice(lex.TWO_LEGGED), "n": hens, "d": d, "s": size},
        (
            "Each of the {n} {y} of {a} lays one egg a day. {a} puts {s} eggs into each carton. "
            "How many cartons does {a} fill in {d} days?",
            "{a} has {n} {y} that lay one egg a day each. How many cartons of {s} eggs does {a} "
            "fill in {d} days?",
            "For {d} days {a} collects one egg a day from each of {n} {y}. {s} eggs fit in a "
            "carton. How many cartons does {a} fill?",
        ),
        (
            Step(hens, "*", d, ("The {y} lay {} eggs.", "{a} collects {} eggs.")),
            Step(hens * d, "/", size, ("{a} fills {} cartons.", "That fills {} cartons.")),
        ),
    )


@structure
def rows_of_trees(rng: random.Random) -> Draw:
    r, t, f = rng.randint(2, 9), rng.randint(3, 9), rng.randint(2, 9)
    sold = rng.randint(2, min(r * t * f - 2, 60))
    return Draw(
        (r, t, f, sold),
        people(rng) | {"x": rng.choice(lex.FOODS[:6]), "r": r, "t": t, "f": f, "s": sold},
        (
            "{a} has {r} lines of {t} trees. Each tree bears {f} {x}, and {a} sells {s} of them. "
            "How many {x} are left?",
            "On the land of {a} stand {r} lines of {t} trees with {f} {x} on each tree. {s} {x} "
            "are sold. How many {x} does {a} keep?",
            "{a} picks {f} {x} from every tree in {r} lines of {t} trees and gives {s} {x} away. "
            "How many {x} remain?",
        ),
        (
            Step(r, "*", t, ("{a} has {} trees.", "There are {} trees.")),
            Step(f, "*", r * t, ("The trees bear {} {x}.", "That makes {} {x}.")),
            Step(r * t * f, "-", sold, ("{a} has {} {x} left.", "That leaves {} {x}.")),
        ),
    )


@structure
def herd_that_grows(rng: random.Random) -> Draw:
    n, k, sold = rng.randint(8, 30), rng.randint(2, 4), rng.randint(3, 20)
    born = k * n
    bought = rng.randint(2, 20)
    grown = n + born
    return Draw(
        (n, k, sold, bought),
        people(rng) | {"x": rng.choice(lex.ANIMALS), "n": n, "times": lex.TIMES[k], "s": sold,
                       "b": bought},
        (
            "{a} has {n} {x}. Then {times} as many are born. {a} sells {s} {x} and buys {b}. "
            "How many {x} does {a} have now?",
            "To the {n} {x} of {a}, {times} as many are born. After that {a} sells {s} of the {x} "
            "and buys {b} others. How many {x} are there?",
            "{a} starts with {n} {x}, and {times} as many are born. Then {s} {x} are sold and {b} "
            "are bought. How many {x} has {a} in the end?",
        ),
        (
            Step(k, "*", n, ("{} {x} are born.", "The young {x} are {}.")),
            Step(n, "+", born, ("With the young {a} has {} {x}.", "That makes {} {x}.")),
            Step(grown, "-", sold, ("After the sale {a} has {} {x}.", "That leaves {} {x}.")),
            Step(grown - sold, "+", bought, ("{a} has {} {x}.", "In the end it is {} {x}.")),
        ),
    )  # fmt: skip
