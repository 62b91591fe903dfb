"""Things that change hands: who has them in the end."""

import random
from itertools import pairwise

from apd.mini import lexicon as lex
from apd.mini.multiple_choice import Riddle, kind

PLACES_IN_LINE = ("first", "second", "third", "last")


def walk(people: list[str], length: int, rng: random.Random) -> list[str]:
    """``length`` people in a row, never the same twice in succession, the first people[0]."""
    path = [people[0]]
    while len(path) < length:
        path.append(rng.choice([name for name in people if name != path[-1]]))
    return path


@kind
def last_holder(rng: random.Random) -> Riddle:
    people, thing = rng.sample(lex.NAMES, 4), rng.choice(lex.ITEMS)
    path = walk(people, rng.choice((4, 5)), rng)
    told = [f"{a} gives them to {b}" for a, b in pairwise(path)]
    story = ", then ".join(told)

    def argue(rng: random.Random, knows: bool) -> tuple[str, str]:
        hands = path if knows else walk(people, len(path), rng)
        links = rng.choice(("They go from {}.", "The way is from {}.")).format(" to ".join(hands))
        ending = rng.choice((f"{hands[-1]} has the {thing}.", f"The {thing} are with {hands[-1]}."))
        return f"{links} {ending}", hands[-1]

    return Riddle(
        (thing, *path),
        (
            f"{path[0]} has some {thing}. {story}. Who has the {thing} now?",
            f"The {thing} belong to {path[0]} at first. {story}. Who has the {thing} in the end?",
            f"Who has the {thing} of {path[0]} in the end if {story}?",
        ),
        (people[0], people[1], people[2], people[3]),
        path[-1],
        argue,
    )


@kind
def swapped(rng: random.Random) -> Riddle:
    people, things = rng.sample(lex.NAMES, 4), rng.sample(lex.ITEMS, 4)
    first, second = rng.sample(range(4), 2), rng.sample(range(4), 2)
    start = rng.choice((*first, *second))
    thing = things[start]
    pairs = [(people[a], people[b]) for a, b in (first, second)]
    path = [people[start]]
    for a, b in pairs:
        path.append(b if path[-1] == a else a if path[-1] == b else path[-1])
    owned = ", ".join(f"{p} has {t}" for p, t in zip(people, things, strict=True))
    (a, b), (c, d) = pairs

    def argue(rng: random.Random, knows: bool) -> tuple[str, str]:
        hands = path if knows else [rng.choice(people) for _ in range(3)]
        begin = rng.choice(
            (f"At first {hands[0]} has the {thing}.", f"{hands[0]} begins with them.")
        )
        then = rng.choice(
            (f"After one swap it is {hands[1]}.", f"One swap later {hands[1]} has them.")
        )
        end = rng.choice((f"After both it is {hands[2]}.", f"In the end {hands[2]} has them."))
        return f"{begin} {then} {end}", hands[2]

    return Riddle(
        (start, *people, *things, a, b, c, d),
        (
            f"{owned}. {a} and {b} swap, then {c} and {d} swap. Who has the {thing}?",
            f"{owned}. Who has the {thing} after {a} swaps with {b} and {c} swaps with {d}?",
            f"{owned}. First {a} and {b} trade what they have, then {c} and {d} do. "
            f"Who has the {thing} after that?",
        ),
        (people[0], people[1], people[2], people[3]),
        path[-1],
        argue,
    )  # fmt: skip


@kind
def place_in_line(rng: random.Random) -> Riddle:
    people = rng.sample(lex.NAMES, 4)
    place = rng.randrange(4)
    asked = PLACES_IN_LINE[place]
    facts = [f"{people[i]} stands right before {people[i + 1]}" for i in range(3)]
    order = rng.sample(range(3), 3)
    told = [facts[i] for i in order]

    def argue(rng: random.Random, knows: bool) -> tuple[str, str]:
        line = people if knows else rng.sample(people, 4)
        links = rng.choice(("The line is {}.", "From front to back: {}.")).format(", ".join(line))
        ending = rng.choice((f"The {asked} one is {line[place]}.", f"{line[place]} is {asked}."))
        return f"{links} {ending}", line[place]

    return Riddle(
        (asked, *people, *order),
        (
            f"In a line of four, {told[0]}, {told[1]} and {told[2]}. Who is {asked}?",
            f"Who is {asked} in a line of four if {told[0]}, {told[1]} and {told[2]}?",
            f"{told[0]}. {told[1]}. {told[2]}. Who is the {asked} one in the line?",
        ),
        (people[0], people[1], people[2], people[3]),
        people[place],
        argue,
    )


@kind
def owner_by_thing(rng: random.Random) -> Riddle:
    people, things = rng.sample(lex.NAMES, 4), rng.sample(lex.ITEMS, 4)
    places = rng.sample(lex.PLACES, 4)
    right = rng.randrange(4)
    owned = ", ".join(f"{p} has {t}" for p, t in zip(people, things, strict=True))
    origins = [f"the {t} come from {p}" for t, p in zip(things, places, strict=True)]
    homes = ", ".join(rng.sample(origins, 4))

    def argue(rng: random.Random, knows: bool) -> tuple[str, str]:
        who = right if knows else rng.randrange(4)
        what = right if knows else rng.randrange(4)
        first = rng.choice(
            (f"From {places[right]} come the {things[what]}.", f"We look for the {things[what]}.")
        )
        owner = people[who]
        second = rng.choice((f"{owner} has the {things[what]}.", f"They belong to {owner}."))
        return f"{first} {second}", owner

    return Riddle(
        (right, *people, *things, *places),
        (
            f"{owned}. If {homes}, who has something from {places[right]}?",
            f"{owned}. We know that {homes}. Who owns things from {places[right]}?",
            f"Who has things from {places[right]} if {owned}, and {homes}?",
        ),
        (people[0], people[1], people[2], people[3]),
        people[right],
        argue,
    )
