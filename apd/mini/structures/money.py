"""Earning and saving: amounts in dollars."""

import random

from apd.mini import lexicon as lex
from apd.mini.steps import Draw, Step
from apd.mini.structures.wordings import people
from apd.mini.word_problems import structure

EARNED = ("{a} earns {} dollars.", "The pay of {a} is {} dollars.")


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
