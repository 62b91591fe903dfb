"""Word problems with a one-digit answer, so that a choice is one token."""

import random

from apd.mini import lexicon as lex
from apd.mini.multiple_choice import Argue, Riddle, kind
from apd.mini.random_plans import LARGEST, random_plan
from apd.mini.steps import Draw, Step

TRIES = 200
"""How many wrong plans are tried for one that reaches a given choice."""
PLANS_FOR_CHOICES = 30
"""How many wrong plans the wrong choices are picked from."""


def numeric_riddle(draw: Draw, rng: random.Random) -> Riddle:
    """The draw as a question with four one-digit choices, the wrong ones from wrong plans."""
    reached = (random_plan(draw.steps, rng, LARGEST)[-1].value for _ in range(PLANS_FOR_CHOICES))
    fillers = rng.sample(range(1, 10), 9)
    digits = dict.fromkeys((draw.answer, *reached, *fillers))
    right, *others = [str(n) for n in digits if n < 10][:4]
    choices = (right, others[0], others[1], others[2])
    questions = tuple(question.format(**draw.words) for question in draw.questions)
    content = (*draw.numbers, *others)
    return Riddle(content, questions, choices, right, _argument(draw, choices))


def _argument(draw: Draw, choices: tuple[str, ...]) -> Argue:
    def argue(rng: random.Random, knows: bool) -> tuple[str, str]:
        if knows:
            return draw.told(draw.steps, rng), str(draw.answer)
        goal = rng.choice(choices)
        for _ in range(TRIES):
            plan = random_plan(draw.steps, rng)
            if str(plan[-1].value) == goal:
                break
        return draw.told(plan, rng), goal

    return argue


@kind
def boxes_needed(rng: random.Random) -> Riddle:
    n, k, b = rng.randint(2, 12), rng.randint(2, 9), rng.randint(2, 30)
    words = {
        "a": rng.choice(lex.NAMES),
        "x": rng.choice(lex.ITEMS),
        "c": rng.choice(lex.CONTAINERS),
    }
    return numeric_riddle(
        Draw(
            (n, k, b),
            words | {"t": n * k + b, "b": b, "n": n},
            (
                "{a} has {t} {x}, sells {b} and packs the others into {c} of {n}. How many {c}?",
                "{b} of the {t} {x} of {a} break. The rest fill {c} with {n} in each. "
                "How many {c} are there?",
                "How many {c} of {n} does {a} fill with {t} {x} if {b} of them are lost?",
            ),
            (
                Step(n * k + b, "-", b, ("{a} has {} {x} left.", "That leaves {} {x}.")),
                Step(n * k, "/", n, ("{a} fills {} {c}.", "They fill {} {c}.")),
            ),
        ),
        rng,
    )


@kind
def share_of_each(rng: random.Random) -> Riddle:
    k, each = rng.randint(2, 9), rng.randint(2, 9)
    total = k * each
    n = rng.randint(2, max(2, total - 2))
    words = {"a": rng.choice(lex.NAMES), "x": rng.choice(lex.ITEMS), "who": rng.choice(lex.PEOPLE)}
    return numeric_riddle(
        Draw(
            (n, total - n, k),
            words | {"n": n, "m": total - n, "k": k},
            (
                "{a} has {n} {x}, buys {m} more and shares them among {k} {who}. "
                "How many does each get?",
                "{k} {who} share the {x} of {a} equally: {n} old ones and {m} new ones. "
                "How many are there for each?",
                "How many {x} does each of {k} {who} get if {a} divides {n} and {m} {x} equally?",
            ),
            (
                Step(n, "+", total - n, ("In all {a} has {} {x}.", "That makes {} {x}.")),
                Step(total, "/", k, ("Each of the {who} gets {} {x}.", "For each it is {} {x}.")),
            ),
        ),
        rng,
    )


@kind
def left_over(rng: random.Random) -> Riddle:
    k, each = rng.randint(2, 9), rng.randint(2, 9)
    rest = rng.randint(1, 9)
    words = {"a": rng.choice(lex.NAMES), "x": rng.choice(lex.ITEMS), "who": rng.choice(lex.PEOPLE)}
    return numeric_riddle(
        Draw(
            (k, each, rest),
            words | {"t": k * each + rest, "k": k, "e": each},
            (
                "{a} has {t} {x} and gives {e} to each of {k} {who}. How many are left?",
                "Each of {k} {who} takes {e} of the {t} {x} of {a}. How many {x} remain?",
                "How many of {t} {x} does {a} keep if {k} {who} get {e} each?",
            ),
            (
                Step(k, "*", each, ("The {who} get {} {x}.", "To the {who} go {} {x}.")),
                Step(k * each + rest, "-", k * each, ("{a} keeps {} {x}.", "That leaves {} {x}.")),
            ),
        ),
        rng,
    )


@kind
def clock(rng: random.Random) -> Riddle:
    start = rng.randint(6, 12)
    end = rng.randint(max(1, start - 10), 9)
    hours = end + 12 - start
    return numeric_riddle(
        Draw(
            (start, hours),
            {"a": rng.choice(lex.NAMES), "s": start, "h": hours},
            (
                "{a} leaves at {s} on the clock and comes back {h} hours later. "
                "What does the clock show then?",
                "It is {s} on the clock of {a}. What does it show in {h} hours?",
                "What does the clock of {a} show {h} hours after it showed {s}?",
            ),
            (
                Step(start, "+", hours, ("Counting on gives {} hours.", "In all that is {}.")),
                Step(start + hours, "-", 12, ("A clock shows {}.", "Without a round it is {}.")),
            ),
        ),
        rng,
    )
