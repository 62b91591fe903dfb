"""Sides, perimeters, areas and angles."""

import random

from apd.mini.math_problems import kind
from apd.mini.steps import Draw, Step

BOTH_SIDES = "Both sides together are {}."


@kind(level=3)
def side_from_perimeter(rng: random.Random) -> Draw:
    a, b = rng.randint(3, 40), rng.randint(3, 40)
    return Draw(
        (a, b),
        {"p": 2 * (a + b), "a": a},
        (
            "The perimeter of a rectangle is {p} and one side is {a}. How long is the other side?",
            "A rectangle with a side of {a} has the perimeter {p}. Find the other side.",
            "One side of a rectangle is {a}. What is the other one if the perimeter is {p}?",
        ),
        (
            Step(2 * (a + b), "/", 2, (BOTH_SIDES, "Half the way around is {}.")),
            Step(a + b, "-", a, ("The other side is {}.", "That leaves {}.")),
        ),
    )


@kind(level=4)
def perimeter_from_area(rng: random.Random) -> Draw:
    a, b = rng.randint(2, 12), rng.randint(2, 12)
    return Draw(
        (a, b),
        {"s": a * b, "a": a},
        (
            "The area of a rectangle is {s} and one side is {a}. What is the perimeter?",
            "A rectangle with a side of {a} has the area {s}. Find its perimeter.",
            "One side of a rectangle is {a}. How long is the way around it if the area is {s}?",
        ),
        (
            Step(a * b, "/", a, ("The other side is {}.", "The second side has length {}.")),
            Step(a, "+", b, (BOTH_SIDES, "Half the way around is {}.")),
            Step(2, "*", a + b, ("The perimeter is {}.", "All around it is {}.")),
        ),
    )


@kind(level=2)
def third_angle(rng: random.Random) -> Draw:
    a, b = rng.randint(20, 80), rng.randint(20, 80)
    return Draw(
        (a, b),
        {"a": a, "b": b},
        (
            "Two angles of a triangle are {a} and {b} degrees. How large is the third?",
            "A triangle has angles of {a} and {b} degrees. Find the third angle.",
            "What is the third angle of a triangle whose other angles are {a} and {b} degrees?",
        ),
        (
            Step(a, "+", b, ("The two angles make {}.", "Together they are {}.")),
            Step(180, "-", a + b, ("The third angle is {}.", "To the full sum {} are missing.")),
        ),
    )


@kind(level=3)
def square_and_rectangle(rng: random.Random) -> Draw:
    a, b, c = rng.randint(3, 12), rng.randint(2, 12), rng.randint(2, 12)
    return Draw(
        (a, b, c),
        {"a": a, "b": b, "c": c},
        (
            "A square has the side {a}, a rectangle the sides {b} and {c}. "
            "What is the sum of their areas?",
            "Find the total area of a square of side {a} and a rectangle of {b} by {c}.",
            "How large are a rectangle of {b} by {c} and a square of side {a} together?",
        ),
        (
            Step(a, "*", a, ("The square has the area {}.", "For the square it is {}.")),
            Step(b, "*", c, ("The rectangle has the area {}.", "For the rectangle it is {}.")),
            Step(a * a, "+", b * c, ("Together they have {}.", "The sum is {}.")),
        ),
    )
