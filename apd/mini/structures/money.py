"""Earning, saving, paying together: amounts in dollars."""

import random

from apd.mini import lexicon as lex
from apd.mini.steps import Draw, Step
from apd.mini.structures.wordings import people, things
from apd.mini.word_problems import structure

EARNED = ("{a} earns {} dollars.", "The pay of {a} is {} dollars.")


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
def earn_and_spend(rng: random.Random) -> Draw:
    h, w = rng.randint(2, 9), rng.randint(5, 12)
    s = rng.randint(3, min(h * w - 2, 40))
    return Draw(
        (h, w, s),
        people(rng) | {"job": rng.choice(lex.JOBS), "h": h, "w": w, "s": s},
        (
            "{a} earns {w} dollars an hour {job} and works {h} hours. {a} spends {s} dollars. "
            "How many dollars does {a} keep?",
            "{a} works {h} hours {job} for {w} dollars per hour, then pays {s} dollars for lunch. "
            "How much money is left?",
            "By {job}, {a} makes {w} dollars an hour. After {h} hours {a} spends {s} dollars. "
            "How much remains?",
        ),
        (
            Step(h, "*", w, EARNED),
            Step(h * w, "-", s, ("{a} keeps {} dollars.", "That leaves {} dollars.")),
        ),
    )


@structure
def two_jobs(rng: random.Random) -> Draw:
    h, w, g, v = rng.randint(2, 9), rng.randint(4, 12), rng.randint(2, 9), rng.randint(4, 12)
    job, other = rng.sample(lex.JOBS, 2)
    return Draw(
        (h, w, g, v),
        people(rng) | {"job": job, "other": other, "h": h, "w": w, "g": g, "v": v},
        (
            "{a} works {h} hours {job} at {w} dollars an hour and {g} hours {other} at {v} dollars "
            "an hour. How many dollars does {a} earn?",
            "By {job}, {a} makes {w} dollars an hour, and by {other} {v} dollars an hour. {a} does "
            "the first for {h} hours and the second for {g} hours. How much is that in all?",
            "How much does {a} earn with {h} hours of {job} for {w} dollars each and {g} hours of "
            "{other} for {v} dollars each?",
        ),
        (
            Step(h, "*", w, ("By {job}, {a} earns {} dollars.", "The first job pays {} dollars.")),
            Step(g, "*", v, ("By {other}, {a} earns {} dollars.", "The second job pays {}.")),
            Step(h * w, "+", g * v, ("In all {a} earns {} dollars.", "Both jobs pay {} dollars.")),
        ),
    )


@structure
def weekly_saving(rng: random.Random) -> Draw:
    w, n, have = rng.randint(3, 12), rng.randint(2, 9), rng.randint(5, 40)
    price = w * n + have
    return Draw(
        (price, have, w),
        people(rng) | {"x": rng.choice(lex.WISHES), "p": price, "h": have, "w": w},
        (
            "A {x} costs {p} dollars. {a} has {h} dollars and saves {w} dollars a week. "
            "How many weeks does {a} need?",
            "{a} wants a {x} for {p} dollars, has {h} dollars already and saves {w} dollars each "
            "week. After how many weeks can {a} buy it?",
            "{a} saves {w} dollars every week for a {x}. It costs {p} dollars and {a} already has "
            "{h}. How many weeks will it take?",
        ),
        (
            Step(price, "-", have, ("{a} still needs {} dollars.", "For the {x}, {} are missing.")),
            Step(w * n, "/", w, ("It takes {} weeks.", "{a} needs {} weeks.")),
        ),
    )


@structure
def still_missing(rng: random.Random) -> Draw:
    h, w, have = rng.randint(2, 9), rng.randint(5, 12), rng.randint(5, 40)
    owned = h * w + have
    price = owned + rng.randint(5, 60)
    words = {"x": rng.choice(lex.WISHES), "job": rng.choice(lex.JOBS)}
    return Draw(
        (h, w, have, price),
        people(rng) | words | {"h": h, "w": w, "m": have, "p": price},
        (
            "{a} wants a {x} for {p} dollars. {a} has {m} dollars and earns {w} dollars an hour "
            "{job} for {h} hours. How many dollars are still missing?",
            "By {job} for {h} hours, {a} earns {w} dollars an hour. {a} had {m} dollars before. "
            "How much more does {a} need for a {x} that costs {p} dollars?",
            "A {x} costs {p} dollars. {a} saved {m} dollars and works {h} hours {job} for {w} "
            "dollars an hour. How many dollars does {a} lack then?",
        ),
        (
            Step(h, "*", w, EARNED),
            Step(h * w, "+", have, ("{a} has {} dollars.", "With the savings it is {} dollars.")),
            Step(price, "-", owned, ("{a} lacks {} dollars.", "For the {x}, {} are missing.")),
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
