"""Liters in vessels and meters of fence."""

import random

from apd.mini import lexicon as lex
from apd.mini.steps import Draw, Step
from apd.mini.structures.wordings import people
from apd.mini.word_problems import structure


@structure
def filling_vessel(rng: random.Random) -> Draw:
    r, t, had = rng.randint(2, 12), rng.randint(2, 9), rng.randint(5, 50)
    return Draw(
        (r, t, had),
        {"x": rng.choice(lex.VESSELS), "r": r, "t": t, "had": had},
        (
            "A {x} holds {had} liters. A pipe adds {r} liters a minute for {t} minutes. "
            "How many liters are in the {x} then?",
            "There are {had} liters of water in a {x}. Each minute {r} liters flow in. "
            "How many liters are there after {t} minutes?",
            "Water runs into a {x} at {r} liters per minute. It had {had} liters at first. "
            "How much is in it after {t} minutes?",
        ),
        (
            Step(r, "*", t, ("The pipe adds {} liters.", "In {t} minutes {} liters flow in.")),
            Step(r * t, "+", had, ("The {x} has {} liters.", "In the {x} there are {} liters.")),
        ),
    )


@structure
def vessel_in_and_out(rng: random.Random) -> Draw:
    r, t, had = rng.randint(4, 12), rng.randint(3, 9), rng.randint(5, 50)
    s, u = rng.randint(2, 4), rng.randint(2, 6)
    full = had + r * t
    return Draw(
        (r, t, s, u, had),
        {"x": rng.choice(lex.VESSELS), "r": r, "t": t, "s": s, "u": u, "had": had},
        (
            "A {x} holds {had} liters. A pipe adds {r} liters a minute for {t} minutes. Then {s} "
            "liters a minute run out for {u} minutes. How many liters are in the {x}?",
            "Into a {x} with {had} liters flow {r} liters a minute for {t} minutes. After that it "
            "loses {s} liters a minute for {u} minutes. How much is left in it?",
            "For {t} minutes a {x} gets {r} liters a minute, then for {u} minutes it loses {s} "
            "liters a minute. At first it had {had} liters. How many has it in the end?",
        ),
        (
            Step(r, "*", t, ("In {t} minutes {} liters flow in.", "The {x} gets {} liters.")),
            Step(had, "+", r * t, ("The {x} holds {} liters.", "That makes {} liters.")),
            Step(s, "*", u, ("In {u} minutes {} liters run out.", "The {x} loses {} liters.")),
            Step(full, "-", s * u, ("In the {x} are {} liters.", "That leaves {} liters.")),
        ),
    )


@structure
def rectangle_fence(rng: random.Random) -> Draw:
    n, m = rng.randint(3, 40), rng.randint(3, 40)
    return Draw(
        (n, m),
        people(rng) | {"x": rng.choice(lex.FIELDS), "n": n, "m": m},
        (
            "{a} has a {x} {n} meters long and {m} meters wide. How long is a fence around it?",
            "How many meters of fence does {a} need around a {x} of {n} by {m} meters?",
            "A {x} is {n} meters long and {m} meters wide. {a} walks around it once. "
            "How many meters is that?",
        ),
        (
            Step(n, "+", m, ("Two sides are {} meters.", "Length and width make {} meters.")),
            Step(2, "*", n + m, ("Around the {x} it is {} meters.", "Twice that is {} meters.")),
        ),
    )


@structure
def fence_cost(rng: random.Random) -> Draw:
    n, m, p = rng.randint(3, 25), rng.randint(3, 25), rng.randint(2, 9)
    return Draw(
        (n, m, p),
        people(rng) | {"x": rng.choice(lex.FIELDS), "n": n, "m": m, "p": p},
        (
            "{a} puts a fence around a {x} {n} meters long and {m} meters wide. A meter of fence "
            "costs {p} dollars. How much does {a} pay?",
            "How many dollars does {a} pay for a fence around a {x} of {n} by {m} meters at {p} "
            "dollars a meter?",
            "Fence costs {p} dollars a meter. {a} needs it all around a {x} that is {n} meters "
            "long and {m} meters wide. What is the price?",
        ),
        (
            Step(n, "+", m, ("Two sides are {} meters.", "Length and width make {} meters.")),
            Step(2, "*", n + m, ("Around the {x} it is {} meters.", "Twice that is {} meters.")),
            Step(p, "*", 2 * (n + m), ("{a} pays {} dollars.", "The fence costs {} dollars.")),
        ),
    )
