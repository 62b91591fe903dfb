"""Chains of relations: who is oldest, who is whose grandparent, who is left."""

import random

from apd.mini import lexicon as lex
from apd.mini.multiple_choice import Riddle, kind

RELATIONS = (
    ("older", "oldest", "youngest"),
    ("taller", "tallest", "shortest"),
    ("faster", "fastest", "slowest"),
    ("richer", "richest", "poorest"),
    ("stronger", "strongest", "weakest"),
)


def joined(items: list[str]) -> str:
    """``a, b and c``."""
    return f"{', '.join(items[:-1])} and {items[-1]}"


@kind
def extreme_of_an_order(rng: random.Random) -> Riddle:
    people = rng.sample(lex.NAMES, 4)
    more, most, least = rng.choice(RELATIONS)
    top = rng.random() < 0.5
    asked = most if top else least
    facts = [f"{people[i]} is {more} than {people[i + 1]}" for i in range(3)]
    order = rng.sample(range(3), 3)
    told = [facts[i] for i in order]

    def argue(rng: random.Random, knows: bool) -> tuple[str, str]:
        chain = people if knows else rng.sample(people, 4)
        chosen = chain[0] if top else chain[3]
        links = rng.choice(
            (
                f"From top to bottom: {', '.join(chain)}.",
                f"The order is {', '.join(chain)}.",
                f"{chain[0]} is {more} than {joined(chain[1:])}.",
            )
        )
        ending = rng.choice((f"The {asked} is {chosen}.", f"So {chosen} is the {asked}."))
        return f"{links} {ending}", chosen

    return Riddle(
        (asked, *people, *order),
        (
            f"{told[0]}. {told[1]}. {told[2]}. Who is the {asked}?",
            f"Who is the {asked} if {joined(told)}?",
            f"We know that {joined(told)}. Which of them is the {asked}?",
        ),
        (people[0], people[1], people[2], people[3]),
        people[0] if top else people[3],
        argue,
    )


@kind
def family_line(rng: random.Random) -> Riddle:
    people = rng.sample(lex.NAMES, 4)
    facts = [f"{people[i]} is the parent of {people[i + 1]}" for i in range(3)]
    order = rng.sample(range(3), 3)
    told = [facts[i] for i in order]
    start = rng.choice((2, 3))
    child = people[start]

    def argue(rng: random.Random, knows: bool) -> tuple[str, str]:
        others = [name for name in people if name != child]
        parent, grandparent = people[start - 1 : start - 3 : -1] if start == 3 else people[1::-1]
        if not knows:
            parent, grandparent = rng.sample(others, 2)
        first = rng.choice(
            (f"The parent of {child} is {parent}.", f"{child} is the child of {parent}.")
        )
        second = rng.choice(
            (
                f"The parent of {parent} is {grandparent}.",
                f"{parent} is the child of {grandparent}.",
            )
        )
        return f"{first} {second}", grandparent

    return Riddle(
        (child, *people, *order),
        (
            f"{told[0]}. {told[1]}. {told[2]}. Who is the grandparent of {child}?",
            f"Who is the grandparent of {child} if {joined(told)}?",
            f"We know that {joined(told)}. Whose grandchild is {child}?",
        ),
        (people[0], people[1], people[2], people[3]),
        people[start - 2],
        argue,
    )


@kind
def elimination(rng: random.Random) -> Riddle:
    people = rng.sample(lex.NAMES, 4)
    thing = rng.choice(lex.ITEMS)
    right = rng.choice(people)
    out = [name for name in people if name != right]
    rng.shuffle(out)

    def argue(rng: random.Random, knows: bool) -> tuple[str, str]:
        chosen = right if knows else rng.choice(people)
        gone = [name for name in people if name != chosen]
        links = rng.choice((f"{joined(gone)} are out.", f"It was not {joined(gone)}."))
        return f"{links} {rng.choice((f'It was {chosen}.', f'Only {chosen} is left.'))}", chosen

    return Riddle(
        (thing, right, *people, *out),
        (
            f"One of {joined(people)} took the {thing}. It was not {out[0]}. {out[1]} and {out[2]} "
            f"were away. Who took the {thing}?",
            f"Who of {joined(people)} has the {thing} if {out[0]}, {out[1]} and {out[2]} do not "
            "have them?",
            f"The {thing} belong to one of {joined(people)}, but not to {out[0]}, not to {out[1]} "
            f"and not to {out[2]}. To whom do the {thing} belong?",
        ),
        (people[0], people[1], people[2], people[3]),
        right,
        argue,
    )
