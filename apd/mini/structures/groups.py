"""Groups of people and the seats they need."""

import random

from apd.mini import lexicon as lex
from apd.mini.steps import Draw, Step
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
