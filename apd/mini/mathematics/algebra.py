"""Unknown numbers, functions, and operations defined in the question."""

import random

from apd.mini.math_problems import kind
from apd.mini.mathematics.wordings import FIRST, LAST, NEXT
from apd.mini.steps import Draw, Step


@kind(level=2)
def linear(rng: random.Random) -> Draw:
    m, x, c = rng.randint(2, 9), rng.randint(2, 15), rng.randint(2, 40)
    return Draw(
        (m, x, c),
        {"m": m, "c": c, "r": m * x + c},
        ("Solve {m}x + {c} = {r}.", "Find x if {m}x + {c} = {r}.", "{m}x + {c} = {r}. What is x?"),
        (
            Step(m * x + c, "-", c, ("We know that {m}x is {}.", "The part with x is {}.")),
            Step(m * x, "/", m, ("So x is {}.", "That makes x = {}.")),
        ),
    )


@kind(level=2)
def linear_with_minus(rng: random.Random) -> Draw:
    m, x = rng.randint(2, 9), rng.randint(4, 15)
    c = rng.randint(2, m * x - 2)
    return Draw(
        (m, x, c),
        {"m": m, "c": c, "r": m * x - c},
        ("Solve {m}x - {c} = {r}.", "Find x if {m}x - {c} = {r}.", "{m}x - {c} = {r}. What is x?"),
        (
            Step(m * x - c, "+", c, ("We know that {m}x is {}.", "The part with x is {}.")),
            Step(m * x, "/", m, ("So x is {}.", "That makes x = {}.")),
        ),
    )


@kind(level=2)
def function_value(rng: random.Random) -> Draw:
    m, x, c = rng.randint(2, 9), rng.randint(2, 15), rng.randint(2, 40)
    return Draw(
        (m, x, c),
        {"m": m, "x": x, "c": c},
        (
            "Let f(x) = {m}x + {c}. Find f({x}).",
            "If f(x) = {m}x + {c}, what is f({x})?",
            "What is f({x}) for f(x) = {m}x + {c}?",
        ),
        (Step(m, "*", x, FIRST), Step(m * x, "+", c, NEXT)),
    )


@kind(level=3)
def composition(rng: random.Random) -> Draw:
    m, x, c = rng.randint(2, 9), rng.randint(2, 15), rng.randint(2, 30)
    plus_first = rng.random() < 0.5
    outer, inner = ("g", "f") if plus_first else ("f", "g")
    plus_then_times = (Step(x, "+", c, FIRST), Step(m, "*", x + c, NEXT))
    times_then_plus = (Step(m, "*", x, FIRST), Step(m * x, "+", c, NEXT))
    return Draw(
        (int(plus_first), m, x, c),
        {"m": m, "x": x, "c": c, "o": outer, "i": inner},
        (
            "Let f(x) = x + {c} and g(x) = {m}x. Find {o}({i}({x})).",
            "If g(x) = {m}x and f(x) = x + {c}, what is {o}({i}({x}))?",
            "What is {o}({i}({x})) for f(x) = x + {c} and g(x) = {m}x?",
        ),
        plus_then_times if plus_first else times_then_plus,
    )


@kind(level=3)
def undo_times_plus(rng: random.Random) -> Draw:
    m, x, c = rng.randint(2, 9), rng.randint(2, 15), rng.randint(2, 40)
    return Draw(
        (m, x, c),
        {"m": m, "c": c, "r": m * x + c},
        (
            "A number is multiplied by {m}, then {c} is added. The result is {r}. "
            "What is the number?",
            "I multiply a number by {m} and add {c} to that. I get {r}. Find the number.",
            "Which number gives {r} if it is multiplied by {m} and {c} is added after that?",
        ),
        (Step(m * x + c, "-", c, FIRST), Step(m * x, "/", m, LAST)),
    )


@kind(level=3)
def undo_plus_times(rng: random.Random) -> Draw:
    m, x, c = rng.randint(2, 9), rng.randint(2, 20), rng.randint(2, 20)
    return Draw(
        (m, x, c),
        {"m": m, "c": c, "r": m * (x + c)},
        (
            "To a number {c} is added, then the sum is multiplied by {m}. The result is {r}. "
            "What is the number?",
            "I add {c} to a number and multiply all of that by {m}. I get {r}. Find the number.",
            "Which number gives {r} if {c} is added to it and the sum is multiplied by {m}?",
        ),
        (Step(m * (x + c), "/", m, FIRST), Step(x + c, "-", c, LAST)),
    )


@kind(level=4)
def new_operation(rng: random.Random) -> Draw:
    m, x, y = rng.randint(2, 9), rng.randint(2, 15), rng.randint(2, 15)
    return Draw(
        (m, x, y),
        {"m": m, "x": x, "y": y},
        (
            "Let a # b mean {m} times the sum of a and b. What is {x} # {y}?",
            "The sign # adds two numbers and multiplies the sum by {m}. Find {x} # {y}.",
            "If a # b = {m}(a + b), what is {x} # {y}?",
        ),
        (Step(x, "+", y, FIRST), Step(m, "*", x + y, LAST)),
    )


@kind(level=4)
def sum_and_difference(rng: random.Random) -> Draw:
    small, d = rng.randint(3, 40), rng.randint(2, 30)
    large = small + d
    return Draw(
        (small, d),
        {"s": large + small, "d": d},
        (
            "Two numbers have the sum {s} and the difference {d}. What is the smaller one?",
            "The sum of two numbers is {s}. One is {d} larger than the other. "
            "Find the smaller one.",
            "x + y = {s} and x - y = {d}. What is y?",
        ),
        (
            Step(large + small, "-", d, ("Twice the smaller one is {}.", "We first take {}.")),
            Step(2 * small, "/", 2, ("Half of that is {}.", "The smaller one is {}.")),
        ),
    )


@kind(level=3)
def product_and_factor(rng: random.Random) -> Draw:
    x, y = rng.randint(2, 12), rng.randint(2, 12)
    return Draw(
        (x, y),
        {"p": x * y, "x": x},
        (
            "The product of two numbers is {p}. One of them is {x}. What is their sum?",
            "Two numbers multiply to {p}, and one is {x}. Find the sum of both.",
            "xy = {p} and x = {x}. What is x + y?",
        ),
        (
            Step(x * y, "/", x, ("The other number is {}.", "The second one is {}.")),
            Step(x, "+", y, ("The sum is {}.", "Both together are {}.")),
        ),
    )
