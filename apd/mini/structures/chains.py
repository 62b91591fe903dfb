"""Three and four owners or places, each described by another: the longest solutions."""

import random

from apd.mini import lexicon as lex
from apd.mini.steps import Draw, Step
from apd.mini.structures.wordings import ALL_OF_THREE, FIRST_TWO, people, places, things
from apd.mini.word_problems import structure


@structure
def chain_of_places(rng: random.Random) -> Draw:
    m, k, n = rng.choice((2, 2, 3, 4)), rng.randint(2, 5), rng.choice((*range(5, 25), 20, 30))
    second, first = k * n, m * k * n
    words = {"x": rng.choice(lex.ANIMALS), "most": lex.TIMES[m], "more": lex.TIMES[k], "n": n}
    return Draw(
        (m, k, n),
        places(rng, 3) | words,
        (
            "{a} has {most} as many {x} as {b}. {b} has {more} as many {x} as {c}. "
            "How many {x} do {a}, {b}, and {c} have together if {c} has {n} {x}?",
            "There are {n} {x} in {c}. {b} has {more} as many {x} as {c}, and {a} has {most} as "
            "many as {b}. How many {x} are there in all three?",
            "{b} has {more} as many {x} as {c}. {a} has {most} as many {x} as {b}. "
            "If {c} has {n} {x}, how many do the three have together?",
        ),
        (
            Step(k, "*", n, ("{b} has {} {x}.", "There are {} {x} in {b}.")),
            Step(m, "*", second, ("{a} has {} {x}.", "There are {} {x} in {a}.")),
            Step(first, "+", second, FIRST_TWO),
            Step(first + second, "+", n, ALL_OF_THREE),
        ),
    )


@structure
def chain_of_more(rng: random.Random) -> Draw:
    d, e, n = rng.randint(2, 20), rng.randint(2, 20), rng.randint(5, 40)
    second, first = n + e, n + e + d
    return Draw(
        (d, e, n),
        people(rng, 3) | things(rng) | {"d": d, "e": e, "n": n},
        (
            "{a} has {d} more {x} than {b}. {b} has {e} more {x} than {c}, who has {n}. "
            "How many {x} do the three have together?",
            "{c} has {n} {x}. {b} has {e} more than {c}, and {a} has {d} more than {b}. "
            "How many {x} do all of them have?",
            "If {c} owns {n} {x}, {b} owns {e} more than {c}, and {a} owns {d} more than {b}, "
            "how many {x} is that in total?",
        ),
        (
            Step(n, "+", e, ("{b} has {} {x}.", "The {x} of {b} are {}.")),
            Step(second, "+", d, ("{a} has {} {x}.", "The {x} of {a} are {}.")),
            Step(first, "+", second, FIRST_TWO),
            Step(first + second, "+", n, ALL_OF_THREE),
        ),
    )


@structure
def fewer_then_times(rng: random.Random) -> Draw:
    n, k = rng.randint(12, 40), rng.randint(2, 4)
    d = rng.randint(3, n - 5)
    second = n - d
    return Draw(
        (d, k, n),
        places(rng, 3) | {"x": rng.choice(lex.ANIMALS), "d": d, "times": lex.TIMES[k], "n": n},
        (
            "{b} has {d} fewer {x} than {a}. {c} has {times} as many {x} as {b}. "
            "How many {x} are in {a}, {b} and {c} together if {a} has {n}?",
            "There are {n} {x} in {a} and {d} fewer in {b}. {c} has {times} as many as {b}. "
            "How many {x} do the three have together?",
            "{a} has {n} {x}, {b} has {d} fewer than {a}, and {c} has {times} as many as {b}. "
            "How many {x} is that in total?",
        ),
        (
            Step(n, "-", d, ("{b} has {} {x}.", "There are {} {x} in {b}.")),
            Step(k, "*", second, ("{c} has {} {x}.", "There are {} {x} in {c}.")),
            Step(n, "+", second, FIRST_TWO),
            Step(n + second, "+", k * second, ALL_OF_THREE),
        ),
    )


