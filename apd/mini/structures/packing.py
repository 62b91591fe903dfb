"""Packing: how many boxes things fill after some are lost."""

import random

from apd.mini.steps import Draw, Step
from apd.mini.structures.wordings import LEFT, containers, people, things
from apd.mini.word_problems import structure


@structure
def pack_and_count(rng: random.Random) -> Draw:
    n, k, broken = rng.randint(2, 9), rng.randint(3, 12), rng.randint(2, 30)
    start = n * k + broken
    return Draw(
        (start, broken, n),
        people(rng) | things(rng) | containers(rng) | {"s": start, "b": broken, "n": n},
        (
            "{a} has {s} {x}, but {b} are broken. The others go into {box} of {n}. "
            "How many {box} are filled?",
            "Of {s} {x}, {b} are lost. {a} packs the rest in {box} with {n} in each. "
            "How many {box} does {a} need?",
            "{a} throws {b} of {s} {x} away and puts {n} of the others into each of some {box}. "
            "How many {box} are there?",
        ),
        (
            Step(start, "-", broken, LEFT),
            Step(n * k, "/", n, ("{a} fills {} {box}.", "That fills {} {box}.")),
        ),
    )


@structure
def broken_on_two_days(rng: random.Random) -> Draw:
    n, k, b, c = rng.randint(2, 9), rng.randint(3, 12), rng.randint(2, 15), rng.randint(2, 15)
    start = n * k + b + c
    return Draw(
        (start, b, c, n),
        people(rng) | things(rng) | containers(rng) | {"s": start, "b": b, "c": c, "n": n},
        (
            "{a} has {s} {x}. On Monday {b} break and on Tuesday {c} break. {a} packs the rest "
            "into {box} of {n}. How many {box} does {a} fill?",
            "Of the {s} {x} of {a}, {b} are sold on Monday and {c} on Tuesday. The others go into "
            "{box} with {n} in each. How many {box} are there?",
            "{a} puts {n} {x} into each of some {box}. There were {s} {x}, but {b} got lost on "
            "Monday and {c} on Tuesday. How many {box} are filled?",
        ),
        (
            Step(start, "-", b, ("On Monday {} {x} are left.", "Monday leaves {a} {} {x}.")),
            Step(start - b, "-", c, ("On Tuesday {} {x} are left.", "Tuesday leaves {a} {} {x}.")),
            Step(n * k, "/", n, ("{a} fills {} {box}.", "That fills {} {box}.")),
        ),
    )
