"""Sequences, sums of many numbers, and rates."""

import random

from apd.mini.math_problems import kind
from apd.mini.mathematics.wordings import LAST, NEXT
from apd.mini.steps import Draw, Step


@kind(level=3)
def nth_term(rng: random.Random) -> Draw:
    a, d, n = rng.randint(1, 20), rng.randint(2, 9), rng.randint(5, 13)
    return Draw(
        (a, d, n),
        {"a": a, "b": a + d, "c": a + 2 * d, "d": d, "n": n},
        (
            "A sequence starts with {a} and grows by {d} each time. What is term number {n}?",
            "The first term is {a}, and each one is {d} more than the one before. "
            "Find term number {n}.",
            "Starting from {a}, in steps of {d}, which number is in place {n}?",
        ),
        (
            Step(n, "-", 1, ("The number of steps is {}.", "To get there takes {} steps.")),
            Step(d, "*", n - 1, ("They add {}.", "In these steps it grows by {}.")),
            Step(a, "+", d * (n - 1), ("The term is {}.", "In that place we find {}.")),
        ),
    )


@kind(level=4)
def sum_to_n(rng: random.Random) -> Draw:
    n, c = rng.randint(4, 30), rng.randint(1, 60)
    return Draw(
        (n, c),
        {"n": n, "c": c},
        (
            "Add all whole numbers from 1 to {n} and then {c} more. What do you get?",
            "What is {c} plus the sum of the numbers 1, 2, 3 and so on up to {n}?",
            "Find the sum of the first {n} whole numbers, increased by {c}.",
        ),
        (
            Step(n, "+", 1, ("The first and the last make {}.", "The ends add to {}.")),
            Step(n, "*", n + 1, ("Twice the sum is {}.", "As pairs that is {}.")),
            Step(n * (n + 1), "/", 2, ("The sum is {}.", "Half of it is {}.")),
            Step(n * (n + 1) // 2, "+", c, LAST),
        ),
    )


@kind(level=3)
def inverse_rate(rng: random.Random) -> Draw:
    k, j, unit = rng.randint(2, 9), rng.randint(2, 9), rng.randint(1, 6)
    days = j * unit
    return Draw(
        (k, j, days),
        {"k": k, "j": j, "d": days},
        (
            "{k} machines need {d} days for a job. How many days do {j} machines need?",
            "A job takes {k} machines {d} days. How long does it take {j} machines?",
            "If {k} machines finish in {d} days, in how many days do {j} machines finish?",
        ),
        (
            Step(k, "*", days, ("One machine needs {} days.", "The work is {} days of one.")),
            Step(k * days, "/", j, ("All {j} need {} days.", "Shared among {j}, it is {}.")),
        ),
    )


@kind(level=3)
def direct_rate(rng: random.Random) -> Draw:
    k, unit, j = rng.randint(2, 9), rng.randint(2, 9), rng.randint(2, 12)
    return Draw(
        (k, unit, j),
        {"k": k, "n": k * unit, "j": j},
        (
            "{k} machines make {n} parts an hour. How many parts do {j} machines make?",
            "In an hour {n} parts come from {k} machines. How many come from {j} machines?",
            "If {n} parts are the work of {k} machines, how many parts do {j} machines make?",
        ),
        (
            Step(k * unit, "/", k, ("One machine makes {} parts.", "Each machine makes {} parts.")),
            Step(j, "*", unit, ("All {j} make {} parts.", "From {j} machines come {} parts.")),
        ),
    )


@kind(level=4)
def doubled_and_counted(rng: random.Random) -> Draw:
    n, k, t = rng.randint(2, 20), rng.randint(2, 4), rng.randint(2, 30)
    first, second = k * n, k * k * n
    return Draw(
        (n, k, t),
        {"n": n, "k": k, "t": t},
        (
            "A number starts at {n}. Twice in a row it is multiplied by {k}, then {t} is added. "
            "What is it then?",
            "Multiply {n} by {k}, multiply the result by {k} once more and add {t}.",
            "Starting with {n}, each of two hours makes a number {k} times as large; "
            "then {t} is added. What is the result?",
        ),
        (
            Step(k, "*", n, ("After one time it is {}.", "The first time gives {}.")),
            Step(k, "*", first, ("After two times it is {}.", "The second time gives {}.")),
            Step(second, "+", t, NEXT),
        ),
    )
