"""Order of operations, products, squares, remainders."""

import random

from apd.mini.math_problems import kind
from apd.mini.mathematics.wordings import FIRST, LAST, NEXT
from apd.mini.steps import Draw, Step


@kind(level=1)
def order_of_operations(rng: random.Random) -> Draw:
    a, b, c = rng.randint(2, 60), rng.randint(2, 9), rng.randint(2, 12)
    return Draw(
        (a, b, c),
        {"a": a, "b": b, "c": c},
        ("Compute {a} + {b} * {c}.", "What is {a} + {b} * {c}?", "Evaluate {a} + {b} * {c}."),
        (Step(b, "*", c, FIRST), Step(a, "+", b * c, NEXT)),
    )


@kind(level=1)
def brackets(rng: random.Random) -> Draw:
    a, b, k = rng.randint(8, 30), rng.randint(2, 7), rng.randint(2, 9)
    return Draw(
        (a, b, k),
        {"a": a, "b": b, "k": k},
        ("Compute {k} * ({a} - {b}).", "What is {k} * ({a} - {b})?", "Find {k} * ({a} - {b})."),
        (Step(a, "-", b, FIRST), Step(k, "*", a - b, NEXT)),
    )


@kind(level=3)
def two_products(rng: random.Random) -> Draw:
    a, b, c, d = (rng.randint(2, 9) for _ in range(4))
    return Draw(
        (a, b, c, d),
        {"a": a, "b": b, "c": c, "d": d},
        (
            "Compute {a} * {b} + {c} * {d}.",
            "What is the sum of {a} times {b} and {c} times {d}?",
            "Add the product of {a} and {b} to the product of {c} and {d}.",
        ),
        (Step(a, "*", b, FIRST), Step(c, "*", d, NEXT), Step(a * b, "+", c * d, LAST)),
    )


@kind(level=3)
def difference_of_squares(rng: random.Random) -> Draw:
    a = rng.randint(4, 20)
    b = rng.randint(2, a - 1)
    return Draw(
        (a, b),
        {"a": a, "b": b},
        (
            "By how much is the square of {a} larger than the square of {b}?",
            "Find the difference between the squares of {a} and {b}.",
            "What do you get if you take the square of {b} from the square of {a}?",
        ),
        (
            Step(a, "*", a, ("The larger square is {}.", "One square is {}.")),
            Step(b, "*", b, ("The smaller square is {}.", "The other square is {}.")),
            Step(a * a, "-", b * b, LAST),
        ),
    )


@kind(level=1)
def remainder(rng: random.Random) -> Draw:
    m, q = rng.randint(3, 9), rng.randint(2, 12)
    r = rng.randint(1, m - 1)
    n = m * q + r
    return Draw(
        (n, m),
        {"n": n, "m": m},
        (
            "What is the remainder of {n} divided by {m}?",
            "Find the remainder when {n} is divided by {m}.",
            "{n} is divided by {m}. What remains?",
        ),
        (Step(m, "*", q, FIRST), Step(n, "-", m * q, LAST)),
    )
