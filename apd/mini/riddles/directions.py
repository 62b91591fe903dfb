"""Compass and week: steps around a circle."""

import random

from apd.mini import lexicon as lex
from apd.mini.multiple_choice import Riddle, kind

COMPASS = ("north", "east", "south", "west")
QUARTERS = {"right": 1, "around": 2, "left": 3}
WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@kind
def turns(rng: random.Random) -> Riddle:
    name, start = rng.choice(lex.NAMES), rng.randrange(4)
    said = [rng.choice(list(QUARTERS)) for _ in range(3)]

    def directions(turned: list[str]) -> list[str]:
        quarters = [QUARTERS[word] for word in turned]
        return [COMPASS[(start + sum(quarters[: i + 1])) % 4] for i in range(3)]

    def argue(rng: random.Random, knows: bool) -> tuple[str, str]:
        a, b, c = directions(said if knows else rng.choices(list(QUARTERS), k=3))
        first = rng.choice((f"The first turn leads to the {a}.", f"{name} looks {a} first."))
        second = rng.choice((f"The second leads to the {b}.", f"After that {name} looks {b}."))
        third = rng.choice((f"The third leads to the {c}.", f"In the end {name} looks {c}."))
        return f"{first} {second} {third}", c

    return Riddle(
        (name, COMPASS[start], *said),
        (
            f"{name} looks {COMPASS[start]} and turns {said[0]}, {said[1]} and {said[2]}. "
            f"Where does {name} look now?",
            f"Looking {COMPASS[start]}, {name} turns {said[0]}, then {said[1]}, then {said[2]}. "
            "Which direction is that?",
            f"{name} turns three times: {said[0]}, {said[1]}, {said[2]}. At first {name} looked "
            f"{COMPASS[start]}. Where does {name} look in the end?",
        ),
        COMPASS,
        directions(said)[-1],
        argue,
    )


@kind
def weekday(rng: random.Random) -> Riddle:
    name, start, count = rng.choice(lex.NAMES), rng.randrange(7), rng.randint(2, 5)
    sign = rng.choice((1, -1))
    right = WEEK[(start + sign * count) % 7]
    word = "after" if sign == 1 else "before"
    others = tuple(rng.sample([day for day in WEEK if day != right], 3))
    choices = (right, *others)

    def argue(rng: random.Random, knows: bool) -> tuple[str, str]:
        step, length = sign, count
        if not knows:
            target = WEEK.index(rng.choice(choices))
            step = rng.choice((1, -1))
            length = (step * (target - start)) % 7 or 7
        days = [WEEK[(start + step * i) % 7] for i in range(1, length + 1)]
        counted = ", ".join(f"{i} {day}" for i, day in enumerate(days, 1))
        begin = rng.choice(("We count:", "Counting the days:", "Day by day:"))
        return f"{begin} {counted}. {rng.choice(('It is', 'We reach'))} {days[-1]}.", days[-1]

    return Riddle(
        (name, WEEK[start], word, count, *others),
        (
            f"{name} comes {count} days {word} {WEEK[start]}. On which day is that?",
            f"Which day is {count} days {word} {WEEK[start]}, when {name} comes?",
            f"The visit of {name} is {count} days {word} {WEEK[start]}. Which day is it?",
        ),
        (choices[0], choices[1], choices[2], choices[3]),
        right,
        argue,
    )
