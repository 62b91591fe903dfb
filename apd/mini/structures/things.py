"""Giving, losing, finding: counts of things that change."""

import random

from apd.mini import lexicon as lex
from apd.mini.steps import Draw, Step
from apd.mini.structures.wordings import ALL_OF_THREE, LEFT, NOW, people, things
from apd.mini.word_problems import structure


@structure
def gave_and_got(rng: random.Random) -> Draw:
    n, g, b = rng.randint(15, 60), rng.randint(3, 14), rng.randint(3, 30)
    return Draw(
        (n, g, b),
        people(rng) | things(rng) | {"n": n, "g": g, "b": b},
        (
            "{a} has {n} {x}. {a} gives {g} {x} away and then buys {b} more. "
            "How many {x} does {a} have now?",
            "{a} had {n} {x}, lost {g} of them and found {b} more. "
            "How many {x} does {a} have in the end?",
            "After giving away {g} of {n} {x}, {a} gets {b} new ones. How many {x} does {a} own?",
        ),
        (Step(n, "-", g, LEFT), Step(n - g, "+", b, NOW)),
    )


@structure
def half_is_gone(rng: random.Random) -> Draw:
    half = rng.randint(4, 40)
    more = rng.randint(2, half - 1)
    return Draw(
        (2 * half, more),
        people(rng) | {"x": rng.choice(lex.FOODS), "n": 2 * half, "more": more},
        (
            "{a} has {n} {x}, sells half of them and eats {more}. How many {x} are left?",
            "Half of the {n} {x} of {a} go bad, and {a} eats {more} of the others. "
            "How many {x} remain?",
            "{a} gets {n} {x} and gives half of them away. Then {a} eats {more}. "
            "How many {x} does {a} still have?",
        ),
        (
            Step(2 * half, "/", 2, ("Half is {} {x}.", "Half of the {x} is {}.")),
            Step(half, "-", more, LEFT),
        ),
    )


@structure
def three_days(rng: random.Random) -> Draw:
    n, m, k = rng.randint(4, 40), rng.randint(4, 40), rng.randint(4, 40)
    return Draw(
        (n, m, k),
        people(rng) | things(rng) | {"n": n, "m": m, "k": k},
        (
            "{a} sells {n} {x} on Monday, {m} on Tuesday and {k} on Friday. "
            "How many {x} does {a} sell?",
            "On three days {a} finds {n}, {m} and {k} {x}. How many {x} is that in all?",
            "{a} made {n} {x} on Monday, then {m} more on Tuesday and {k} more on Friday. "
            "How many {x} did {a} make?",
        ),
        (
            Step(n, "+", m, ("On two days it is {} {x}.", "The first two days give {} {x}.")),
            Step(n + m, "+", k, ("On three days it is {} {x}.", "For {a} that makes {} {x}.")),
        ),
    )


@structure
def four_days(rng: random.Random) -> Draw:
    n, got, more = rng.randint(40, 80), rng.randint(3, 25), rng.randint(3, 25)
    lost, gone = rng.randint(2, 18), rng.randint(2, 19)
    first, second, third = n + got, n + got - lost, n + got - lost + more
    return Draw(
        (n, got, lost, more, gone),
        people(rng) | things(rng) | {"n": n, "g": got, "l": lost, "m": more, "k": gone},
        (
            "{a} has {n} {x}. On Monday {a} buys {g}, on Tuesday {a} loses {l}, on Friday {a} buys "
            "{m} and on Sunday {a} loses {k}. How many {x} does {a} have then?",
            "{a} starts with {n} {x}, finds {g} on Monday, gives {l} away on Tuesday, finds {m} on "
            "Friday and gives {k} away on Sunday. How many {x} are left?",
            "{a} owns {n} {x}. Monday brings {g} more, Tuesday takes {l}, Friday brings {m} more "
            "and Sunday takes {k}. How many {x} does {a} own in the end?",
        ),
        (
            Step(n, "+", got, ("On Monday {a} has {} {x}.", "Monday makes it {} {x}.")),
            Step(first, "-", lost, ("On Tuesday {a} has {} {x}.", "Tuesday leaves {} {x}.")),
            Step(second, "+", more, ("On Friday {a} has {} {x}.", "Friday makes it {} {x}.")),
            Step(third, "-", gone, ("On Sunday {a} has {} {x}.", "Sunday leaves {} {x}.")),
        ),
    )


