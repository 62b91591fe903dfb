"""What a small world is made of: which word does not belong, and which calculation fits."""

import random

from apd.mini import lexicon as lex
from apd.mini.multiple_choice import Riddle, kind
from apd.mini.riddles.orders import joined

CATEGORIES = {
    "animals": lex.ANIMALS,
    "places": lex.PLACES,
    "people": lex.PEOPLE,
    "food": lex.FOODS,
    "containers": lex.CONTAINERS,
}
CALCULATIONS = {
    "+": (
        "{a} has {n} {x} and gets {m} more. How many is that?",
        "{n} {x} of {a} lie on the floor and {m} on a shelf. How many are there?",
    ),
    "-": (
        "{a} has {n} {x} and gives {m} away. How many are left?",
        "{a} has {n} {x} and {b} has {m}. How many more has {a}?",
    ),
    "*": (
        "{a} fills {n} {box} with {m} {x} each. How many {x} is that?",
        "{a} buys {n} {x} for {m} dollars each. How many dollars is that?",
    ),
    "/": (
        "{a} packs {n} {x} into {box} of {m}. How many {box} are there?",
        "{a} shares {n} {x} equally among {m} {who}. How many does each get?",
    ),
}
VERBS = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide"}


@kind
def odd_one_out(rng: random.Random) -> Riddle:
    category, other = rng.sample(list(CATEGORIES), 2)
    three, right = rng.sample(CATEGORIES[category], 3), rng.choice(CATEGORIES[other])
    choices = [*three, right]

    def argue(rng: random.Random, knows: bool) -> tuple[str, str]:
        odd = right if knows else rng.choice(choices)
        rest = [word for word in choices if word != odd]
        rng.shuffle(rest)
        said = rng.choice(
            (f"{joined(rest)} are {category}.", f"Among {category} are {joined(rest)}.")
        )
        return f"{said} {rng.choice((f'Not so {odd}.', f'But not {odd}.'))}", odd

    return Riddle(
        (category, *sorted(three), right),
        (
            f"Which of these does not belong to the {category}?",
            f"Three of these are {category}. Which one is not?",
            f"Find what is not one of the {category}.",
        ),
        (choices[0], choices[1], choices[2], choices[3]),
        right,
        argue,
    )  # fmt: skip


@kind
def which_calculation(rng: random.Random) -> Riddle:
    op = rng.choice(list(CALCULATIONS))
    m = rng.randint(2, 9)
    n = m * rng.randint(2, 9)
    a, b = rng.sample(lex.NAMES, 2)
    words = {"a": a, "b": b, "x": rng.choice(lex.ITEMS), "box": rng.choice(lex.CONTAINERS),
             "who": rng.choice(lex.PEOPLE), "n": n, "m": m}  # fmt: skip
    scene = rng.randrange(2)
    told = CALCULATIONS[op][scene].format(**words)

    def argue(rng: random.Random, knows: bool) -> tuple[str, str]:
        chosen = op if knows else rng.choice(list(CALCULATIONS))
        verb = rng.choice(("Here we {}.", "We have to {} the two numbers.")).format(VERBS[chosen])
        ending = rng.choice(("That is {}.", "The calculation is {}."))
        return f"{verb} {ending.format(f'{n} {chosen} {m}')}", VERBS[chosen]

    return Riddle(
        (op, scene, n, m),
        (
            f"{told} Which calculation fits?",
            f"{told} Choose the right calculation.",
            f"Which calculation answers this? {told}",
        ),
        (VERBS["+"], VERBS["-"], VERBS["*"], VERBS["/"]),
        VERBS[op],
        argue,
    )
