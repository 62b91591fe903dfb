"""Giving, losing, finding: counts of things that change."""

import random

from apd.mini import lexicon as lex
from apd.mini.steps import Draw, Step
from apd.mini.structures.wordings import LEFT, NOW, people, things
from apd.mini.word_problems import structure


@structure
def gave_and_got(rng: random.Random) -> Draw:
    n, g, b = rng.randint(15, 60), rng.randint(3, 14), rng.randint(3, 30)
    return Draw(
        (n, g, b),
        people(rng) | things(rng) | {"n": n, "g": g, "b": b},
        (
            "{a} has {n} {x}. {a} gives {g} {x} away and then buys {b} more. "
            "How many {x} does {a} have now?",
            "{a} had {n} {x}, lost {g} of them and found {b} more. "
            "How many {x} does {a} have in the end?",
            "After giving away {g} of {n} {x}, {a} gets {b} new ones. How many {x} does {a} own?",
        ),
        (Step(n, "-", g, LEFT), Step(n - g, "+", b, NOW)),
    )


@structure
def half_is_gone(rng: random.Random) -> Draw:
    half = rng.randint(4, 40)
    more = rng.randint(2, half - 1)
    return Draw(
        (2 * half, more),
        people(rng) | {"x": rng.choice(lex.FOODS), "n": 2 * half, "more": more},
        (
            "{a} has {n} {x}, sells half of them and eats {more}. How many {x} are left?",
            "Half of the {n} {x} of {a} go bad, and {a} eats {more} of the others. "
            "How many {x} remain?",
            "{a} gets {n} {x} and gives half of them away. Then {a} eats {more}. "
            "How many {x} does {a} still have?",
        ),
        (
            Step(2 * half, "/", 2, ("Half is {} {x}.", "Half of the {x} is {}.")),
            Step(half, "-", more, LEFT),
        ),
    )


@structure
def three_days(rng: random.Random) -> Draw:
    n, m, k = rng.randint(4, 40), rng.randint(4, 40), rng.randint(4, 40)
    return Draw(
        (n, m, k),
        people(rng) | things(rng) | {"n": n, "m": m, "k": k},
        (
            "{a} sells {n} {x} on Monday, {m} on Tuesday and {k} on Friday. "
            "How many {x} does {a} sell?",
            "On three days {a} finds {n}, {m} and {k} {x}. How many {x} is that in all?",
            "{a} made {n} {x} on Monday, then {m} more on Tuesday and {k} more on Friday. "
            "How many {x} did {a} make?",
        ),
        (
            Step(n, "+", m, ("On two days it is {} {x}.", "The first two days give {} {x}.")),
            Step(n + m, "+", k, ("On three days it is {} {x}.", "For {a} that makes {} {x}.")),
        ),
    )


@structure
def four_days(rng: random.Random) -> Draw:
    n, got, more = rng.randint(40, 80), rng.randint(3, 25), rng.randint(3, 25)
    lost, gone = rng.randint(2, 18), rng.randint(2, 19)
    first, second, third = n + got, n + got - lost, n + got - lost + more
    return Draw(
        (n, got, lost, more, gone),
        people(rng) | things(rng) | {"n": n, "g": got, "l": lost, "m": more, "k": gone},
        (
            "{a} has {n} {x}. On Monday {a} buys {g}, on Tuesday {a} loses {l}, on Friday {a} buys "
            "{m} and on Sunday {a} loses {k}. How many {x} does {a} have then?",
            "{a} starts with {n} {x}, finds {g} on Monday, gives {l} away on Tuesday, finds {m} on "
            "Friday and gives {k} away on Sunday. How many {x} are left?",
            "{a} owns {n} {x}. Monday brings {g} more, Tuesday takes {l}, Friday brings {m} more "
            "and Sunday takes {k}. How many {x} does {a} own in the end?",
        ),
        (
            Step(n, "+", got, ("On Monday {a} has {} {x}.", "Monday makes it {} {x}.")),
            Step(first, "-", lost, ("On Tuesday {a} has {} {x}.", "Tuesday leaves {} {x}.")),
            Step(second, "+", more, ("On Friday {a} has {} {x}.", "Friday makes it {} {x}.")),
            Step(third, "-", gone, ("On Sunday {a} has {} {x}.", "Sunday leaves {} {x}.")),
        ),
    )