@structure
def shared_equally(rng: random.Random) -> Draw:
    k, each, bought = rng.randint(2, 9), rng.randint(3, 12), rng.randint(4, 20)
    total = k * each
    more = total > bought + 2
    start = total - bought if more else total + bought
    change = "buys {b} more" if more else "loses {b} of them"
    return Draw(
        (start, bought, k),
        people(rng) | things(rng) | {"who": rng.choice(lex.PEOPLE), "n": start, "b": bought, "k": k},
        (
            "{a} has {n} {x} and " + change + ". Then {a} shares them equally among {k} {who}. "
            "How many {x} does each get?",
            "{a} has {n} {x} and " + change + ". If {k} {who} share the {x} equally, "
            "how many does each of them get?",
            "{a} has {n} {x} and " + change + ". {k} {who} divide all the {x} evenly. "
            "How many {x} are there for each?",
        ),
        (
            Step(start, "+" if more else "-", bought, ("{a} has {} {x}.", "To share, {a} has {}.")),
            Step(total, "/", k, ("Each of the {who} gets {} {x}.", "All {who} get {} {x} each.")),
        ),
    )  # fmt: skip


@structure
def three_put_together(rng: random.Random) -> Draw:
    k, each = rng.randint(3, 9), rng.randint(5, 14)
    total = k * each
    n = rng.randint(2, total // 2)
    m = rng.randint(2, total - n - 2)
    rest = total - n - m
    words = people(rng, 3) | things(rng) | {"who": rng.choice(lex.PEOPLE)}
    return Draw(
        (n, m, rest, k),
        words | {"n": n, "m": m, "l": rest, "k": k},
        (
            "{a} has {n} {x}, {b} has {m} and {c} has {l}. They share all of them equally among "
            "{k} {who}. How many {x} does each get?",
            "{a}, {b} and {c} bring {n}, {m} and {l} {x} for {k} {who}. If each gets the same, "
            "how many {x} is that?",
            "{k} {who} get the same number of {x}. {a} gives {n} {x}, {b} gives {m} and {c} gives "
            "{l}. How many are there for each?",
        ),
        (
            Step(n, "+", m, ("{a} and {b} have {} {x}.", "From {a} and {b} come {} {x}.")),
            Step(n + m, "+", rest, ALL_OF_THREE),
            Step(total, "/", k, ("Each of the {who} gets {} {x}.", "All {who} get {} {x} each.")),
        ),
    )


@structure
def collected_for_a_price(rng: random.Random) -> Draw:
    n, d, k = rng.randint(4, 30), rng.randint(2, 20), rng.randint(2, 5)
    both = n + n + d
    return Draw(
        (n, d, k),
        people(rng, 2) | things(rng) | {"n": n, "d": d, "k": k},
        (
            "{a} finds {n} {x} and {b} finds {d} more than {a}. They sell them all for {k} dollars "
            "each. How many dollars do they get?",
            "{b} makes {d} more {x} than {a}, who makes {n}. All of them are sold at {k} dollars "
            "each. How much money is that?",
            "For {k} dollars each, {a} and {b} sell all their {x}. {a} has {n}, and {b} has {d} "
            "more. How many dollars do they earn?",
        ),
        (
            Step(n, "+", d, ("{b} has {} {x}.", "The {x} of {b} are {}.")),
            Step(n, "+", n + d, ("{a} and {b} have {} {x}.", "In all there are {} {x}.")),
            Step(k, "*", both, ("{a} and {b} get {} dollars.", "The {x} bring {} dollars.")),
        ),
    )