@structure
def four_places(rng: random.Random) -> Draw:
    n, k, d = rng.randint(4, 15), rng.randint(2, 4), rng.randint(2, 15)
    second, third = k * n, k * n + d
    e = rng.randint(2, third - 2)
    words = {"x": rng.choice(lex.ANIMALS), "times": lex.TIMES[k], "d2": d, "e": e, "n": n}
    return Draw(
        (n, k, d, e),
        places(rng, 4) | words,
        (
            "{a} has {n} {x}. {b} has {times} as many as {a}, {c} has {d2} more than {b}, and {d} "
            "has {e} fewer than {c}. How many {x} do all four have?",
            "There are {n} {x} in {a}. There are {times} as many in {b}, {d2} more in {c} than in "
            "{b}, and {e} fewer in {d} than in {c}. How many {x} are in the four together?",
            "{b} has {times} as many {x} as {a}. {c} has {d2} {x} more than {b}. {d} has {e} {x} "
            "fewer than {c}. If {a} has {n}, how many {x} is that in total?",
        ),
        (
            Step(k, "*", n, ("{b} has {} {x}.", "There are {} {x} in {b}.")),
            Step(second, "+", d, ("{c} has {} {x}.", "There are {} {x} in {c}.")),
            Step(third, "-", e, ("{d} has {} {x}.", "There are {} {x} in {d}.")),
            Step(n, "+", second, FIRST_TWO),
            Step(n + second, "+", third, ("With {c} it is {} {x}.", "{c} makes it {}.")),
            Step(n + second + third, "+", third - e, ("With {d} it is {} {x}.", "All have {}.")),
        ),
    )


@structure
def as_many_as_both(rng: random.Random) -> Draw:
    n, d = rng.randint(5, 50), rng.randint(3, 30)
    both = n + n + d
    return Draw(
        (n, d),
        people(rng, 3) | things(rng) | {"n": n, "d": d},
        (
            "{a} collects {n} {x} and {b} collects {d} more than {a}. {c} collects as many as {a} "
            "and {b} together. How many {x} do the three collect?",
            "{b} finds {d} more {x} than {a}, who finds {n}. {c} finds as many as both of them. "
            "How many {x} do all three find?",
            "{c} has as many {x} as {a} and {b} together. {a} has {n} and {b} has {d} more than "
            "{a}. How many {x} is that in total?",
        ),
        (
            Step(n, "+", d, ("{b} has {} {x}.", "The {x} of {b} are {}.")),
            Step(n, "+", n + d, ("{c} has {} {x}.", "{a} and {b}, and so {c}, have {} {x}.")),
            Step(2, "*", both, ALL_OF_THREE),
        ),
    )


@structure
def brought_by_three(rng: random.Random) -> Draw:
    n, k, d = rng.randint(6, 30), rng.randint(2, 4), rng.randint(2, 25)
    second = k * n
    left = rng.randint(2, n)
    total = n + second + second + d
    return Draw(
        (n, k, d, left),
        people(rng, 3) | things(rng) | {"n": n, "times": lex.TIMES[k], "d": d, "left": left},
        (
            "{a} brings {n} {x}, {b} brings {times} as many as {a}, and {c} brings {d} more than "
            "{b}. In the end {left} {x} are left. How many {x} were taken?",
            "For a party {a} makes {n} {x}. {b} makes {times} as many, and {c} makes {d} more than "
            "{b}. Only {left} {x} remain. How many {x} are gone?",
            "{left} {x} are left of those that {a}, {b} and {c} brought. {a} brought {n}, {b} "
            "{times} as many, and {c} {d} more than {b}. How many {x} are gone?",
        ),
        (
            Step(k, "*", n, ("{b} brings {} {x}.", "From {b} come {} {x}.")),
            Step(second, "+", d, ("{c} brings {} {x}.", "From {c} come {} {x}.")),
            Step(n, "+", second, ("{a} and {b} bring {} {x}.", "From {a} and {b} come {}.")),
            Step(n + second, "+", second + d, ("All three bring {} {x}.", "In all it is {} {x}.")),
            Step(total, "-", left, ("{} {x} are gone.", "The {x} that are gone are {}.")),
        ),
    )
