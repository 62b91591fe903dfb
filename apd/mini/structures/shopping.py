"""Buying: prices, change, discounts, profit."""

import random

from apd.mini.steps import Draw, Step
from apd.mini.structures.wordings import people, things
from apd.mini.word_problems import structure

COST_X = ("The {x} cost {} dollars.", "{a} pays {} dollars for the {x}.")
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


@structure
def discount(rng: random.Random) -> Draw:
    p, n = rng.randint(4, 20), rng.randint(2, 9)
    off = rng.randint(2, p - 2)
    return Draw(
        (p, off, n),
        people(rng) | things(rng) | {"p": p, "off": off, "n": n},
        (
            "Some {x} cost {p} dollars each, but today they are {off} dollars cheaper. "
            "How much does {a} pay for {n} {x}?",
            "{a} buys {n} {x}. Each costs {p} dollars with {off} dollars off. What does {a} pay?",
            "With {off} dollars off each, {a} buys {n} {x} that cost {p} dollars each before. "
            "How many dollars is that?",
        ),
        (
            Step(p, "-", off, ("Now the {x} cost {} dollars each.", "The new price is {} dollars.")),
            Step(n, "*", p - off, ("{a} pays {} dollars.", "For all the {x} it is {} dollars.")),
        ),
    )  # fmt: skip


@structure
def bought_and_sold(rng: random.Random) -> Draw:
    p, n = rng.randint(2, 12), rng.randint(3, 15)
    q = p + rng.randint(2, 9)
    return Draw(
        (p, q, n),
        people(rng) | things(rng) | {"p": p, "q": q, "n": n},
        (
            "{a} buys {n} {x} for {p} dollars each and sells them for {q} dollars each. "
            "How much does {a} gain?",
            "{a} sells {n} {x} at {q} dollars each that cost {a} only {p} dollars each. "
            "How many dollars does {a} gain?",
            "Every one of the {n} {x} cost {a} {p} dollars and is sold for {q} dollars. "
            "How large is the gain?",
        ),
        (
            Step(q, "-", p, ("On each {a} gains {} dollars.", "Each of the {x} brings {} dollars.")),
            Step(n, "*", q - p, ("{a} gains {} dollars.", "For all the {x} it is {} dollars.")),
        ),
    )  # fmt: skip


@structure
def price_of_some(rng: random.Random) -> Draw:
    n, p, m = rng.randint(2, 9), rng.randint(2, 9), rng.randint(2, 15)
    m = m + 1 if m == n else m
    return Draw(
        (n, n * p, m),
        people(rng) | things(rng) | {"n": n, "t": n * p, "m": m},
        (
            "{n} {x} cost {t} dollars. How much does {a} pay for {m} of the {x}?",
            "{a} wants {m} {x}. In the shop {n} {x} cost {t} dollars. How many dollars does {a} "
            "need?",
            "If {n} {x} cost {t} dollars, how many dollars must {a} pay for {m} {x}?",
        ),
        (
            Step(n * p, "/", n, ("Each of the {x} costs {} dollars.", "One costs {} dollars.")),
            Step(m, "*", p, ("{a} pays {} dollars.", "For {m} {x} it is {} dollars.")),
        ),
    )


@structure
def split_with_delivery(rng: random.Random) -> Draw:
    k, each, n = rng.randint(2, 6), rng.randint(8, 16), rng.randint(2, 7)
    p = rng.randint(2, min(12, (k * each - 2) // n))
    fee = k * each - n * p
    return Draw(
        (k, n, p, fee),
        people(rng) | things(rng) | {"k": k, "n": n, "p": p, "f": fee},
        (
            "{a} orders {n} {x} at {p} dollars each and pays {f} dollars for delivery. {k} friends "
            "split the sum equally. How many dollars does each of them pay?",
            "{k} friends share the cost of an order of {a} equally: {n} {x} for {p} dollars each, "
            "and {f} dollars for delivery. How much does each friend pay?",
            "For delivery {a} pays {f} dollars, and {p} dollars for each of {n} {x}. If {k} friends "
            "pay equal parts of it all, how much is one part?",
        ),
        (
            Step(n, "*", p, COST_X),
            Step(n * p, "+", fee, ("In all {a} pays {} dollars.", "With delivery it is {} dollars.")),
            Step(k * each, "/", k, ("Each friend pays {} dollars.", "One part is {} dollars.")),
        ),
    )  # fmt: skip
