"""Groups of people, herds of animals, rows of trees."""

import random

from apd.mini import lexicon as lex
from apd.mini.steps import Draw, Step
from apd.mini.structures.wordings import people
from apd.mini.word_problems import structure


def group(rng: random.Random) -> dict[str, str]:
    """A kind of group, in plural and singular, and who belongs to it."""
    name = rng.choice(lex.GROUPS)
    return {"g": name, "one": lex.SINGULAR[name], "who": rng.choice(lex.PEOPLE)}


@structure
def groups_of_people(rng: random.Random) -> Draw:
    k, n, add = rng.randint(2, 9), rng.randint(4, 20), rng.randint(2, 15)
    return Draw(
        (k, n, add),
        group(rng) | {"k": k, "n": n, "add": add},
        (
            "There are {k} {g} with {n} {who} in each {one}. Then {add} more {who} come. "
            "How many {who} are there?",
            "{k} {g} bring {n} {who} each, and {add} {who} come alone. How many {who} come?",
            "Each {one} has {n} {who}. How many {who} are in {k} {g} and a last one with {add}?",
        ),
        (
            Step(k, "*", n, ("The {g} have {} {who}.", "In {k} {g} there are {} {who}.")),
            Step(k * n, "+", add, ("In all there are {} {who}.", "That makes {} {who}.")),
        ),
    )


@structure
def two_kinds_of_groups(rng: random.Random) -> Draw:
    k, n, j, m = rng.randint(2, 9), rng.randint(4, 15), rng.randint(2, 9), rng.randint(4, 15)
    total = k * n + j * m
    gone = rng.randint(3, min(total - 2, 40))
    g, h = rng.sample(lex.GROUPS, 2)
    return Draw(
        (k, n, j, m, gone),
        {"g": g, "h": h, "who": rng.choice(lex.PEOPLE), "k": k, "n": n, "j": j, "m": m, "l": gone},
        (
            "There are {k} {g} with {n} {who} each and {j} {h} with {m} {who} each. Then {l} {who} "
            "go home. How many {who} are left?",
            "{k} {g} bring {n} {who} each and {j} {h} bring {m} {who} each. {l} of the {who} leave. "
            "How many stay?",
            "Of the {who} in {k} {g} with {n} each and {j} {h} with {m} each, {l} are away. "
            "How many {who} are there?",
        ),
        (
            Step(k, "*", n, ("The {g} have {} {who}.", "In {k} {g} there are {} {who}.")),
            Step(j, "*", m, ("The {h} have {} {who}.", "In {j} {h} there are {} {who}.")),
            Step(k * n, "+", j * m, ("In all there are {} {who}.", "Together it is {} {who}.")),
            Step(total, "-", gone, ("That leaves {} {who}.", "{} {who} are still there.")),
        ),
    )


@structure
def seats_needed(rng: random.Random) -> Draw:
    n, k = rng.randint(3, 12), rng.randint(2, 9)
    first = rng.randint(2, n * k - 2)
    second = n * k - first
    who, other = rng.sample(lex.PEOPLE, 2)
    g = rng.choice(lex.SEATS)
    words = {"u": who, "v": other, "g": g, "one": lex.SINGULAR[g]}
    return Draw(
        (first, second, n),
        words | {"i": first, "j": second, "n": n},
        (
            "{i} {u} and {j} {v} travel. Each {one} takes {n} people. How many {g} do they need?",
            "A trip has {i} {u} and {j} {v}. How many {g} are needed if {n} people fit in each?",
            "{n} people fit in each of the {g}. How many {g} are filled by {i} {u} and {j} {v}?",
        ),
        (
            Step(first, "+", second, ("There are {} people.", "The {u} and {v} are {} people.")),
            Step(n * k, "/", n, ("They need {} {g}.", "{} {g} are needed.")),
        ),
    )


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
