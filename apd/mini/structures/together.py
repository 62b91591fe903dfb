"""Paying together: what each adds and what is missing."""

import random

from apd.mini import lexicon as lex
from apd.mini.steps import Draw, Step
from apd.mini.structures.wordings import people, things
from apd.mini.word_problems import structure


@structure
def pay_together(rng: random.Random) -> Draw:
    k, p = rng.randint(2, 9), rng.randint(3, 9)
    have = rng.randint(2, k * p - 2)
    return Draw(
        (k, p, have),
        people(rng, 2) | things(rng) | {"k": k, "p": p, "h": have},
        (
            "{a} and {b} want {k} {x} at {p} dollars each. {a} has {h} dollars. "
            "How many dollars must {b} add?",
            "{k} {x} cost {p} dollars each. {a} pays {h} dollars and {b} pays the rest. "
            "How much does {b} pay?",
            "{a} gives {h} dollars towards {k} {x} for {p} dollars each. {b} gives the rest. "
            "How much is that?",
        ),
        (
            Step(k, "*", p, ("The {x} cost {} dollars.", "The price is {} dollars.")),
            Step(k * p, "-", have, ("{b} pays {} dollars.", "That leaves {} dollars for {b}.")),
        ),
    )


@structure
def ticket_sales(rng: random.Random) -> Draw:
    n, p, m, q = rng.randint(3, 15), rng.randint(5, 9), rng.randint(3, 15), rng.randint(2, 4)
    income = n * p + m * q
    cost = rng.randint(5, min(income - 2, 60))
    adult, child = rng.sample(lex.PEOPLE, 2)
    return Draw(
        (n, p, m, q, cost),
        people(rng) | {"u": adult, "v": child, "n": n, "p": p, "m": m, "q": q, "s": cost},
        (
            "{a} sells seats to {n} {u} for {p} dollars each and to {m} {v} for {q} dollars each. "
            "The hall costs {a} {s} dollars. How many dollars remain?",
            "At a show of {a}, {n} {u} pay {p} dollars each and {m} {v} pay {q} dollars each. {a} "
            "pays {s} dollars for the hall. How much does {a} keep?",
            "For a hall {a} pays {s} dollars. Then {n} {u} come for {p} dollars each and {m} {v} "
            "for {q} dollars each. How much money is left for {a}?",
        ),
        (
            Step(n, "*", p, ("The {u} pay {} dollars.", "From the {u}, {a} gets {} dollars.")),
            Step(m, "*", q, ("The {v} pay {} dollars.", "From the {v}, {a} gets {} dollars.")),
            Step(n * p, "+", m * q, ("Together they pay {} dollars.", "All of them pay {} dollars.")),
            Step(income, "-", cost, ("{a} keeps {} dollars.", "After the hall {} are left.")),
        ),
    )  # fmt: skip


@structure
def pooled_present(rng: random.Random) -> Draw:
    n, k, d = rng.randint(5, 25), rng.randint(2, 4), rng.randint(2, 20)
    total = n + k * n + k * n + d
    price = total + rng.randint(4, 40)
    words = {"x": rng.choice(lex.WISHES), "n": n, "times": lex.TIMES[k], "d": d, "p": price}
    return Draw(
        (n, k, d, price),
        people(rng, 3) | words,
        (
            "{a}, {b} and {c} save for a {x} that costs {p} dollars. {a} has {n} dollars, {b} has "
            "{times} as many as {a}, and {c} has {d} more than {b}. How many dollars are missing?",
            "A {x} costs {p} dollars. {a} gives {n} dollars, {b} gives {times} as much, and {c} "
            "gives {d} more than {b}. How much do they still need?",
            "{c} has {d} dollars more than {b}, and {b} has {times} as many as {a}, who has {n}. "
            "How many dollars do the three lack for a {x} at {p} dollars?",
        ),
        (
            Step(k, "*", n, ("{b} has {} dollars.", "From {b} come {} dollars.")),
            Step(k * n, "+", d, ("{c} has {} dollars.", "From {c} come {} dollars.")),
            Step(n, "+", k * n, ("{a} and {b} have {} dollars.", "From {a} and {b} come {}.")),
            Step(n + k * n, "+", k * n + d, ("All three have {} dollars.", "In all it is {} dollars.")),
            Step(price, "-", total, ("For the {x}, {} are missing.", "They lack {} dollars.")),
        ),
    )  # fmt: skip
