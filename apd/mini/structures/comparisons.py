"""More than, fewer than, times as many: two owners or places beside each other."""

import random

from apd.mini import lexicon as lex
from apd.mini.steps import Draw, Step
from apd.mini.structures.wordings import ALL_OF_TWO, people, things
from apd.mini.word_problems import structure


@structure
def twice_as_many(rng: random.Random) -> Draw:
    k, n = rng.randint(2, 5), rng.randint(4, 30)
    return Draw(
        (k, n),
        people(rng, 2) | things(rng) | {"times": lex.TIMES[k], "n": n},
        (
            "{a} has {times} as many {x} as {b}. {b} has {n} {x}. "
            "How many {x} do they have together?",
            "{b} has {n} {x} and {a} has {times} as many. How many {x} do both have?",
            "If {b} has {n} {x} and {a} has {times} as many {x} as {b}, how many {x} are there in "
            "total?",
        ),
        (
            Step(k, "*", n, ("{a} has {} {x}.", "Of {x}, {a} has {}.")),
            Step(k * n, "+", n, ALL_OF_TWO),
        ),
    )


@structure
def more_than(rng: random.Random) -> Draw:
    d, n = rng.randint(3, 25), rng.randint(5, 50)
    return Draw(
        (d, n),
        people(rng, 2) | things(rng) | {"d": d, "n": n},
        (
            "{a} has {d} more {x} than {b}. {b} has {n} {x}. How many {x} do they have together?",
            "{b} has {n} {x}. {a} has {d} more than {b}. How many {x} are there in all?",
            "If {b} owns {n} {x} and {a} owns {d} more {x} than {b}, how many do both own?",
        ),
        (
            Step(n, "+", d, ("{a} has {} {x}.", "The {x} of {a} are {}.")),
            Step(n + d, "+", n, ALL_OF_TWO),
        ),
    )


@structure
def fewer_than(rng: random.Random) -> Draw:
    n = rng.randint(12, 60)
    d = rng.randint(3, n - 4)
    return Draw(
        (d, n),
        people(rng, 2) | things(rng) | {"d": d, "n": n},
        (
            "{a} has {d} fewer {x} than {b}, who has {n} {x}. How many {x} do they have together?",
            "{b} has {n} {x}. {a} has {d} fewer than {b}. How many {x} are there in all?",
            "{b} collects {n} {x} and {a} collects {d} fewer. How many {x} do both collect?",
        ),
        (
            Step(n, "-", d, ("{a} has {} {x}.", "For {a} there are {} {x}.")),
            Step(n - d, "+", n, ALL_OF_TWO),
        ),
    )


@structure
def half_as_many(rng: random.Random) -> Draw:
    half, d = rng.randint(4, 40), rng.randint(3, 20)
    return Draw(
        (2 * half, d),
        people(rng, 3) | things(rng) | {"n": 2 * half, "d": d},
        (
            "{a} has {n} {x}. {b} has half as many as {a}, and {c} has {d} more than {b}. "
            "How many {x} does {c} have?",
            "{b} has half as many {x} as {a}, who has {n}. {c} has {d} {x} more than {b}. "
            "How many does {c} have?",
            "How many {x} has {c} with {d} more than {b}, if {b} has half of what {a} has and {a} "
            "has {n}?",
        ),
        (
            Step(2 * half, "/", 2, ("{b} has {} {x}.", "Half of the {x} of {a} is {}.")),
            Step(half, "+", d, ("{c} has {} {x}.", "That gives {c} {} {x}.")),
        ),
    )


@structure
def age_in_years(rng: random.Random) -> Draw:
    n, d, y = rng.randint(5, 30), rng.randint(2, 20), rng.randint(2, 15)
    return Draw(
        (n, d, y),
        people(rng, 2) | {"n": n, "d": d, "y": y},
        (
            "{a} is {n} years old and {b} is {d} years older. How old will {b} be in {y} years?",
            "{b} is {d} years older than {a}, who is {n}. How old is {b} in {y} years?",
            "{a} is {n}. {b} is older by {d} years. What age will {b} reach {y} years from now?",
        ),
        (
            Step(n, "+", d, ("{b} is {} years old now.", "Today {b} is {} years old.")),
            Step(n + d, "+", y, ("In {y} years {b} is {}.", "{b} will be {} years old.")),
        ),
    )


@structure
def three_ages(rng: random.Random) -> Draw:
    k, d, n = rng.randint(2, 3), rng.randint(2, 15), rng.randint(3, 15)
    middle = n + d
    return Draw(
        (k, d, n),
        people(rng, 3) | {"times": lex.TIMES[k], "d": d, "n": n},
        (
            "{c} is {n} years old. {b} is {d} years older than {c}, and {a} is {times} as old as "
            "{b}. How many years older than {c} is {a}?",
            "{a} is {times} as old as {b}. {b} is {d} years older than {c}, who is {n}. "
            "How many years lie between {a} and {c}?",
            "If {c} is {n}, {b} is {d} years older than {c} and {a} is {times} as old as {b}, "
            "what is the difference between the ages of {a} and {c}?",
        ),
        (
            Step(n, "+", d, ("{b} is {} years old.", "The age of {b} is {} years.")),
            Step(k, "*", middle, ("{a} is {} years old.", "The age of {a} is {} years.")),
            Step(
                k * middle, "-", n,
                ("{a} is {} years older than {c}.", "Between {a} and {c} lie {} years."),
            ),
        ),
    )  # fmt: skip


@structure
def moved_between(rng: random.Random) -> Draw:
    n, m = rng.randint(20, 50), rng.randint(20, 50)
    k = rng.randint(max(2, (n - m) // 2 + 1), 19)
    return Draw(
        (n, m, k),
        people(rng, 2) | things(rng) | {"n": n, "m": m, "k": k},
        (
            "{a} has {n} {x} and {b} has {m} {x}. {a} gives {k} {x} to {b}. "
            "How many more {x} than {a} does {b} have then?",
            "{b} has {m} {x} and gets {k} {x} from {a}, who had {n} before. "
            "By how many {x} does {b} have more than {a} now?",
            "Of {n} {x}, {a} hands {k} to {b}, who had {m} already. "
            "How many {x} more than {a} does {b} have after that?",
        ),
        (
            Step(n, "-", k, ("{a} has {} {x} left.", "That leaves {a} {} {x}.")),
            Step(m, "+", k, ("{b} has {} {x}.", "For {b} that makes {} {x}.")),
            Step(m + k, "-", n - k, ("{b} has {} {x} more.", "The difference is {} {x}.")),
        ),
    )
