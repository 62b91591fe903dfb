"""Fractions, percentages, averages and ratios."""

import math
import random

from apd.mini.math_problems import kind
from apd.mini.mathematics.wordings import FIRST, LAST, NEXT
from apd.mini.steps import Draw, Step


@kind(level=2)
def fraction_of(rng: random.Random) -> Draw:
    d, part = rng.randint(3, 9), rng.randint(2, 12)
    k = rng.choice([k for k in range(2, d) if math.gcd(k, d) == 1])
    return Draw(
        (k, d, d * part),
        {"k": k, "d": d, "n": d * part},
        ("What is {k}/{d} of {n}?", "Find {k}/{d} of {n}.", "How much is {k}/{d} of {n}?"),
        (
            Step(d * part, "/", d, ("One part is {}.", "We divide first: {}.")),
            Step(k, "*", part, ("All {k} parts are {}.", "We take {k} of them: {}.")),
        ),
    )


@kind(level=3)
def percentage(rng: random.Random) -> Draw:
    p, part = rng.choice((10, 20, 25, 50)), rng.randint(2, 40)
    share = 100 // p
    return Draw(
        (p, share * part),
        {"p": p, "n": share * part},
        ("What is {p}% of {n}?", "Find {p} percent of {n}.", "How much is {p}% of {n}?"),
        (
            Step(100, "/", p, ("The share is one in {}.", "We first need {}.")),
            Step(share * part, "/", share, ("Of the number that is {}.", "This share is {}.")),
        ),
    )


@kind(level=2)
def mean_of_three(rng: random.Random) -> Draw:
    mean = rng.randint(5, 40)
    a = rng.randint(2, 2 * mean)
    b = rng.randint(1, 3 * mean - a - 1)
    c = 3 * mean - a - b
    return Draw(
        (a, b, c),
        {"a": a, "b": b, "c": c},
        (
            "What is the mean of {a}, {b} and {c}?",
            "Find the average of the numbers {a}, {b} and {c}.",
            "The numbers {a}, {b} and {c} have which mean?",
        ),
        (
            Step(a, "+", b, FIRST),
            Step(a + b, "+", c, ("The sum is {}.", "All three make {}.")),
            Step(3 * mean, "/", 3, LAST),
        ),
    )


@kind(level=4)
def missing_for_the_mean(rng: random.Random) -> Draw:
    mean = rng.randint(5, 40)
    a = rng.randint(2, 2 * mean)
    b = rng.randint(1, 3 * mean - a - 1)
    return Draw(
        (mean, a, b),
        {"m": mean, "a": a, "b": b},
        (
            "The mean of three numbers is {m}. Two of them are {a} and {b}. Find the third.",
            "Three numbers have the average {m}. One is {a}, one is {b}. What is the last one?",
            "{a}, {b} and a third number have the mean {m}. What is the third number?",
        ),
        (
            Step(3, "*", mean, ("The sum of all is {}.", "All three make {}.")),
            Step(3 * mean, "-", a, NEXT),
            Step(3 * mean - a, "-", b, LAST),
        ),
    )


@kind(level=4)
def shared_in_a_ratio(rng: random.Random) -> Draw:
    p = rng.randint(1, 5)
    q, part = rng.randint(p + 1, 8), rng.randint(2, 20)
    return Draw(
        (p, q, part),
        {"p": p, "q": q, "n": (p + q) * part},
        (
            "{n} is divided in the ratio {q} to {p}. What is the larger part?",
            "Split {n} in the ratio {p} to {q}. How large is the larger part?",
            "Two parts of {n} stand in the ratio {q} to {p}. Find the larger one.",
        ),
        (
            Step(p, "+", q, ("The shares are {}.", "In all there are {} shares.")),
            Step((p + q) * part, "/", p + q, ("One share is {}.", "Each share is {}.")),
            Step(q, "*", part, ("The larger part is {}.", "For {q} shares that is {}.")),
        ),
    )
