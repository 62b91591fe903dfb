"""Buying: sums and change."""

import random

from apd.mini.steps import Draw, Step
from apd.mini.structures.wordings import COST_X, people, things
from apd.mini.word_problems import structure

COST_Y = ("The {y} cost {} dollars.", "{a} pays {} dollars for the {y}.")
COST_Z = ("The {z} cost {} dollars.", "{a} pays {} dollars for the {z}.")
BOTH = ("Together it is {} dollars.", "The {x} and {y} cost {} dollars.")
CHANGE = ("The change is {} dollars.", "{a} has {} dollars left.")


@structure
def buy_two_kinds(rng: random.Random) -> Draw:
    n, p, m, q = (rng.randint(2, 9) for _ in range(4))
    return Draw(
        (n, p, m, q),
        people(rng) | things(rng, 2) | {"n": n, "p": p, "m": m, "q": q},
        (
            "{a} buys {n} {x} for {p} dollars each and {m} {y} for {q} dollars each. "
            "How much does {a} pay?",
            "A shop sells {x} for {p} dollars and {y} for {q} dollars each. {a} buys {n} {x} and "
            "{m} {y}. How many dollars does {a} spend?",
            "How much do {n} {x} at {p} dollars each and {m} {y} at {q} dollars each cost {a} "
            "together?",
        ),
        (Step(n, "*", p, COST_X), Step(m, "*", q, COST_Y), Step(n * p, "+", m * q, BOTH)),
    )


@structure
def buy_three_kinds(rng: random.Random) -> Draw:
    n, p, m, q, k, r = (rng.randint(2, 9) for _ in range(6))
    words = people(rng) | things(rng, 3) | {"n": n, "p": p, "m": m, "q": q, "k": k, "r": r}
    return Draw(
        (n, p, m, q, k, r),
        words,
        (
            "{a} buys {n} {x} for {p} dollars each, {m} {y} for {q} dollars each and {k} {z} for "
            "{r} dollars each. How much does {a} pay?",
            "A shop sells {x} for {p} dollars, {y} for {q} dollars and {z} for {r} dollars each. "
            "{a} buys {n} {x}, {m} {y} and {k} {z}. How many dollars does {a} spend?",
            "How much do {n} {x} at {p} dollars, {m} {y} at {q} dollars and {k} {z} at {r} dollars "
            "each cost {a} together?",
        ),
        (
            Step(n, "*", p, COST_X),
            Step(m, "*", q, COST_Y),
            Step(k, "*", r, COST_Z),
            Step(n * p, "+", m * q, BOTH),
            Step(n * p + m * q, "+", k * r, ("In all {a} pays {} dollars.", "With the {z} it is {}.")),
        ),
    )  # fmt: skip


@structure
def change_from_bill(rng: random.Random) -> Draw:
    n, p = rng.randint(2, 9), rng.randint(2, 9)
    bill = 100 if n * p >= 50 else rng.choice((50, 100))
    return Draw(
        (n, p, bill),
        people(rng) | things(rng) | {"n": n, "p": p, "bill": bill},
        (
            "{a} buys {n} {x} at {p} dollars each and pays with {bill} dollars. "
            "How much change does {a} get?",
            "In a shop {x} cost {p} dollars each. {a} has {bill} dollars and buys {n} {x}. "
            "How many dollars are left?",
            "{a} has {bill} dollars and spends some of it on {n} {x} for {p} dollars each. "
            "How much money remains?",
        ),
        (Step(n, "*", p, COST_X), Step(bill, "-", n * p, CHANGE)),
    )


@structure
def change_after_two_kinds(rng: random.Random) -> Draw:
    n, p, m, q = (rng.randint(2, 9) for _ in range(4))
    bill = 200 if n * p + m * q >= 100 else rng.choice((100, 200))
    return Draw(
        (n, p, m, q, bill),
        people(rng) | things(rng, 2) | {"n": n, "p": p, "m": m, "q": q, "bill": bill},
        (
            "{a} buys {n} {x} at {p} dollars each and {m} {y} at {q} dollars each and pays with "
            "{bill} dollars. How much change does {a} get?",
            "In a shop {x} cost {p} dollars and {y} cost {q} dollars each. {a} has {bill} dollars "
            "and buys {n} {x} and {m} {y}. How many dollars are left?",
            "{a} spends some of {bill} dollars on {n} {x} for {p} dollars each and {m} {y} for {q} "
            "dollars each. How much money remains?",
        ),
        (
            Step(n, "*", p, COST_X),
            Step(m, "*", q, COST_Y),
            Step(n * p, "+", m * q, BOTH),
            Step(bill, "-", n * p + m * q, CHANGE),
        ),
    )
