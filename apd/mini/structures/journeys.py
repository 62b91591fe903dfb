"""Pages a day and kilometers an hour: how far, and how far still."""

import random

from apd.mini.steps import Draw, Step
from apd.mini.structures.wordings import people, places
from apd.mini.word_problems import structure


@structure
def reading_pages(rng: random.Random) -> Draw:
    n, d, rest = rng.randint(5, 20), rng.randint(2, 9), rng.randint(5, 60)
    total = n * d + rest
    return Draw(
        (total, n, d),
        people(rng) | {"t": total, "n": n, "d": d},
        (
            "{a} reads {n} pages a day of a novel with {t} pages. How many pages are left after "
            "{d} days?",
            "A novel has {t} pages. {a} reads {n} pages every day for {d} days. "
            "How many pages remain?",
            "For {d} days {a} reads {n} pages a day. The novel has {t} pages. "
            "How many pages must {a} still read?",
        ),
        (
            Step(n, "*", d, ("{a} reads {} pages.", "In {d} days that is {} pages.")),
            Step(total, "-", n * d, ("{} pages are left.", "That leaves {a} {} pages.")),
        ),
    )


@structure
def reading_faster(rng: random.Random) -> Draw:
    n, d, m, e = rng.randint(5, 15), rng.randint(2, 9), rng.randint(5, 20), rng.randint(2, 9)
    return Draw(
        (n, d, m, e),
        people(rng) | {"n": n, "d": d, "m": m, "e": e},
        (
            "{a} reads {n} pages a day for {d} days and then {m} pages a day for {e} days. "
            "How many pages does {a} read?",
            "For {d} days {a} reads {n} pages daily, for the next {e} days {m} pages daily. "
            "How many pages is that in all?",
            "A novel takes {a} {d} days at {n} pages a day and {e} more days at {m} pages a day. "
            "How many pages has it?",
        ),
        (
            Step(n, "*", d, ("First {a} reads {} pages.", "In {d} days it is {} pages.")),
            Step(m, "*", e, ("Later {a} reads {} pages.", "In {e} days it is {} pages.")),
            Step(n * d, "+", m * e, ("In all {a} reads {} pages.", "Together it is {} pages.")),
        ),
    )


@structure
def trip_distance(rng: random.Random) -> Draw:
    v, h, rest = rng.randint(5, 30), rng.randint(2, 6), rng.randint(5, 60)
    total = v * h + rest
    p, q = places(rng, 2).values()
    return Draw(
        (total, v, h),
        people(rng) | {"p": p, "q": q, "t": total, "v": v, "h": h},
        (
            "{p} and {q} are {t} km apart. {a} rides from {p} at {v} km an hour for {h} hours. "
            "How many km are left to {q}?",
            "{a} rides {h} hours at {v} km an hour on the way from {p} to {q}, which is {t} km "
            "long. How far is it still?",
            "On the way from {p} to {q}, {t} km, {a} goes {v} km an hour. "
            "How many km remain after {h} hours?",
        ),
        (
            Step(v, "*", h, ("{a} covers {} km.", "In {h} hours {a} goes {} km.")),
            Step(total, "-", v * h, ("To {q}, {} km are left.", "That leaves {a} {} km.")),
        ),
    )


@structure
def trip_at_two_speeds(rng: random.Random) -> Draw:
    v, h, u, g = rng.randint(5, 25), rng.randint(2, 6), rng.randint(5, 25), rng.randint(2, 6)
    done = v * h + u * g
    total = done + rng.randint(5, 60)
    p, q = places(rng, 2).values()
    return Draw(
        (total, v, h, u, g),
        people(rng) | {"p": p, "q": q, "t": total, "v": v, "h": h, "u": u, "g": g},
        (
            "From {p} to {q} it is {t} km. {a} rides {h} hours at {v} km an hour and {g} hours at "
            "{u} km an hour. How many km are left?",
            "{a} is on the way from {p} to {q}, {t} km: first {h} hours at {v} km an hour, then "
            "{g} hours at {u} km an hour. How far is it still?",
            "{a} goes {v} km an hour for {h} hours and {u} km an hour for {g} hours. How many km "
            "remain to {q} if {p} is {t} km from {q}?",
        ),
        (
            Step(v, "*", h, ("First {a} covers {} km.", "In {h} hours {a} goes {} km.")),
            Step(u, "*", g, ("Later {a} covers {} km.", "In {g} hours {a} goes {} km.")),
            Step(v * h, "+", u * g, ("In all {a} covers {} km.", "Together it is {} km.")),
            Step(total, "-", done, ("To {q}, {} km are left.", "That leaves {a} {} km.")),
        ),
    )
