"""Rates and lengths: pages, kilometers, liters, meters."""

import random

from apd.mini import lexicon as lex
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


@structure
def filling_vessel(rng: random.Random) -> Draw:
    r, t, had = rng.randint(2, 12), rng.randint(2, 9), rng.randint(5, 50)
    return Draw(
        (r, t, had),
        {"x": rng.choice(lex.VESSELS), "r": r, "t": t, "had": had},
        (
            "A {x} holds {had} liters. A pipe adds {r} liters a minute for {t} minutes. "
            "How many liters are in the {x} then?",
            "There are {had} liters of water in a {x}. Each minute {r} liters flow in. "
            "How many liters are there after {t} minutes?",
            "Water runs into a {x} at {r} liters per minute. It had {had} liters at first. "
            "How much is in it after {t} minutes?",
        ),
        (
            Step(r, "*", t, ("The pipe adds {} liters.", "In {t} minutes {} liters flow in.")),
            Step(r * t, "+", had, ("The {x} has {} liters.", "In the {x} there are {} liters.")),
        ),
    )


@structure
def vessel_in_and_out(rng: random.Random) -> Draw:
    r, t, had = rng.randint(4, 12), rng.randint(3, 9), rng.randint(5, 50)
    s, u = rng.randint(2, 4), rng.randint(2, 6)
    full = had + r * t
    return Draw(
        (r, t, s, u, had),
        {"x": rng.choice(lex.VESSELS), "r": r, "t": t, "s": s, "u": u, "had": had},
        (
            "A {x} holds {had} liters. A pipe adds {r} liters a minute for {t} minutes. Then {s} "
            "liters a minute run out for {u} minutes. How many liters are in the {x}?",
            "Into a {x} with {had} liters flow {r} liters a minute for {t} minutes. After that it "
            "loses {s} liters a minute for {u} minutes. How much is left in it?",
            "For {t} minutes a {x} gets {r} liters a minute, then for {u} minutes it loses {s} "
            "liters a minute. At first it had {had} liters. How many has it in the end?",
        ),
        (
            Step(r, "*", t, ("In {t} minutes {} liters flow in.", "The {x} gets {} liters.")),
            Step(had, "+", r * t, ("The {x} holds {} liters.", "That makes {} liters.")),
            Step(s, "*", u, ("In {u} minutes {} liters run out.", "The {x} loses {} liters.")),
            Step(full, "-", s * u, ("In the {x} are {} liters.", "That leaves {} liters.")),
        ),
    )


@structure
def rectangle_fence(rng: random.Random) -> Draw:
    n, m = rng.randint(3, 40), rng.randint(3, 40)
    return Draw(
        (n, m),
        people(rng) | {"x": rng.choice(lex.FIELDS), "n": n, "m": m},
        (
            "{a} has a {x} {n} meters long and {m} meters wide. How long is a fence around it?",
            "How many meters of fence does {a} need around a {x} of {n} by {m} meters?",
            "A {x} is {n} meters long and {m} meters wide. {a} walks around it once. "
            "How many meters is that?",
        ),
        (
            Step(n, "+", m, ("Two sides are {} meters.", "Length and width make {} meters.")),
            Step(2, "*", n + m, ("Around the {x} it is {} meters.", "Twice that is {} meters.")),
        ),
    )


@structure
def fence_cost(rng: random.Random) -> Draw:
    n, m, p = rng.randint(3, 25), rng.randint(3, 25), rng.randint(2, 9)
    return Draw(
        (n, m, p),
        people(rng) | {"x": rng.choice(lex.FIELDS), "n": n, "m": m, "p": p},
        (
            "{a} puts a fence around a {x} {n} meters long and {m} meters wide. A meter of fence "
            "costs {p} dollars. How much does {a} pay?",
            "How many dollars does {a} pay for a fence around a {x} of {n} by {m} meters at {p} "
            "dollars a meter?",
            "Fence costs {p} dollars a meter. {a} needs it all around a {x} that is {n} meters "
            "long and {m} meters wide. What is the price?",
        ),
        (
            Step(n, "+", m, ("Two sides are {} meters.", "Length and width make {} meters.")),
            Step(2, "*", n + m, ("Around the {x} it is {} meters.", "Twice that is {} meters.")),
            Step(p, "*", 2 * (n + m), ("{a} pays {} dollars.", "The fence costs {} dollars.")),
        ),
    )
