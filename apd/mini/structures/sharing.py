"""Put together, shared equally, sold together."""

import random

from apd.mini import lexicon as lex
from apd.mini.steps import Draw, Step
from apd.mini.structures.wordings import ALL_OF_THREE, people, things
from apd.mini.word_problems import structure


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
