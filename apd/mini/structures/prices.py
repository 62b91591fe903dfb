"""Prices: discounts, gains, the price of one, equal parts."""

import random

from apd.mini.steps import Draw, Step
from apd.mini.structures.wordings import COST_X, people, things
from apd.mini.word_problems import structure


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
