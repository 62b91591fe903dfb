"""Boxes, bags and baskets: filled, sold, compared."""

import random

from apd.mini.steps import Draw, Step
from apd.mini.structures.wordings import LEFT, NOW, containers, people, things
from apd.mini.word_problems import structure

FILLED = ("The {box} hold {} {x}.", "In the {box} there are {} {x}.")
OTHERS = ("The {bag} hold {} {x}.", "In the {bag} there are {} {x}.")


@structure
def full_containers(rng: random.Random) -> Draw:
    k, n, extra = rng.randint(2, 9), rng.randint(3, 20), rng.randint(3, 30)
    return Draw(
        (k, n, extra),
        people(rng) | things(rng) | containers(rng) | {"k": k, "n": n, "e": extra},
        (
            "{a} has {k} {box} with {n} {x} in each and {e} loose {x}. How many {x} is that?",
            "In the house of {a} there are {k} {box} of {n} {x} each, and {e} {x} on the floor. "
            "How many {x} are there?",
            "{a} fills {k} {box} with {n} {x} each and still has {e} {x}. "
            "How many {x} does {a} have?",
        ),
        (Step(k, "*", n, FILLED), Step(k * n, "+", extra, ("In all {a} has {} {x}.", *NOW))),
    )


@structure
def sold_from_containers(rng: random.Random) -> Draw:
    k, n = rng.randint(3, 9), rng.randint(5, 12)
    sold = rng.randint(3, min(k * n - 2, 40))
    return Draw(
        (k, n, sold),
        people(rng) | things(rng) | containers(rng) | {"k": k, "n": n, "s": sold},
        (
            "{a} has {k} {box} with {n} {x} each and sells {s} {x}. How many {x} are left?",
            "{a} gets {k} {box} of {n} {x} and eats or sells {s} of the {x}. How many remain?",
            "From {k} {box} of {n} {x} each, {a} sells {s} {x}. How many {x} does {a} keep?",
        ),
        (Step(k, "*", n, FILLED), Step(k * n, "-", sold, LEFT)),
    )


@structure
def sold_and_bought(rng: random.Random) -> Draw:
    k, n, bought = rng.randint(3, 9), rng.randint(5, 12), rng.randint(3, 30)
    sold = rng.randint(3, min(k * n - 2, 40))
    return Draw(
        (k, n, sold, bought),
        people(rng) | things(rng) | containers(rng) | {"k": k, "n": n, "s": sold, "b": bought},
        (
            "{a} has {k} {box} with {n} {x} each, sells {s} {x} and buys {b}. "
            "How many {x} does {a} have now?",
            "{a} fills {k} {box} with {n} {x} each. Then {s} {x} are sold and {b} are bought. "
            "How many {x} does {a} have?",
            "The {k} {box} of {a} hold {n} {x} each. {a} gives {s} {x} away and gets {b} new ones. "
            "How many {x} is that?",
        ),
        (
            Step(k, "*", n, FILLED),
            Step(k * n, "-", sold, LEFT),
            Step(k * n - sold, "+", bought, NOW),
        ),
    )


@structure
def two_kinds_of_containers(rng: random.Random) -> Draw:
    k, n, j, m = rng.randint(2, 9), rng.randint(3, 15), rng.randint(2, 9), rng.randint(3, 15)
    return Draw(
        (k, n, j, m),
        people(rng) | things(rng) | containers(rng) | {"k": k, "n": n, "j": j, "m": m},
        (
            "{a} has {k} {box} with {n} {x} each and {j} {bag} with {m} {x} each. "
            "How many {x} does {a} have?",
            "{k} {box} of {a} hold {n} {x} each and {j} {bag} hold {m} {x} each. "
            "How many {x} is that in all?",
            "{a} buys {k} {box} and {j} {bag} of {x}. There are {n} in each of the {box} and {m} "
            "in each of the {bag}. How many {x} does {a} buy?",
        ),
        (
            Step(k, "*", n, FILLED),
            Step(j, "*", m, OTHERS),
            Step(k * n, "+", j * m, ("In all {a} has {} {x}.", "Together that makes {} {x}.")),
        ),
    )


@structure
def containers_given_away(rng: random.Random) -> Draw:
    k, n = rng.randint(4, 12), rng.randint(3, 15)
    j = rng.randint(2, k - 2)
    return Draw(
        (k, n, j),
        people(rng, 2) | things(rng) | containers(rng) | {"k": k, "n": n, "j": j},
        (
            "{a} has {k} {box} with {n} {x} in each and gives {j} {box} to {b}. "
            "How many {x} does {a} have left?",
            "Of {k} {box} with {n} {x} each, {a} hands {j} {box} to {b}. "
            "How many {x} does {a} keep?",
            "{a} packs {n} {x} into each of {k} {box}. {b} takes {j} of the {box}. "
            "How many {x} stay with {a}?",
        ),
        (
            Step(k, "-", j, ("{a} keeps {} {box}.", "That leaves {a} {} {box}.")),
            Step(n, "*", k - j, ("They hold {} {x}.", "The {x} that stay with {a} are {}.")),
        ),
    )


@structure
def difference_of_containers(rng: random.Random) -> Draw:
    k, n, j, m = rng.randint(4, 9), rng.randint(8, 15), rng.randint(2, 8), rng.randint(3, 8)
    j = min(j, (k * n - 1) // m)
    return Draw(
        (k, n, j, m),
        people(rng, 2) | things(rng) | containers(rng) | {"k": k, "n": n, "j": j, "m": m},
        (
            "{a} has {k} {box} with {n} {x} each. {b} has {j} {bag} with {m} {x} each. "
            "How many more {x} does {a} have?",
            "{b} fills {j} {bag} with {m} {x} each and {a} fills {k} {box} with {n} {x} each. "
            "By how many {x} does {a} have more?",
            "How many {x} more than {b} has {a}, if {a} has {k} {box} of {n} {x} and {b} has {j} "
            "{bag} of {m}?",
        ),
        (
            Step(k, "*", n, ("{a} has {} {x}.", "The {box} of {a} hold {} {x}.")),
            Step(j, "*", m, ("{b} has {} {x}.", "The {bag} of {b} hold {} {x}.")),
            Step(k * n, "-", j * m, ("{a} has {} {x} more.", "The difference is {} {x}.")),
        ),
    )
